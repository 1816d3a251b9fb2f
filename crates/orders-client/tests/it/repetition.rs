//! Which requests are sent again.

use std::time::Duration;

use orders_client::{CalendarDraft, Cause, Error, Name, OrderDraft, OrderPatch};

use crate::proxy::{Fault, Proxy};
use crate::samples::{day, draft, id};
use crate::service::{client, impatient, shared};

#[tokio::test]
async fn a_request_that_cannot_be_sent_has_not_happened() {
    let client = impatient("http://127.0.0.1:1").build().unwrap();
    for error in [
        client.create(&draft(day(1500), 0)).await.unwrap_err(),
        client.delete(&id("a")).if_version(1).await.unwrap_err(),
        client.get(&id("a")).await.unwrap_err(),
    ] {
        let Error::Unavailable(Cause::Unreachable(text)) = error else { panic!("{error:?}") };
        assert!(text.starts_with("cannot connect to http://127.0.0.1:1: "), "{text}");
    }
}

#[tokio::test]
async fn a_creation_whose_response_is_lost_too_often_can_be_repeated_with_its_key() {
    let proxy = Proxy::start(shared().address()).await;
    proxy.plan([Fault::BeforeResponse; 3]);
    let lossy = impatient(&proxy.url()).build().unwrap();
    let draft = draft(day(1501), 0);
    let Err(Error::Unknown(unknown)) = lossy.create(&draft).await else { panic!("it is known") };
    assert_eq!(proxy.left(), 0);
    let text = Error::Unknown(unknown);
    assert!(text.to_string().contains("repeat it with the idempotency key "), "{text}");
    let Error::Unknown(unknown) = text else { unreachable!() };
    let key = unknown.idempotency_key.unwrap();
    let order = lossy.create(&draft).idempotency_key(key).await.unwrap();
    assert_eq!(order.version, 1);
}

#[tokio::test]
async fn the_number_of_repetitions_can_be_set() {
    let proxy = Proxy::start(shared().address()).await;
    for (retries, faults) in [(0, 1), (1, 2), (4, 5)] {
        let lossy = impatient(&proxy.url()).retries(retries).build().unwrap();
        proxy.plan(vec![Fault::BeforeResponse; faults]);
        let error = lossy.get(&id("a")).await.unwrap_err();
        assert!(matches!(error, Error::Unavailable(Cause::Disconnected(_))), "{error:?}");
        proxy.plan(vec![Fault::BeforeResponse; faults - 1]);
        let error = lossy.get(&id("a")).await.unwrap_err();
        assert!(matches!(error, Error::NotFound(_)), "{error:?}");
    }
}

#[tokio::test]
async fn nothing_that_was_rejected_is_sent_again() {
    let proxy = Proxy::start(shared().address()).await;
    // The faults are for repetitions that do not happen.
    let plan = [Fault::None, Fault::BeforeRequest, Fault::BeforeRequest];
    let client = impatient(&proxy.url()).build().unwrap();
    proxy.plan(plan);
    assert!(matches!(client.get(&id("a")).await, Err(Error::NotFound(_))));
    assert_eq!(proxy.left(), 2);
    let unknown = OrderDraft { calendar: Some("none".parse().unwrap()), ..draft(day(1502), 0) };
    proxy.plan(plan);
    let Err(Error::Invalid(fields)) = client.create(&unknown).await else { panic!("it is valid") };
    assert_eq!((fields[0].pointer.as_str(), fields.len()), ("/calendar", 1));
    assert_eq!(proxy.left(), 2);
}

#[tokio::test]
async fn a_response_that_never_ends_is_given_up() {
    let proxy = Proxy::start(shared().address()).await;
    proxy.plan([Fault::Silence]);
    let client = impatient(&proxy.url()).timeout(Duration::from_millis(200)).retries(0);
    let error = client.build().unwrap().get(&id("a")).await.unwrap_err();
    assert!(matches!(error, Error::Unavailable(Cause::TimedOut(_))), "{error:?}");
}

#[tokio::test]
async fn a_deletion_is_done_if_its_repetition_finds_nothing() {
    let client = client();
    let proxy = Proxy::start(shared().address()).await;
    let lossy = impatient(&proxy.url()).build().unwrap();
    let name = Name::new("Crew").unwrap();
    let draft = CalendarDraft { id: None, name, minimum_gap: None };
    let calendar = client.create_calendar(&draft).await.unwrap();
    proxy.plan([Fault::BeforeResponse]);
    lossy.delete_calendar(&calendar.id).await.unwrap();
    // The first attempt was rejected before it was executed, so the second one is the first.
    proxy.plan([Fault::TooManyRequests]);
    let error = lossy.delete_calendar(&calendar.id).await.unwrap_err();
    assert!(matches!(error, Error::NotFound(_)), "{error:?}");
}

#[tokio::test]
async fn a_new_calendar_whose_response_is_lost_is_not_created_again() {
    let proxy = Proxy::start(shared().address()).await;
    let lossy = impatient(&proxy.url()).build().unwrap();
    proxy.plan([Fault::BeforeResponse]);
    let name = Name::new("Crew").unwrap();
    let draft = CalendarDraft { id: Some("lost".parse().unwrap()), name, minimum_gap: None };
    let error = lossy.create_calendar(&draft).await.unwrap_err();
    assert!(matches!(error, Error::Unknown(_)), "{error:?}");
    assert!(matches!(lossy.create_calendar(&draft).await, Err(Error::IdTaken(_))));
}

#[tokio::test]
async fn the_conflict_of_an_order_that_keeps_its_time_has_that_time() {
    let client = client();
    let name = Name::new("Crew").unwrap();
    let calendar = CalendarDraft { id: None, name, minimum_gap: None };
    let calendar = client.create_calendar(&calendar).await.unwrap().id;
    let first = draft(day(1503), 60);
    client.create(&OrderDraft { calendar: Some(calendar.clone()), ..first }).await.unwrap();
    let order = client.create(&draft(day(1503), 120)).await.unwrap();
    let patch = OrderPatch { calendar: Some(calendar.clone()), ..OrderPatch::default() };
    let Err(Error::Conflict(conflict)) = client.patch(&order.id, &patch).await else {
        panic!("it is too close");
    };
    assert_eq!((conflict.datetime, conflict.calendar), (order.datetime, calendar));
}
