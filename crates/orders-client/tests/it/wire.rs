//! The messages without a service.

use bytes::Bytes;
use http::header::LINK;
use http::{HeaderMap, HeaderValue};
use orders_client::wire::{
    CreateOrder, DeleteOrder, Effect, Event, Events, ExportOrders, Failure, FollowChanges,
    GetAvailability, GetOrder, GetPage, GetWebhookDeliveries, ImportAnswer, Lines, Operation,
    PatchOrder, ReplaceOrder, Request, Response, RotateWebhookSecret, Target, TestWebhook,
};
use orders_client::{
    After, CalendarId, ChangeFilter, Direction, IdempotencyKey, Interval, OrderFilter, OrderPatch,
    Reference,
};
use orders_core::AsOf;

use crate::samples::{day, draft, id};

#[track_caller]
fn check(request: &Request, expected: &str) {
    let header = |name: &str| {
        let value = request.headers().get(name)?.to_str().unwrap();
        Some(format!("\n{name}: {value}"))
    };
    let headers: String =
        ["content-type", "if-match", "idempotency-key"].into_iter().filter_map(header).collect();
    let body = str::from_utf8(request.body()).unwrap();
    let text = format!("{} {}{headers}\n{body}", request.method(), request.uri());
    assert_eq!(text.trim_end(), expected);
}

#[test]
fn requests_of_orders_have_what_the_contract_says() {
    let body = r#"{"datetime":"2040-01-01T01:00:00Z","totalfee":100,"services":[{"id":"123"}]}"#;
    let draft = draft(day(0), 60);
    let mut create = CreateOrder::new(&draft);
    check(&create.request(), &format!("POST /orders\ncontent-type: application/json\n{body}"));
    create.key = IdempotencyKey::new("k-1").ok();
    create.dry_run = true;
    let expected =
        "POST /orders?dry_run=true\ncontent-type: application/json\nidempotency-key: k-1";
    check(&create.request(), &format!("{expected}\n{body}"));

    let mut get = GetOrder::new(&id("a.b~c"));
    check(&get.request(), "GET /orders/a.b~c");
    get.as_of = Some(AsOf::Version(2));
    check(&get.request(), "GET /orders/a.b~c?version=2");
    get.as_of = Some(AsOf::Instant(day(0)));
    check(&get.request(), "GET /orders/a.b~c?at=2040-01-01T00%3A00%3A00Z");

    let mut replace = ReplaceOrder::new(&id("a"), &draft);
    replace.version = Some(3);
    let expected = "PUT /orders/a\ncontent-type: application/json\nif-match: \"3\"";
    check(&replace.request(), &format!("{expected}\n{body}"));

    let patch = OrderPatch { totalfee: "9.5".parse().ok(), ..OrderPatch::default() };
    let patch = PatchOrder { dry_run: true, ..PatchOrder::new(&id("a"), &patch) };
    let expected = "PATCH /orders/a?dry_run=true\ncontent-type: application/merge-patch+json";
    check(&patch.request(), &format!("{expected}\n{{\"totalfee\":9.5}}"));

    let delete = DeleteOrder { version: Some(1), ..DeleteOrder::new(&id("a")) };
    check(&delete.request(), "DELETE /orders/a\nif-match: \"1\"");
}

