use orders_core::{
    CalendarId, Metadata, MetadataPatch, MinimumGap, Order, OrderDraft, OrderId, OrderPatch,
    OrderedServices, Reference, Schedule, ServiceId,
};
use proptest::prelude::*;

use crate::{at, cases, gap, micros, text};

fn services() -> OrderedServices {
    OrderedServices::new([ServiceId::new("123").unwrap()]).unwrap()
}

fn order(id: &str, calendar: &str, datetime: i64) -> Order {
    Order {
        id: OrderId::new(id).unwrap(),
        calendar: CalendarId::new(calendar).unwrap(),
        datetime: micros(datetime),
        totalfee: "100".parse().unwrap(),
        services: services(),
        reference: Some(Reference::new("PO-1").unwrap()),
        metadata: serde_json::from_str(r#"{"gate":"B"}"#).unwrap(),
        version: 1,
        created_at: micros(0),
        updated_at: micros(0),
    }
}

fn draft(id: Option<&str>, calendar: Option<&str>, datetime: i64) -> OrderDraft {
    OrderDraft {
        id: id.map(|id| OrderId::new(id).unwrap()),
        calendar: calendar.map(|calendar| CalendarId::new(calendar).unwrap()),
        datetime: micros(datetime),
        totalfee: "99.95".parse().unwrap(),
        services: services(),
        reference: None,
        metadata: Metadata::default(),
    }
}

/// Which of three orders, an hour apart, a draft with a gap of two hours and a half runs into.
#[track_caller]
fn check(id: Option<&str>, calendar: Option<&str>, ids: &[&str]) {
    let hour = crate::HOUR;
    let orders = [order("a", "default", 0), order("b", "default", hour), order("c", "crew", hour)];
    let draft = draft(id, calendar, 3 * hour);
    let found = draft.conflicts("PT2H30M".parse().unwrap(), &orders);
    assert_eq!(found.map(|order| order.id.as_str()).collect::<Vec<_>>(), ids);
}

#[test]
fn a_draft_runs_into_the_orders_of_its_calendar_but_not_into_itself() {
    check(None, None, &["b"]);
    check(None, Some("default"), &["b"]);
    check(None, Some("crew"), &["c"]);
    check(None, Some("nobody"), &[]);
    check(Some("a"), None, &["b"]);
    check(Some("b"), None, &[]);
    check(Some("b"), Some("crew"), &["c"]);
}

#[test]
fn what_was_read_can_be_sent_back_and_conflicts_with_nothing_of_itself() {
    let order = order("223", "crew", at("2022-11-01T11:11:11.111Z").as_micros());
    let draft = OrderDraft::from(order.clone());
    assert_eq!(draft.id.as_ref(), Some(&order.id));
    assert_eq!(draft.calendar.as_ref(), Some(&order.calendar));
    assert_eq!(draft.datetime, order.datetime);
    assert_eq!(draft.totalfee, order.totalfee);
    assert_eq!(draft.services, order.services);
    assert_eq!((&draft.reference, &draft.metadata), (&order.reference, &order.metadata));
    assert_eq!(draft.conflicts(MinimumGap::default(), [&order]).count(), 0);
}

#[test]
fn a_patch_changes_what_it_gives_and_nothing_else() {
    let order = order("223", "crew", 0);
    let as_it_was = OrderDraft::from(order.clone());
    let check = |patch: OrderPatch, expected: OrderDraft| {
        assert_eq!(patch.applied_to(&order), Ok(expected));
    };
    let was = || as_it_was.clone();

    check(OrderPatch::default(), was());
    let calendar = CalendarId::default();
    check(
        OrderPatch { calendar: Some(calendar.clone()), ..OrderPatch::default() },
        OrderDraft { calendar: Some(calendar), ..was() },
    );
    check(
        OrderPatch { datetime: Some(micros(1)), ..OrderPatch::default() },
        OrderDraft { datetime: micros(1), ..was() },
    );
    let totalfee = "0.07".parse().unwrap();
    check(
        OrderPatch { totalfee: Some(totalfee), ..OrderPatch::default() },
        OrderDraft { totalfee, ..was() },
    );
    let services = OrderedServices::new([ServiceId::new("789").unwrap()]).unwrap();
    check(
        OrderPatch { services: Some(services.clone()), ..OrderPatch::default() },
        OrderDraft { services, ..was() },
    );
    for reference in [None, Some(Reference::new("PO-2").unwrap())] {
        check(
            OrderPatch { reference: Some(reference.clone()), ..OrderPatch::default() },
            OrderDraft { reference, ..was() },
        );
    }
    check(
        OrderPatch { metadata: MetadataPatch::Clear, ..OrderPatch::default() },
        OrderDraft { metadata: Metadata::default(), ..was() },
    );
}

proptest! {
    #![proptest_config(cases(2_000))]

    #[test]
    fn a_draft_runs_into_what_the_schedule_of_the_others_says(
        orders in prop::collection::vec((text("[a-f]"), text("default|crew"), 0..40_i64), 0..20),
        id in prop::option::of(text("[a-f]")),
        calendar in prop::option::of(text("default|crew|site")),
        (at, apart) in (0..40_i64, 0..=5_i64),
    ) {
        let orders: Vec<_> = orders.iter().map(|(id, c, at)| order(id, c, *at)).collect();
        let draft = draft(id.as_deref(), calendar.as_deref(), at);
        let mut found: Vec<_> = draft.conflicts(gap(apart), &orders).map(|o| o.datetime).collect();
        found.sort_unstable();

        let calendar = calendar.as_deref().unwrap_or("default");
        let others = orders.iter().filter(|order| {
            order.calendar.as_str() == calendar && Some(order.id.as_str()) != id.as_deref()
        });
        let schedule = Schedule::new(gap(apart), others.map(|order| order.datetime));
        prop_assert_eq!(found, schedule.conflicts(micros(at)));
    }
}
