//! Creating, changing and deleting webhooks.

use serde_json::json;

use super::*;
use crate::samples::{ids, order};

#[test]
fn a_webhook_is_created_replaced_and_deleted() {
    let app = app();
    let created = app.post("/webhooks", draft("crm"));
    let mut webhook = created.is(201);
    assert_eq!(created.header("Location"), "/webhooks/crm");
    secret(&webhook);
    webhook.as_object_mut().unwrap().remove("secret");
    let expected = json!({
        "id": "crm", "url": "http://127.0.0.1:9/hooks", "calendar": null, "service": null, "types": null,
        "state": "active", "cursor": webhook["cursor"], "behind": 0, "parked": 0, "failing_since": null,
        "last_error": null
    });
    assert_eq!(webhook, expected);
    assert_eq!(app.get("/webhooks/crm").is(200), webhook);
    app.post("/webhooks", draft("crm")).is_problem(409, "id-taken");
    let replacement = json!({
        "url": "http://127.0.0.2:9/?a=b", "calendar": "crew", "service": 123, "state": "paused",
        "types": ["order.deleted", "order.created"]
    });
    let replaced = app.put("/webhooks/crm", &replacement).is(200);
    assert_eq!(app.get("/webhooks/crm").is(200), replaced);
    for (name, value) in [
        ("id", json!("crm")),
        ("url", json!("http://127.0.0.2:9/?a=b")),
        ("calendar", json!("crew")),
        ("service", json!("123")),
        ("types", json!(["order.created", "order.deleted"])),
        ("state", json!("paused")),
        ("cursor", webhook["cursor"].clone()),
    ] {
        assert_eq!(replaced[name], value, "{name}");
    }
    assert_eq!(app.get("/webhooks").is(200), json!([replaced]));
    app.delete("/webhooks/crm").is(204);
    assert_eq!(app.get("/webhooks").is(200), json!([]));
}

#[test]
fn what_does_not_exist_is_not_found() {
    let app = app();
    app.get("/webhooks/none").is_problem(404, "not-found");
    app.put("/webhooks/none", draft("none")).is_problem(404, "not-found");
    app.delete("/webhooks/none").is_problem(404, "not-found");
    app.send("POST", "/webhooks/none/secret", &[]).is_problem(404, "not-found");
    app.send("POST", "/webhooks/none/test", &[]).is_problem(404, "not-found");
    app.get("/webhooks/none/deliveries").is_problem(404, "not-found");
    app.get("/webhooks/a%2Fb").is_problem(404, "not-found");
}

#[test]
fn a_webhook_without_an_id_gets_one() {
    let app = app();
    let created = app.post("/webhooks", json!({ "url": "http://127.0.0.1:9" }));
    let id = created.is(201)["id"].as_str().unwrap().to_owned();
    assert_eq!(created.header("Location"), format!("/webhooks/{id}"));
    assert_eq!(app.get(&format!("/webhooks/{id}")).is(200)["id"], id);
}

#[test]
fn webhooks_come_in_pages_by_id() {
    let app = app();
    for id in ["b", "A", "~"] {
        app.add_webhook(draft(id));
    }
    for path in ["/webhooks", "/webhooks?limit=1", "/webhooks?limit=2", "/webhooks?limit=3"] {
        assert_eq!(ids(&app.walk(path)), ["A", "b", "~"], "{path}");
    }
    let first = app.get("/webhooks?limit=2");
    assert_eq!(first.header("Link"), "</webhooks?limit=2&after=b>; rel=\"next\"");
}

#[test]
fn there_are_at_most_a_thousand_webhooks() {
    let app = app();
    app.execute(
        "INSERT INTO webhooks (id, url, secret, position, assigned_at)
         SELECT 'w' || n, 'https://crm.example', '', 0, now() FROM generate_series(1, 1000) AS n",
    );
    app.post("/webhooks", draft("crm")).is_problem(409, "too-many-webhooks");
}

#[test]
fn all_bad_fields_are_rejected_at_once() {
    let app = app();
    assert_eq!(app.post("/webhooks", json!({})).pointers(), ["/url"]);
    let bad = json!({
        "id": "a/b", "url": "crm.example", "calendar": "", "service": 1.5, "types": ["order.created", "created"],
        "state": "on", "after": "yesterday", "secret": "whsec_mine", "events": []
    });
    let mut pointers = app.post("/webhooks", bad).pointers();
    pointers.sort();
    let expected =
        ["/after", "/calendar", "/events", "/id", "/service", "/state", "/types/1", "/url"];
    assert_eq!(pointers, expected);
    app.add_webhook(draft("crm"));
    let before = app.get("/webhooks").is(200);
    assert_eq!(app.put("/webhooks/crm", draft("other")).pointers(), ["/id"]);
    assert_eq!(
        app.put("/webhooks/crm", with(draft("crm"), "types", json!([]))).pointers(),
        ["/types"]
    );
    assert_eq!(app.get("/webhooks").is(200), before);
}

