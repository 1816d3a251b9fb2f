//! A body as an [`OrderPatch`] (RFC 7396): what is given is changed, the rest stays.

use orders_core::{OrderId, OrderPatch};

use super::Shape;
use super::fields::{Fields, Value};
use super::order::{READ_ONLY_FIELDS, services};

impl Shape for OrderPatch {
    const FIELDS: &'static str = "id, calendar, datetime, totalfee, services";

    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        // A patch takes away what it sets to null. An order without an id or a calendar, when it is put,
        // keeps those it has; without the others it is none.
        fields.drop_null("id");
        fields.drop_null("calendar");
        let id: Option<Option<OrderId>> = fields.own_id();
        let calendar = fields.optional("calendar", Value::id);
        let datetime = fields.optional("datetime", Value::written);
        let totalfee = fields.optional("totalfee", Value::number);
        let services = fields.optional("services", services);
        READ_ONLY_FIELDS.into_iter().for_each(|name| fields.ignore(name));
        id?;
        Some(Self {
            calendar: calendar?,
            datetime: datetime?,
            totalfee: totalfee?,
            services: services?,
        })
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
    fn what_is_not_given_stays() {
        assert_eq!(read("{}"), Some(OrderPatch::default()));
        let patch = read(r#"{"totalfee": 5, "version": 9}"#).unwrap();
        assert_eq!(patch, OrderPatch { totalfee: "5".parse().ok(), ..OrderPatch::default() });
    }

    #[test]
    fn null_takes_away_only_what_an_order_can_do_without() {
        assert_eq!(read(r#"{"id": null, "calendar": null}"#), Some(OrderPatch::default()));
        for name in ["datetime", "totalfee", "services"] {
            assert_eq!(read(&format!("{{\"{name}\": null}}")), None);
        }
    }

    #[test]
    fn the_rules_of_the_fields_hold_here_too() {
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
