//! The opaque cursor of a list: [`Cursor`].

use std::fmt;

use orders_core::{Direction, OrderId, Position, Timestamp};
use serde_json::{Value, json};

use crate::http::query::Parameter;
use crate::openapi::Components;

/// A position in a list of orders that runs in this direction, in a form that clients pass back unchanged.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Cursor {
    direction: Direction,
    position: Position,
}

const INVALID: &str = "is not a cursor of this list; follow its Link as it is";

impl Cursor {
    /// The cursor at this position.
    pub(super) fn new(direction: Direction, position: Position) -> Self {
        Self { direction, position }
    }

    /// The position, if the list runs in this direction; otherwise what is wrong.
    pub(super) fn position_in(self, direction: Direction) -> Result<Position, &'static str> {
        if self.direction == direction { Ok(self.position) } else { Err(INVALID) }
    }
}

/// A letter for the direction, the time in microseconds and the id.
impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let letter = match self.direction {
            Direction::Ascending => 'a',
            Direction::Descending => 'd',
        };
        write!(f, "{letter}{}_{}", self.position.datetime.as_micros(), self.position.id)
    }
}

impl Parameter for Cursor {
    fn parse(text: &str) -> Result<Self, String> {
        read(text).ok_or_else(|| INVALID.to_owned())
    }

    fn schema(_: &mut Components) -> Value {
        json!({ "type": "string", "examples": ["a1667301071111000_223"] })
    }
}

fn read(text: &str) -> Option<Cursor> {
    let (direction, rest) = match text.strip_prefix('a') {
        Some(rest) => (Direction::Ascending, rest),
        None => (Direction::Descending, text.strip_prefix('d')?),
    };
    let (micros, id) = rest.split_once('_')?;
    let datetime = Timestamp::from_micros(micros.parse().ok()?).ok()?;
    Some(Cursor { direction, position: Position { datetime, id: OrderId::new(id).ok()? } })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_leads_back_to_its_position() {
        for micros in [-62_135_596_800_000_000, -1, 0, 1_667_301_071_111_000] {
            for direction in [Direction::Ascending, Direction::Descending] {
                let position = Position {
                    datetime: Timestamp::from_micros(micros).unwrap(),
                    id: OrderId::new("a_b~c.-").unwrap(),
                };
                let cursor = Cursor { direction, position };
                assert_eq!(Cursor::parse(&cursor.to_string()).unwrap(), cursor);
            }
        }
    }

    #[test]
    fn anything_but_a_cursor_is_rejected() {
        for text in ["", "a", "a1", "a1_", "a1_a/b", "ax_1", "1_1", "a99999999999999999999_1"] {
            assert!(Cursor::parse(text).is_err(), "{text}");
        }
        assert!(Cursor::parse("d1_1").unwrap().position_in(Direction::Ascending).is_err());
    }
}
