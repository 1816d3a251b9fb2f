//! A body as an [`OrderPatch`] (RFC 7396): the fields that are present are changed, the rest stays.

use orders_core::{OrderId, OrderPatch};
use serde_json::json;

use super::metadata::{METADATA, REFERENCE};
use super::order::{READ_ONLY_FIELDS, SERVICES};
use super::{Fields, FromFields, MERGE_PATCH};
use crate::http::response::JSON;
use crate::openapi::{Example, example};

impl FromFields for OrderPatch {
    const SCHEMA: (&'static str, &'static str) = (
        "OrderPatch",
        "Changes to an order (RFC 7396): fields that are present are replaced, the rest stays. `services` is replaced \
         as a whole; of `metadata`, only the entries that are present change.",
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
        let reference = fields.optional("reference", &format!("{REFERENCE} Null removes it."));
        let metadata = format!("{METADATA} A value of null removes an entry; null removes all.");
        let metadata = fields.optional("metadata", &metadata);
        fields.ignore_read_only(&READ_ONLY_FIELDS);
        id?;
        Some(Self {
            calendar: calendar?,
            datetime: datetime?,
            totalfee: totalfee?,
            services: services?,
            reference: reference?,
            metadata: metadata?.unwrap_or_default(),
        })
    }

    fn examples() -> Vec<Example> {
        let datetime = json!({ "datetime": "2022-11-01T14:11:11.111Z" });
        let metadata = json!({ "metadata": { "gate": "C", "lang": null } });
        vec![
            example("OrderPatch", "Another time", datetime),
            example("OrderPatchOfMetadata", "One entry set, and another one removed", metadata),
        ]
    }
}

#[cfg(test)]
mod tests {
    use orders_core::MetadataPatch;

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
    fn null_removes_the_reference_and_metadata() {
        let patch = read(r#"{"reference": null, "metadata": null}"#).unwrap();
        assert_eq!((patch.reference, patch.metadata), (Some(None), MetadataPatch::Clear));
        let MetadataPatch::Merge(changes) =
            read(r#"{"metadata": {"a": null, "b": "x"}}"#).unwrap().metadata
        else {
            panic!("all entries are removed");
        };
        let changes = changes.iter().map(|(key, value)| (key.as_str(), value.is_some()));
        assert_eq!(changes.collect::<Vec<_>>(), [("a", false), ("b", true)]);
    }

    #[test]
    fn a_patch_keeps_the_rules_of_the_fields() {
        for body in [
            r#"{"totalfee": -1}"#,
            r#"{"services": []}"#,
            r#"{"id": "224"}"#,
            r#"{"fee": 1}"#,
            r#"{"reference": ""}"#,
            r#"{"metadata": {"a b": null}}"#,
            r#"{"metadata": {"a": 1}}"#,
            r#"{"metadata": []}"#,
            r#"{"datetime": "tomorrow"}"#,
            "[]",
            "",
        ] {
            assert_eq!(read(body), None, "{body}");
        }
        assert!(read(r#"{"id": "223"}"#).is_some());
    }
}
