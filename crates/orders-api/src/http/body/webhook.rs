//! A body as a [`WebhookDraft`].

use std::collections::BTreeSet;

use orders_core::{
    ChangeFilter, ChangeType, MAX_URL_LENGTH, SendAfter, Subscription, WebhookDraft, WebhookState,
    WebhookUrl,
};
use serde_json::json;

use super::value::{Field, Reading, Value};
use super::{Fields, FromFields, OWN_ID};
use crate::openapi::{self, Components, Example, example};
use crate::webhooks::Target;

impl FromFields for WebhookDraft {
    const SCHEMA: (&'static str, &'static str) =
        ("WebhookDraft", "A webhook as a client sends it.");

    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        let read_only = ["cursor", "behind", "parked", "failing_since", "last_error", "secret"];
        fields.ignore_read_only(&read_only);
        for name in ["calendar", "service", "types"] {
            fields.ignore_null(name);
        }
        let id = fields.own_id(OWN_ID);
        let url = fields.required("url", "Where the changes are sent.");
        let calendar = fields
            .optional("calendar", "Only changes of orders that are or were in this calendar.");
        let service = fields
            .optional("service", "Only changes of orders that contain or contained this service.");
        let types = fields.optional("types", "Only changes of these types.");
        let state = "`paused` stops it, `active` starts it again. Without it, a new webhook is active, and an existing \
                     one stays as it is.";
        let state: Option<Option<WebhookState>> = fields.optional("state", state);
        let after = "The position after which changes are sent: a cursor, or `now`. Without it, a new webhook begins \
                     now, and an existing one goes on where it is.";
        let after = fields.optional("after", after);
        let types: Option<Option<Types>> = types;
        Some(Self {
            id: id?,
            url: url?,
            subscription: Subscription {
                filter: ChangeFilter { calendar: calendar?, service: service? },
                types: types?.map(|Types(types)| types),
            },
            paused: state?.map(|state| state == WebhookState::Paused),
            after: after?,
        })
    }

    fn examples() -> Vec<Example> {
        let webhook = json!({
            "id": "crm", "url": "https://crm.example/hooks", "calendar": "analysis", "types": ["order.created"]
        });
        vec![example("WebhookDraft", "New orders of one calendar", webhook)]
    }
}

struct Types(BTreeSet<ChangeType>);

impl Field for Types {
    fn read(value: Value<'_>) -> Reading<Self> {
        let types = value.elements(|value| value.parse(&value.text()?))?;
        match types.is_empty() {
            true => Err(value.reject("contains no type; leave it out for all types")),
            false => Ok(Self(types.into_iter().collect())),
        }
    }

    fn schema(_: &mut Components) -> serde_json::Value {
        let names = ChangeType::ALL.map(ChangeType::as_str);
        json!({ "type": "array", "items": { "type": "string", "enum": names }, "minItems": 1 })
    }
}

impl Field for WebhookState {
    fn read(value: Value<'_>) -> Reading<Self> {
        let text = value.text()?;
        match WebhookState::ALL.into_iter().find(|state| state.as_str() == text) {
            Some(Self::Disabled) => Err(value.reject(
                "only the service sets disabled; send active to enable the webhook again, or paused",
            )),
            Some(state) => Ok(state),
            None => Err(value.reject("must be active or paused")),
        }
    }

    fn schema(_: &mut Components) -> serde_json::Value {
        json!({ "type": "string", "enum": [Self::Active.as_str(), Self::Paused.as_str()] })
    }
}

impl Field for WebhookUrl {
    fn read(value: Value<'_>) -> Reading<Self> {
        let text = value.text()?;
        let url = value.parse(&text)?;
        // A URL of a webhook, but for its address, which takes a look-up.
        let _: Target = value.parse(&text)?;
        Ok(url)
    }

    fn schema(_: &mut Components) -> serde_json::Value {
        json!({
            "type": "string", "format": "uri", "maxLength": MAX_URL_LENGTH, "pattern": "^https?://[!-~]+$",
            "examples": ["https://crm.example/hooks"]
        })
    }
}

impl Field for SendAfter {
    fn read(value: Value<'_>) -> Reading<Self> {
        match value.text()?.as_str() {
            "now" => Ok(Self::Now),
            cursor => value.parse(cursor).map(Self::Cursor),
        }
    }

    fn schema(components: &mut Components) -> serde_json::Value {
        openapi::after(components)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::body::parse;

    #[track_caller]
    fn read(members: &str) -> Option<WebhookDraft> {
        let body = format!(r#"{{"url":"https://crm.example/hooks"{members}}}"#);
        parse(body.as_bytes(), None).ok()
    }

    #[track_caller]
    fn is_rejected(members: &str) {
        assert_eq!(read(members), None);
    }

    #[test]
    fn what_is_absent_or_null_is_not_wanted() {
        let minimal = read("").unwrap();
        assert_eq!(minimal.subscription, Subscription::default());
        assert_eq!((&minimal.id, minimal.paused, minimal.after), (&None, None, None));
        assert_eq!(read(r#","calendar":null,"service":null,"types":null"#), Some(minimal.clone()));
        let read_only = r#","cursor":"1_2","behind":1,"parked":0,"failing_since":null,"last_error":"x","secret":"y""#;
        assert_eq!(read(read_only), Some(minimal));
        for name in ["id", "url", "state", "after"] {
            is_rejected(&format!(r#","{name}":null"#));
        }
    }

    #[test]
    fn every_field_is_read() {
        let types = r#","types":["order.created","order.deleted","order.created"]"#;
        let types = read(types).unwrap().subscription.types.unwrap();
        assert!(types.into_iter().eq([ChangeType::Created, ChangeType::Deleted]));
        let filter = read(r#","calendar":"crew","service":123"#).unwrap().subscription.filter;
        assert_eq!(filter.calendar.unwrap().as_str(), "crew");
        assert_eq!(filter.service.unwrap().as_str(), "123");
        assert_eq!(read(r#","state":"active""#).unwrap().paused, Some(false));
        assert_eq!(read(r#","state":"paused""#).unwrap().paused, Some(true));
        assert_eq!(read(r#","after":"now""#).unwrap().after, Some(SendAfter::Now));
        let cursor = "42_1667124180123456";
        let after = read(&format!(r#","after":"{cursor}""#)).unwrap().after;
        assert_eq!(after, Some(SendAfter::Cursor(cursor.parse().unwrap())));
    }

    #[test]
    fn bad_values_are_rejected() {
        is_rejected(r#","types":[]"#);
        is_rejected(r#","types":["created"]"#);
        is_rejected(r#","types":"order.created""#);
        is_rejected(r#","state":"disabled""#);
        is_rejected(r#","state":"on""#);
        is_rejected(r#","after":"oldest""#);
        is_rejected(r#","after":42"#);
        is_rejected(r#","events":[]"#);
        for url in [
            "crm.example",
            "ftp://crm.example",
            "https://user@crm.example",
            "https://crm.example/#a",
        ] {
            let body = format!(r#"{{"url":"{url}"}}"#);
            assert!(parse::<WebhookDraft>(body.as_bytes(), None).is_err(), "{url}");
        }
    }
}
