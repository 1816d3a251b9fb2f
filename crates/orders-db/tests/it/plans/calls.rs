//! The calls whose statements are checked.

use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use orders_core::{
    After, AsOf, CalendarFeedDraft, CalendarFeeds as _, CalendarId, Calendars, ChangeFilter,
    ChangeQuery, Changes, Client, ClientId, Direction, FeedCalendars, FeedHead, ListQuery,
    OrderDraft, OrderFilter, OrderPatch, OrderQuery, Orders, Pace, Position, Precondition, Scope,
    Services, StoreError, Subscription, Timestamp,
};
use orders_db::PgStore;
use orders_db::requests::{
    CreateOrder, DeleteOrder, FindAvailability, GetOrder, ReplaceOrder, Request,
};

use super::{MIDDLE, hours};
use crate::samples::*;

/// A call, and its name.
pub(super) type Call = (&'static str, fn(&PgStore));

/// Every kind of call. Each leaves the database as it found it.
pub(super) fn calls() -> Vec<Call> {
    fn middle() -> orders_core::OrderId {
        order_id(&format!("order-{MIDDLE}"))
    }
    vec![
        ("place", |store| {
            for mode in [DryRun, Write] {
                // Seven hours leave space for one more order in the middle.
                store.place(draft("new", hours(3)), mode).unwrap();
            }
            store.remove(&order_id("new")).unwrap();
        }),
        ("a conflict", |store| {
            for mode in [DryRun, Write] {
                conflict(store.place(draft("new", hours(1)), mode));
            }
        }),
        ("place_idempotent", |store| {
            conflict(store.place_idempotent(draft("new", hours(1)), &key("k")));
            static KEYS: AtomicU32 = AtomicU32::new(0);
            let key = key(&format!("key-{}", KEYS.fetch_add(1, Ordering::Relaxed)));
            for _ in 0..2 {
                store.place_idempotent(draft("new", hours(3)), &key).unwrap();
            }
            store.remove(&order_id("new")).unwrap();
        }),
        ("place_batch", |store| {
            let draft = |n: i64| draft(&format!("new-{n}"), hours(7 * n + n));
            let answers = store.place_batch((1..4).map(draft).collect()).unwrap();
            assert_eq!(answers.iter().filter(|answer| answer.is_ok()).count(), 1);
            store.remove(&order_id("new-3")).unwrap();
        }),
        ("requests executed together", |store| {
            let create = |n: i64| CreateOrder {
                client: None,
                draft: draft(&format!("new-{n}"), hours(7 * n + n)),
            };
            let created = CreateOrder::execute_together(store, &[create(1), create(2), create(3)]);
            assert_eq!(created.iter().filter(|it| matches!(it, Some(Ok(_)))).count(), 1);
            let get = || GetOrder { client: None, id: middle() };
            assert!(GetOrder::execute_together(store, &[get(), get()])[0].is_some());
            let replace = ReplaceOrder {
                client: None,
                id: middle(),
                condition: Precondition::None,
                draft: OrderDraft {
                    reference: store.order(&middle()).unwrap().reference,
                    ..draft("-", hours(0))
                },
            };
            let moves = ReplaceOrder { id: order_id("new-3"), ..replace.clone() };
            let replaced = ReplaceOrder::execute_together(store, &[replace, moves]);
            assert!(replaced[0].is_some() && replaced[1].is_none(), "{replaced:?}");
            let delete = |id: &str| DeleteOrder {
                client: None,
                id: order_id(id),
                condition: Precondition::None,
            };
            let deleted = DeleteOrder::execute_together(store, &[delete("new-3"), delete("none")]);
            assert!(deleted[0].is_some() && deleted[1].is_none());
            let find = FindAvailability {
                client: None,
                calendar: CalendarId::default(),
                window: span(hours(0), hours(70)),
            };
            let found = FindAvailability::execute_together(store, &[find.clone(), find]);
            assert!(found.iter().all(|it| matches!(it, Some(Ok(_)))));
        }),
        ("order", |store| drop(store.order(&middle()).unwrap())),
        ("replace", |store| {
            for datetime in [hours(0), hours(1), hours(0)] {
                store.replace(&middle(), draft("-", datetime), DryRun).unwrap();
                store.replace(&middle(), draft("-", datetime), Write).unwrap();
            }
            conflict(store.replace(&middle(), draft("-", hours(8)), Write));
        }),
        ("patch", |store| {
            for datetime in [hours(1), hours(0)] {
                let patch = OrderPatch { datetime: Some(datetime), ..OrderPatch::default() };
                store.patch_if(&middle(), &Precondition::None, &patch, Write).unwrap();
            }
        }),
        ("a move between calendars", |store| {
            for calendar in ["crew", "default"] {
                store.replace(&middle(), draft_in(calendar, "-", hours(0)), Write).unwrap();
            }
        }),
        ("availability", |store| {
            let window = span(hours(0), hours(70));
            assert!(store.availability(&CalendarId::default(), window).unwrap().len() > 9);
        }),
        ("services", |store| {
            let middle = ListQuery { after: Some(service_id("123")), limit: 10 };
            assert!(store.services(&middle).unwrap().items.len() > 1);
            let refused = store.remove_service(&service_id("123"));
            assert!(matches!(refused, Err(StoreError::InUse(_))));
            store.add_service(service_draft("unused")).unwrap();
            store.replace_service(&service_id("unused"), service_draft("unused")).unwrap();
            store.service(&service_id("unused")).unwrap();
            store.remove_service(&service_id("unused")).unwrap();
        }),
        ("calendars", |store| {
            let middle = ListQuery { after: Some(calendar_id("a")), limit: 10 };
            assert!(store.calendars(&middle).unwrap().items.len() > 1);
            assert_eq!(restricted(store).calendars(&middle).unwrap().items.len(), 2);
            let refused = store.remove_calendar(&calendar_id("crew"));
            assert!(matches!(refused, Err(StoreError::InUse(_))));
            store.add_calendar(calendar_draft("new", "PT1H")).unwrap();
            store.replace_calendar(&calendar_id("new"), calendar_draft("new", "PT2H")).unwrap();
            store.remove_calendar(&calendar_id("new")).unwrap();
            let renamed = orders_core::CalendarDraft {
                minimum_gap: None,
                ..calendar_draft("default", "PT3H")
            };
            store.replace_calendar(&CalendarId::default(), renamed).unwrap();
        }),
        ("feeds of calendars", |store| {
            let calendars = FeedCalendars::new([CalendarId::default(), calendar_id("crew")]);
            let draft = CalendarFeedDraft { name: name("Crews"), calendars: calendars.unwrap() };
            let token = [7; 32];
            let feed = store.add_feed(&draft, &token).unwrap();
            assert_eq!(store.feed_with_token(&token).unwrap(), Some(feed.id.clone()));
            for store in [store.clone(), restricted(store)] {
                assert!(
                    !store.feeds(&ListQuery { after: None, limit: 10 }).unwrap().items.is_empty()
                );
            }
            let window = span(hours(0), hours(70));
            store.feed_state(&feed.id, window).unwrap();
            for pace in [Pace::Prompt, Pace::Slow] {
                let mut events = 0;
                let mut take = |_: &FeedHead, few: Vec<_>| {
                    events += few.len();
                    ControlFlow::Continue(())
                };
                store.read_feed(&feed.id, window, pace, &mut take).unwrap();
                assert!(events > 1, "{events}");
            }
            restricted(store).remove_feed(&feed.id).unwrap();
        }),
        ("a gap that is too wide", |store| {
            let draft = calendar_draft("default", "P1D");
            let refused = store.replace_calendar(&CalendarId::default(), draft);
            assert!(matches!(refused, Err(StoreError::GapTooWide(_))));
        }),
        ("changes", |store| {
            let query = ChangeQuery { limit: 10, ..ChangeQuery::default() };
            for after in [After::Now, After::Oldest] {
                let next = store.changes(&ChangeQuery { after, ..query.clone() }).unwrap().next;
                let after = After::Cursor(next);
                store.changes(&ChangeQuery { after, ..query.clone() }).unwrap();
                store.feed(after, 10).unwrap();
            }
            let filter = ChangeFilter { calendar: Some(calendar_id("crew")), service: None };
            store.changes(&ChangeQuery { after: After::Now, filter, limit: 10 }).unwrap();
            let all = Subscription::default();
            store.next_change_of(&middle(), 1, u64::MAX, &all).unwrap().unwrap();
        }),
        ("an order as it was", |store| {
            assert!(!store.history(&middle(), 0, 10).unwrap().changes.is_empty());
            store.history(&order_id("unknown"), 0, 10).unwrap_err();
            let now = AsOf::Instant(Timestamp::MAX);
            for as_of in [AsOf::Version(1), AsOf::Version(1_000_000), now] {
                let _ = store.order_as_of(&middle(), as_of);
            }
        }),
        ("lists of a restricted client", |store| {
            let store = restricted(store);
            for service in [None, Some("123"), Some("789")] {
                list(&store, None, service, None);
            }
        }),
        ("lists", |store| {
            for calendar in [None, Some("default"), Some("crew")] {
                for service in [None, Some("123"), Some("789")] {
                    list(store, calendar, service, None);
                }
            }
        }),
        ("lists by reference", |store| {
            let restricted = restricted(store);
            for service in [None, Some("123")] {
                list(store, None, service, Some("PO-1"));
                list(store, Some("default"), service, Some("PO-1"));
                list(&restricted, None, service, Some("PO-1"));
            }
        }),
    ]
}

/// The same store on behalf of a client that is restricted to two calendars.
fn restricted(store: &PgStore) -> PgStore {
    let calendars = Some([CalendarId::default(), calendar_id("crew")].into());
    let (id, scope) = (ClientId::new("shop").unwrap(), Scope::Read);
    let client = Client { id, scope, calendars, rate: None, subject: None };
    store.acting_as(Some(Arc::new(client)))
}

/// Lists with these filters: in both directions, from the beginning and from a cursor, with and without a window.
fn list(store: &PgStore, calendar: Option<&str>, service: Option<&str>, text: Option<&str>) {
    let filter = OrderFilter {
        calendar: calendar.map(calendar_id),
        service: service.map(service_id),
        reference: text.map(reference),
        from: None,
        to: None,
    };
    let window = OrderFilter { from: Some(hours(0)), to: Some(hours(700)), ..filter.clone() };
    let after = Some(Position { datetime: hours(70), id: order_id("x") });
    for filter in [filter, window] {
        for direction in [Direction::Ascending, Direction::Descending] {
            let (filter, after) = (filter.clone(), after.clone());
            let query = OrderQuery { filter, direction, after, limit: 10 };
            store.list(&query).unwrap();
            store.list(&OrderQuery { after: None, ..query }).unwrap();
        }
    }
}
