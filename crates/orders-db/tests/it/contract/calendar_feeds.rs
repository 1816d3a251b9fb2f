use std::ops::ControlFlow;

use orders_core::{
    CalendarDraft, CalendarEvent, CalendarFeed, CalendarFeedDraft, CalendarFeedId, FeedCalendars,
    FeedHead, FeedState, Interval, ListQuery, OrderDraft, OrderPatch, Pace, Precondition, Resource,
    StoreError,
};

use super::hold_for_every_store;
use crate::samples::*;

hold_for_every_store! {
    an_added_feed_is_listed_and_found_by_its_token,
    feeds_come_by_id_in_pages,
    a_feed_of_unknown_calendars_is_refused,
    a_removed_feed_is_gone,
    a_removed_calendar_leaves_the_feed_for_ever,
    a_feed_shows_the_orders_of_its_calendars_that_start_in_the_window,
    an_event_has_the_fields_of_its_order_and_the_names_of_today,
    the_orders_come_by_calendar_and_time_in_chunks,
    a_reader_may_stop,
    a_feed_without_orders_has_a_head,
    the_digest_changes_whenever_what_is_shown_changes,
    the_digest_stays_while_the_same_is_shown,
    a_state_keeps_its_time_and_every_new_one_gets_a_later_second,
    what_is_read_is_what_the_state_says,
}

fn feed_draft(calendars: &[&str]) -> CalendarFeedDraft {
    let calendars = calendars.iter().map(|id| calendar_id(id));
    CalendarFeedDraft { name: name("Crews"), calendars: FeedCalendars::new(calendars).unwrap() }
}

#[track_caller]
fn add(store: &impl Store, calendars: &[&str]) -> CalendarFeed {
    let token = [u8::try_from(listed(store).len()).unwrap(); 32];
    store.add_feed(&feed_draft(calendars), &token).unwrap()
}

#[track_caller]
fn listed(store: &impl Store) -> Vec<CalendarFeed> {
    store.feeds(&ListQuery { after: None, limit: 100 }).unwrap().items
}

fn no_feed(id: &CalendarFeedId) -> StoreError {
    StoreError::NotFound(Resource::CalendarFeed(id.clone()))
}

/// The hours around noon in which most orders of these tests start.
fn window() -> Interval {
    span(noon_plus(0), noon_plus(100))
}

/// The services, and the calendars `crew` and `site`.
fn prepare(store: &impl Store) {
    add_services(store);
    for id in ["crew", "site"] {
        store.add_calendar(calendar_draft(id, "PT2H")).unwrap();
    }
}

#[track_caller]
fn read(store: &impl Store, feed: &CalendarFeed) -> (FeedHead, Vec<CalendarEvent>) {
    let mut all = Vec::new();
    let mut heads = Vec::new();
    for pace in [Pace::Prompt, Pace::Slow] {
        let mut events = Vec::new();
        let mut take = |head: &FeedHead, mut few: Vec<_>| {
            heads.push(head.clone());
            events.append(&mut few);
            ControlFlow::Continue(())
        };
        store.read_feed(&feed.id, window(), pace, &mut take).unwrap();
        all.push(events);
    }
    assert_eq!(all[0], all[1]);
    assert!(heads.iter().all(|head| *head == heads[0]), "{heads:?}");
    (heads.remove(0), all.remove(0))
}

#[track_caller]
fn shown(store: &impl Store, feed: &CalendarFeed) -> Vec<String> {
    read(store, feed).1.iter().map(|event| event.order.to_string()).collect()
}

#[track_caller]
fn state(store: &impl Store, feed: &CalendarFeed) -> FeedState {
    store.feed_state(&feed.id, window()).unwrap()
}

fn an_added_feed_is_listed_and_found_by_its_token(store: &impl Store) {
    prepare(store);
    let feed = store.add_feed(&feed_draft(&["site", "crew"]), &[7; 32]).unwrap();
    assert_eq!(feed.name, name("Crews"));
    assert_eq!(feed.calendars, [calendar_id("crew"), calendar_id("site")]);
    let uuid: uuid::Uuid = feed.id.as_str().parse().unwrap();
    assert_eq!(uuid.get_version_num(), 7);
    assert_eq!(store.feed_with_token(&[7; 32]).unwrap(), Some(feed.id.clone()));
    assert_eq!(listed(store), [feed]);
    assert_eq!(store.feed_with_token(&[8; 32]).unwrap(), None);
}

