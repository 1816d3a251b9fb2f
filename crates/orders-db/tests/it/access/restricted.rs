use std::thread;

use orders_core::{
    CalendarId, Calendars, Direction, OrderDraft, OrderFilter, OrderPatch, OrderQuery, Orders,
    Precondition, StoreError,
};
use orders_db::PgStore;

use super::*;

/// A database with orders in three calendars, and a store that may use two of them.
fn prepare(database: &Database) -> (PgStore, PgStore) {
    let all = database.store();
    add_services(&all);
    for calendar in ["crew", "roof"] {
        all.add_calendar(calendar_draft(calendar, "PT3H")).unwrap();
    }
    for n in 0..12 {
        let calendar = ["default", "crew", "roof"][n as usize % 3];
        let draft = draft_in(calendar, &format!("order-{n:02}"), noon_plus(3 * (n / 2)));
        placed(&all, OrderDraft { reference: (n < 8).then(|| reference("PO-1")), ..draft });
    }
    (all.clone(), all.acting_as(acting("shop", Some(&["crew", "roof"]))))
}

fn elsewhere() -> StoreError {
    StoreError::NotPermitted(CalendarId::default())
}

#[test]
fn an_order_in_another_calendar_does_not_exist_for_a_restricted_client() {
    let database = Database::new();
    let (all, restricted) = prepare(&database);
    let before = all.orders().unwrap();
    let hidden = order_id("order-00");
    let missing = no_order("order-00");
    check_refused(restricted.order(&hidden), &missing);
    for mode in [DryRun, Write] {
        check_refused(
            restricted.replace(&hidden, draft_in("crew", "-", noon_plus(90)), mode),
            &missing,
        );
        check_refused(restricted.replace(&hidden, draft("-", noon_plus(90)), mode), &missing);
        let patch = OrderPatch { datetime: Some(noon_plus(90)), ..OrderPatch::default() };
        check_refused(restricted.patch_if(&hidden, &Precondition::None, &patch, mode), &missing);
    }
    for condition in [Precondition::None, versions(&[1]), versions(&[7])] {
        check_refused(restricted.remove_if(&hidden, &condition), &missing);
    }
    assert_eq!(all.orders().unwrap(), before);
}

#[test]
fn a_restricted_client_may_not_name_another_calendar() {
    let database = Database::new();
    let (all, restricted) = prepare(&database);
    let before = all.orders().unwrap();
    let own = order_id("order-01");
    for requested in [draft("new", noon_plus(90)), draft_in("default", "new", noon_plus(90))] {
        for mode in [DryRun, Write] {
            check_refused(restricted.place(requested.clone(), mode), &elsewhere());
        }
        check_refused(restricted.place_idempotent(requested, &key("k")), &elsewhere());
    }
    let entering = draft_in("default", "-", noon_plus(90));
    check_refused(restricted.replace(&own, entering, Write), &elsewhere());
    let patch = OrderPatch { calendar: Some(CalendarId::default()), ..OrderPatch::default() };
    check_refused(restricted.patch_if(&own, &Precondition::None, &patch, Write), &elsewhere());
    let window = span(noon_plus(0), noon_plus(1));
    check_refused(restricted.availability(&CalendarId::default(), window), &elsewhere());
    let filter = OrderFilter { calendar: Some(CalendarId::default()), ..OrderFilter::default() };
    let query = OrderQuery { filter, direction: Direction::Ascending, after: None, limit: 10 };
    check_refused(restricted.list(&query), &elsewhere());
    assert_eq!(all.orders().unwrap(), before);

    check_refused(restricted.calendar(&CalendarId::default()), &elsewhere());
    let draft = calendar_draft("default", "PT1H");
    check_refused(restricted.replace_calendar(&CalendarId::default(), draft), &elsewhere());
    check_refused(restricted.remove_calendar(&CalendarId::default()), &elsewhere());
    let new = calendar_draft("new", "PT1H");
    check_refused(restricted.add_calendar(new), &StoreError::NotPermitted(calendar_id("new")));
    let calendars = restricted.all_calendars().unwrap();
    assert_eq!(calendars.iter().map(|it| it.id.as_str()).collect::<Vec<_>>(), ["crew", "roof"]);
}

#[test]
fn a_restricted_client_works_in_its_own_calendars() {
    let database = Database::new();
    let (_, restricted) = prepare(&database);
    let id = order_id("new");
    placed(&restricted, draft_in("crew", "new", noon_plus(90)));
    // Without a calendar, the order stays where it is.
    restricted.replace(&id, draft("-", noon_plus(100)), Write).unwrap();
    restricted.replace(&id, draft_in("roof", "-", noon_plus(100)), Write).unwrap();
    let patch = OrderPatch { datetime: Some(noon_plus(110)), ..OrderPatch::default() };
    let patched = restricted.patch_if(&id, &versions(&[3]), &patch, Write).unwrap();
    assert_eq!((patched.calendar, patched.version), (calendar_id("roof"), 4));
    let outdated = restricted.replace_if(&id, &versions(&[3]), draft("-", noon_plus(100)), Write);
    assert!(matches!(outdated, Err(StoreError::VersionMismatch { current: 4, .. })));
    let outdated = restricted.remove_if(&id, &versions(&[3]));
    assert!(matches!(outdated, Err(StoreError::VersionMismatch { current: 4, .. })));
    restricted.remove_if(&id, &versions(&[4])).unwrap();
    check_refused(restricted.order(&id), &no_order("new"));
}

