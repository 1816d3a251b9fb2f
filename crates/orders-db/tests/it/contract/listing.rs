use std::ops::ControlFlow;

use orders_core::{
    Direction, Order, OrderDraft, OrderFilter, OrderQuery, Page, Position, Timestamp,
};

use super::hold_for_every_store;
use crate::samples::*;

hold_for_every_store! {
    an_empty_store_lists_nothing,
    a_page_goes_on_while_there_is_more,
    a_walk_sees_every_order_once_in_either_direction,
    a_filter_means_all_that_it_names,
    from_is_inclusive_and_to_is_exclusive,
    a_walk_may_begin_where_no_order_is,
    a_position_outside_the_window_changes_nothing_or_everything,
    a_walk_sees_what_stands_whatever_is_written_meanwhile,
    an_unknown_calendar_service_or_reference_has_no_orders,
    an_export_hands_over_all_orders_in_order,
    an_export_ends_when_its_sink_says_so,
    a_list_reaches_to_the_ends_of_the_years,
}

fn all() -> OrderQuery {
    OrderQuery {
        filter: OrderFilter::default(),
        direction: Direction::Ascending,
        after: None,
        limit: 1000,
    }
}

/// Twelve orders: three services, two calendars, two references, and four at one instant.
#[track_caller]
fn fill(store: &impl Store) -> Vec<Order> {
    add_services(store);
    store.add_calendar(calendar_draft("crew", "PT0S")).unwrap();
    let lists: [&[&str]; 4] = [&["123"], &["456", "123"], &["789"], &["789", "456"]];
    for n in 0..12 {
        let calendar = if n % 3 == 0 { "default" } else { "crew" };
        let hours = if n % 3 == 1 { 5 } else { n };
        let draft = OrderDraft {
            services: services(lists[n as usize % 4]),
            reference: [None, Some("PO-1"), Some("PO-2")][n as usize % 5 % 3].map(reference),
            ..draft_in(calendar, &format!("order-{}", 99 - n), noon_plus(hours))
        };
        placed(store, draft);
    }
    let mut orders = store.orders().unwrap();
    assert_eq!(orders.len(), 12);
    orders.sort_by(|a, b| (a.datetime, &a.id).cmp(&(b.datetime, &b.id)));
    orders
}

fn position(order: &Order) -> Position {
    Position { datetime: order.datetime, id: order.id.clone() }
}

fn walk(store: &impl Store, mut query: OrderQuery) -> Vec<Order> {
    let mut seen = Vec::new();
    loop {
        let Page { orders, next } = store.list(&query).unwrap();
        assert!(orders.len() <= query.limit);
        assert!(next.is_none() || orders.len() == query.limit);
        seen.extend(orders);
        match next {
            Some(next) => query.after = Some(next),
            None => return seen,
        }
    }
}

fn an_empty_store_lists_nothing(store: &impl Store) {
    assert_eq!(store.list(&all()).unwrap(), Page::default());
    assert_eq!(walk(store, OrderQuery { direction: Direction::Descending, ..all() }), []);
}

fn a_page_goes_on_while_there_is_more(store: &impl Store) {
    let orders = fill(store);
    for limit in [1, 5, 11] {
        let page = store.list(&OrderQuery { limit, ..all() }).unwrap();
        assert_eq!(page.orders, orders[..limit]);
        assert_eq!(page.next, Some(position(&orders[limit - 1])));
    }
    for limit in [12, 13, 1000] {
        let page = store.list(&OrderQuery { limit, ..all() }).unwrap();
        assert_eq!(page, Page { orders: orders.clone(), next: None });
    }
}

fn a_walk_sees_every_order_once_in_either_direction(store: &impl Store) {
    let mut orders = fill(store);
    for direction in [Direction::Ascending, Direction::Descending] {
        for limit in 1..=13 {
            assert_eq!(walk(store, OrderQuery { direction, limit, ..all() }), orders);
        }
        orders.reverse();
    }
}