#[test]
fn requests_of_lists_have_their_filters() {
    let filter = OrderFilter {
        calendar: CalendarId::new("roof").ok(),
        service: "1".parse().ok(),
        reference: Reference::new("a&b c/ä").ok(),
        from: Some(day(0)),
        to: Some(day(1)),
    };
    let list = "/orders?calendar=roof&service=1&reference=a%26b+c%2F%C3%A4&from=2040-01-01T00%3A00%3A00Z\
                &to=2040-01-02T00%3A00%3A00Z&order=desc";
    let page = GetPage::orders(&filter, Direction::Descending, 10);
    check(&page.request(), &format!("GET {list}&limit=10"));
    let export = ExportOrders { filter, direction: Direction::Descending }.request();
    check(&export, &format!("GET {list}"));
    assert_eq!(export.headers()["accept"], "application/x-ndjson");

    check(&GetPage::history(&id("a"), 5).request(), "GET /orders/a/history?limit=5");
    let filter = ChangeFilter { calendar: None, service: "1".parse().ok() };
    let wait = std::time::Duration::from_secs(30);
    let page = GetPage::changes(After::Now, &filter, 5, wait);
    check(&page.request(), "GET /changes?after=now&service=1&limit=5&wait=30");
    let follow = FollowChanges { after: After::Cursor("4_2".parse().unwrap()), filter }.request();
    check(&follow, "GET /changes?after=4_2&service=1");
    assert_eq!(follow.headers()["accept"], "text/event-stream");

    check(&GetPage::webhooks(5).request(), "GET /webhooks?limit=5");
    let webhook = orders_client::WebhookId::new("crm").unwrap();
    let id = webhook.clone();
    check(&GetWebhookDeliveries { id }.request(), "GET /webhooks/crm/deliveries");
    check(&TestWebhook { id: webhook.clone() }.request(), "POST /webhooks/crm/test");
    let rotate = RotateWebhookSecret { id: webhook };
    check(&rotate.request(), "POST /webhooks/crm/secret");
    // A repetition would be rejected, although the first attempt has replaced the secret.
    assert_eq!(rotate.effect(), Effect::Once);

    let window = Interval { from: day(0), to: day(1) };
    let availability = GetAvailability { calendar: CalendarId::default(), window };
    let expected = "GET /availability?calendar=default&from=2040-01-01T00%3A00%3A00Z&to=2040-01-02T00%3A00%3A00Z";
    check(&availability.request(), expected);
}

#[test]
fn a_write_with_a_condition_is_sent_once() {
    let draft = draft(day(0), 0);
    let with_key = CreateOrder { key: IdempotencyKey::new("k").ok(), ..CreateOrder::new(&draft) };
    assert_eq!(with_key.effect(), Effect::Repeatable);
    assert_eq!(CreateOrder { key: None, ..with_key.clone() }.effect(), Effect::Once);
    assert_eq!(CreateOrder { dry_run: true, ..with_key }.effect(), Effect::None);
    let replace = ReplaceOrder::new(&id("a"), &draft);
    assert_eq!(replace.effect(), Effect::Repeatable);
    assert_eq!(ReplaceOrder { version: Some(1), ..replace.clone() }.effect(), Effect::Once);
    assert_eq!(ReplaceOrder { dry_run: true, ..replace }.effect(), Effect::None);
    assert_eq!(DeleteOrder { id: id("a"), version: Some(1) }.effect(), Effect::Once);
}

fn response(status: u16, content_type: &str, body: &str) -> Response {
    let response = http::Response::builder().status(status).header("content-type", content_type);
    response.body(Bytes::from(body.to_owned())).unwrap()
}

const PROBLEM: &str = "application/problem+json";

#[test]
fn problems_are_read_with_what_they_contain() {
    let mut conflict = response(
        409,
        PROBLEM,
        r#"{"type":"/problems/order-conflict","title":"Too close","status":409,"detail":"d","calendar":"default",
            "minimum_gap":"PT3H","conflicts_with":[{"id":"1","datetime":"2040-01-01T01:00:00Z"}],
            "nearest_free":{"before":null,"after":"2040-01-01T04:00:00Z"}}"#,
    );
    let headers = conflict.headers_mut();
    headers.insert("x-request-id", HeaderValue::from_static("r-1"));
    headers.insert("retry-after", HeaderValue::from_static("7"));
    let create = CreateOrder::new(&draft(day(0), 0));
    let Err(Failure::Problem(problem)) = create.read(&conflict) else { panic!("no problem") };
    assert_eq!((problem.slug(), problem.status()), ("order-conflict", 409));
    assert_eq!((problem.title(), problem.detail()), ("Too close", "d"));
    assert_eq!(problem.request_id(), Some("r-1"));
    assert_eq!(problem.retry_after(), Some(std::time::Duration::from_secs(7)));
    let conflict = problem.conflict(day(0)).unwrap();
    assert_eq!((conflict.datetime, conflict.conflicts_with.len()), (day(0), 1));
    assert_eq!(conflict.nearest_free.after, "2040-01-01T04:00:00Z".parse().ok());
    assert_eq!(problem.gap_too_wide(), None);

    let gap = response(
        409,
        PROBLEM,
        r#"{"type":"/problems/gap-too-wide","title":"t","status":409,"detail":"d","calendar":"default",
            "minimum_gap":"PT3H","too_close":[]}"#,
    );
    let Failure::Problem(problem) = Failure::of(&gap) else { panic!("no problem") };
    assert_eq!(problem.gap_too_wide().unwrap().calendar, CalendarId::default());
    assert_eq!(problem.conflict(day(0)), None);

    let invalid = response(
        422,
        PROBLEM,
        r#"{"type":"/problems/invalid-request","title":"t","status":422,"detail":"2 fields break a rule",
            "errors":[{"pointer":"/a","detail":"x"},{"pointer":"/b","detail":"y"}]}"#,
    );
    let Failure::Problem(problem) = Failure::of(&invalid) else { panic!("no problem") };
    assert_eq!(problem.to_string(), "/a: x; /b: y");
}

