//! When changes are followed again, and when they end: with responses that are written here.

use std::sync::{Arc, Mutex};

use orders_client::{After, ChangeFilter, Error};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

use crate::proxy::find;
use crate::service::impatient;

const EVENTS: &str = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n";
const CHANGE: &str = r#"{"cursor":"3_1","type":"order.created","timestamp":"2030-01-01T00:00:00Z","data":{"id":"a",
    "calendar":"default","datetime":"2030-01-01T00:00:00Z","totalfee":1,"services":[{"id":"1"}],"version":1,
    "created_at":"2030-01-01T00:00:00Z","updated_at":"2030-01-01T00:00:00Z"}}"#;

fn problem(status: u16, slug: &str, headers: &str) -> String {
    let body =
        format!(r#"{{"type":"/problems/{slug}","title":"t","status":{status},"detail":"d"}}"#);
    let length = body.len();
    format!(
        "HTTP/1.1 {status} x\r\nContent-Type: application/problem+json\r\n{headers}Content-Length: {length}\r\n\r\n{body}"
    )
}

/// A server that gives each connection the next of these responses, and closes it: its URL and the targets of the
/// requests.
async fn server(responses: Vec<String>) -> (String, Arc<Mutex<Vec<String>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let targets = Arc::<Mutex<Vec<String>>>::default();
    let seen = Arc::clone(&targets);
    tokio::spawn(async move {
        for response in responses {
            let (mut client, _) = listener.accept().await.unwrap();
            let mut request = Vec::new();
            while find(&request, b"\r\n\r\n").is_none() {
                client.read_buf(&mut request).await.unwrap();
            }
            let request = String::from_utf8(request).unwrap();
            seen.lock().unwrap().push(request.split(' ').nth(1).unwrap().to_owned());
            client.write_all(response.as_bytes()).await.unwrap();
        }
    });
    (url, targets)
}

#[tokio::test]
async fn changes_go_on_after_every_failure_that_may_pass() {
    let change = CHANGE.replace('\n', "");
    let (url, targets) = server(vec![
        problem(503, "unavailable", ""),
        format!("{EVENTS}retry: 1000\nid: 1_1\n\nid: 2_1\ndata: cut o"),
        "HTTP/1.1 404 Not Found\r\nContent-Length: 4\r\n\r\nnone".to_owned(),
        "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 4\r\n\r\nsoon".to_owned(),
        problem(429, "too-many-requests", "Retry-After: 0\r\n"),
        String::new(),
        format!("{EVENTS}id: 2_1\n\nid: 3_1\nevent: order.created\ndata: {change}\n\n"),
        problem(410, "cursor-gone", ""),
    ])
    .await;
    let client = impatient(&url).build().unwrap();
    let mut changes = client.changes(After::Now, &ChangeFilter::default()).await.unwrap();
    assert_eq!(changes.cursor(), "1_1".parse().ok());
    assert_eq!(changes.try_next().await.unwrap().unwrap().cursor, "3_1".parse().unwrap());
    let error = changes.try_next().await.unwrap_err();
    assert!(matches!(error, Error::CursorGone(_)), "{error:?}");
    assert_eq!(changes.cursor(), "3_1".parse().ok());
    assert!(changes.try_next().await.unwrap().is_none());
    let expected = ["now", "now", "1_1", "1_1", "1_1", "1_1", "1_1", "3_1"];
    assert_eq!(*targets.lock().unwrap(), expected.map(|after| format!("/changes?after={after}")));
}

#[tokio::test]
async fn changes_do_not_begin_where_there_is_no_service() {
    for (response, retries) in [
        ("HTTP/1.1 404 Not Found\r\nContent-Length: 4\r\n\r\nnone".to_owned(), 0),
        ("HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\nwelcome".to_owned(), 0),
        (problem(503, "unavailable", "Retry-After: 3600\r\n"), 9),
    ] {
        let (url, targets) = server(vec![response.clone()]).await;
        let client = impatient(&url).retries(retries).build().unwrap();
        let error = client.changes(After::Oldest, &ChangeFilter::default()).await.unwrap_err();
        let is_expected = match retries {
            0 => matches!(error, Error::Unexpected(_)),
            _ => matches!(error, Error::Unavailable(_)),
        };
        assert!(is_expected, "{response}: {error:?}");
        assert_eq!(*targets.lock().unwrap(), ["/changes"]);
    }
}
