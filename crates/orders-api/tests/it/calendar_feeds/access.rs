//! Who may manage feeds. The scopes are tested with those of all routes.

use super::*;
use crate::access::bearer;
use crate::samples::ids;

#[test]
fn a_restricted_client_manages_the_feeds_of_its_calendars() {
    let app = App::start().with_calendars(["crew", "site"]);
    let of_all = app.add_feed(&["crew", "default"]);
    app.command("clients add shop --scope admin --calendar crew --calendar site");
    let authorization = bearer(&app.command("keys create shop"));
    let headers = [("Authorization", authorization.as_str()), ("Content-Type", "application/json")];
    let send = |method: &str, path: &str, body: Value| {
        app.send_bytes(method, path, &headers, body.to_string().as_bytes())
    };
    let draft = |calendars: &[&str]| json!({ "name": "Crews", "calendars": calendars });
    send("POST", "/feeds", draft(&["crew", "default"])).is_problem(403, "not-permitted");
    let own = send("POST", "/feeds", draft(&["site", "crew"])).is(201);
    let list = send("GET", "/feeds", json!(null)).is(200);
    assert_eq!(ids(list.as_array().unwrap()), [own["id"].as_str().unwrap()]);
    let of = |feed: &Value| format!("/feeds/{}", feed["id"].as_str().unwrap());
    send("DELETE", &of(&of_all), json!(null)).is_problem(404, "not-found");
    send("DELETE", &of(&own), json!(null)).is(204);
}

#[test]
fn a_feed_needs_no_key_and_a_key_does_not_matter() {
    let app = App::start_with(&["--auth", "required"]);
    let authorization = bearer(&app.new_key("shop", "admin"));
    let headers = [("Authorization", authorization.as_str()), ("Content-Type", "application/json")];
    let body = json!({ "name": "Crews", "calendars": ["default"] }).to_string();
    let feed = app.send_bytes("POST", "/feeds", &headers, body.as_bytes()).is(201);
    let path = path(&feed);
    assert_eq!(app.get(&path).status, 200);
    assert_eq!(app.send("GET", &path, &[("Authorization", "Bearer x")]).status, 200);
    // It stays when the client that created it has gone.
    app.command("clients remove shop");
    assert_eq!(app.get(&path).status, 200);
}