fn feeds_come_by_id_in_pages(store: &impl Store) {
    let feeds: Vec<_> = (0..5).map(|_| add(store, &["default"])).collect();
    assert!(feeds.is_sorted_by(|a, b| a.id < b.id), "{feeds:?}");
    let page = |after: Option<usize>, limit| {
        let after = after.map(|index| feeds[index].id.clone());
        store.feeds(&ListQuery { after, limit }).unwrap()
    };
    let first = page(None, 2);
    assert_eq!((first.items, first.next), (feeds[..2].to_vec(), Some(feeds[1].id.clone())));
    let last = page(Some(1), 3);
    assert_eq!((last.items, last.next), (feeds[2..].to_vec(), None));
}

fn a_feed_of_unknown_calendars_is_refused(store: &impl Store) {
    prepare(store);
    let unknown = vec![(0, calendar_id("roof")), (2, calendar_id("x"))];
    let refused = store.add_feed(&feed_draft(&["roof", "crew", "x"]), &[1; 32]);
    check_refused(refused, &StoreError::UnknownCalendars(unknown));
    assert!(listed(store).is_empty());
    assert_eq!(store.feed_with_token(&[1; 32]).unwrap(), None);
}

fn a_removed_feed_is_gone(store: &impl Store) {
    let [kept, removed] = [(); 2].map(|()| add(store, &["default"]));
    store.remove_feed(&removed.id).unwrap();
    let gone = no_feed(&removed.id);
    check_refused(store.remove_feed(&removed.id), &gone);
    check_refused(store.feed_state(&removed.id, window()), &gone);
    let mut never = |_: &FeedHead, _| panic!("it has no events");
    check_refused(store.read_feed(&removed.id, window(), Pace::Prompt, &mut never), &gone);
    assert_eq!(store.feed_with_token(&[1; 32]).unwrap(), None);
    assert_eq!(listed(store), [kept]);
}

fn a_removed_calendar_leaves_the_feed_for_ever(store: &impl Store) {
    prepare(store);
    let feed = add(store, &["crew", "site"]);
    store.remove_calendar(&calendar_id("crew")).unwrap();
    assert_eq!(listed(store)[0].calendars, [calendar_id("site")]);
    store.add_calendar(calendar_draft("crew", "PT2H")).unwrap();
    placed(store, draft_in("crew", "a", noon_plus(0)));
    assert_eq!(shown(store, &feed), [""; 0]);
    store.remove_calendar(&calendar_id("site")).unwrap();
    assert!(listed(store)[0].calendars.is_empty());
    assert_eq!(shown(store, &feed), [""; 0]);
}

fn a_feed_shows_the_orders_of_its_calendars_that_start_in_the_window(store: &impl Store) {
    prepare(store);
    let feed = add(store, &["crew"]);
    for (id, at) in [
        ("before", micros_after_noon(-HOUR * 2)),
        ("first", noon_plus(0)),
        ("last", noon_plus(98)),
        ("after", noon_plus(100)),
    ] {
        placed(store, draft_in("crew", id, at));
    }
    placed(store, draft("elsewhere", noon_plus(0)));
    assert_eq!(shown(store, &feed), ["first", "last"]);
}

fn an_event_has_the_fields_of_its_order_and_the_names_of_today(store: &impl Store) {
    prepare(store);
    let feed = add(store, &["crew"]);
    let services = services(&["456", "123"]);
    placed(store, OrderDraft { services, ..draft_in("crew", "a", noon_plus(0)) });
    let moved = OrderPatch { datetime: Some(noon_plus(5)), ..OrderPatch::default() };
    let order = store.patch_if(&order_id("a"), &Precondition::None, &moved, Write).unwrap();
    let renamed = orders_core::ServiceDraft { name: name("Roof"), ..service_draft("123") };
    store.replace_service(&service_id("123"), renamed).unwrap();
    let renamed = CalendarDraft { name: name("Crew 7"), ..calendar_draft("crew", "PT90M") };
    store.replace_calendar(&calendar_id("crew"), renamed).unwrap();
    let (head, events) = read(store, &feed);
    assert_eq!(head.name, name("Crews"));
    let expected = CalendarEvent {
        order: order.id,
        created_at: order.created_at,
        version: 2,
        updated_at: order.updated_at,
        datetime: noon_plus(5),
        gap: gap("PT90M"),
        calendar: name("Crew 7"),
        services: vec![name("Service 456"), name("Roof")],
    };
    assert_eq!(events, [expected]);
}

fn the_orders_come_by_calendar_and_time_in_chunks(store: &impl Store) {
    prepare(store);
    let feed = add(store, &["site", "crew"]);
    for (calendar, id, hours) in
        [("site", "s2", 4), ("crew", "c2", 6), ("site", "s1", 0), ("crew", "c1", 2)]
    {
        placed(store, draft_in(calendar, id, noon_plus(hours)));
    }
    assert_eq!(shown(store, &feed), ["c1", "c2", "s1", "s2"]);
}

