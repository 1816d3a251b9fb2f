//! A body as a [`ServiceDraft`].

use orders_core::ServiceDraft;

use super::Shape;
use super::fields::{Fields, Value};

impl Shape for ServiceDraft {
    const FIELDS: &'static str = "id, name";

    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        let id = fields.own_id();
        let name = fields.required("name", Value::name);
        Some(Self { id: id?, name: name? })
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
