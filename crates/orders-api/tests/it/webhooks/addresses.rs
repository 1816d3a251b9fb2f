//! Where webhooks may be.

use super::*;

/// What the service says about this URL, and that it changes nothing.
#[track_caller]
fn check_refused(app: &App, url: &str, detail: &str) {
    let before = app.get("/webhooks").is(200);
    let created = app.post("/webhooks", with(draft("new"), "url", url));
    let replaced = app.put("/webhooks/crm", with(draft("crm"), "url", url));
    for answer in [created, replaced] {
        assert_eq!(answer.pointers(), ["/url"], "{url}");
        let error = answer.json()["errors"][0]["detail"].as_str().unwrap().to_owned();
        assert!(error.contains(detail), "{url}: {error}");
    }
    assert_eq!(app.get("/webhooks").is(200), before, "{url}");
}

/// A URL whose name no resolver knows, even without a network: a label has at most 63 characters.
fn unknown_url() -> String {
    format!("https://{}.example/hooks", "a".repeat(64))
}

#[test]
fn only_public_addresses_and_listed_networks_are_allowed() {
    let app = App::start_with(&["--webhook-networks", "127.0.0.0/30"]);
    app.add_webhook(draft("crm"));
    for url in [
        "https://127.0.0.4/hooks",
        "http://127.0.0.4/hooks",
        "https://10.0.0.1/",
        "https://169.254.169.254/latest/meta-data",
        "https://[::1]/",
        "https://[::ffff:127.0.0.1]/",
        "https://[fd00::1]/",
        // 127.1.0.1
        "https://2130771969/",
        "https://0x7f.1.0.1/",
        "https://0.0.0.0/",
    ] {
        check_refused(&app, url, "webhooks are sent to public addresses and to the networks");
    }
    check_refused(&app, "http://8.8.8.8/hooks", "use https://");
    check_refused(&app, &unknown_url(), "cannot be resolved");
    // Public; nothing is sent to it, because nothing happens here.
    app.add_webhook(with(draft("public"), "url", "https://8.8.8.8/hooks"));
}

#[test]
fn this_machine_is_not_allowed_by_default() {
    let app = App::start();
    for url in ["https://localhost/", "http://localhost:3000/", "https://127.0.0.1/"] {
        let refused = app.post("/webhooks", with(draft("crm"), "url", url));
        assert_eq!(refused.pointers(), ["/url"], "{url}");
    }
}

#[test]
fn what_is_no_url_of_a_webhook_is_refused() {
    let app = app();
    app.add_webhook(draft("crm"));
    check_refused(&app, "ftp://127.0.0.1/", "https://");
    check_refused(&app, "127.0.0.1/hooks", "https://");
    check_refused(&app, "http://user:password@127.0.0.1/", "user name or a password");
    check_refused(&app, "http://127.0.0.1/#top", "fragment");
    check_refused(&app, "http://127.0.0.1/two words", "not allowed");
    check_refused(&app, &format!("http://127.0.0.1/{}", "a".repeat(2000)), "2000 characters");
}

#[test]
fn a_webhook_whose_name_has_vanished_can_be_paused() {
    let app = app();
    app.add_webhook(draft("crm"));
    let vanished = with(draft("crm"), "url", unknown_url());
    let paused = with(vanished.clone(), "state", "paused");
    assert_eq!(app.put("/webhooks/crm", &paused).is(200)["state"], "paused");
    // It stays paused.
    assert_eq!(app.put("/webhooks/crm", &vanished).is(200)["state"], "paused");
    let active = with(vanished, "state", "active");
    assert_eq!(app.put("/webhooks/crm", active).pointers(), ["/url"]);
    let local = with(paused, "url", "https://10.0.0.1/");
    assert_eq!(app.put("/webhooks/crm", local).pointers(), ["/url"]);
}
