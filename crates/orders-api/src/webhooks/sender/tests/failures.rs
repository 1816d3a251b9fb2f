//! Receivers that do not answer properly.

use std::net::TcpListener;

use super::super::MAX_RESPONSE;
use super::server::Then;
use super::*;

/// Shorter than any response takes that does not come.
const SHORT: Duration = Duration::from_millis(200);

/// Sends a message to a receiver that replies with these bytes.
async fn check(reply: &[u8], then: Then, expected: SendError) {
    let server = Server::start(reply.to_vec(), then).await;
    assert_eq!(failure(send(&sender("127.0.0.1"), &server.url()).await), expected);
    // It has the message; the client does not send it again.
    assert_eq!(server.requests().len(), 1);
}

/// Sends a message with a short time limit to a receiver that stalls after these bytes.
async fn check_stalled(reply: &[u8]) {
    let server = Server::start(reply.to_vec(), Then::Stall).await;
    let timeouts = Timeouts { total: SHORT, ..LONG };
    let system = Arc::new(super::super::SystemResolver::new());
    let sender = Sender::with(parse("127.0.0.1"), system, RootCertStore::empty(), timeouts);
    assert_eq!(failure(send(&sender, &server.url()).await), SendError::NoResponse(SHORT));
}

#[actix_web::test]
async fn a_response_that_does_not_come_is_a_failure() {
    check_stalled(b"").await;
    check_stalled(b"HTTP/1.1 200 OK\r\nContent-").await;
    check_stalled(b"HTTP/1.1 100 Continue\r\n\r\n").await;
}

#[actix_web::test]
async fn a_body_that_does_not_end_in_time_is_a_failure() {
    check_stalled(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nthan").await;
    check_stalled(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nthan\r\n").await;
}

#[actix_web::test]
async fn half_a_response_is_a_failure() {
    check(b"", Then::Close, SendError::Closed).await;
    check(b"HTTP/1.1 200 OK\r\nContent-", Then::Close, SendError::Closed).await;
    let body = b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nthan";
    check(body, Then::Close, SendError::Closed).await;
    let chunks = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nthan\r\n";
    check(chunks, Then::Close, SendError::Closed).await;
}

#[actix_web::test]
async fn a_reset_is_a_failure() {
    check(b"", Then::Reset, SendError::Closed).await;
    check(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n", Then::Reset, SendError::Closed).await;
}

#[actix_web::test]
async fn what_is_not_http_is_a_failure() {
    check(b"220 mail.example ESMTP\r\n\r\n", Then::Keep, SendError::NotHttp).await;
}

#[actix_web::test]
async fn a_head_without_an_end_is_a_failure() {
    let long = format!("HTTP/1.1 200 OK\r\nX: {}", "a".repeat(8 * MAX_RESPONSE));
    check(long.as_bytes(), Then::Keep, SendError::NotHttp).await;
}

#[actix_web::test]
async fn a_refused_connection_is_a_failure() {
    let port = {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        listener.local_addr().unwrap().port()
    };
    let url = format!("http://127.0.0.1:{port}/");
    assert_eq!(failure(send(&sender("127.0.0.1"), &url).await), SendError::Refused);
}
