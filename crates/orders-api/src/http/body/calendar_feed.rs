//! A body as a [`CalendarFeedDraft`].

use orders_core::{
    CalendarFeedDraft, CalendarId, FeedCalendars, InvalidFeedCalendars, MAX_FEED_CALENDARS,
};
use serde_json::json;

use super::value::{Field, Reading, Value};
use super::{Fields, FromFields};
use crate::openapi::{Components, Example, example, id_or_integer};

impl FromFields for CalendarFeedDraft {
    const SCHEMA: (&'static str, &'static str) =
        ("CalendarFeedDraft", "A feed as a client sends it.");

    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        let name = fields.required("name", "What people call the feed.");
        let calendars = fields.required("calendars", "The ids of the calendars that it shows.");
        Some(Self { name: name?, calendars: calendars? })
    }

    fn examples() -> Vec<Example> {
        let feed = json!({ "name": "Roof crew", "calendars": ["roof"] });
        vec![example("CalendarFeedDraft", "A feed of one calendar", feed)]
    }
}

impl Field for FeedCalendars {
    fn read(value: Value<'_>) -> Reading<Self> {
        let ids = value.elements(<CalendarId as Field>::read)?;
        FeedCalendars::new(ids).map_err(|error| match error {
            InvalidFeedCalendars::Repeated { index, .. } => {
                vec![value.reject_at(&format!("/{index}"), error)]
            }
            InvalidFeedCalendars::Empty | InvalidFeedCalendars::TooMany(_) => value.reject(error),
        })
    }

    fn schema(components: &mut Components) -> serde_json::Value {
        json!({
            "type": "array", "items": id_or_integer(components), "minItems": 1, "maxItems": MAX_FEED_CALENDARS,
            "uniqueItems": true
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::body::parse;

    #[track_caller]
    fn check(calendars: &str, read: Option<&[&str]>) {
        let body = format!(r#"{{"name":"Crews","calendars":{calendars}}}"#);
        let draft = parse::<CalendarFeedDraft>(body.as_bytes(), None).ok();
        let ids = draft.map(|draft| draft.calendars.iter().map(ToString::to_string).collect());
        assert_eq!(ids, read.map(|ids| ids.iter().map(ToString::to_string).collect::<Vec<_>>()));
    }

    #[test]
    fn a_feed_has_different_calendars() {
        check(r#"["roof"]"#, Some(&["roof"]));
        check(r#"["roof",7,"crew"]"#, Some(&["roof", "7", "crew"]));
        for bad in
            ["[]", r#""roof""#, r#"["roof","roof"]"#, r#"["a/b"]"#, "null", r#"[{"id":"a"}]"#]
        {
            check(bad, None);
        }
        let many = |number: usize| format!("{:?}", (0..number).collect::<Vec<_>>());
        assert!(
            parse::<CalendarFeedDraft>(
                format!(r#"{{"name":"a","calendars":{}}}"#, many(100)).as_bytes(),
                None
            )
            .is_ok()
        );
        check(&many(101), None);
    }
}
