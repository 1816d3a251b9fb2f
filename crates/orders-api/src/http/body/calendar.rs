//! A body as a [`CalendarDraft`].

use orders_core::CalendarDraft;

use super::Shape;
use super::fields::{Fields, Value};

impl Shape for CalendarDraft {
    const FIELDS: &'static str = "id, name, minimum_gap";

    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        let id = fields.own_id();
        let name = fields.required("name", Value::name);
        let minimum_gap = fields.optional("minimum_gap", Value::written);
        Some(Self { id: id?, name: name?, minimum_gap: minimum_gap? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::body::parse;

    /// The outer none is a refused body, the inner one a gap left out.
    #[track_caller]
    fn check(body: &str, gap: Option<Option<&str>>) {
        let read = parse::<CalendarDraft>(body.as_bytes(), None).ok();
        let read = read.map(|draft| draft.minimum_gap.map(|gap| gap.to_string()));
        assert_eq!(read.as_ref().map(|gap| gap.as_deref()), gap);
    }

    #[test]
    fn a_calendar_has_a_name_and_perhaps_a_gap() {
        check(r#"{"id":"roof","name":"Roof crew"}"#, Some(None));
        check(r#"{"name":"Roof crew","minimum_gap":"PT90M"}"#, Some(Some("PT1H30M")));
        check(r#"{"name":"Roof crew","minimum_gap":"P32D"}"#, None);
        check(r#"{"name":"Roof crew","minimum_gap":3}"#, None);
        check(r#"{"name":"Roof crew","minimum_gap":null}"#, None);
        check(r#"{"minimum_gap":"PT3H"}"#, None);
    }
}