fn a_filter_means_all_that_it_names(store: &impl Store) {
    let orders = fill(store);
    let windows = [(None, None), (Some(3), None), (None, Some(6)), (Some(2), Some(9))];
    for calendar in [None, Some("crew"), Some("default")] {
        for (service, text) in [
            (None, None),
            (Some("123"), None),
            (Some("456"), None),
            (Some("789"), None),
            (None, Some("PO-1")),
            (Some("123"), Some("PO-1")),
            (Some("456"), Some("PO-2")),
        ] {
            for (from, to) in windows {
                let filter = OrderFilter {
                    calendar: calendar.map(calendar_id),
                    service: service.map(service_id),
                    reference: text.map(reference),
                    from: from.map(noon_plus),
                    to: to.map(noon_plus),
                };
                let is_meant = |order: &&Order| {
                    calendar.is_none_or(|id| order.calendar.as_str() == id)
                        && service
                            .is_none_or(|id| order.services.iter().any(|it| it.as_str() == id))
                        && text.is_none_or(|text| order.reference == Some(reference(text)))
                        && from.is_none_or(|from| order.datetime >= noon_plus(from))
                        && to.is_none_or(|to| order.datetime < noon_plus(to))
                };
                let mut expected: Vec<_> = orders.iter().filter(is_meant).cloned().collect();
                for direction in [Direction::Ascending, Direction::Descending] {
                    for limit in [2, 100] {
                        let filter = filter.clone();
                        let query = OrderQuery { filter, direction, limit, after: None };
                        assert_eq!(walk(store, query), expected);
                    }
                    expected.reverse();
                }
            }
        }
    }
}

fn from_is_inclusive_and_to_is_exclusive(store: &impl Store) {
    add_services(store);
    place_all(store, &[("a", 0), ("b", 3), ("c", 6)]);
    let between = |from: Timestamp, to: Timestamp| {
        let filter = OrderFilter { from: Some(from), to: Some(to), ..OrderFilter::default() };
        walk(store, OrderQuery { filter, ..all() })
    };
    assert_eq!(ids(&between(noon_plus(0), noon_plus(6))), ["a", "b"]);
    let (just_after, just_behind) = (micros_after_noon(1), micros_after_noon(6 * HOUR + 1));
    assert_eq!(ids(&between(just_after, just_behind)), ["b", "c"]);
    assert_eq!(ids(&between(noon_plus(3), noon_plus(3))), [""; 0]);
    assert_eq!(ids(&between(noon_plus(6), noon_plus(0))), [""; 0]);
}

fn a_walk_may_begin_where_no_order_is(store: &impl Store) {
    add_services(store);
    place_all(store, &[("a", 0), ("c", 3)]);
    let listed = |direction, hours, id: &str| {
        let after = Some(Position { datetime: noon_plus(hours), id: order_id(id) });
        walk(store, OrderQuery { direction, after, ..all() })
    };
    let (up, down) = (Direction::Ascending, Direction::Descending);
    assert_eq!(ids(&listed(up, 0, "A")), ["a", "c"]);
    assert_eq!(ids(&listed(up, 0, "b")), ["c"]);
    assert_eq!(ids(&listed(up, 1, "~")), ["c"]);
    assert_eq!(ids(&listed(up, 3, "c")), [""; 0]);
    assert_eq!(ids(&listed(down, 3, "d")), ["c", "a"]);
    assert_eq!(ids(&listed(down, 3, "b")), ["a"]);
    assert_eq!(ids(&listed(down, 0, "a")), [""; 0]);
}

fn a_position_outside_the_window_changes_nothing_or_everything(store: &impl Store) {
    add_services(store);
    place_all(store, &[("a", 0), ("b", 3), ("c", 6)]);
    let listed = |direction, hours| {
        let after = Some(Position { datetime: noon_plus(hours), id: order_id("x") });
        let (from, to) = (Some(noon_plus(1)), Some(noon_plus(5)));
        let filter = OrderFilter { from, to, ..OrderFilter::default() };
        walk(store, OrderQuery { filter, direction, after, ..all() })
    };
    assert_eq!(ids(&listed(Direction::Ascending, -9)), ["b"]);
    assert_eq!(ids(&listed(Direction::Ascending, 9)), [""; 0]);
    assert_eq!(ids(&listed(Direction::Descending, 9)), ["b"]);
    assert_eq!(ids(&listed(Direction::Descending, -9)), [""; 0]);
}

