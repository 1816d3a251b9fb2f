use orders_core::{Direction, OrderId, Position};

use crate::at;

fn position(datetime: &str, id: &str) -> Position {
    Position { datetime: at(datetime), id: OrderId::new(id).unwrap() }
}

#[test]
fn positions_go_by_datetime_and_then_by_the_bytes_of_the_id() {
    let sorted = [
        position("2022-11-01T11:00:00Z", "z"),
        position("2022-11-01T11:00:00.000001Z", "a"),
        position("2022-11-01T12:00:00Z", "-"),
        position("2022-11-01T12:00:00Z", "10"),
        position("2022-11-01T12:00:00Z", "9"),
        position("2022-11-01T12:00:00Z", "B"),
        position("2022-11-01T12:00:00Z", "_"),
        position("2022-11-01T12:00:00Z", "a"),
        position("2022-11-01T12:00:00Z", "a-"),
        position("2022-11-01T12:00:00Z", "~"),
    ];
    assert!(sorted.is_sorted());
}

#[test]
fn lists_run_from_the_earliest_on_unless_said_otherwise() {
    assert_eq!(Direction::default(), Direction::Ascending);
}
