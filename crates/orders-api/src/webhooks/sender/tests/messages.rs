//! What a receiver gets, and what is made of its response.

use standardwebhooks::Webhook;

use super::server::Then;
use super::*;

#[actix_web::test]
async fn a_message_is_signed_with_each_secret() {
    let server = Server::start(reply("204 No Content", ""), Then::Keep).await;
    let secrets = [Secret::generate().unwrap(), Secret::generate().unwrap()];
    let body = Bytes::from_static("{\"name\": \"Müller\"}\n".as_bytes());
    let message = Message {
        target: &target(&server.url()),
        id: "42_1667124180123456",
        body: body.clone(),
        secrets: &secrets,
    };
    let attempt = sender("127.0.0.1").send(&message).await;
    assert_eq!(attempt.outcome, Outcome::Status(204));

    let requests = server.requests();
    let [request] = requests.as_slice() else { panic!("{requests:?}") };
    assert_eq!(request.line, "POST /hooks?from=orders HTTP/1.1");
    let header = |name: &str| request.headers[name].to_str().unwrap().to_owned();
    assert_eq!(header("host"), format!("127.0.0.1:{}", server.port()));
    assert_eq!(header("content-type"), "application/json");
    assert_eq!(header("user-agent"), format!("orders/{}", env!("CARGO_PKG_VERSION")));
    assert_eq!(header("webhook-id"), "42_1667124180123456");
    assert_eq!(request.body, body);
    // The library is not ours. It also rejects a timestamp that is more than 5 minutes off.
    for secret in &secrets {
        let verifier = Webhook::new(&secret.expose()).unwrap();
        verifier.verify(&request.body, &request.headers).unwrap();
        verifier.verify(b"{}", &request.headers).unwrap_err();
    }
    let other = Webhook::new(&Secret::generate().unwrap().expose()).unwrap();
    other.verify(&request.body, &request.headers).unwrap_err();
}

#[actix_web::test]
async fn only_2xx_is_success() {
    for (status, is_success) in [
        (200, true),
        (202, true),
        (204, true),
        (299, true),
        (304, false),
        (400, false),
        (410, false),
        (429, false),
        (500, false),
    ] {
        let server = Server::start(reply(&format!("{status} Any"), ""), Then::Keep).await;
        let attempt = send(&sender("127.0.0.1"), &server.url()).await;
        assert_eq!(attempt.outcome, Outcome::Status(status));
        assert_eq!(attempt.outcome.is_success(), is_success, "{status}");
        // The client never repeats a message by itself.
        assert_eq!(server.requests().len(), 1, "{status}");
    }
}

#[actix_web::test]
async fn redirects_are_not_followed() {
    let elsewhere = Server::start(reply("204 No Content", ""), Then::Keep).await;
    for status in ["301 Moved Permanently", "303 See Other", "307 Temporary Redirect"] {
        let head = format!("{status}\r\nLocation: {}", elsewhere.url());
        let server = Server::start(reply(&head, ""), Then::Keep).await;
        let attempt = send(&sender("127.0.0.1"), &server.url()).await;
        assert!(!attempt.outcome.is_success(), "{status}: {attempt:?}");
    }
    assert_eq!(elsewhere.connections(), 0);
}

#[actix_web::test]
async fn retry_after_is_reported() {
    let busy = reply("503 Service Unavailable\r\nRetry-After: 120", "");
    let server = Server::start(busy, Then::Keep).await;
    let attempt = send(&sender("127.0.0.1"), &server.url()).await;
    assert_eq!(attempt.outcome, Outcome::Status(503));
    assert_eq!(attempt.retry_after, Some(Duration::from_secs(120)));
}
