//! Clients with keys.

use std::time::Duration;

use futures_util::stream;
use orders_client::{After, CalendarId, ChangeFilter, Error, OrderDraft};

use crate::samples::{day, draft, id};
use crate::service::Running;

#[tokio::test]
async fn what_a_client_may_not_do_is_an_error() {
    let service = Running::start(&[]);
    let key = |name: &str, arguments: &[&str]| {
        service.run(&[&["clients", "add", name], arguments].concat());
        service.run(&["keys", "create", name])
    };
    let reader = key("reader", &["--scope", "read"]);
    let roof = key("roof", &["--scope", "write", "--calendar", "inspection"]);
    let slow = key("slow", &["--scope", "read", "--rate", "1"]);
    let with = |key: &str| service.builder().key(key).build().unwrap();

    // A running service knows new keys within a second or so.
    while with(&slow).get(&id("a")).await.is_err_and(|it| matches!(it, Error::Unauthorized(_))) {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }

    let filter = ChangeFilter::default();
    for client in [service.client(), with("ordk_unknown")] {
        let error = client.get(&id("a")).await.unwrap_err();
        assert!(matches!(error, Error::Unauthorized(_)), "{error:?}");
        let error = client.changes(After::Now, &filter).await.unwrap_err();
        assert!(matches!(error, Error::Unauthorized(_)), "{error:?}");
        assert!(error.is_rejection());
        assert!(error.to_string().contains("orders-api keys create"), "{error}");
        // The service answers before it has read everything.
        let orders = stream::iter(std::iter::repeat_n(draft(day(0), 0), 100_000));
        let error = client.import(orders).try_next().await.unwrap_err();
        assert!(matches!(error, Error::Unauthorized(_)), "{error:?}");
    }

    let error = with(&reader).create(&draft(day(0), 0)).await.unwrap_err();
    assert!(matches!(error, Error::Forbidden(_)), "{error:?}");
    let error = with(&roof).create(&draft(day(0), 0)).await.unwrap_err();
    assert!(matches!(error, Error::Forbidden(_)), "{error:?}");
    let calendar = CalendarId::new("inspection").ok();
    let order = OrderDraft { calendar, ..draft(day(0), 0) };
    with(&roof).create(&order).await.unwrap();

    let impatient = service.builder().key(&slow).retries(0).build().unwrap();
    let error = loop {
        match impatient.get(&id("a")).await.unwrap_err() {
            Error::NotFound(_) => {}
            error => break error,
        }
    };
    assert!(matches!(error, Error::RateLimited(_)), "{error:?}");
    // It waits as long as the service says.
    assert!(matches!(with(&slow).get(&id("a")).await, Err(Error::NotFound(_))));
}
