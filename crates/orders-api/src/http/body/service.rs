//! A body as a [`ServiceDraft`].

use orders_core::ServiceDraft;
use serde_json::json;

use super::{Fields, FromFields, OWN_ID};
use crate::openapi::{Example, example};

impl FromFields for ServiceDraft {
    const SCHEMA: (&'static str, &'static str) =
        ("ServiceDraft", "A service as a client sends it.");

    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        let id = fields.own_id(OWN_ID);
        let name = fields.required("name", "What people call the service.");
        Some(Self { id: id?, name: name? })
    }

    fn examples() -> Vec<Example> {
        let inspection = json!({ "id": "123", "name": "Inspection" });
        vec![example("ServiceDraft", "A service with a chosen id", inspection)]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::body::parse;

    #[track_caller]
    fn check(body: &str, path_id: Option<&str>, id_and_name: Option<(&str, &str)>) {
        let read = parse::<ServiceDraft>(body.as_bytes(), path_id).ok();
        let read =
            read.map(|draft| (draft.id.map_or_else(String::new, |id| id.to_string()), draft.name));
        let read = read.as_ref().map(|(id, name)| (id.as_str(), name.as_str()));
        assert_eq!(read, id_and_name);
    }

    #[test]
    fn a_service_has_a_name_and_perhaps_an_id() {
        check(r#"{"id":123,"name":"Inspection"}"#, None, Some(("123", "Inspection")));
        check(r#"{"name":"Inspection"}"#, None, Some(("", "Inspection")));
        check(r#"{"name":"Inspection"}"#, Some("123"), Some(("123", "Inspection")));
        check(r#"{"id":"123","name":"Inspection"}"#, Some("124"), None);
        check(r#"{"id":"123"}"#, None, None);
        check(r#"{"id":"123","name":" "}"#, None, None);
        check(r#"{"id":"123","name":"two\nlines"}"#, None, None);
        check(r#"{"id":"123","name":5}"#, None, None);
        check(r#"{"id":"123","name":"Inspection","price":1}"#, None, None);
    }
}