#[test]
fn other_responses_are_unexpected() {
    let get = GetOrder::new(&id("a"));
    let problem = r#"{"type":"/problems/not-found","title":"t","status":404,"detail":"d"}"#;
    assert!(matches!(get.read(&response(404, PROBLEM, problem)), Err(Failure::Problem(_))));
    for response in [
        response(404, "text/html", "<h1>Not Found</h1>"),
        response(404, "application/json", problem),
        response(404, PROBLEM, "{}"),
        response(410, PROBLEM, problem),
        response(200, "application/json", "{}"),
        response(200, "application/json", ""),
        response(200, "text/html", "<h1>Welcome</h1>"),
        response(204, "application/json", ""),
        response(302, "text/html", ""),
    ] {
        let read = get.read(&response);
        assert!(matches!(read, Err(Failure::Unexpected(_))), "{response:?}");
    }
    DeleteOrder::new(&id("a")).read(&response(204, "text/plain", "")).unwrap();
    DeleteOrder::new(&id("a")).read(&response(200, "text/plain", "")).unwrap_err();
}

#[test]
fn a_repeated_deletion_finds_nothing() {
    let problem = r#"{"type":"/problems/not-found","title":"t","status":404,"detail":"d"}"#;
    let delete = DeleteOrder::new(&id("a"));
    delete.read(&response(404, PROBLEM, problem)).unwrap_err();
    delete.read_repeated(&response(404, PROBLEM, problem)).unwrap();
    // That of a proxy that does not know the service.
    delete.read_repeated(&response(404, "text/html", "")).unwrap_err();
}

#[track_caller]
fn check_link(value: &str, relation: &str, expected: Option<&str>) {
    let mut headers = HeaderMap::new();
    headers.insert(LINK, HeaderValue::from_str(value).unwrap());
    let target = Target::of(&headers, relation).map(|target| target.to_string());
    assert_eq!(target.as_deref(), expected, "{value}");
}

#[test]
fn links_are_found_by_their_relation() {
    check_link("</orders?after=a1_2>; rel=\"next\"", "next", Some("/orders?after=a1_2"));
    check_link("</a>; rel=\"prev\", </b?x=1;2>; title=t; rel=next", "next", Some("/b?x=1;2"));
    check_link("</a>;rel=monitor", "monitor", Some("/a"));
    check_link("</a>; rel=\"monitor\"", "next", None);
    for value in ["", "x", "</a", "</a>", "</a>; rel", "</a b>; rel=next"] {
        check_link(value, "next", None);
    }
}

#[test]
fn a_link_never_leads_to_another_server() {
    for target in ["https://evil.example/orders", "//evil.example/orders", "orders", "", "@evil"] {
        check_link(&format!("<{target}>; rel=next"), "next", None);
    }
}

