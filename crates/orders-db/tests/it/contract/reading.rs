use super::hold_for_every_store;
use crate::samples::*;

hold_for_every_store! {
    an_order_that_is_missing_is_not_found,
    a_store_is_empty_at_first,
    orders_come_by_datetime_and_then_id,
    a_removed_order_is_gone,
    a_removed_order_frees_its_time,
    an_order_that_is_missing_is_not_removed,
}

fn an_order_that_is_missing_is_not_found(store: &impl Store) {
    check_refused(store.order(&order_id("223")), &no_order("223"));
}

fn a_store_is_empty_at_first(store: &impl Store) {
    assert_eq!(store.orders().unwrap(), []);
    assert_eq!(store.all_services().unwrap(), []);
    assert_eq!(store.all_calendars().unwrap().len(), 1);
}

fn orders_come_by_datetime_and_then_id(store: &impl Store) {
    add_services(store);
    set_gap(store, "PT0S");
    // In bytes: `-` before `.` before digits, capitals, `_`, small letters and `~`.
    let ids = ["-", ".a", "10", "9", "B", "_", "a", "~"];
    for id in ids.iter().rev() {
        placed(store, draft(id, noon_plus(0)));
    }
    placed(store, draft("z", noon_plus(-1)));
    placed(store, draft("A", noon_plus(1)));
    let orders = store.orders().unwrap();
    let listed: Vec<_> = orders.iter().map(|order| order.id.as_str()).collect();
    assert_eq!(listed, [&["z"], &ids[..], &["A"]].concat());
}

fn a_removed_order_is_gone(store: &impl Store) {
    add_services(store);
    place_all(store, &[("223", 0), ("224", 3)]);
    store.remove(&order_id("223")).unwrap();
    check_refused(store.order(&order_id("223")), &no_order("223"));
    assert_eq!(store.orders().unwrap().len(), 1);
}

fn a_removed_order_frees_its_time(store: &impl Store) {
    add_services(store);
    place_all(store, &[("223", 0)]);
    conflict(store.place(draft("224", noon_plus(0)), Write));
    store.remove(&order_id("223")).unwrap();
    placed(store, draft("224", noon_plus(0)));
}

fn an_order_that_is_missing_is_not_removed(store: &impl Store) {
    add_services(store);
    check_refused(store.remove(&order_id("223")), &no_order("223"));
    place_all(store, &[("223", 0)]);
    store.remove(&order_id("223")).unwrap();
    check_refused(store.remove(&order_id("223")), &no_order("223"));
}
