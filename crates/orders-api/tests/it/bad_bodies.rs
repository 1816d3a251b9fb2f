//! Invalid bodies: the response says what is wrong, and nothing changes.

use serde_json::{Value, json};

use crate::app::{Answer, App};

const GOOD: &str =
    r#"{"id":"1","datetime":"2022-11-01T11:11:11Z","totalfee":100,"services":[{"id":"123"}]}"#;

/// A server with one order, and everything that it stored at the start.
struct Standing {
    app: App,
    before: [Value; 3],
}

impl Standing {
    fn new() -> Self {
        let app = App::start();
        app.post("/orders", GOOD).is(201);
        let before = app.everything();
        Self { app, before }
    }

    /// The body is rejected with this problem type by POST and by PUT.
    #[track_caller]
    fn check(&self, body: impl AsRef<[u8]>, status: u16, problem_type: &str) {
        for answer in self.send(body.as_ref()) {
            answer.is_problem(status, problem_type);
        }
    }

    /// An order in which this field has this value is rejected, with errors at these pointers.
    #[track_caller]
    fn check_field(&self, name: &str, value: &str, pointers: &[&str]) {
        let mut body: serde_json::Map<String, Value> = serde_json::from_str(GOOD).unwrap();
        body.remove(name);
        let rest = serde_json::to_string(&body).unwrap();
        let body = format!("{{{name:?}:{value},{}", &rest[1..]);
        for answer in self.send(body.as_bytes()) {
            assert_eq!(answer.pointers(), pointers, "{name}: {value}");
        }
    }

    #[track_caller]
    fn send(&self, body: &[u8]) -> [Answer; 2] {
        let json = [("Content-Type", "application/json")];
        [("POST", "/orders"), ("PUT", "/orders/1")]
            .map(|(method, path)| self.app.send_bytes(method, path, &json, body))
    }

    #[track_caller]
    fn nothing_changed(&self) {
        assert_eq!(self.app.everything(), self.before);
    }
}

#[test]
fn anything_but_json_is_malformed() {
    let standing = Standing::new();
    standing.check("", 400, "malformed-request");
    standing.check("hello", 400, "malformed-request");
    standing.check("{\"id\":", 400, "malformed-request");
    standing.check(format!("{GOOD}x"), 400, "malformed-request");
    standing.check(GOOD.replace("100", "NaN"), 400, "malformed-request");
    standing.check(GOOD.replace("100", "0x10"), 400, "malformed-request");
    standing.check(b"{\"id\":\"\xc3\x28\"}", 400, "malformed-request");
    standing.check("[".repeat(60_000), 400, "malformed-request");
    standing.check("{\"a\":".repeat(12_000), 400, "malformed-request");
    standing.nothing_changed();
}

#[test]
fn wrong_types_are_rejected_with_their_pointers() {
    let standing = Standing::new();
    standing.check("[]", 422, "invalid-request");
    standing.check("null", 422, "invalid-request");
    for value in ["null", "true", "{}", "[]", "1.5"] {
        standing.check_field("id", value, &["/id"]);
        standing.check_field("calendar", value, &["/calendar"]);
        standing.check_field("datetime", value, &["/datetime"]);
        standing.check_field("services", &format!("[{{\"id\":{value}}}]"), &["/services/0/id"]);
    }
    for value in ["null", "true", "{}", "[]", "\"100\""] {
        standing.check_field("totalfee", value, &["/totalfee"]);
    }
    for value in ["null", "true", "{}", "\"123\"", "123"] {
        standing.check_field("services", value, &["/services"]);
    }
    standing.nothing_changed();
}

