//! Feeds of calendars on PostgreSQL: what its tables add to the contract.

use std::ops::ControlFlow;
use std::thread;

use orders_core::{
    CalendarFeed, CalendarFeedDraft, CalendarFeeds, FeedCalendars, ListQuery, Orders as _, Pace,
    Resource, StoreError,
};
use orders_db::PgStore;

use crate::access::acting;
use crate::database::Database;
use crate::samples::*;

fn add(store: &PgStore, calendars: &[&str], token: u8) -> Result<CalendarFeed, StoreError> {
    let calendars = FeedCalendars::new(calendars.iter().map(|id| calendar_id(id))).unwrap();
    store.add_feed(&CalendarFeedDraft { name: name("Crews"), calendars }, &[token; 32])
}

fn prepare(database: &Database) -> PgStore {
    let store = database.store();
    add_services(&store);
    for id in ["crew", "site"] {
        orders_core::Calendars::add_calendar(&store, calendar_draft(id, "PT2H")).unwrap();
    }
    store
}

#[test]
fn there_are_at_most_a_thousand_feeds() {
    let database = Database::new();
    let store = prepare(&database);
    database.psql().run(
        "INSERT INTO calendar_feeds (id, name, token)
         SELECT 'f' || n, 'x', sha256(convert_to(n::text, 'UTF8')) FROM generate_series(1, 999) AS n",
    );
    let last = add(&store, &["crew"], 1).unwrap();
    check_refused(add(&store, &["crew"], 2), &StoreError::TooManyFeeds(1000));
    store.remove_feed(&last.id).unwrap();
    add(&store, &["crew"], 2).unwrap();
}

#[test]
fn a_restricted_client_sees_the_feeds_that_show_nothing_but_its_calendars() {
    let database = Database::new();
    let all = prepare(&database);
    let restricted = all.acting_as(acting("shop", Some(&["crew", "site"])));
    let own = add(&restricted, &["site", "crew"], 1).unwrap();
    let elsewhere = StoreError::NotPermitted(calendar_id("default"));
    check_refused(add(&restricted, &["crew", "default"], 2), &elsewhere);
    let wider = add(&all, &["crew", "default"], 2).unwrap();
    let of_all = add(&all, &["crew"], 3).unwrap();
    let list = |store: &PgStore| store.feeds(&ListQuery { after: None, limit: 10 }).unwrap().items;
    assert_eq!(list(&all), [own.clone(), wider.clone(), of_all.clone()]);
    assert_eq!(list(&restricted), [own, of_all.clone()]);
    let hidden = StoreError::NotFound(Resource::CalendarFeed(wider.id.clone()));
    check_refused(restricted.remove_feed(&wider.id), &hidden);
    restricted.remove_feed(&of_all.id).unwrap();
    // One that shows nothing any more might have shown anything.
    database.psql().run("DELETE FROM calendar_feed_calendars");
    assert!(list(&restricted).is_empty());
    assert_eq!(list(&all).len(), 2);
}

#[test]
fn readers_at_once_note_one_change_once() {
    let database = Database::new();
    let store = prepare(&database);
    let feed = add(&store, &["crew"], 1).unwrap();
    let window = span(noon_plus(0), noon_plus(10));
    let state = || store.feed_state(&feed.id, window).unwrap();
    let before = state();
    placed(&store, draft_in("crew", "a", noon_plus(0)));
    let states: Vec<_> = thread::scope(|scope| {
        let readers: Vec<_> = (0..8).map(|_| scope.spawn(state)).collect();
        readers.into_iter().map(|reader| reader.join().unwrap()).collect()
    });
    assert!(states.iter().all(|state| *state == states[0]), "{states:?}");
    assert!(before.modified_at < states[0].modified_at);
}

#[test]
fn what_is_read_is_one_snapshot_during_writes() {
    const ORDERS: usize = 1_200;
    let database = Database::new();
    let store = prepare(&database);
    let feed = add(&store, &["crew", "default"], 1).unwrap();
    placed(&store, draft_in("crew", "a", noon_plus(0)));
    database.psql().run(&sql_orders("order", noon_plus(0), "3 hours", ORDERS));
    let window = span(noon_plus(0), noon_plus(100_000));
    let mut read = Vec::new();
    let mut take = |_: &orders_core::FeedHead, few: Vec<orders_core::CalendarEvent>| {
        if read.is_empty() && !few.is_empty() {
            // Both would be read later.
            store.remove(&order_id("order-1199")).unwrap();
            placed(&store, draft("new", noon_plus(90_000)));
        }
        read.extend(few);
        ControlFlow::Continue(())
    };
    store.read_feed(&feed.id, window, Pace::Slow, &mut take).unwrap();
    assert_eq!(read.len(), ORDERS + 1);
    assert_eq!(read.last().unwrap().order, order_id("order-1199"));
}

#[test]
fn a_calendar_that_is_deleted_meanwhile_is_unknown() {
    let database = Database::new();
    let store = prepare(&database);
    let mut psql = database.psql();
    psql.run("BEGIN; DELETE FROM calendars WHERE id = 'crew'");
    thread::scope(|scope| {
        let adding = scope.spawn(|| add(&store, &["site", "crew"], 1));
        database.psql().wait_for_a_waiter();
        psql.run("COMMIT");
        let unknown = StoreError::UnknownCalendars(vec![(1, calendar_id("crew"))]);
        check_refused(adding.join().unwrap(), &unknown);
    });
    assert!(store.feeds(&ListQuery { after: None, limit: 10 }).unwrap().items.is_empty());
}