#[test]
fn a_response_can_be_sent_back() {
    let app = app();
    let created = app.post("/webhooks", with(draft("crm"), "state", "paused")).is(201);
    let seen = app.get("/webhooks/crm").is(200);
    for response in [&created, &seen] {
        assert_eq!(app.put("/webhooks/crm", response).is(200), seen);
    }
}

#[test]
fn a_webhook_is_paused_and_started_again_but_only_the_service_disables_it() {
    let app = app();
    app.add_webhook(draft("crm"));
    let put = |state: Option<&str>| {
        let draft = state.map_or(draft("crm"), |state| with(draft("crm"), "state", state));
        app.put("/webhooks/crm", draft)
    };
    for (state, expected) in
        [(Some("paused"), "paused"), (None, "paused"), (Some("active"), "active"), (None, "active")]
    {
        assert_eq!(put(state).is(200)["state"], expected, "{state:?}");
    }
    app.execute("UPDATE webhooks SET disabled = 'nobody is there'");
    let disabled = put(None).is(200);
    assert_eq!(
        (&disabled["state"], &disabled["last_error"]),
        (&json!("disabled"), &json!("nobody is there"))
    );
    let refused = put(Some("disabled")).is_problem(422, "invalid-request");
    assert_eq!(refused["errors"][0]["pointer"], "/state");
    assert!(refused["errors"][0]["detail"].as_str().unwrap().contains("active"), "{refused}");
    let enabled = put(Some("active")).is(200);
    assert_eq!((&enabled["state"], &enabled["last_error"]), (&json!("active"), &json!(null)));
}

#[test]
fn a_webhook_begins_where_its_client_wants() {
    let app = app();
    for (id, hours) in [("1", 0), ("2", 4), ("3", 8)] {
        app.post("/orders", order(id, hours)).is(201);
    }
    let changes = app.get("/changes").is(200);
    let cursor = |index: usize| changes[index]["cursor"].as_str().unwrap();
    // While it is paused, nothing moves it.
    let paused = with(draft("crm"), "state", "paused");
    let check = |webhook: &Value, index: usize| {
        assert_eq!(webhook["cursor"], cursor(index));
        assert_eq!(webhook["behind"], 2 - index);
    };
    check(&app.post("/webhooks", with(paused.clone(), "after", cursor(0))).is(201), 0);
    check(&app.put("/webhooks/crm", &paused).is(200), 0);
    check(&app.put("/webhooks/crm", with(paused.clone(), "after", cursor(1))).is(200), 1);
    check(&app.put("/webhooks/crm", with(paused.clone(), "after", "now")).is(200), 2);
    check(
        &app.post("/webhooks", with(with(draft("new"), "state", "paused"), "after", "now")).is(201),
        2,
    );
    let unknown = with(paused, "after", "1_1667124180123456");
    app.put("/webhooks/crm", &unknown).is_problem(410, "cursor-gone");
    app.post("/webhooks", with(unknown, "id", "gone")).is_problem(410, "cursor-gone");
    app.get("/webhooks/gone").is_problem(404, "not-found");
}

#[test]
fn the_last_deliveries_are_listed_the_newest_first() {
    let app = app();
    app.add_webhook(draft("crm"));
    app.add_webhook(draft("other"));
    assert_eq!(app.get("/webhooks/crm/deliveries").is(200), json!([]));
    app.execute(
        "INSERT INTO webhook_attempts
         VALUES ('crm', 1, '2022-10-30T08:00:00.5Z', 7, '2022-10-30T08:00:00Z', '223', 'order.created', NULL, 5001234,
                 'no connection within 5 s'),
                ('crm', 2, '2022-10-30T08:00:06Z', 7, '2022-10-30T08:00:00Z', '223', 'order.created', 204, 31999, NULL)",
    );
    let expected = json!([
        {
            "cursor": "7_1667116800000000", "order": "223", "type": "order.created",
            "attempted_at": "2022-10-30T08:00:06Z", "status": 204, "duration": "PT0.031S", "error": null
        },
        {
            "cursor": "7_1667116800000000", "order": "223", "type": "order.created",
            "attempted_at": "2022-10-30T08:00:00.500Z", "status": null, "duration": "PT5.001S",
            "error": "no connection within 5 s"
        },
    ]);
    assert_eq!(app.get("/webhooks/crm/deliveries").is(200), expected);
    assert_eq!(app.get("/webhooks/other/deliveries").is(200), json!([]));
}
