use orders_core::{CalendarId, Fee, OrderDraft, Resource, StoreError, Timestamp};

use super::hold_for_every_store;
use crate::samples::*;

hold_for_every_store! {
    a_placed_order_is_the_draft_at_version_1,
    a_placed_order_is_what_is_read_afterwards,
    a_draft_without_a_calendar_goes_to_default,
    a_draft_without_an_id_gets_a_time_ordered_unique_one,
    orders_exactly_the_gap_apart_do_not_conflict,
    the_rule_is_kept_to_the_microsecond,
    the_rule_reaches_across_the_ends_of_the_years,
    orders_of_different_calendars_never_conflict,
    a_conflict_names_all_orders_in_the_way_by_time,
    a_conflict_says_the_gap_and_the_nearest_free_times,
    the_services_keep_the_clients_order,
    as_many_as_32_services_are_kept,
    fees_are_kept_exactly,
    times_are_kept_to_the_microsecond,
    a_missing_calendar_and_all_missing_services_are_named,
    an_id_that_is_taken_is_refused,
    of_several_errors_the_first_is_given,
    a_refused_order_leaves_nothing_behind,
    a_dry_run_writes_nothing_and_answers_as_the_write,
    a_dry_run_is_refused_as_the_write,
    without_a_gap_any_number_of_orders_share_an_instant,
}

fn a_placed_order_is_the_draft_at_version_1(store: &impl Store) {
    add_services(store);
    let order = placed(store, draft("223", noon_plus(0)));
    assert_eq!(order.version, 1);
    assert_eq!(order.created_at, order.updated_at);
    let expected = draft_in("default", "223", noon_plus(0));
    assert_eq!(OrderDraft::from(order), expected);
}

fn a_placed_order_is_what_is_read_afterwards(store: &impl Store) {
    add_services(store);
    let order = placed(store, draft("223", noon_plus(0)));
    assert_eq!(store.order(&order.id).unwrap(), order);
    assert_eq!(store.orders().unwrap(), [order]);
}

fn a_draft_without_a_calendar_goes_to_default(store: &impl Store) {
    add_services(store);
    let order = placed(store, draft("223", noon_plus(0)));
    assert_eq!(order.calendar, CalendarId::default());
    let answer = store.place(draft_in("default", "224", noon_plus(0)), Write);
    check_conflicts_with(answer, &[booking("223", noon_plus(0))]);
}

fn a_draft_without_an_id_gets_a_time_ordered_unique_one(store: &impl Store) {
    add_services(store);
    let ids: Vec<_> = (0..50)
        .map(|n| {
            let anonymous = OrderDraft { id: None, ..draft("-", noon_plus(3 * n)) };
            placed(store, anonymous).id
        })
        .collect();
    assert!(ids.is_sorted_by(|a, b| a < b), "{ids:?}");
    for id in ids {
        let uuid: uuid::Uuid = id.as_str().parse().unwrap();
        assert_eq!(uuid.get_version_num(), 7);
        assert_eq!(uuid.to_string(), id.as_str());
        assert_eq!(store.order(&id).unwrap().id, id);
    }
}

fn orders_exactly_the_gap_apart_do_not_conflict(store: &impl Store) {
    add_services(store);
    place_all(store, &[("223", 0), ("224", 3), ("222", -3)]);
}

fn the_rule_is_kept_to_the_microsecond(store: &impl Store) {
    add_services(store);
    place_all(store, &[("223", 0)]);
    let just = |micros| draft("224", micros_after_noon(micros));
    let in_the_way = [booking("223", noon_plus(0))];
    for micros in [0, 1, -1, 3 * HOUR - 1, -3 * HOUR + 1] {
        check_conflicts_with(store.place(just(micros), Write), &in_the_way);
    }
    for micros in [3 * HOUR, -3 * HOUR] {
        placed(store, just(micros));
        store.remove(&order_id("224")).unwrap();
    }
}

