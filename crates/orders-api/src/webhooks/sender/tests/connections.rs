//! Connections are used again, if that is possible.

use super::super::MAX_RESPONSE;
use super::server::Then;
use super::*;

/// Sends three messages one after the other, each answered with 200.
async fn check(reply: Vec<u8>, then: Then, connections: usize) {
    let server = Server::start(reply, then).await;
    let sender = sender("127.0.0.1");
    for _ in 0..3 {
        assert_eq!(send(&sender, &server.url()).await.outcome, Outcome::Status(200));
    }
    assert_eq!(server.requests().len(), 3);
    assert_eq!(server.connections(), connections);
}

#[actix_web::test]
async fn messages_share_a_connection() {
    check(reply("200 OK", "thanks"), Then::Keep, 1).await;
}

#[actix_web::test]
async fn a_connection_that_the_receiver_closes_is_replaced() {
    check(reply("200 OK\r\nConnection: close", ""), Then::Close, 3).await;
}

#[actix_web::test]
async fn the_longest_body_that_is_read_has_64_kib() {
    check(reply("200 OK", &"a".repeat(MAX_RESPONSE)), Then::Keep, 1).await;
}

#[actix_web::test]
async fn a_longer_body_is_left_unread() {
    let body = "a".repeat(8 * MAX_RESPONSE);
    let reply = format!("HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n{body}");
    check(reply.into_bytes(), Then::Stall, 3).await;
}

#[actix_web::test]
async fn another_address_is_tried_if_the_first_refuses() {
    let server = Server::start(reply("204 No Content", ""), Then::Keep).await;
    let names = Names::new(&[&["127.0.0.2", "127.0.0.1"]]);
    let sender = sender_with_names("127.0.0.0/8", &names);
    let attempt = send(&sender, &format!("http://crm.example:{}/", server.port())).await;
    assert_eq!(attempt.outcome, Outcome::Status(204));
}
