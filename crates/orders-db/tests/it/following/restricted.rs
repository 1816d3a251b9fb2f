//! Clients that may use only some calendars.

use orders_core::{AsOf, Calendars as _, ChangeFilter, ChangeType, Orders};

use super::*;
use crate::access::acting;

#[test]
fn a_restricted_client_follows_only_its_calendars() {
    let database = Database::new();
    let store = database.store();
    add_services(&store);
    for calendar in ["crew", "site"] {
        store.add_calendar(calendar_draft(calendar, "PT3H")).unwrap();
    }
    let id = order_id("a");
    let moves = |calendar, hours| {
        store.replace(&id, draft_in(calendar, "-", noon_plus(hours)), Write).unwrap()
    };
    let first = placed(&store, draft_in("crew", "a", noon_plus(0)));
    placed(&store, draft_in("site", "b", noon_plus(0)));
    moves("site", 30);
    moves("site", 33);
    let back = moves("crew", 36);
    store.remove(&order_id("b")).unwrap();

    let crew = store.acting_as(acting("shop", Some(&["crew"])));
    let changes = all(&crew, After::Oldest);
    assert_eq!(said(&changes), ["created a 1 nobody", "deleted a 2 nobody", "updated a 4 nobody"]);
    assert_eq!(changes[1].data, orders_core::Order { version: 2, ..first.clone() });
    assert_eq!(changes[2].data, back);
    assert_eq!(crew.history(&id, 0, 100).unwrap().changes, changes);
    let page = crew.history(&id, 2, 1).unwrap();
    // Version 3 was elsewhere, and there is more.
    assert_eq!((page.changes.len(), page.next), (0, Some(3)));
    check_refused(crew.history(&order_id("b"), 0, 100), &no_order("b"));

    assert_eq!(crew.order_as_of(&id, AsOf::Version(1)).unwrap(), first);
    check_refused(crew.order_as_of(&id, AsOf::Version(2)), &no_state("a", AsOf::Version(2)));
    let as_of = AsOf::Version(1);
    check_refused(crew.order_as_of(&order_id("b"), as_of), &no_state("b", as_of));
    let filter = ChangeFilter { calendar: Some(calendar_id("site")), service: None };
    let query = ChangeQuery { filter, limit: 10, ..ChangeQuery::default() };
    check_refused(crew.changes(&query), &StoreError::NotPermitted(calendar_id("site")));

    // The cursor advances past what the client does not see.
    assert_eq!(page_of(&crew).next, head(&store));
    assert!(all(&store, After::Oldest).iter().any(|it| it.change_type == ChangeType::Deleted));
}

fn page_of(store: &PgStore) -> ChangePage {
    page(store, After::Oldest, 100).unwrap()
}