#[test]
fn missing_and_unknown_fields_are_in_one_response() {
    let standing = Standing::new();
    for answer in standing.send(br#"{"date_time":"2022-11-01T11:11:11Z"}"#) {
        assert_eq!(answer.pointers(), ["/datetime", "/totalfee", "/services", "/date_time"]);
    }
    for answer in
        standing.send(br#"{"id":"","totalfee":-1,"datetime":"now","services":[{},{"id":"a b"}]}"#)
    {
        assert_eq!(
            answer.pointers(),
            ["/id", "/datetime", "/totalfee", "/services/0/id", "/services/1/id"]
        );
    }
    standing.nothing_changed();
}

#[test]
fn invalid_fees_are_rejected() {
    let standing = Standing::new();
    for value in ["-1", "0.001", "1e400", "-1e400", "1e-400", "10000000000", "9999999999.991"] {
        standing.check_field("totalfee", value, &["/totalfee"]);
    }
    standing.nothing_changed();
}

#[test]
fn invalid_times_are_rejected() {
    let standing = Standing::new();
    for value in [
        "2022-11-01T11:11:11",
        "2022-02-30T11:11:11Z",
        "2022-11-01T11:11:11+23:59",
        "10000-01-01T00:00:00Z",
        "0000-12-31T00:00:00Z",
        "2016-12-31T23:59:60Z",
        "2022-11-01 11:11:11Z",
        "2022-11-01",
        "",
    ] {
        standing.check_field("datetime", &format!("{value:?}"), &["/datetime"]);
    }
    standing.nothing_changed();
}

#[test]
fn invalid_ids_are_rejected() {
    let standing = Standing::new();
    let long = "x".repeat(65);
    for value in ["", "a/b", "a\\u0000b", long.as_str(), "😀", "..", ".", "a b", "\\udead"] {
        standing.check_field("id", &format!("\"{value}\""), &["/id"]);
        standing.check_field("calendar", &format!("\"{value}\""), &["/calendar"]);
        standing.check_field("services", &format!("[{{\"id\":\"{value}\"}}]"), &["/services/0/id"]);
    }
    standing.nothing_changed();
}

#[test]
fn invalid_lists_of_services_are_rejected() {
    let standing = Standing::new();
    let many: Vec<_> = (0..33).map(|id| json!({ "id": id })).collect();
    standing.check_field("services", "[]", &["/services"]);
    standing.check_field("services", &Value::from(many).to_string(), &["/services"]);
    standing.check_field("services", r#"[{"id":"123"},{"id":123}]"#, &["/services/1/id"]);
    standing.check_field("services", r#"[{"id":"123"},{"id":"x"}]"#, &["/services/1/id"]);
    standing.check_field("calendar", "\"nobody\"", &["/calendar"]);
    standing.nothing_changed();
}

#[test]
fn an_id_that_differs_from_the_path_is_rejected() {
    let standing = Standing::new();
    let other = GOOD.replace(r#""id":"1""#, r#""id":"2""#);
    assert_eq!(standing.app.put("/orders/1", other).pointers(), ["/id"]);
    standing.nothing_changed();
}

#[test]
fn a_body_over_the_limit_is_too_large() {
    let standing = Standing::new();
    let padding = " ".repeat(65_536 - GOOD.len());
    let (fits, larger) = (format!("{GOOD}{padding}"), format!("{GOOD}{padding} "));
    assert_eq!(standing.app.put("/orders/1", fits).is(200)["version"], 2);
    assert_eq!(standing.app.put("/orders/1", &larger).is_problem(413, "too-large")["status"], 413);
    let announced = "PUT /orders/1 HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n\
                     Content-Length: 99999999999\r\n\r\n";
    standing.app.send_raw(announced.as_bytes()).is_problem(413, "too-large");
    let chunked = format!(
        "PUT /orders/1 HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nConnection: close\r\n\
         Transfer-Encoding: chunked\r\n\r\n{:x}\r\n{larger}\r\n0\r\n\r\n",
        larger.len()
    );
    standing.app.send_raw(chunked.as_bytes()).is_problem(413, "too-large");
    assert_eq!(standing.app.get("/orders/1").is(200)["version"], 2);
}

#[test]
fn a_body_must_be_declared_as_json() {
    let standing = Standing::new();
    for (headers, status) in [
        (&[][..], 415),
        (&[("Content-Type", "text/plain")][..], 415),
        (&[("Content-Type", "application/x-www-form-urlencoded")][..], 415),
        (&[("Content-Type", "application/json; charset=latin1")][..], 415),
        (&[("Content-Type", "application/json"), ("Content-Encoding", "gzip")][..], 415),
        (&[("Content-Type", "application/json; charset=utf-8")][..], 200),
        (&[("Content-Type", "application/vnd.order+json")][..], 200),
    ] {
        let answer = standing.app.send_bytes("PUT", "/orders/1", headers, GOOD.as_bytes());
        if status == 415 {
            answer.is_problem(415, "unsupported-media-type");
        } else {
            answer.is(status);
        }
    }
}
