//! Webhooks with an endpoint.

use std::time::Duration;

use orders_client::{ChangeFilter, ChangeType, Error, Subscription, WebhookDraft};
use orders_testkit::{Receiver, Reply};

use crate::samples::{day, draft, id};
use crate::service::Running;

#[tokio::test]
async fn a_client_sees_what_comes_of_deliveries() {
    let receiver = Receiver::start(|received| match received.header("webhook-id") {
        test if test.starts_with("test_") => Reply::Status(202),
        _ => Reply::Status(500),
    });
    let service = Running::start(&[("ORDERS_WEBHOOK_NETWORKS", "127.0.0.0/8")]);
    let client = service.client();
    let url = format!("http://{}/orders", receiver.unwrap().address());
    let filter = ChangeFilter { calendar: None, service: "123".parse().ok() };
    let types = Some([ChangeType::Created].into());
    let subscription = Subscription { filter, types };
    let new = WebhookDraft { subscription, ..WebhookDraft::new(url.parse().unwrap()) };
    let webhook = client.create_webhook(&new).await.unwrap().webhook;
    assert_eq!(webhook.subscription, new.subscription);
    let test = client.test_webhook(&webhook.id).await.unwrap();
    assert_eq!((test.status, test.error), (Some(202), None));
    assert!(test.duration < Duration::from_secs(15), "{:?}", test.duration);

    client.create(&draft(day(0), 0)).await.unwrap();
    let delivery = loop {
        let deliveries = client.webhook_deliveries(&webhook.id).await.unwrap();
        match deliveries.into_iter().next() {
            Some(delivery) => break delivery,
            None => tokio::time::sleep(Duration::from_millis(20)).await,
        }
    };
    let order = client.get(&delivery.order).await.unwrap();
    assert_eq!((delivery.change_type, delivery.status), (ChangeType::Created, Some(500)));
    assert!(delivery.error.is_some() && delivery.attempted_at >= order.created_at);
    let failing = client.webhook(&webhook.id).await.unwrap();
    assert!(failing.failing_since.is_some() && failing.last_error.is_some(), "{failing:?}");

    client.rotate_webhook_secret(&webhook.id).await.unwrap();
    let again = client.rotate_webhook_secret(&webhook.id).await.unwrap_err();
    assert!(matches!(&again, Error::Rejected(it) if it.slug() == "rotation-open"), "{again:?}");
    let elsewhere = WebhookDraft::new("https://192.168.0.1/".parse().unwrap());
    let error = client.create_webhook(&elsewhere).await.unwrap_err();
    assert!(matches!(error, Error::Invalid(_)), "{error:?}");
    let unknown = client.get(&id("unknown")).await.unwrap_err();
    assert!(matches!(unknown, Error::NotFound(_)), "{unknown:?}");
}
