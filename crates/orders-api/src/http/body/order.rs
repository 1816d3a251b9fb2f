//! A body as an [`OrderDraft`].

use orders_core::{InvalidServices, MAX_SERVICES, OrderDraft, OrderedServices, ServiceId};
use serde_json::json;

use super::metadata::{METADATA, REFERENCE};
use super::value::{Field, Reading, Value};
use super::{Fields, FromFields, OWN_ID};
use crate::openapi::{Components, Example, example, ordered_services};
use crate::problem::FieldError;

/// The fields that the service sets: ignored, so that a response can be sent back unchanged.
pub(super) const READ_ONLY_FIELDS: [&str; 3] = ["version", "created_at", "updated_at"];

/// What the field `services` is.
pub(super) const SERVICES: &str = "What is ordered: different services, in the client's order.";

impl FromFields for OrderDraft {
    const SCHEMA: (&'static str, &'static str) = ("OrderDraft", "An order as a client sends it.");

    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        let id = fields.own_id(OWN_ID);
        let calendar = "The calendar to book in. Without it, a new order is booked in `default` and an existing one \
                        stays in its calendar.";
        let calendar = fields.optional("calendar", calendar);
        let datetime = fields.required("datetime", "When it starts.");
        let totalfee = fields.required("totalfee", "What it costs.");
        let services = fields.required("services", SERVICES);
        let reference = fields.optional("reference", REFERENCE);
        let metadata = fields.optional("metadata", METADATA);
        fields.ignore_read_only(&READ_ONLY_FIELDS);
        Some(Self {
            id: id?,
            calendar: calendar?,
            datetime: datetime?,
            totalfee: totalfee?,
            services: services?,
            reference: reference?,
            metadata: metadata?.unwrap_or_default(),
        })
    }

    fn examples() -> Vec<Example> {
        // At times that no example of the documentation has, so that the page `/docs` can send them.
        let least = json!({
            "datetime": "2030-05-06T09:00:00Z", "totalfee": 100, "services": [{ "id": "123" }]
        });
        let all = json!({
            "id": "224-1", "calendar": "default", "datetime": "2030-05-07T11:00:00+02:00", "totalfee": 99.95,
            "services": [{ "id": "456" }, { "id": "123" }], "reference": "PO-4711",
            "metadata": { "gate": "B", "lang": "de" }
        });
        vec![
            example("OrderDraft", "With the required fields", least),
            example("OrderDraftWithAll", "With all fields, and an id of your own", all),
        ]
    }
}

impl Field for OrderedServices {
    fn read(list: Value<'_>) -> Reading<Self> {
        let ids = list.elements(|value| value.object(service))?;
        // A list that is too long is rejected as a whole, so the search for repeated ids stays short.
        if ids.len() <= MAX_SERVICES {
            let repeated = repeated(&list, &ids);
            if !repeated.is_empty() {
                return Err(repeated);
            }
        }
        OrderedServices::new(ids).map_err(|detail| list.reject(detail))
    }

    fn schema(components: &mut Components) -> serde_json::Value {
        ordered_services(Fields::describe(components, "A service to order.", service))
    }
}

fn service(fields: &mut Fields<'_>) -> Option<ServiceId> {
    let name = "Ignored, so that a response of `GET /services` can be ordered.";
    fields.ignore("name", json!({ "description": name }));
    fields.required("id", "The id of the service.")
}