fn the_rule_reaches_across_the_ends_of_the_years(store: &impl Store) {
    add_services(store);
    for (id, end, inwards) in [("first", Timestamp::MIN, 1), ("last", Timestamp::MAX, -1)] {
        placed(store, draft(id, end));
        let near = end.plus_micros(inwards * (3 * HOUR - 1)).unwrap();
        check_conflicts_with(store.place(draft("near", near), Write), &[booking(id, end)]);
        let apart = end.plus_micros(inwards * 3 * HOUR).unwrap();
        placed(store, draft(&format!("next-to-{id}"), apart));
    }
}

fn orders_of_different_calendars_never_conflict(store: &impl Store) {
    add_services(store);
    store.add_calendar(calendar_draft("crew", "PT3H")).unwrap();
    placed(store, draft("223", noon_plus(0)));
    let order = placed(store, draft_in("crew", "224", noon_plus(0)));
    assert_eq!(order.calendar, calendar_id("crew"));
}

fn a_conflict_names_all_orders_in_the_way_by_time(store: &impl Store) {
    add_services(store);
    place_all(store, &[("b", 0), ("c", 5), ("a", -3), ("d", 9)]);
    let answer = store.place(draft("new", noon_plus(3)), Write);
    check_conflicts_with(answer, &[booking("c", noon_plus(5))]);
    let answer = store.place(draft("new", micros_after_noon(3 * HOUR - 1)), Write);
    let in_the_way = [booking("b", noon_plus(0)), booking("c", noon_plus(5))];
    check_conflicts_with(answer, &in_the_way);
}

fn a_conflict_says_the_gap_and_the_nearest_free_times(store: &impl Store) {
    add_services(store);
    store.add_calendar(calendar_draft("crew", "PT2H")).unwrap();
    for (id, hours) in [("a", 0), ("b", 3), ("c", 5)] {
        placed(store, draft_in("crew", id, noon_plus(hours)));
    }
    let requested = micros_after_noon(3 * HOUR + 1);
    let conflict = conflict(store.place(draft_in("crew", "new", requested), Write));
    assert_eq!(conflict.datetime, requested);
    assert_eq!(conflict.calendar, calendar_id("crew"));
    assert_eq!(conflict.minimum_gap, gap("PT2H"));
    assert_eq!(conflict.nearest_free.before, Some(noon_plus(-2)));
    assert_eq!(conflict.nearest_free.after, Some(noon_plus(7)));
}

fn the_services_keep_the_clients_order(store: &impl Store) {
    add_services(store);
    let orders = [["789", "123", "456"], ["456", "789", "123"]];
    for (n, ids) in orders.iter().enumerate() {
        let draft = OrderDraft {
            services: services(ids),
            ..draft(&format!("order-{n}"), noon_plus(3 * n as i64))
        };
        assert_eq!(placed(store, draft.clone()).services, draft.services);
        let read = store.order(&draft.id.unwrap()).unwrap();
        assert_eq!(read.services, draft.services);
    }
}

fn as_many_as_32_services_are_kept(store: &impl Store) {
    let ids: Vec<_> = (0..32).rev().map(|n| format!("service-{n}")).collect();
    for id in &ids {
        store.add_service(service_draft(id)).unwrap();
    }
    let ids: Vec<_> = ids.iter().map(String::as_str).collect();
    let draft = OrderDraft { services: services(&ids), ..draft("223", noon_plus(0)) };
    assert_eq!(placed(store, draft).services, services(&ids));
}

fn fees_are_kept_exactly(store: &impl Store) {
    add_services(store);
    let fees = ["0", "0.01", "99.95", "100", "1234567890.1", "9999999999.99"];
    for (n, fee) in fees.iter().enumerate() {
        let draft = OrderDraft {
            totalfee: fee.parse().unwrap(),
            ..draft(&format!("order-{n}"), noon_plus(3 * n as i64))
        };
        let order = placed(store, draft);
        assert_eq!(order.totalfee.to_string(), *fee);
        let read: Fee = store.order(&order.id).unwrap().totalfee;
        assert_eq!(read.to_string(), *fee);
    }
}

