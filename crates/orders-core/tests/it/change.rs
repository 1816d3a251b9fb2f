//! Who sees a change, and its JSON.

use std::collections::BTreeSet;

use orders_core::{CalendarId, Change, ChangeFilter, ChangeType, Order, RecordedChange, ServiceId};
use serde_json::json;

/// An order in a calendar, with a service.
pub(crate) fn order(calendar: &str, service: &str, version: u64) -> Order {
    serde_json::from_value(json!({
        "id": "223", "calendar": calendar, "datetime": "2022-11-01T11:11:11.111Z", "totalfee": 100,
        "services": [{ "id": service }], "version": version,
        "created_at": "2022-10-30T08:00:00.123456Z", "updated_at": "2022-10-30T08:00:00.123456Z",
    }))
    .unwrap()
}

fn change(change_type: ChangeType, previous: Option<Order>, data: Order) -> RecordedChange {
    let change = Change {
        cursor: "42_1667124180123456".parse().unwrap(),
        change_type,
        timestamp: "2022-10-30T08:03:00.123456Z".parse().unwrap(),
        client: Some("web-shop".to_owned()),
        data,
    };
    RecordedChange { change, previous }
}

fn calendars(ids: &[&str]) -> BTreeSet<CalendarId> {
    ids.iter().map(|id| CalendarId::new(id).unwrap()).collect()
}

fn filter(calendar: Option<&str>, service: Option<&str>) -> ChangeFilter {
    ChangeFilter {
        calendar: calendar.map(|id| CalendarId::new(id).unwrap()),
        service: service.map(|id| ServiceId::new(id).unwrap()),
    }
}

#[test]
fn a_change_has_the_documented_json() {
    let change = change(ChangeType::Updated, None, order("roof", "123", 2)).change;
    let json = json!({
        "cursor": "42_1667124180123456", "type": "order.updated", "timestamp": "2022-10-30T08:03:00.123456Z",
        "client": "web-shop", "data": serde_json::to_value(&change.data).unwrap(),
    });
    assert_eq!(serde_json::to_value(&change).unwrap(), json);
    assert_eq!(serde_json::from_value::<Change>(json).unwrap(), change);
    let anonymous = Change { client: None, ..change };
    assert_eq!(serde_json::to_value(anonymous).unwrap().get("client"), None);
}

#[test]
fn a_filter_matches_the_order_before_or_after_the_change() {
    let moved =
        change(ChangeType::Updated, Some(order("roof", "123", 1)), order("cellar", "456", 2));
    for (calendar, service, seen) in [
        (None, None, true),
        (Some("roof"), None, true),
        (Some("cellar"), None, true),
        (Some("attic"), None, false),
        (None, Some("123"), true),
        (None, Some("456"), true),
        (None, Some("789"), false),
        (Some("roof"), Some("123"), true),
        // No state of the order matches both.
        (Some("roof"), Some("456"), false),
    ] {
        let found = moved.seen_by(None, &filter(calendar, service));
        assert_eq!(found.is_some(), seen, "{calendar:?} {service:?}");
        assert!(found.is_none_or(|found| found == moved.change));
    }
}

#[test]
fn a_restricted_follower_sees_an_order_leave_but_not_where_it_went() {
    let roof = calendars(&["roof", "attic"]);
    let all = ChangeFilter::default();
    let before = Order { totalfee: "7".parse().unwrap(), ..order("roof", "123", 1) };
    let leaves = change(ChangeType::Updated, Some(before.clone()), order("cellar", "456", 2));
    let seen = leaves.seen_by(Some(&roof), &all).unwrap();
    assert_eq!(seen.change_type, ChangeType::Deleted);
    assert_eq!(seen.data, Order { version: 2, ..before });
    assert_eq!(seen.cursor, leaves.change.cursor);
    // The filter applies to what the follower sees.
    assert_eq!(leaves.seen_by(Some(&roof), &filter(None, Some("456"))), None);
    assert!(leaves.seen_by(Some(&roof), &filter(None, Some("123"))).is_some());

    let enters =
        change(ChangeType::Updated, Some(order("cellar", "456", 2)), order("attic", "123", 3));
    assert_eq!(enters.seen_by(Some(&roof), &all), Some(enters.change.clone()));
    assert_eq!(enters.seen_by(Some(&roof), &filter(None, Some("456"))), None);

    let elsewhere =
        change(ChangeType::Updated, Some(order("cellar", "123", 3)), order("cellar", "123", 4));
    assert_eq!(elsewhere.seen_by(Some(&roof), &all), None);
    let deleted = change(ChangeType::Deleted, None, order("cellar", "123", 5));
    assert_eq!(deleted.seen_by(Some(&roof), &all), None);
    assert_eq!(deleted.seen_by(None, &all), Some(deleted.change.clone()));
}
