use orders_core::{CalendarId, OrderDraft};

use super::hold_for_every_store;
use crate::samples::*;

hold_for_every_store! {
    a_replaced_order_keeps_its_id_and_creation_and_grows_its_version,
    the_drafts_own_id_is_not_looked_at,
    an_order_never_conflicts_with_itself,
    an_order_moves_to_a_free_time_and_frees_its_own,
    an_order_does_not_move_too_close_to_another,
    an_order_may_be_replaced_by_its_equal,
    a_draft_without_a_calendar_leaves_the_order_in_its_calendar,
    an_order_moves_between_calendars,
    an_order_does_not_move_into_a_calendar_where_it_conflicts,
    services_are_replaced_in_the_clients_order,
    a_missing_order_is_not_replaced,
    missing_references_are_named_before_a_conflict,
    a_refused_replacement_changes_nothing,
    a_dry_run_of_a_replacement_writes_nothing_and_answers_as_the_write,
    a_dry_run_of_a_replacement_is_refused_as_the_write,
}

fn a_replaced_order_keeps_its_id_and_creation_and_grows_its_version(store: &impl Store) {
    add_services(store);
    let mut before = placed(store, draft("223", noon_plus(0)));
    for (n, hours) in [0, 1, 0, 0].into_iter().enumerate() {
        let requested =
            OrderDraft { totalfee: "99.95".parse().unwrap(), ..draft("223", noon_plus(hours)) };
        let after = store.replace(&order_id("223"), requested, Write).unwrap();
        assert_eq!(after.version, n as u64 + 2);
        assert_eq!(after.created_at, before.created_at);
        assert!(after.updated_at >= before.updated_at);
        assert_eq!(after.totalfee.to_string(), "99.95");
        assert_eq!(after.datetime, noon_plus(hours));
        assert_eq!(store.order(&after.id).unwrap(), after);
        before = after;
    }
}

fn the_drafts_own_id_is_not_looked_at(store: &impl Store) {
    add_services(store);
    place_all(store, &[("223", 0), ("224", 9)]);
    for id in [None, Some("224"), Some("new")] {
        for hours in [0, 1] {
            let requested = OrderDraft { id: id.map(order_id), ..draft("-", noon_plus(hours)) };
            let after = store.replace(&order_id("223"), requested, Write).unwrap();
            assert_eq!(after.id, order_id("223"));
        }
    }
    // The other order is still in the way, whatever the draft is called.
    let answer = store.replace(&order_id("223"), draft("224", noon_plus(8)), Write);
    check_conflicts_with(answer, &[booking("224", noon_plus(9))]);
    assert_eq!(store.orders().unwrap().len(), 2);
}

fn an_order_never_conflicts_with_itself(store: &impl Store) {
    add_services(store);
    place_all(store, &[("223", 0)]);
    for micros in [1, -1, HOUR, 3 * HOUR - 1, 0] {
        let requested = draft("223", micros_after_noon(micros));
        store.replace(&order_id("223"), requested.clone(), DryRun).unwrap();
        store.replace(&order_id("223"), requested, Write).unwrap();
    }
}

fn an_order_moves_to_a_free_time_and_frees_its_own(store: &impl Store) {
    add_services(store);
    place_all(store, &[("223", 0)]);
    let requested = draft("223", noon_plus(3));
    store.replace(&order_id("223"), requested, Write).unwrap();
    place_all(store, &[("224", 0)]);
    let answer = store.place(draft("225", noon_plus(3)), Write);
    check_conflicts_with(answer, &[booking("223", noon_plus(3))]);
}

fn an_order_does_not_move_too_close_to_another(store: &impl Store) {
    add_services(store);
    place_all(store, &[("223", 0), ("224", 3), ("225", 6)]);
    let answer = store.replace(&order_id("223"), draft("223", noon_plus(4)), Write);
    let conflict = conflict(answer);
    let in_the_way = [booking("224", noon_plus(3)), booking("225", noon_plus(6))];
    assert_eq!(conflict.conflicts_with, in_the_way);
    // Its own time is among the free ones.
    assert_eq!(conflict.nearest_free.before, Some(noon_plus(0)));
    assert_eq!(conflict.nearest_free.after, Some(noon_plus(9)));
    let micros = 3 * HOUR;
    let answer =
        store.replace(&order_id("225"), draft("225", micros_after_noon(2 * micros - 1)), Write);
    check_conflicts_with(answer, &[booking("224", noon_plus(3))]);
}

fn an_order_may_be_replaced_by_its_equal(store: &impl Store) {
    add_services(store);
    let order = placed(store, draft("223", noon_plus(0)));
    let same = OrderDraft::from(order.clone());
    let after = store.replace(&order.id, same.clone(), Write).unwrap();
    assert_eq!(after.version, 2);
    assert_eq!(OrderDraft::from(after), same);
}

fn a_draft_without_a_calendar_leaves_the_order_in_its_calendar(store: &impl Store) {
    add_services(store);
    store.add_calendar(calendar_draft("crew", "PT1H")).unwrap();
    placed(store, draft_in("crew", "223", noon_plus(0)));
    place_all(store, &[("224", 0)]);
    for (hours, mode) in [(0, Write), (1, DryRun), (1, Write)] {
        let requested = draft("223", noon_plus(hours));
        let after = store.replace(&order_id("223"), requested, mode).unwrap();
        assert_eq!(after.calendar, calendar_id("crew"));
        assert_eq!(after.datetime, noon_plus(hours));
    }
}

