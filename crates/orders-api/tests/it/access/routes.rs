//! Every route with every kind of caller.

use std::collections::BTreeSet;

use orders_core::Scope;
use serde_json::{Value, json};

use super::{bearer, tokens};
use crate::app::{Answer, App, NDJSON};
use crate::samples::order;
use crate::wire::Wire;

/// A route, the scope that it needs, and the status of its answer to a client that may use only another calendar.
struct Row(&'static str, &'static str, Option<Scope>, u16);

const READ: Option<Scope> = Some(Scope::Read);
const WRITE: Option<Scope> = Some(Scope::Write);
const ADMIN: Option<Scope> = Some(Scope::Admin);

/// All routes. Order 1 is in calendar `default`, of which the client of the last column sees nothing.
const ROWS: [Row; 45] = [
    Row("GET", "/", None, 200),
    Row("GET", "/healthz", None, 200),
    Row("GET", "/readyz", None, 200),
    Row("GET", "/problems", None, 200),
    Row("GET", "/problems/{slug}", None, 200),
    Row("GET", "/openapi.json", None, 200),
    Row("GET", "/schedule", None, 200),
    Row("GET", "/schedule/{file}", None, 200),
    Row("GET", "/docs", None, 200),
    Row("GET", "/docs/{file}", None, 200),
    Row("GET", "/orders", READ, 200),
    Row("POST", "/orders", WRITE, 403),
    Row("POST", "/orders/import", WRITE, 200),
    Row("GET", "/orders/{id}", READ, 404),
    Row("PUT", "/orders/{id}", WRITE, 404),
    Row("PATCH", "/orders/{id}", WRITE, 404),
    Row("DELETE", "/orders/{id}", WRITE, 404),
    Row("GET", "/orders/{id}/history", READ, 404),
    Row("GET", "/changes", READ, 200),
    Row("GET", "/services", READ, 200),
    Row("POST", "/services", ADMIN, 201),
    Row("GET", "/services/{id}", READ, 404),
    Row("PUT", "/services/{id}", ADMIN, 404),
    Row("DELETE", "/services/{id}", ADMIN, 404),
    Row("GET", "/calendars", READ, 200),
    Row("POST", "/calendars", ADMIN, 403),
    Row("GET", "/calendars/{id}", READ, 403),
    Row("PUT", "/calendars/{id}", ADMIN, 403),
    Row("DELETE", "/calendars/{id}", ADMIN, 403),
    Row("GET", "/webhooks", ADMIN, 403),
    Row("POST", "/webhooks", ADMIN, 403),
    Row("GET", "/webhooks/{id}", ADMIN, 403),
    Row("PUT", "/webhooks/{id}", ADMIN, 403),
    Row("DELETE", "/webhooks/{id}", ADMIN, 403),
    Row("POST", "/webhooks/{id}/secret", ADMIN, 403),
    Row("POST", "/webhooks/{id}/test", ADMIN, 403),
    Row("GET", "/webhooks/{id}/deliveries", ADMIN, 403),
    Row("GET", "/feeds", ADMIN, 200),
    Row("POST", "/feeds", ADMIN, 403),
    Row("DELETE", "/feeds/{id}", ADMIN, 404),
    Row("GET", "/feeds/{token}.ics", None, 404),
    Row("GET", "/availability", READ, 403),
    Row("GET", "/access", READ, 200),
    Row("GET", "/metrics", READ, 200),
    Row("GET", "/nowhere", None, 404),
];

