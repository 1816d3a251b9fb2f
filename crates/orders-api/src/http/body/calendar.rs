//! A body as a [`CalendarDraft`].

use orders_core::CalendarDraft;
use serde_json::json;

use super::{Fields, FromFields, OWN_ID};
use crate::openapi::{Example, example};

impl FromFields for CalendarDraft {
    const SCHEMA: (&'static str, &'static str) =
        ("CalendarDraft", "A calendar as a client sends it.");

    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        let id = fields.own_id(OWN_ID);
        let name = fields.required("name", "What people call the calendar.");
        let gap = "Without it, a new calendar has PT3H and an existing one keeps its gap. A new gap applies to all \
                   orders of the calendar at once, or is rejected.";
        let minimum_gap = fields.optional("minimum_gap", gap);
        Some(Self { id: id?, name: name?, minimum_gap: minimum_gap? })
    }

    fn examples() -> Vec<Example> {
        let crew = json!({ "id": "roof", "name": "Roof crew" });
        vec![example("CalendarDraft", "A crew with the usual gap", crew)]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::body::parse;

    /// The outer none is a rejected body, the inner one an absent gap.
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
