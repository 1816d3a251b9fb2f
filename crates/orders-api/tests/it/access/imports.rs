//! An import whose client loses its access.

use std::time::{Duration, Instant};

use serde_json::json;

use super::{bearer, eventually};
use crate::app::{App, NDJSON};
use crate::samples::order;
use crate::wire::Wire;

fn import(app: &App, key: &str) -> Wire {
    Wire::open(
        app,
        &format!(
            "POST /orders/import HTTP/1.1\nContent-Type: {NDJSON}\nTransfer-Encoding: chunked\n\
             Authorization: {}",
            bearer(key)
        ),
    )
}

#[test]
fn a_running_import_ends_if_its_key_is_revoked() {
    let app = App::start();
    let admin = app.new_key("ops", "admin");
    let key = app.new_key("shop", "write");
    let mut import = import(&app, &key);
    import.sending.line(&order("1", 0)).unwrap();
    import.reading.head();
    assert_eq!(import.reading.line().unwrap(), Some(json!({ "id": "1" })));

    app.command(&format!("keys revoke shop --ends {}", &key[key.len() - 4..]));
    eventually(401, || app.get_with(&key, "/orders"));
    import.sending.line(&order("2", 3)).unwrap();
    let [answer, end] = [import.reading.line(), import.reading.line()].map(Result::unwrap);
    assert_eq!(answer.unwrap()["type"], "/problems/authentication-required");
    assert_eq!(end.unwrap()["type"], "/problems/import-stopped");
    assert_eq!(import.reading.line().unwrap(), None);
    app.get_with(&admin, "/orders/1").is(200);
    app.get_with(&admin, "/orders/2").is_problem(404, "not-found");
}

#[test]
fn a_running_import_follows_the_calendars_and_the_scope_of_its_client() {
    let app = App::start();
    let key = app.new_key("shop", "write");
    let mut import = import(&app, &key);
    import.sending.line(&order("1", 0)).unwrap();
    import.reading.head();
    assert_eq!(import.reading.line().unwrap(), Some(json!({ "id": "1" })));

    app.command("clients set shop --calendar roof");
    eventually(404, || app.get_with(&key, "/orders/1"));
    import.sending.line(&order("2", 3)).unwrap();
    assert_eq!(import.reading.line().unwrap().unwrap()["type"], "/problems/not-permitted");

    app.command("clients set shop --scope read");
    eventually(403, || app.send("DELETE", "/orders/1", &[("Authorization", &bearer(&key))]));
    import.sending.line(&order("3", 6)).unwrap();
    assert_eq!(import.reading.line().unwrap().unwrap()["type"], "/problems/not-permitted");
    assert_eq!(import.reading.line().unwrap().unwrap()["type"], "/problems/import-stopped");
}

#[test]
fn the_orders_of_an_import_count_for_the_rate_of_its_client() {
    let app = App::start();
    app.command("clients add shop --scope write --rate 4");
    let key = app.command("keys create shop");
    let began = Instant::now();
    let mut import = import(&app, &key);
    for n in 0..11 {
        import.sending.line(&order(n, n * 3)).unwrap();
    }
    import.sending.end().unwrap();
    import.reading.head();
    // Its other requests are answered meanwhile.
    assert_eq!(import.reading.line().unwrap(), Some(json!({ "id": "0" })));
    eventually(200, || app.get_with(&key, "/orders/0"));
    let answers = import.reading.rest().unwrap();
    assert!(answers.iter().all(|answer| answer["id"].is_string()), "{answers:?}");
    assert_eq!(answers.len(), 10);
    // A machine may be slower, but none is faster: 13 requests, of which 4 may come at once.
    assert!(began.elapsed() >= Duration::from_secs(2), "{:?}", began.elapsed());
}