impl Row {
    fn send(&self, app: &App, authorization: Option<&str>) -> Answer {
        let Self(method, path, ..) = self;
        let concrete = match *path {
            "/availability" => {
                "/availability?from=2030-01-01T00:00:00Z&to=2030-01-02T00:00:00Z".to_owned()
            }
            "/schedule/{file}" => "/schedule/main.js".to_owned(),
            path => {
                let token = ("{token}", "ordf_00000000000000000000000000000000");
                let parameters =
                    [("{id}", "1"), ("{slug}", "not-found"), ("{file}", "docs.js"), token];
                parameters
                    .iter()
                    .fold(path.to_owned(), |path, (name, value)| path.replace(name, value))
            }
        };
        let media_type = if *path == "/orders/import" { NDJSON } else { "application/json" };
        let body = match (*method, *path) {
            ("GET" | "DELETE", _) => String::new(),
            ("PATCH", _) => json!({ "totalfee": 2 }).to_string(),
            (_, "/orders/{id}") => order("1", 0).to_string(),
            (_, path) if path.starts_with("/orders") => order("2", 24).to_string(),
            (_, "/feeds") => json!({ "name": "new", "calendars": ["default"] }).to_string(),
            _ => json!({ "name": "new" }).to_string(),
        };
        let mut headers = vec![("Content-Type", media_type)];
        headers.extend(authorization.map(|value| ("Authorization", value)));
        app.send_bytes(method, &concrete, &headers, body.as_bytes())
    }
}

fn is_rejected(answer: &Answer) -> bool {
    matches!(answer.status, 401 | 403)
}

#[track_caller]
fn is_challenged(answer: &Answer, parameters: &str) {
    answer.is_problem(401, "authentication-required");
    let challenge = format!("Bearer realm=\"orders\"{parameters}");
    assert_eq!(answer.header("WWW-Authenticate"), challenge);
}

#[test]
fn every_route_is_in_the_table() {
    let document: Value = serde_json::from_str(&orders_api::openapi::JSON).unwrap();
    let paths = document["paths"].as_object().unwrap();
    let documented: BTreeSet<_> = paths
        .iter()
        .flat_map(|(path, item)| {
            let operations = item.as_object().unwrap().iter();
            operations.map(move |(method, operation)| {
                (method.to_uppercase(), path.as_str(), documented_scope(operation))
            })
        })
        .collect();
    let rows = ROWS.iter().filter(|Row(_, path, ..)| *path != "/nowhere");
    let rows: BTreeSet<_> =
        rows.map(|Row(method, path, scope, _)| ((*method).to_owned(), *path, *scope)).collect();
    assert_eq!(documented, rows);
}

/// The scope that the document says an operation needs.
fn documented_scope(operation: &Value) -> Option<Scope> {
    let description = operation["description"].as_str().unwrap();
    let scope = description.split_once("The client needs the scope `").map(|(_, scope)| scope);
    assert_eq!(operation["security"].is_array(), scope.is_some(), "{operation}");
    scope.map(|scope| scope.trim_end_matches("`.").parse().unwrap())
}

