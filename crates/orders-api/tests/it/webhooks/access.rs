//! Who may use webhooks, and whether the service may have any. The scopes are tested with those of all routes.

use super::*;
use crate::access::bearer;

#[test]
fn a_client_that_is_restricted_to_calendars_cannot_use_webhooks() {
    let app = app();
    app.add_webhook(draft("crm"));
    app.command("clients add crew --scope admin --calendar crew");
    let authorization = bearer(&app.command("keys create crew"));
    let headers = [("Authorization", authorization.as_str()), ("Content-Type", "application/json")];
    let body = with(draft("new"), "calendar", "crew").to_string();
    for (method, path) in [
        ("GET", "/webhooks"),
        ("POST", "/webhooks"),
        ("GET", "/webhooks/crm"),
        ("PUT", "/webhooks/crm"),
        ("DELETE", "/webhooks/crm"),
        ("POST", "/webhooks/crm/secret"),
        ("POST", "/webhooks/crm/test"),
        ("GET", "/webhooks/crm/deliveries"),
    ] {
        let answer = app.send_bytes(method, path, &headers, body.as_bytes());
        let problem = answer.is_problem(403, "not-permitted");
        assert!(
            problem["detail"].as_str().unwrap().contains("restricted to some calendars"),
            "{problem}"
        );
    }
}

#[test]
fn a_service_that_others_reach_needs_a_key_for_secrets() {
    let arguments = ["--bind", "0.0.0.0:0", "--auth", "off", "--webhook-networks", "127.0.0.0/8"];
    let app = App::start_with(&arguments);
    let refused = |method: &str, path: &str| {
        let answer = app.send_json(method, path, draft("crm"));
        let problem = answer.is_problem(403, "not-permitted");
        assert!(problem["detail"].as_str().unwrap().contains("ORDERS_SECRET_KEY"), "{problem}");
    };
    refused("POST", "/webhooks");
    // Those that were created while the service had a key can still be seen and deleted.
    app.execute(
        "INSERT INTO webhooks (id, url, secret, position, assigned_at, paused)
         VALUES ('crm', 'http://127.0.0.1:9', '', 0, now(), true)",
    );
    refused("PUT", "/webhooks/crm");
    refused("POST", "/webhooks/crm/secret");
    refused("POST", "/webhooks/crm/test");
    app.get("/webhooks/crm").is(200);
    app.get("/webhooks/crm/deliveries").is(200);
    app.delete("/webhooks/crm").is(204);
}