#[test]
fn a_batch_of_a_restricted_client_succeeds_but_for_other_calendars() {
    let database = Database::new();
    let (_, restricted) = prepare(&database);
    let drafts = vec![
        draft_in("crew", "new-1", noon_plus(90)),
        draft("new-2", noon_plus(90)),
        draft_in("crew", "new-3", noon_plus(91)),
        draft_in("roof", "new-4", noon_plus(90)),
    ];
    let results = restricted.place_batch(drafts).unwrap();
    let [first, second, third, fourth] = <[_; 4]>::try_from(results).unwrap();
    assert_eq!((first.unwrap().id, fourth.unwrap().id), (order_id("new-1"), order_id("new-4")));
    check_refused(second, &elsewhere());
    conflict(third);
}

#[test]
fn lists_of_a_restricted_client_have_the_orders_of_its_calendars_in_order() {
    let database = Database::new();
    let (all, restricted) = prepare(&database);
    for (service, text) in [
        (None, None),
        (Some("123"), None),
        (Some("789"), None),
        (None, Some("PO-1")),
        (Some("123"), Some("PO-1")),
    ] {
        for (from, to) in [(None, None), (Some(noon_plus(3)), Some(noon_plus(12)))] {
            let (service, reference) = (service.map(service_id), text.map(reference));
            let filter = OrderFilter { calendar: None, service, reference, from, to };
            for direction in [Direction::Ascending, Direction::Descending] {
                let list = |store: &PgStore, limit| {
                    let (filter, mut found) = (filter.clone(), Vec::new());
                    let mut query = OrderQuery { filter, direction, after: None, limit };
                    loop {
                        let page = store.list(&query).unwrap();
                        found.extend(page.orders);
                        match page.next {
                            Some(next) => query.after = Some(next),
                            None => return found,
                        }
                    }
                };
                let mut expected = list(&all, 100);
                expected.retain(|order| !order.calendar.is_default());
                for limit in [1, 2, 3, 100] {
                    assert_eq!(list(&restricted, limit), expected, "{filter:?} {direction:?}");
                }
            }
        }
    }
    let mut expected = all.orders().unwrap();
    expected.retain(|order| !order.calendar.is_default());
    assert_eq!(restricted.orders().unwrap(), expected);
}

#[test]
fn an_order_that_leaves_its_calendar_meanwhile_is_not_changed_by_a_restricted_client() {
    let database = Database::new();
    let (all, restricted) = prepare(&database);
    let own = order_id("order-01");
    let moved = OrderDraft { calendar: Some(CalendarId::default()), ..draft("-", noon_plus(90)) };
    all.replace(&own, moved, Write).unwrap();
    check_refused(
        restricted.replace(&own, draft("-", noon_plus(90)), Write),
        &no_order("order-01"),
    );
    check_refused(restricted.remove(&own), &no_order("order-01"));
    assert_eq!(all.order(&own).unwrap().version, 2);
}

#[test]
fn an_order_that_leaves_its_calendar_during_a_write_is_not_changed_by_a_restricted_client() {
    type Call = fn(&PgStore) -> Result<(), StoreError>;
    let writes: [Call; 2] = [
        |store| store.remove(&order_id("order-01")),
        |store| store.replace(&order_id("order-01"), draft("-", noon_plus(0)), Write).map(drop),
    ];
    for write in writes {
        let database = Database::new();
        let (all, restricted) = prepare(&database);
        all.add_calendar(calendar_draft("site", "PT3H")).unwrap();
        let mut holder = database.psql();
        let mut psql = database.psql();
        holder.run(
            "BEGIN; UPDATE orders SET calendar = key FROM calendars
                     WHERE calendars.id = 'site' AND orders.id = 'order-01'",
        );
        thread::scope(|scope| {
            let written = scope.spawn(|| write(&restricted));
            psql.wait_for_a_waiter();
            holder.run("COMMIT");
            check_refused(written.join().unwrap(), &no_order("order-01"));
        });
        let order = all.order(&order_id("order-01")).unwrap();
        assert_eq!((order.calendar, order.version), (calendar_id("site"), 2));
    }
}

#[test]
fn an_idempotency_key_belongs_to_the_client_that_sent_it() {
    let database = Database::new();
    let (all, restricted) = prepare(&database);
    let requested = |id: &str, hours| draft_in("crew", id, noon_plus(hours));
    let first = all.place_idempotent(requested("a", 90), &key("k")).unwrap();
    let second = restricted.place_idempotent(requested("b", 93), &key("k")).unwrap();
    assert!(!first.replayed && !second.replayed);
    assert!(all.place_idempotent(requested("a", 90), &key("k")).unwrap().replayed);
    assert!(restricted.place_idempotent(requested("b", 93), &key("k")).unwrap().replayed);
    let reused = restricted.place_idempotent(requested("a", 90), &key("k"));
    assert!(matches!(reused, Err(StoreError::KeyReused(_))));
}