#[test]
fn every_route_checks_its_caller() {
    let directory = tempfile::tempdir().unwrap();
    let arguments = tokens::arguments(&directory);
    let app = App::start_with(&arguments.each_ref().map(String::as_str));
    let expired = app.new_key("expired", "admin");
    app.command("keys roll expired --overlap 0s");
    let revoked = app.new_key("revoked", "admin");
    app.command(&format!("keys revoke revoked --ends {}", &revoked[revoked.len() - 4..]));
    app.command("clients add elsewhere --scope admin --calendar crew");
    let elsewhere = bearer(&app.command("keys create elsewhere"));
    let [read, write, admin] =
        Scope::ALL.map(|scope| bearer(&app.new_key(scope.as_str(), scope.as_str())));
    app.command("clients set write --subject s-1");
    let token = |claims| bearer(&tokens::token(json!({}), claims));
    let (token, expired_token) = (token(json!({})), token(json!({ "exp": 1 })));
    let unknown = "Bearer ordk_0000000000000000000000000000003bJUkV".to_owned();
    let invalid = [
        unknown.clone(),
        unknown.replace('V', "W"),
        bearer(&expired),
        bearer(&revoked),
        "Bearer".to_owned(),
        "Bearer x.y.z".to_owned(),
        expired_token,
        unknown.replace("Bearer", "Basic"),
    ];
    let headers = [("Authorization", admin.as_str()), ("Content-Type", "application/json")];
    app.send_bytes("POST", "/orders", &headers, order("1", 0).to_string().as_bytes()).is(201);
    for row in &ROWS {
        let Row(method, path, scope, status) = row;
        let Some(scope) = scope else {
            for authorization in [None, Some(&invalid[0]), Some(&invalid[3]), Some(&elsewhere)] {
                let answer = row.send(&app, authorization.map(String::as_str));
                assert_eq!(answer.status, *status, "{path}: {authorization:?}");
            }
            continue;
        };
        is_challenged(&row.send(&app, None), "");
        for authorization in &invalid {
            is_challenged(&row.send(&app, Some(authorization)), ", error=\"invalid_token\"");
        }
        let answer = row.send(&app, Some(&elsewhere));
        assert_eq!(answer.status, *status, "{method} {path}: {answer:?}");
        if answer.status == 403 {
            answer.is_problem(403, "not-permitted");
            assert!(answer.header("WWW-Authenticate").ends_with(", error=\"insufficient_scope\""));
        }
        let callers = [
            (Scope::Read, &read),
            (Scope::Write, &write),
            (Scope::Write, &token),
            (Scope::Admin, &admin),
        ];
        for (has, authorization) in callers {
            let answer = row.send(&app, Some(authorization));
            if has >= *scope {
                assert!(!is_rejected(&answer), "{method} {path} as {has}: {answer:?}");
                continue;
            }
            answer.is_problem(403, "not-permitted");
            let challenge =
                format!("Bearer realm=\"orders\", error=\"insufficient_scope\", scope=\"{scope}\"");
            assert_eq!(answer.header("WWW-Authenticate"), challenge, "{method} {path}");
        }
    }
    assert_eq!(app.send("HEAD", "/orders", &[]).status, 401);
    assert_eq!(app.send("HEAD", "/orders", &[("Authorization", &read)]).status, 200);
    assert_eq!(app.send("OPTIONS", "/orders", &[]).status, 204);
    let twice = [("Authorization", read.as_str()), ("Authorization", read.as_str())];
    is_challenged(&app.send("GET", "/orders", &twice), ", error=\"invalid_token\"");
    // The scheme is not case-sensitive.
    let lower_case = read.replace("Bearer", "bearer");
    assert_eq!(app.send("GET", "/orders", &[("Authorization", &lower_case)]).status, 200);
}

#[test]
fn a_caller_is_checked_before_the_body_arrives_and_before_conditions() {
    let app = App::start_with(&["--auth", "required"]);
    let key = app.new_key("reader", "read");
    for (authorization, status) in
        [("X-None: 1".to_owned(), 401), (format!("Authorization: Bearer {key}"), 403)]
    {
        let head = format!(
            "PUT /orders/1 HTTP/1.1\nContent-Length: 100\nContent-Type: text/plain\nIf-Match: \"7\"\n{authorization}"
        );
        let mut wire = Wire::open(&app, &head);
        let head = wire.reading.head();
        assert!(head.starts_with(&format!("HTTP/1.1 {status} ")), "{head}");
    }
}

#[test]
fn lists_and_imports_of_a_restricted_client_contain_only_its_calendars() {
    let app = App::start().with_calendars(["crew"]);
    app.post("/orders", order("1", 0)).is(201);
    app.command("clients add crew --scope write --calendar crew");
    let authorization = bearer(&app.command("keys create crew"));
    let headers = [("Authorization", authorization.as_str()), ("Content-Type", NDJSON)];
    let mut own = order("2", 0);
    own["calendar"] = "crew".into();
    let lines = format!("{own}\n{}\n", order("3", 9));
    let imported = app.send_bytes("POST", "/orders/import", &headers, lines.as_bytes()).lines();
    assert_eq!(imported[0], json!({ "id": "2" }));
    assert_eq!(imported[1]["type"], "/problems/not-permitted");
    for accept in ["application/json", NDJSON] {
        let headers = [("Authorization", authorization.as_str()), ("Accept", accept)];
        let body = String::from_utf8(app.send("GET", "/orders", &headers).body).unwrap();
        assert!(body.contains("\"crew\"") && !body.contains("\"default\""), "{body}");
    }
    app.send("GET", "/orders?calendar=default", &headers).is_problem(403, "not-permitted");
}