fn a_reader_may_stop(store: &impl Store) {
    prepare(store);
    let feed = add(store, &["crew", "site"]);
    placed(store, draft_in("crew", "a", noon_plus(0)));
    placed(store, draft_in("site", "b", noon_plus(0)));
    for most in 1..3 {
        let mut chunks = 0;
        let mut stop = |_: &FeedHead, _| {
            chunks += 1;
            if chunks == most { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        };
        store.read_feed(&feed.id, window(), Pace::Prompt, &mut stop).unwrap();
        assert_eq!(chunks, most);
    }
}

fn a_feed_without_orders_has_a_head(store: &impl Store) {
    let feed = add(store, &["default"]);
    let (head, events) = read(store, &feed);
    assert_eq!((head.name, events), (name("Crews"), Vec::new()));
}

fn the_digest_changes_whenever_what_is_shown_changes(store: &impl Store) {
    prepare(store);
    let feed = add(store, &["crew", "site"]);
    let mut seen = vec![state(store, &feed).digest];
    let mut check = |what: &str| {
        let digest = state(store, &feed).digest;
        assert!(!seen.contains(&digest), "{what}");
        seen.push(digest);
    };
    placed(store, draft_in("crew", "a", noon_plus(0)));
    check("a new order");
    placed(store, draft_in("crew", "b", noon_plus(2)));
    check("another one");
    let patch = |patch: OrderPatch| {
        store.patch_if(&order_id("a"), &Precondition::None, &patch, Write).unwrap();
    };
    patch(OrderPatch { datetime: Some(noon_plus(7)), ..OrderPatch::default() });
    check("a move");
    patch(OrderPatch { datetime: Some(noon_plus(0)), ..OrderPatch::default() });
    check("a move back");
    patch(OrderPatch { calendar: Some(calendar_id("site")), ..OrderPatch::default() });
    check("a move to another calendar");
    patch(OrderPatch { services: Some(services(&["456"])), ..OrderPatch::default() });
    check("another service");
    let renamed = orders_core::ServiceDraft { name: name("Roof"), ..service_draft("456") };
    store.replace_service(&service_id("456"), renamed).unwrap();
    check("a new name of a service");
    store.replace_calendar(&calendar_id("crew"), calendar_draft("crew", "PT1H")).unwrap();
    check("a new gap");
    let renamed = CalendarDraft { name: name("Crew 7"), ..calendar_draft("crew", "PT1H") };
    store.replace_calendar(&calendar_id("crew"), renamed).unwrap();
    check("a new name of a calendar");
    store.remove(&order_id("b")).unwrap();
    check("a deletion");
    placed(store, draft_in("crew", "b", noon_plus(2)));
    check("the same order again");
    store.remove(&order_id("b")).unwrap();
    store.remove_calendar(&calendar_id("crew")).unwrap();
    check("the removal of a calendar");
}

fn the_digest_stays_while_the_same_is_shown(store: &impl Store) {
    prepare(store);
    let feed = add(store, &["crew"]);
    placed(store, draft_in("crew", "a", noon_plus(0)));
    let before = state(store, &feed).digest;
    placed(store, draft("elsewhere", noon_plus(0)));
    placed(store, draft_in("crew", "outside", noon_plus(200)));
    store.replace_service(&service_id("789"), service_draft("789")).unwrap();
    store.replace_calendar(&calendar_id("site"), calendar_draft("site", "PT1H")).unwrap();
    assert_eq!(state(store, &feed).digest, before);
    let wider = span(noon_plus(-10), noon_plus(150));
    assert_eq!(store.feed_state(&feed.id, wider).unwrap().digest, before);
}

fn a_state_keeps_its_time_and_every_new_one_gets_a_later_second(store: &impl Store) {
    const SECOND: i64 = 1_000_000;
    prepare(store);
    let feed = add(store, &["crew"]);
    let mut before = state(store, &feed);
    for hours in 0..3 {
        assert_eq!(state(store, &feed), before);
        placed(store, draft_in("crew", &format!("o{hours}"), noon_plus(3 * hours)));
        let after = state(store, &feed);
        let [earlier, later] =
            [before, after].map(|state| state.modified_at.as_micros().div_euclid(SECOND));
        assert!(earlier < later, "{before:?} {after:?}");
        before = after;
    }
}

fn what_is_read_is_what_the_state_says(store: &impl Store) {
    prepare(store);
    let feed = add(store, &["crew"]);
    for hours in 0..3 {
        placed(store, draft_in("crew", &format!("o{hours}"), noon_plus(3 * hours)));
        assert_eq!(read(store, &feed).0.digest, state(store, &feed).digest);
    }
}