fn times_are_kept_to_the_microsecond(store: &impl Store) {
    add_services(store);
    let times = [
        "0001-01-01T00:00:00Z",
        "1582-10-10T12:00:00.000001Z",
        "1999-12-31T23:59:59.999999Z",
        "2000-01-01T12:00:00Z",
        "2024-02-29T23:59:59.123456Z",
        "9999-12-31T23:59:59.999999Z",
    ];
    for (n, time) in times.iter().enumerate() {
        let order = placed(store, draft(&format!("order-{n}"), at(time)));
        assert_eq!(order.datetime, at(time));
        assert_eq!(store.order(&order.id).unwrap(), order);
    }
}

fn a_missing_calendar_and_all_missing_services_are_named(store: &impl Store) {
    add_services(store);
    let requested = |calendar, ids: &[&str]| OrderDraft {
        services: services(ids),
        ..draft_in(calendar, "223", noon_plus(0))
    };
    for (calendar, ids, expected) in [
        ("nowhere", &["123"][..], unknown(Some("nowhere"), &[])),
        ("default", &["no"], unknown(None, &[(0, "no")])),
        ("default", &["no", "123", "nor"], unknown(None, &[(0, "no"), (2, "nor")])),
        ("nowhere", &["789", "no"], unknown(Some("nowhere"), &[(1, "no")])),
    ] {
        check_refused(store.place(requested(calendar, ids), Write), &expected);
    }
}

fn an_id_that_is_taken_is_refused(store: &impl Store) {
    add_services(store);
    store.add_calendar(calendar_draft("crew", "PT3H")).unwrap();
    place_all(store, &[("223", 0)]);
    let taken = StoreError::IdTaken(Resource::Order(order_id("223")));
    check_refused(store.place(draft("223", noon_plus(24)), Write), &taken);
    check_refused(store.place(draft_in("crew", "223", noon_plus(0)), Write), &taken);
    store.remove(&order_id("223")).unwrap();
    placed(store, draft("223", noon_plus(24)));
}

fn of_several_errors_the_first_is_given(store: &impl Store) {
    add_services(store);
    place_all(store, &[("223", 0), ("224", 3)]);
    let wrong_in_all_ways =
        OrderDraft { services: services(&["no"]), ..draft("223", noon_plus(1)) };
    check_refused(store.place(wrong_in_all_ways, Write), &unknown(None, &[(0, "no")]));
    let taken = StoreError::IdTaken(Resource::Order(order_id("223")));
    check_refused(store.place(draft("223", noon_plus(1)), Write), &taken);
    check_refused(store.place(draft("223", noon_plus(4)), Write), &taken);
}

fn a_refused_order_leaves_nothing_behind(store: &impl Store) {
    add_services(store);
    place_all(store, &[("223", 0)]);
    let before = kept(store);
    for requested in [
        draft("224", noon_plus(1)),
        draft("223", noon_plus(9)),
        draft_in("nowhere", "225", noon_plus(9)),
    ] {
        store.place(requested, Write).unwrap_err();
    }
    assert_eq!(kept(store), before);
}

fn a_dry_run_writes_nothing_and_answers_as_the_write(store: &impl Store) {
    add_services(store);
    let before = kept(store);
    let tried = store.place(draft("223", noon_plus(0)), DryRun).unwrap();
    assert_eq!(kept(store), before);
    let written = placed(store, draft("223", noon_plus(0)));
    assert_eq!(tried.version, written.version);
    assert!(tried.created_at <= written.created_at);
    assert_eq!(tried.created_at, tried.updated_at);
    assert_eq!(OrderDraft::from(tried), OrderDraft::from(written));
}

fn a_dry_run_is_refused_as_the_write(store: &impl Store) {
    add_services(store);
    place_all(store, &[("223", 0)]);
    for requested in [
        draft("224", noon_plus(1)),
        draft("223", noon_plus(9)),
        draft_in("nowhere", "225", noon_plus(9)),
    ] {
        let written = store.place(requested.clone(), Write).unwrap_err();
        check_refused(store.place(requested, DryRun), &written);
    }
}

fn without_a_gap_any_number_of_orders_share_an_instant(store: &impl Store) {
    add_services(store);
    set_gap(store, "PT0S");
    for id in ["a", "b", "c", "d"] {
        placed(store, draft(id, noon_plus(0)));
    }
    placed(store, draft("e", micros_after_noon(1)));
}