#[test]
fn a_link_to_changes_has_a_cursor() {
    let cursor = |text: &str| Target::new(text).unwrap().cursor();
    assert_eq!(cursor("/changes?after=4_2&calendar=roof"), "4_2".parse().ok());
    assert_eq!(cursor("/changes?calendar=roof&after=4_2"), "4_2".parse().ok());
    assert_eq!(cursor("/changes?after=now"), None);
    assert_eq!(cursor("/changes"), None);
}

/// All events of a stream that arrives in parts of this size.
fn events(text: &str, size: usize) -> Vec<Event> {
    let (mut events, mut found) = (Events::default(), Vec::new());
    for part in text.as_bytes().chunks(size) {
        events.push(part);
        while let Some(event) = events.next_event().unwrap() {
            found.push(event);
        }
    }
    found
}

#[test]
fn events_are_whole_however_they_arrive() {
    let text = "retry: 1000\n\nid: 7_1\n\n: a comment\nid:8_2\r\nevent: order.created\r\ndata: {\"a\":\r\ndata:  1}\r\n\r\n\
                unknown: x\n\nid: 9_3\ndata: cut off";
    let some = |text: &str| Some(text.to_owned());
    let expected = [
        Event { id: some("7_1"), ..Event::default() },
        Event { id: some("8_2"), name: some("order.created"), data: some("{\"a\":\n 1}") },
    ];
    for size in 1..text.len() {
        assert_eq!(events(text, size), expected);
    }
    assert_eq!(expected[1].cursor(), "8_2".parse().ok());
    assert!(expected[0].change().unwrap().is_none());
    expected[1].change().unwrap_err();
}

#[test]
fn lines_are_whole_however_they_arrive() {
    let text = "a\n\nbc\r\nd";
    for size in 1..text.len() {
        let (mut lines, mut found) = (Lines::default(), Vec::new());
        for part in text.as_bytes().chunks(size) {
            lines.push(part);
            while let Some(line) = lines.next_line().unwrap() {
                found.push(line);
            }
        }
        assert_eq!(found, ["a", "", "bc"]);
        assert!(lines.has_part());
    }
}

#[test]
fn a_line_and_an_event_have_limits() {
    let mut lines = Lines::default();
    lines.push(&[b'x'; 1 << 20]);
    assert_eq!(lines.next_line().unwrap(), None);
    lines.push(b"x");
    lines.next_line().unwrap_err();
    lines.push(b"\n");
    lines.next_line().unwrap_err();

    let mut events = Events::default();
    let line = [b"data: ", &[b'x'; 1 << 19][..], b"\n"].concat();
    for _ in 0..4 {
        events.push(&line);
    }
    events.next_event().unwrap_err();
}

#[test]
fn lines_of_an_import_are_answers() {
    let read = |text: &str| ImportAnswer::read(text.as_bytes());
    assert!(
        matches!(read(r#"{"id":"1"}"#), Ok(ImportAnswer::Created(created)) if created == id("1"))
    );
    let problem = |slug: &str| {
        format!(r#"{{"type":"/problems/{slug}","title":"t","status":409,"detail":"d"}}"#)
    };
    assert!(matches!(read(&problem("id-taken")), Ok(ImportAnswer::Rejected(_))));
    assert!(matches!(read(&problem("import-stopped")), Ok(ImportAnswer::Stopped(_))));
    read("{}").unwrap_err();
    read("").unwrap_err();
}

#[test]
fn the_end_of_an_export_must_be_seen() {
    let mut head = http::Response::new(());
    let headers = head.headers_mut();
    headers.insert("content-type", HeaderValue::from_static("application/x-ndjson"));
    headers.insert(LINK, HeaderValue::from_static("</changes?after=4_2>; rel=\"monitor\""));
    // It would end with the connection, as a lost one does.
    ExportOrders::monitor(&head).unwrap_err();
    head.headers_mut().insert("transfer-encoding", HeaderValue::from_static("chunked"));
    assert_eq!(ExportOrders::monitor(&head).unwrap(), "4_2".parse().ok());
    head.headers_mut().remove(LINK);
    assert_eq!(ExportOrders::monitor(&head).unwrap(), None);
    *head.status_mut() = http::StatusCode::FOUND;
    ExportOrders::monitor(&head).unwrap_err();
}
