use orders_core::{
    Booking, Calendar, CalendarDraft, CalendarId, ChangeType, Fee, Interval, Metadata, MetadataKey,
    MetadataPatch, MetadataValue, MinimumGap, Name, NearestFree, Order, OrderDraft, OrderId,
    OrderPatch, OrderedServices, Reference, SendAfter, Service, ServiceDraft, ServiceId, Timestamp,
    Webhook, WebhookDraft,
};
use proptest::prelude::*;
use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Value, from_str, from_value, json, to_string, to_value};

use crate::{any_gap, any_timestamp, at, cases, text};

/// The order of the contract.
const ORDER: &str = r#"{
  "id": "223",
  "calendar": "default",
  "datetime": "2022-11-01T11:11:11.111Z",
  "totalfee": 100,
  "services": [{ "id": "123" }],
  "reference": "PO-4711",
  "metadata": { "gate": "B", "lang": "de" },
  "version": 1,
  "created_at": "2022-10-30T08:00:00.123456Z",
  "updated_at": "2022-10-30T08:00:00.123456Z"
}"#;

fn compact(json: &str) -> String {
    json.replace([' ', '\n'], "")
}

/// That a value is read from this JSON, from text and from a `Value`, and written as it again.
#[track_caller]
fn check<T: Serialize + DeserializeOwned + PartialEq + std::fmt::Debug>(json: &str) -> T {
    let read: T = from_str(json).unwrap();
    assert_eq!(to_string(&read).unwrap(), json);
    let value: Value = from_str(json).unwrap();
    assert_eq!(to_value(&read).unwrap(), value);
    assert_eq!(from_value::<T>(value).unwrap(), read);
    let read_from_bytes: T = serde_json::from_reader(json.as_bytes()).unwrap();
    assert_eq!(read_from_bytes, read);
    read
}

/// That nothing is read from this JSON, neither from text nor from a `Value`, for this reason.
#[track_caller]
fn check_refused<T: DeserializeOwned + std::fmt::Debug>(json: &str, because: &str) {
    let error = from_str::<T>(json).unwrap_err().to_string();
    assert!(error.contains(because), "{error:?} does not say {because:?}");
    if let Ok(value) = from_str::<Value>(json) {
        from_value::<T>(value).unwrap_err();
    }
}

#[test]
fn the_order_of_the_contract_is_read_and_written_unchanged() {
    let order: Order = check(&compact(ORDER));
    assert_eq!(order.id, OrderId::new("223").unwrap());
    assert!(order.calendar.is_default());
    assert_eq!(order.datetime, at("2022-11-01T11:11:11.111Z"));
    assert_eq!(order.totalfee.to_string(), "100");
    assert_eq!(order.services.len(), 1);
    assert_eq!(order.reference.as_ref().map(Reference::as_str), Some("PO-4711"));
    assert_eq!(order.metadata.entries().len(), 2);
    assert_eq!(order.version, 1);
    assert_eq!(from_str::<Order>(ORDER).unwrap(), order);

    let dearer: Order = check(&compact(ORDER).replace(":100,", ":99.95,"));
    assert_eq!(dearer.totalfee.to_string(), "99.95");
}

