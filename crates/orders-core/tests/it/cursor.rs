//! Cursors of the feed.

use orders_core::{Cursor, Timestamp};
use proptest::prelude::*;

proptest! {
    #[test]
    fn a_cursor_is_read_as_it_is_printed(
        position in 0..=i64::MAX as u64,
        micros in Timestamp::MIN.as_micros()..=Timestamp::MAX.as_micros(),
    ) {
        let cursor = Cursor { position, assigned_at: Timestamp::from_micros(micros).unwrap() };
        prop_assert_eq!(cursor.to_string().parse(), Ok(cursor));
        let json = serde_json::to_string(&cursor).unwrap();
        prop_assert_eq!(&json, &format!("\"{cursor}\""));
        prop_assert_eq!(serde_json::from_str::<Cursor>(&json).unwrap(), cursor);
    }
}

#[test]
fn other_texts_are_no_cursors() {
    for text in [
        "",
        "_",
        "42",
        "42_",
        "_42",
        "042_1",
        "+42_1",
        "42_01",
        "42_-0",
        "42_1_1",
        " 42_1",
        "-1_1",
        "a_b",
        "9223372036854775808_1",
        "1_9223372036854775807",
    ] {
        assert!(text.parse::<Cursor>().is_err(), "{text:?}");
    }
}
