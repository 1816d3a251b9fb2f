//! Server-sent events (`text/event-stream`, in the HTML standard): [`Events`], [`Event`].

use orders_core::{Change, Cursor};

use super::{Lines, TooLong};

/// Takes the bytes of an event stream, in parts of any size, and returns whole events.
#[derive(Debug, Default)]
pub struct Events {
    lines: Lines,
    event: Event,
    has_field: bool,
}

/// An event. One that has only an `id` advances the cursor of its follower.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Event {
    /// The cursor of the feed of changes, for [`Event::cursor`].
    pub id: Option<String>,
    /// The type of the change.
    pub name: Option<String>,
    /// The change as JSON, for [`Event::change`].
    pub data: Option<String>,
}

impl Events {
    /// Adds bytes at the end.
    pub fn push(&mut self, bytes: &[u8]) {
        self.lines.push(bytes);
    }

    /// The next whole event; `None` if more bytes are needed. An event without any field of [`Event`] is left out.
    ///
    /// # Errors
    /// If a line is too long.
    pub fn next_event(&mut self) -> Result<Option<Event>, TooLong> {
        while let Some(line) = self.lines.next_line()? {
            if line.is_empty() {
                let event = std::mem::take(&mut self.event);
                if std::mem::take(&mut self.has_field) {
                    return Ok(Some(event));
                }
            } else {
                self.read(&String::from_utf8_lossy(&line))?;
            }
        }
        Ok(None)
    }

    fn read(&mut self, line: &str) -> Result<(), TooLong> {
        let (field, value) = line.split_once(':').unwrap_or((line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match field {
            "id" => self.event.id = Some(value.to_owned()),
            "event" => self.event.name = Some(value.to_owned()),
            "data" => match &mut self.event.data {
                None => self.event.data = Some(value.to_owned()),
                // The service writes one line. More lines than one of the largest length are not collected.
                Some(data) if data.len() > super::lines::MAX_LINE => return Err(TooLong),
                Some(data) => *data += &format!("\n{value}"),
            },
            // A comment, or how long to wait before the next connection, which the client decides by itself.
            _ => return Ok(()),
        }
        self.has_field = true;
        Ok(())
    }
}

impl Event {
    /// The position after the event.
    #[must_use]
    pub fn cursor(&self) -> Option<Cursor> {
        self.id.as_ref()?.parse().ok()
    }

    /// The change; `None` if the event only advances the cursor.
    ///
    /// # Errors
    /// If the data is not a change.
    pub fn change(&self) -> Result<Option<Change>, serde_json::Error> {
        self.data.as_deref().map(serde_json::from_str).transpose()
    }
}
