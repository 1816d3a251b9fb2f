//! A body as an [`OrderPatch`] (RFC 7396): the fields that are present are changed, the rest stays.

use orders_core::{OrderId, OrderPatch};
use serde_json::json;

use super::order::{READ_ONLY_FIELDS, SERVICES};
use super::{Fields, FromFields, MERGE_PATCH};
use crate::http::response::JSON;
use crate::openapi::{Example, example};

impl FromFields for OrderPatch {
    const SCHEMA: (&'static str, &'static str) = (
        "OrderPatch",
        "Changes to an order (RFC 7396): fields that are present are replaced, the rest stays. `services` is replaced \
         as a whole.",
    );

    const MEDIA_TYPES: &'static [&'static str] = &[MERGE_PATCH, JSON];

    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        // Null removes a field. A PUT without an id or a calendar keeps those of the order, so null does the
        // same; the other fields cannot be removed.
        fields.ignore_null("id");
        fields.ignore_null("calendar");
        let id: Option<Option<OrderId>> =
            fields.own_id("Must be that of the path; null is ignored.");
        let calendar = fields.optional("calendar", "Another calendar; null is ignored.");
        let datetime = fields.optional("datetime", "Another time.");
        let totalfee = fields.optional("totalfee", "Another fee.");
        let services = fields.optional("services", SERVICES);
        fields.ignore_read_only(&READ_ONLY_FIELDS);
        id?;
        Some(Self {
            calendar: calendar?,
            datetime: datetime?,
            totalfee: totalfee?,
            services: services?,
            ..Self::default()
        })
    }

    fn examples() -> Vec<Example> {
        let patch = json!({ "datetime": "2022-11-01T14:11:11.111Z" });
        vec![example("OrderPatch", "Another time", patch)]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::body::parse;

    fn read(body: &str) -> Option<OrderPatch> {
        parse(body.as_bytes(), Some("223")).ok()
    }

    #[test]
    fn absent_fields_stay() {
        assert_eq!(read("{}"), Some(OrderPatch::default()));
        let patch = read(r#"{"totalfee": 5, "version": 9}"#).unwrap();
        assert_eq!(patch, OrderPatch { totalfee: "5".parse().ok(), ..OrderPatch::default() });
    }

    #[test]
    fn null_is_accepted_only_where_a_put_may_leave_the_field_out() {
        assert_eq!(read(r#"{"id": null, "calendar": null}"#), Some(OrderPatch::default()));
        for name in ["datetime", "totalfee", "services"] {
            assert_eq!(read(&format!("{{\"{name}\": null}}")), None);
        }
    }

    #[test]
    fn a_patch_keeps_the_rules_of_the_fields() {
        for body in [
            r#"{"totalfee": -1}"#,
            r#"{"services": []}"#,
            r#"{"id": "224"}"#,
            r#"{"fee": 1}"#,
            r#"{"datetime": "tomorrow"}"#,
            "[]",
            "",
        ] {
            assert_eq!(read(body), None, "{body}");
        }
        assert!(read(r#"{"id": "223"}"#).is_some());
    }
}