#[test]
fn a_draft_leaves_out_what_it_does_not_say() {
    let bare = r#"{"datetime":"2022-11-01T11:11:11.111Z","totalfee":99.95,"services":[{"id":"789"},{"id":"123"}]}"#;
    let draft: OrderDraft = check(bare);
    assert_eq!((draft.id, draft.calendar), (None, None));
    let draft: OrderDraft = check(&bare.replacen('{', r#"{"id":"1","calendar":"crew","#, 1));
    assert_eq!(draft.id, Some(OrderId::new("1").unwrap()));
    assert_eq!(draft.calendar, Some(CalendarId::new("crew").unwrap()));
    let nulls = r#"{"id":null,"calendar":null,"reference":null,"metadata":null,"#;
    let nulls: OrderDraft = from_str(&bare.replacen('{', nulls, 1)).unwrap();
    assert_eq!(nulls, from_str(bare).unwrap());
}

#[test]
fn a_patch_contains_only_what_it_changes() {
    #[track_caller]
    fn check(patch: &OrderPatch, json: Value) {
        assert_eq!(to_value(patch).unwrap(), json);
    }
    check(&OrderPatch::default(), json!({}));
    let metadata = |metadata| OrderPatch { metadata, ..OrderPatch::default() };
    check(&metadata(MetadataPatch::Clear), json!({ "metadata": null }));
    let [gate, lang] = ["gate", "lang"].map(|key| MetadataKey::new(key).unwrap());
    let entries = [(gate, MetadataValue::new("B").ok()), (lang, None)];
    let merge = MetadataPatch::Merge(entries.into());
    check(&metadata(merge), json!({ "metadata": { "gate": "B", "lang": null } }));
    let reference = |reference| OrderPatch { reference: Some(reference), ..OrderPatch::default() };
    check(&reference(None), json!({ "reference": null }));
    check(&reference(Reference::new("PO-1").ok()), json!({ "reference": "PO-1" }));
    let patch = OrderPatch {
        calendar: CalendarId::new("roof").ok(),
        datetime: Some(at("2022-11-01T11:11:11Z")),
        totalfee: "99.95".parse().ok(),
        services: OrderedServices::new([ServiceId::new("123").unwrap()]).ok(),
        ..OrderPatch::default()
    };
    let json = r#"{"calendar":"roof","datetime":"2022-11-01T11:11:11Z","totalfee":99.95,"services":[{"id":"123"}]}"#;
    assert_eq!(to_string(&patch).unwrap(), json);
}

#[test]
fn an_order_without_a_reference_and_metadata_does_not_mention_them() {
    let (before, rest) = ORDER.split_once("  \"reference\"").unwrap();
    let (_, after) = rest.split_once("},\n").unwrap();
    let order: Order = check(&compact(&format!("{before}{after}")));
    assert_eq!((order.reference, order.metadata), (None, Metadata::default()));
}

#[test]
fn a_webhook_has_its_subscription_beside_its_other_members() {
    let json = r#"{"id":"crm","url":"https://crm.example/hooks","calendar":"crew","service":null,"types":["order.created"],"state":"active","cursor":"42_1667124180123456","behind":3,"parked":1,"failing_since":"2022-11-01T11:11:11Z","last_error":"status 500"}"#;
    let webhook: Webhook = check(json);
    assert_eq!(webhook.subscription.filter.calendar, CalendarId::new("crew").ok());
    assert_eq!(webhook.subscription.types, Some([ChangeType::Created].into()));
    check_refused::<Webhook>(&json.replace("https", "ftp"), "begins with https://");
    check_refused::<Webhook>(&json.replace("active", "lost"), "unknown variant");
}

#[test]
fn a_draft_of_a_webhook_says_only_what_is_wanted() {
    let bare = WebhookDraft::new("https://crm.example".parse().unwrap());
    let subscription = json!({ "calendar": null, "service": null, "types": null });
    let with = |more: Value| {
        let mut json = json!({ "url": "https://crm.example" });
        for members in [&subscription, &more] {
            json.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
        }
        json
    };
    assert_eq!(to_value(&bare).unwrap(), with(json!({})));
    let cursor = "42_1667124180123456";
    let after = SendAfter::Cursor(cursor.parse().unwrap());
    let moved = WebhookDraft { paused: Some(true), after: Some(after), ..bare.clone() };
    assert_eq!(to_value(&moved).unwrap(), with(json!({ "state": "paused", "after": cursor })));
    let id = "crm".parse().ok();
    let now = WebhookDraft { id, paused: Some(false), after: Some(SendAfter::Now), ..bare };
    let more = json!({ "id": "crm", "state": "active", "after": "now" });
    assert_eq!(to_value(&now).unwrap(), with(more));
}

#[test]
fn metadata_is_an_object_of_texts() {
    let metadata: Metadata = check(r#"{"a":"1","b.c":"\n"}"#);
    assert_eq!(metadata.entries().len(), 2);
    check::<Metadata>("{}");
    check_refused::<Metadata>(r#"{"a b":""}"#, "' ' is not allowed in a key");
    check_refused::<Metadata>(r#"{"a":"\u0000"}"#, "not allowed in a value");
    for json in [r#"{"a":1}"#, r#"{"a":null}"#, r#"{"a":{}}"#, "[]", "1", r#""a""#] {
        check_refused::<Metadata>(json, "invalid type");
    }
    check_refused::<Reference>(r#""""#, "must not be empty");
}

#[test]
fn an_order_is_read_as_a_draft_of_itself() {
    let draft: OrderDraft = from_str(ORDER).unwrap();
    assert_eq!(draft, OrderDraft::from(from_str::<Order>(ORDER).unwrap()));
}

#[test]
fn what_an_order_needs_must_be_there() {
    for field in ["datetime", "totalfee", "services"] {
        let mut order: Value = from_str(ORDER).unwrap();
        order.as_object_mut().unwrap().remove(field);
        check_refused::<OrderDraft>(&order.to_string(), &format!("missing field `{field}`"));
        order[field] = Value::Null;
        check_refused::<OrderDraft>(&order.to_string(), "");
    }
}

#[test]
fn an_integer_is_an_id_of_its_digits_and_is_answered_as_text() {
    for (json, id) in [
        ("123", "123"),
        ("0", "0"),
        ("-7", "-7"),
        ("18446744073709551615", "18446744073709551615"),
        ("-9223372036854775808", "-9223372036854775808"),
        (r#""123""#, "123"),
        (r#""\u0061""#, "a"),
    ] {
        let read: OrderId = from_str(json).unwrap();
        assert_eq!(read, OrderId::new(id).unwrap());
        assert_eq!(to_string(&read).unwrap(), format!("{id:?}"));
        assert_eq!(from_value::<ServiceId>(from_str(json).unwrap()).unwrap().as_str(), id);
    }
    let order: OrderDraft = from_str(
        r#"{"id":223,"calendar":5,"datetime":"2022-11-01T11:11:11.111Z","totalfee":100,"services":[{"id":123}]}"#,
    )
    .unwrap();
    assert_eq!(to_value(&order).unwrap()["services"], json!([{"id": "123"}]));
    assert_eq!(to_value(&order).unwrap()["id"], json!("223"));
    assert_eq!(to_value(&order).unwrap()["calendar"], json!("5"));
}

#[test]
fn what_is_neither_text_nor_integer_is_no_id() {
    for json in ["1.0", "1e2", "1.5", "true", "null", "[]", "{}", r#"["a"]"#, "-0"] {
        check_refused::<OrderId>(json, "expected a string or an integer");
    }
    // Refused rather than rounded.
    check_refused::<OrderId>("18446744073709551616", "expected a string or an integer");
    check_refused::<OrderId>(r#""""#, "must not be empty");
    check_refused::<OrderId>(r#""a b""#, "' ' is not allowed");
    check_refused::<OrderId>(r#"".""#, "path segment");
}

#[test]
fn a_fee_is_a_number_and_never_a_binary_fraction() {
    for json in ["0", "0.01", "0.07", "0.1", "99.95", "100", "1234567.89", "9999999999.99"] {
        let fee: Fee = check(json);
        assert_eq!(fee, json.parse().unwrap());
    }
    assert_eq!(to_string(&from_str::<Fee>("1e2").unwrap()).unwrap(), "100");
    assert_eq!(to_string(&from_str::<Fee>(" 100.00 ").unwrap()).unwrap(), "100");
    // As binary fractions these would be 0.07 and 9999999999.99.
    check_refused_text::<Fee>("0.07000000000000000000000000000000001", "more than two decimals");
    check_refused_text::<Fee>("9999999999.990000000000000000000001", "more than two decimals");
}

/// As `check_refused`, but a `Value` would have rounded the number before anybody could refuse it.
#[track_caller]
fn check_refused_text<T: DeserializeOwned + std::fmt::Debug>(json: &str, because: &str) {
    let error = from_str::<T>(json).unwrap_err().to_string();
    assert!(error.contains(because), "{error:?} does not say {because:?}");
}

#[test]
fn what_is_no_fee_is_refused() {
    check_refused::<Fee>("-1", "-1 is not between 0 and 9999999999.99");
    check_refused::<Fee>("0.001", "0.001 has more than two decimals");
    check_refused::<Fee>("10000000000", "is not between");
    check_refused::<Fee>("1e400", "is not between");
    check_refused_text::<Fee>("1e-400", "more than two decimals");
    for json in [r#""100""#, "null", "true", "[100]", "{}"] {
        check_refused::<Fee>(json, "is not a decimal number");
    }
    check_refused::<Fee>("007", "");
    check_refused::<Fee>("NaN", "");
}

#[test]
fn services_are_a_list_of_objects_with_an_id() {
    let services: OrderedServices = check(r#"[{"id":"789"},{"id":"123"}]"#);
    assert_eq!(services.len(), 2);
    let with_name: OrderedServices = from_str(r#"[{"name":"Inspection","id":"1"}]"#).unwrap();
    assert_eq!(to_string(&with_name).unwrap(), r#"[{"id":"1"}]"#);

    check_refused::<OrderedServices>("[]", "at least one service");
    check_refused::<OrderedServices>(
        r#"[{"id":"1"},{"id":1}]"#,
        "service 1 is named more than once",
    );
    check_refused::<OrderedServices>(&to_string(&vec![json!({"id": "1"}); 33]).unwrap(), "33");
    check_refused::<OrderedServices>("null", "invalid type");
    check_refused::<OrderedServices>("{}", "invalid type");
    check_refused::<OrderedServices>(r#"{"id":"1"}"#, "invalid type");
    check_refused::<OrderedServices>(r#""1""#, "invalid type");
    check_refused::<OrderedServices>(r#"["1"]"#, "invalid type");
    check_refused::<OrderedServices>("[1]", "invalid type");
    check_refused::<OrderedServices>("[null]", "invalid type");
    check_refused::<OrderedServices>("[{}]", "missing field `id`");
    check_refused::<OrderedServices>(r#"[{"name":"1"}]"#, "missing field `id`");
    check_refused::<OrderedServices>(r#"[{"id":null}]"#, "expected a string or an integer");
    check_refused::<OrderedServices>(r#"[["1"]]"#, "invalid type");
    check_refused_text::<OrderedServices>(r#"[{"id":"1","id":"2"}]"#, "duplicate field `id`");
}

#[test]
fn a_calendar_that_names_no_gap_gets_three_hours() {
    let crew: Calendar = from_str(r#"{"id":"crew","name":"Crew"}"#).unwrap();
    assert_eq!(crew.minimum_gap, MinimumGap::default());
    assert_eq!(to_string(&crew).unwrap(), r#"{"id":"crew","name":"Crew","minimum_gap":"PT3H"}"#);
    let crew: Calendar = check(r#"{"id":"crew","name":"Crew","minimum_gap":"P1DT12H"}"#);
    assert_eq!(crew.minimum_gap.as_micros(), 36 * crate::HOUR);
    check_refused::<Calendar>(r#"{"id":"crew","name":"Crew","minimum_gap":null}"#, "");
    check_refused::<Calendar>(r#"{"id":"crew","name":"Crew","minimum_gap":10800}"#, "");
    check_refused::<Calendar>(r#"{"id":"crew","name":"Crew","minimum_gap":"P1M"}"#, "ISO 8601");
    check_refused::<Calendar>(r#"{"id":"crew"}"#, "missing field `name`");
}

#[test]
fn drafts_of_services_and_calendars_leave_out_what_they_do_not_say() {
    let bare: ServiceDraft = check(r#"{"name":"Inspection"}"#);
    assert_eq!(bare.id, None);
    check::<ServiceDraft>(r#"{"id":"123","name":"Inspection"}"#);
    let bare: CalendarDraft = check(r#"{"name":"Crew"}"#);
    assert_eq!((bare.id, bare.minimum_gap), (None, None));
    check::<CalendarDraft>(r#"{"id":"crew","name":"Crew","minimum_gap":"PT0S"}"#);
    let numbered: ServiceDraft = from_str(r#"{"id":123,"name":"Inspection"}"#).unwrap();
    assert_eq!(numbered.id, Some(ServiceId::new("123").unwrap()));
    check_refused::<ServiceDraft>(r#"{"id":"1"}"#, "missing field `name`");
    check_refused::<CalendarDraft>(r#"{"name":" "}"#, "must not be blank");
    check_refused::<CalendarDraft>(r#"{"name":"Crew","minimum_gap":"P32D"}"#, "P31D");
}

#[test]
fn the_small_types_have_the_form_of_the_contract() {
    check::<Service>(r#"{"id":"123","name":"Prüfung \"A\" \\ 🏗"}"#);
    check::<Booking>(r#"{"id":"223","datetime":"2022-11-01T11:11:11.111Z"}"#);
    check::<Interval>(r#"{"from":"2022-11-01T00:00:00Z","to":"2022-11-02T00:00:00.000001Z"}"#);
    check::<NearestFree>(
        r#"{"before":"2022-11-01T08:11:11.111Z","after":"2022-11-01T14:11:11.111Z"}"#,
    );
    check::<NearestFree>(r#"{"before":null,"after":null}"#);
    check_refused::<Name>(r#""\n""#, "control character");
    check_refused::<Name>("1", "invalid type");
    check_refused::<Timestamp>("1667301071", "invalid type");
    check_refused::<Timestamp>(r#""2022-11-01""#, "RFC 3339");
    let escaped: Timestamp = from_str(r#""2022\u002d11-01T11:11:11Z""#).unwrap();
    assert_eq!(escaped, at("2022-11-01T11:11:11Z"));
}

proptest! {
    #![proptest_config(cases(1_000))]

    #[test]
    fn every_order_makes_the_round_trip(
        (id, calendar) in (text("[A-Za-z0-9_~-][A-Za-z0-9._~-]{0,63}"), text("[a-z]{1,64}")),
        (datetime, created_at) in (any_timestamp(), any_timestamp()),
        cents in 0..=999_999_999_999_i64,
        services in prop::collection::btree_set(text("[a-z0-9]{1,8}"), 1..=32),
        (reference, metadata) in (
            prop::option::of(text(r"\PC{1,200}")),
            prop::collection::btree_map(text("[A-Za-z0-9_.-]{1,40}"), text(r"[^\x00]{0,20}"), 0..=20),
        ),
        version in 1..u64::MAX,
    ) {
        let order = Order {
            id: OrderId::new(id).unwrap(),
            calendar: CalendarId::new(calendar).unwrap(),
            datetime,
            totalfee: format!("{cents}e-2").parse().unwrap(),
            services: OrderedServices::new(services.into_iter().map(|id| ServiceId::new(id).unwrap()))
                .unwrap(),
            reference: reference.map(|text| Reference::new(text).unwrap()),
            metadata: from_value(json!(metadata)).unwrap(),
            version,
            created_at,
            updated_at: created_at,
        };
        let json = to_string(&order).unwrap();
        let fee = format!("\"totalfee\":{},", order.totalfee);
        prop_assert!(json.contains(&fee), "{} in {}", fee, json);
        prop_assert_eq!(&from_str::<Order>(&json).unwrap(), &order);
        // By way of a value, as a test or a client may do.
        prop_assert_eq!(&from_value::<Order>(to_value(&order).unwrap()).unwrap(), &order);
        prop_assert_eq!(from_str::<OrderDraft>(&json).unwrap(), OrderDraft::from(order));
    }

    #[test]
    fn every_gap_is_written_as_its_text(gap in any_gap()) {
        let json = to_string(&gap).unwrap();
        prop_assert_eq!(&json, &format!("\"{gap}\""));
        prop_assert_eq!(from_str::<MinimumGap>(&json).unwrap(), gap);
    }
}