fn an_order_moves_between_calendars(store: &impl Store) {
    add_services(store);
    store.add_calendar(calendar_draft("crew", "PT1H")).unwrap();
    place_all(store, &[("223", 0)]);
    for (calendar, hours) in [("crew", 0), ("default", 0), ("crew", 2), ("default", 5)] {
        let requested = draft_in(calendar, "223", noon_plus(hours));
        let after = store.replace(&order_id("223"), requested, Write).unwrap();
        assert_eq!(after.calendar, calendar_id(calendar));
        assert_eq!(store.order(&after.id).unwrap(), after);
    }
    // The last calendar has the order, and its gap; the other one has nothing.
    conflict(store.place(draft("224", noon_plus(3)), Write));
    placed(store, draft_in("crew", "224", noon_plus(2)));
    placed(store, draft_in("crew", "225", noon_plus(1)));
}

fn an_order_does_not_move_into_a_calendar_where_it_conflicts(store: &impl Store) {
    add_services(store);
    store.add_calendar(calendar_draft("crew", "PT1H")).unwrap();
    place_all(store, &[("223", 0)]);
    placed(store, draft_in("crew", "224", noon_plus(2)));
    let answer = store.replace(&order_id("224"), draft_in("default", "224", noon_plus(2)), Write);
    let conflict = conflict(answer);
    assert_eq!(conflict.calendar, CalendarId::default());
    assert_eq!(conflict.minimum_gap, gap("PT3H"));
    assert_eq!(conflict.conflicts_with, [booking("223", noon_plus(0))]);
    // The other way round the other gap counts.
    let requested = draft_in("crew", "223", noon_plus(1));
    store.replace(&order_id("223"), requested, Write).unwrap();
}

fn services_are_replaced_in_the_clients_order(store: &impl Store) {
    add_services(store);
    place_all(store, &[("223", 0)]);
    let lists: [&[&str]; 4] = [&["789", "123"], &["123", "789"], &["456"], &["456", "123", "789"]];
    for (ids, hours) in lists.into_iter().zip([0, 0, 1, 2]) {
        let requested = OrderDraft { services: services(ids), ..draft("223", noon_plus(hours)) };
        let after = store.replace(&order_id("223"), requested, Write).unwrap();
        assert_eq!(after.services, services(ids));
        assert_eq!(store.order(&after.id).unwrap(), after);
    }
}

fn a_missing_order_is_not_replaced(store: &impl Store) {
    add_services(store);
    place_all(store, &[("223", 0)]);
    // Whatever else is wrong with it.
    for requested in [
        draft("224", noon_plus(9)),
        draft("224", noon_plus(1)),
        draft_in("nowhere", "224", noon_plus(9)),
    ] {
        for mode in [Write, DryRun] {
            let answer = store.replace(&order_id("224"), requested.clone(), mode);
            check_refused(answer, &no_order("224"));
        }
    }
    assert_eq!(store.orders().unwrap().len(), 1);
}

fn missing_references_are_named_before_a_conflict(store: &impl Store) {
    add_services(store);
    place_all(store, &[("223", 0), ("224", 3)]);
    let requested = |calendar: Option<&str>, ids: &[&str], hours| OrderDraft {
        calendar: calendar.map(calendar_id),
        services: services(ids),
        ..draft("223", noon_plus(hours))
    };
    for hours in [0, 1, -1] {
        for (calendar, ids, expected) in [
            (None, &["123", "no"][..], unknown(None, &[(1, "no")])),
            (Some("default"), &["no"], unknown(None, &[(0, "no")])),
            (Some("nowhere"), &["123"], unknown(Some("nowhere"), &[])),
            (Some("nowhere"), &["no"], unknown(Some("nowhere"), &[(0, "no")])),
        ] {
            for mode in [Write, DryRun] {
                let answer = store.replace(&order_id("223"), requested(calendar, ids, hours), mode);
                check_refused(answer, &expected);
            }
        }
    }
}

fn a_refused_replacement_changes_nothing(store: &impl Store) {
    add_services(store);
    place_all(store, &[("223", 0), ("224", 3)]);
    let before = kept(store);
    for requested in [
        draft("223", noon_plus(1)),
        draft_in("nowhere", "223", noon_plus(0)),
        OrderDraft { services: services(&["456", "no"]), ..draft("223", noon_plus(0)) },
    ] {
        store.replace(&order_id("223"), requested, Write).unwrap_err();
    }
    assert_eq!(kept(store), before);
}

fn a_dry_run_of_a_replacement_writes_nothing_and_answers_as_the_write(store: &impl Store) {
    add_services(store);
    store.add_calendar(calendar_draft("crew", "PT1H")).unwrap();
    place_all(store, &[("223", 0)]);
    for requested in [
        draft("223", noon_plus(0)),
        draft("223", noon_plus(1)),
        draft_in("crew", "223", noon_plus(1)),
        OrderDraft {
            services: services(&["456", "123"]),
            totalfee: "0.5".parse().unwrap(),
            ..draft_in("default", "x", noon_plus(2))
        },
    ] {
        let before = kept(store);
        let tried = store.replace(&order_id("223"), requested.clone(), DryRun).unwrap();
        assert_eq!(kept(store), before);
        let written = store.replace(&order_id("223"), requested, Write).unwrap();
        assert!(tried.updated_at <= written.updated_at);
        let at_the_same_time = orders_core::Order { updated_at: written.updated_at, ..tried };
        assert_eq!(at_the_same_time, written);
    }
}

fn a_dry_run_of_a_replacement_is_refused_as_the_write(store: &impl Store) {
    add_services(store);
    place_all(store, &[("223", 0), ("224", 3), ("225", 6)]);
    for requested in [
        draft("223", noon_plus(1)),
        draft("223", noon_plus(4)),
        draft_in("nowhere", "223", noon_plus(0)),
    ] {
        let written = store.replace(&order_id("223"), requested.clone(), Write);
        let tried = store.replace(&order_id("223"), requested, DryRun);
        check_refused(tried, &written.unwrap_err());
    }
}