fn a_walk_sees_what_stands_whatever_is_written_meanwhile(store: &impl Store) {
    add_services(store);
    place_all(store, &[("a", 0), ("b", 3), ("c", 6), ("d", 9), ("e", 12)]);
    let query = OrderQuery { limit: 2, ..all() };
    let first = store.list(&query).unwrap();
    assert_eq!(ids(&first.orders), ["a", "b"]);
    // The order that the cursor stands on goes, one before it and one after it come.
    store.remove(&order_id("b")).unwrap();
    place_all(store, &[("x", -3), ("y", 15)]);
    let rest = walk(store, OrderQuery { after: first.next, ..query });
    assert_eq!(ids(&rest), ["c", "d", "e", "y"]);
}

fn an_unknown_calendar_service_or_reference_has_no_orders(store: &impl Store) {
    fill(store);
    let nowhere = Some(calendar_id("nowhere"));
    let nothing = Some(service_id("no"));
    for filter in [
        OrderFilter { calendar: nowhere.clone(), ..OrderFilter::default() },
        OrderFilter { service: nothing.clone(), ..OrderFilter::default() },
        OrderFilter { calendar: nowhere, service: nothing, ..OrderFilter::default() },
        OrderFilter { reference: Some(reference("po-1")), ..OrderFilter::default() },
    ] {
        assert_eq!(walk(store, OrderQuery { filter, ..all() }), []);
    }
}

#[track_caller]
fn exported(store: &impl Store, filter: &OrderFilter, direction: Direction) -> Vec<Order> {
    let mut seen = Vec::new();
    let mut sink = |_, orders| {
        seen.extend::<Vec<Order>>(orders);
        ControlFlow::Continue(())
    };
    store.export(filter, direction, &mut sink).unwrap();
    seen
}

fn an_export_hands_over_all_orders_in_order(store: &impl Store) {
    fill(store);
    let filter = OrderFilter {
        calendar: Some(calendar_id("crew")),
        service: Some(service_id("456")),
        from: Some(noon_plus(3)),
        to: Some(noon_plus(11)),
        ..OrderFilter::default()
    };
    let referenced = OrderFilter { reference: Some(reference("PO-1")), ..OrderFilter::default() };
    for filter in [OrderFilter::default(), filter, referenced] {
        for direction in [Direction::Ascending, Direction::Descending] {
            let walked = walk(store, OrderQuery { filter: filter.clone(), direction, ..all() });
            assert_eq!(exported(store, &filter, direction), walked);
        }
    }
    // More than one portion.
    set_gap(store, "PT0S");
    let requested = |n: i64| draft(&format!("more-{n:04}"), noon_plus(24 + n / 5));
    store.place_batch((0..2500).map(requested).collect()).unwrap();
    let mut all = exported(store, &OrderFilter::default(), Direction::Ascending);
    assert_eq!(all.len(), 2512);
    assert!(all.is_sorted_by(|a, b| (a.datetime, &a.id) < (b.datetime, &b.id)));
    all.reverse();
    assert_eq!(exported(store, &OrderFilter::default(), Direction::Descending), all);
}

fn an_export_ends_when_its_sink_says_so(store: &impl Store) {
    add_services(store);
    set_gap(store, "PT0S");
    let requested = |n: i64| draft(&format!("order-{n:04}"), noon_plus(n));
    store.place_batch((0..2500).map(requested).collect()).unwrap();
    let mut portions = 0;
    let mut sink = |_, orders: Vec<Order>| {
        assert_eq!(orders[0].id, order_id("order-0000"));
        portions += 1;
        ControlFlow::Break(())
    };
    store.export(&OrderFilter::default(), Direction::Ascending, &mut sink).unwrap();
    assert_eq!(portions, 1);
    // And leaves the store as it was.
    assert_eq!(store.orders().unwrap().len(), 2500);
}

fn a_list_reaches_to_the_ends_of_the_years(store: &impl Store) {
    add_services(store);
    placed(store, draft("first", Timestamp::MIN));
    placed(store, draft("last", Timestamp::MAX));
    for (from, to, expected) in [
        (None, None, &["first", "last"][..]),
        (Some(Timestamp::MIN), Some(Timestamp::MAX), &["first"]),
        (Some(Timestamp::MAX), None, &["last"]),
        (None, Some(Timestamp::MIN), &[]),
    ] {
        let filter = OrderFilter { from, to, ..OrderFilter::default() };
        assert_eq!(ids(&walk(store, OrderQuery { filter, ..all() })), expected);
    }
}
