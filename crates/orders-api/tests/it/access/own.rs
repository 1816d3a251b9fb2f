//! `GET /access`: what a client learns about itself.

use serde_json::json;

use super::tokens;
use crate::app::App;

#[test]
fn a_client_learns_its_name_its_scope_and_its_calendars() {
    let app = App::start_with(&["--auth", "required"]);
    for scope in ["read", "write", "admin"] {
        let key = app.new_key(scope, scope);
        assert_eq!(
            app.get_with(&key, "/access").is(200),
            json!({ "client": scope, "scope": scope })
        );
    }
    app.command("clients add crew --scope write --calendar crew");
    let key = app.command("keys create crew");
    let access = json!({ "client": "crew", "scope": "write", "calendars": ["crew"] });
    assert_eq!(app.get_with(&key, "/access").is(200), access);
    app.get("/access").is_problem(401, "authentication-required");
}

#[test]
fn a_token_may_have_less_scope_than_its_client() {
    let directory = tempfile::tempdir().unwrap();
    let arguments = tokens::arguments(&directory);
    let app = App::start_with(&arguments.each_ref().map(String::as_str));
    app.command("clients add shop --scope admin --subject s-1");
    let token = tokens::token(json!({}), json!({ "scope": "read" }));
    assert_eq!(app.get_with(&token, "/access").is(200)["scope"], "read");
}

#[test]
fn a_request_that_needs_no_key_may_do_everything() {
    assert_eq!(App::start().get("/access").is(200), json!({ "scope": "admin" }));
}