/// The error of every service that the list contains before.
fn repeated(list: &Value<'_>, ids: &[ServiceId]) -> Vec<FieldError> {
    let again = ids.iter().enumerate().filter(|&(index, id)| ids[..index].contains(id));
    again
        .map(|(index, id)| {
            let detail = InvalidServices::Repeated { index, id: id.clone() };
            list.reject_at(&format!("/{index}/id"), detail)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use actix_web::ResponseError as _;
    use actix_web::body::MessageBody as _;
    use serde_json::{Value as Json, json};

    use super::*;
    use crate::http::body::parse;
    use crate::problem::Problem;
    use crate::problem::ProblemType;

    const GOOD: [(&str, &str); 4] = [
        ("id", r#""223""#),
        ("datetime", r#""2022-11-01T11:11:11.111Z""#),
        ("totalfee", "100"),
        ("services", r#"[{"id":"123"}]"#),
    ];

    /// A good body in which one field has another value, or is absent if that is empty.
    fn with(name: &str, value: &str) -> String {
        let mut fields: Vec<_> = GOOD.into_iter().filter(|&(field, _)| field != name).collect();
        if !value.is_empty() {
            fields.push((name, value));
        }
        let fields: Vec<_> =
            fields.iter().map(|(name, value)| format!("{name:?}:{value}")).collect();
        format!("{{{}}}", fields.join(","))
    }

    fn read(body: impl AsRef<[u8]>) -> Result<OrderDraft, Problem> {
        parse(body.as_ref(), None)
    }

    #[track_caller]
    fn problem(body: impl AsRef<[u8]>) -> (ProblemType, Json) {
        let problem = read(body).unwrap_err();
        let document = problem.error_response().into_body().try_into_bytes().unwrap();
        (problem.problem_type(), serde_json::from_slice(&document).unwrap())
    }

    #[track_caller]
    fn malformed(body: impl AsRef<[u8]>) {
        assert_eq!(problem(body).0, ProblemType::MalformedRequest);
    }

    /// The value is rejected, with errors at these pointers.
    #[track_caller]
    fn rejected(name: &str, value: &str, pointers: &[&str]) {
        check_pointers(&with(name, value), pointers);
    }

    #[track_caller]
    fn check_pointers(body: &str, pointers: &[&str]) {
        let (problem_type, document) = problem(body);
        assert_eq!(problem_type, ProblemType::InvalidRequest);
        let errors = document["errors"].as_array().unwrap();
        let found: Vec<_> = errors.iter().map(|error| error["pointer"].as_str().unwrap()).collect();
        assert_eq!(found, pointers, "{document}");
    }

    #[track_caller]
    fn id(value: &str, read_as: &str) {
        let draft = read(with("id", value)).unwrap();
        assert_eq!(draft.id.unwrap().as_str(), read_as);
    }

    #[track_caller]
    fn fee(value: &str, read_as: &str) {
        assert_eq!(read(with("totalfee", value)).unwrap().totalfee.to_string(), read_as);
    }

    #[test]
    fn a_good_order_is_read() {
        let draft = read(with("calendar", r#""roof""#)).unwrap();
        assert_eq!(draft.id.unwrap().as_str(), "223");
        assert_eq!(draft.calendar.unwrap().as_str(), "roof");
        assert_eq!(draft.datetime.to_string(), "2022-11-01T11:11:11.111Z");
        assert_eq!(draft.totalfee.to_string(), "100");
        assert_eq!(draft.services.len(), 1);
        let draft = read(with("id", "")).unwrap();
        assert_eq!((draft.id, draft.calendar), (None, None));
    }

    #[test]
    fn anything_but_json_is_malformed() {
        malformed("");
        malformed(" \n");
        malformed("{");
        malformed("{}}");
        malformed("5 x");
        malformed("nonsense");
        malformed("\u{feff}{}");
        malformed(with("totalfee", "NaN"));
        malformed(with("totalfee", "+1"));
        malformed(with("totalfee", "01"));
        malformed(with("totalfee", ".5"));
        malformed(with("id", "'a'"));
        malformed(with("id", "\"a\nb\""));
        malformed(b"{\"id\":\"\xff\"}");
        malformed(with("services", &("[".repeat(33) + &"]".repeat(33))));
        malformed("[".repeat(60_000));
    }

    #[test]
    fn the_detail_says_where_the_json_is_broken_and_does_not_repeat_it() {
        let (_, document) = problem("{\n  \"secret\": word\n}");
        let detail = document["detail"].as_str().unwrap();
        assert_eq!(detail, "the body is not JSON: expected value at line 2 column 13");
    }

    #[test]
    fn brackets_in_a_string_are_not_depth() {
        rejected("id", &format!("\"\\\"{}\"", "[".repeat(99)), &["/id"]);
    }

    #[test]
    fn anything_but_an_object_is_rejected_as_a_whole() {
        for body in ["null", "[]", "5", "\"x\"", "true"] {
            check_pointers(body, &[""]);
        }
    }

    #[test]
    fn all_errors_come_at_once() {
        check_pointers("{}", &["/datetime", "/totalfee", "/services"]);
        check_pointers(
            r#"{"id":null,"calendar":5.5,"datetime":1,"totalfee":"1","services":[{"id":""},7],"a/b~c":1}"#,
            &[
                "/id",
                "/calendar",
                "/datetime",
                "/totalfee",
                "/services/0/id",
                "/services/1",
                "/a~1b~0c",
            ],
        );
    }

    #[test]
    fn a_field_given_twice_is_rejected() {
        check_pointers(&with("id", r#""223","id":"223""#), &["/id"]);
        check_pointers(&with("version", r#"1,"version":1"#), &["/version"]);
        rejected("services", r#"[{"id":"1","id":"2"}]"#, &["/services/0/id"]);
    }

    #[test]
    fn an_unknown_field_is_named_with_the_known_ones() {
        let (_, document) = problem(with("total_fee", "1"));
        assert_eq!(
            document["errors"],
            json!([{
                "pointer": "/total_fee",
                "detail": "is not a field here; the fields are id, calendar, datetime, totalfee, services, reference, metadata"
            }])
        );
    }

    #[test]
    fn read_only_fields_are_ignored() {
        for name in READ_ONLY_FIELDS {
            read(with(name, r#"{"any":["thing"]}"#)).unwrap();
        }
    }

    #[test]
    fn an_id_is_a_string_or_an_integer() {
        id("223", "223");
        id("-5", "-5");
        id(r#""a.B_9~-""#, "a.B_9~-");
        id(r#""\u0061""#, "a");
        id("18446744073709551617", "18446744073709551617");
        id(&"9".repeat(64), &"9".repeat(64));
        for value in ["null", "true", "1.0", "1e2", "{}", "[]"] {
            rejected("id", value, &["/id"]);
        }
        for value in ["", "a/b", "a\\u0000", "..", ".", "😀", "a b", "\\ud800", &"x".repeat(65)] {
            rejected("id", &format!("\"{value}\""), &["/id"]);
        }
        rejected("id", &"9".repeat(65), &["/id"]);
    }

    #[test]
    fn an_id_in_the_body_must_be_that_of_the_path() {
        let put = |body: &str| parse::<OrderDraft>(body.as_bytes(), Some("223"));
        assert_eq!(put(&with("id", "223")).unwrap().id.unwrap().as_str(), "223");
        assert_eq!(put(&with("id", "")).unwrap().id.unwrap().as_str(), "223");
        assert_eq!(
            put(&with("id", "224")).unwrap_err().problem_type(),
            ProblemType::InvalidRequest
        );
    }

    #[test]
    fn a_fee_is_a_number_and_kept_exactly() {
        fee("0", "0");
        fee("-0", "0");
        fee("99.95", "99.95");
        fee("0.10", "0.1");
        fee("1e2", "100");
        fee("9999999999.99", "9999999999.99");
        for value in ["-1", "-0.01", "0.001", "1e400", "1e-400", "10000000000"] {
            rejected("totalfee", value, &["/totalfee"]);
        }
        for value in [r#""100""#, "null", "true", "[]", "{}", ""] {
            rejected("totalfee", value, &["/totalfee"]);
        }
    }

    #[test]
    fn a_string_for_a_fee_is_told_apart() {
        let (_, document) = problem(with("totalfee", r#""100""#));
        assert_eq!(document["errors"][0]["detail"], "must be a number, not a string");
    }

    #[test]
    fn a_datetime_is_a_string_of_rfc_3339() {
        for value in [
            "2022-11-01T11:11:11",
            "2022-02-30T00:00:00Z",
            "2022-11-01T11:11:11+23:59",
            "10000-01-01T00:00:00Z",
            "2016-12-31T23:59:60Z",
            "2022-11-01",
            "yesterday",
            "",
        ] {
            rejected("datetime", &format!("{value:?}"), &["/datetime"]);
        }
        for value in ["1667301071", "null", ""] {
            rejected("datetime", value, &["/datetime"]);
        }
    }

    #[test]
    fn services_are_1_to_32_different_ones() {
        let list = |count: usize| {
            let items: Vec<_> = (0..count).map(|n| format!("{{\"id\":{n}}}")).collect();
            format!("[{}]", items.join(","))
        };
        assert_eq!(read(with("services", &list(32))).unwrap().services.len(), 32);
        rejected("services", &list(0), &["/services"]);
        rejected("services", &list(33), &["/services"]);
        rejected(
            "services",
            r#"[{"id":1},{"id":"1"},{"id":1}]"#,
            &["/services/1/id", "/services/2/id"],
        );
        rejected("services", r#"["123"]"#, &["/services/0"]);
        rejected("services", "[{}]", &["/services/0/id"]);
        rejected("services", r#"[{"id":1,"price":2}]"#, &["/services/0/price"]);
        rejected("services", r#"{"id":1}"#, &["/services"]);
        read(with("services", r#"[{"id":1,"name":"Inspection"}]"#)).unwrap();
    }

    #[test]
    fn a_long_value_is_not_repeated_in_full() {
        let (_, document) = problem(with("datetime", &format!("{:?}", "ä".repeat(20_000))));
        assert!(document.to_string().len() < 1_000);
        let fields: Vec<_> = (0..1_000).map(|n| format!("\"f{n}\":0")).collect();
        let (_, document) = problem(format!("{{{}}}", fields.join(",")));
        assert_eq!(document["errors"].as_array().unwrap().len(), 100);
    }
}
