//! The receivers in `docs/webhooks.md` understand what is sent.

use std::env;

use super::*;

include!("receive_example.rs");

impl Receiver {
    /// The status for a request, and the change if it is new.
    fn answer(&mut self, request: &super::server::Request) -> (u16, Option<Value>) {
        let mut change = None;
        let handle = |new: &Value| change = Some(new.clone());
        let status = self.receive(&request.headers, &request.body, handle);
        (status.as_u16(), change)
    }
}

/// The URLs of other receivers, separated by spaces, which `scripts/check-webhooks` starts, and their secret.
const RECEIVERS: &str = "ORDERS_TEST_RECEIVERS";
const SECRET: &str = "ORDERS_TEST_SECRET";

const CREATED: &str = r#"{"cursor":"1_1667124180000001","type":"order.created","timestamp":"2022-10-30T10:03:00.000001Z","client":"Müller & Söhne","data":{"id":"a.b","calendar":"default","datetime":"2022-11-01T11:11:11.111Z","totalfee":99.95,"services":[{"id":"123"}],"version":1,"created_at":"2022-10-30T10:03:00Z","updated_at":"2022-10-30T10:03:00Z"}}"#;

#[test]
fn the_rust_example_is_the_one_in_the_documentation() {
    let page = include_str!("../../../../../../docs/webhooks.md");
    assert!(page.contains(include_str!("receive_example.rs")));
}

#[actix_web::test]
async fn receivers_verify_messages_and_handle_each_change_once() {
    let secret =
        env::var(SECRET).map_or_else(|_| Secret::generate().unwrap(), |s| s.parse().unwrap());
    let handled = Arc::new(Mutex::new(Vec::new()));
    let webhook = Webhook::new(&secret.expose()).unwrap();
    let receiver = Receiver { webhook, seen: HashSet::new() };
    let (receiver, changes) = (Mutex::new(receiver), handled.clone());
    let server = Server::start_with(move |request| {
        let (status, change) = receiver.lock().unwrap().answer(request);
        changes.lock().unwrap().extend(change);
        reply(&format!("{status} Any"), "")
    })
    .await;
    let others = env::var(RECEIVERS).unwrap_or_default();
    for url in [server.url().as_str()].into_iter().chain(others.split_whitespace()) {
        check(url, &secret).await;
    }
    let handled = handled.lock().unwrap();
    let handled: Vec<_> = handled.iter().map(|change| change["cursor"].as_str().unwrap()).collect();
    assert_eq!(handled, ["1_1667124180000001", "2_1667124180000002", "3_1667124180000003"]);
}

/// Sends messages to a receiver with this secret.
async fn check(url: &str, secret: &Secret) {
    let (secret, other) = (secret.clone(), Secret::generate().unwrap());
    let updated =
        CREATED.replace("created", "updated").replace("1_1667124180000001", "2_1667124180000002");
    let deleted =
        CREATED.replace("created", "deleted").replace("1_1667124180000001", "3_1667124180000003");
    let test = CREATED.replace("order.created", "webhook.test");
    for (id, body, secrets, expected) in [
        ("1_1667124180000001", CREATED, [&secret].as_slice(), 204),
        // Again, as after a response that was lost.
        ("1_1667124180000001", CREATED, &[&secret], 204),
        // During a rotation, whichever of the two the receiver has.
        ("2_1667124180000002", &updated, &[&other, &secret], 204),
        ("3_1667124180000003", &deleted, &[&secret, &other], 204),
        ("4_1667124180000004", CREATED, &[&other], 400),
        ("test", &test, &[&secret], 204),
        ("5_1667124180000005", r#"{"type":"unknown"}"#, &[&secret], 204),
    ] {
        let message = Message {
            target: &target(url),
            id,
            body: Bytes::copy_from_slice(body.as_bytes()),
            secrets: &secrets.iter().map(|&secret| secret.clone()).collect::<Vec<_>>(),
        };
        let attempt = sender("127.0.0.1").send(&message).await;
        assert_eq!(attempt.outcome, Outcome::Status(expected), "{url}: {id}");
    }
}
