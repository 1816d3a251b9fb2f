//! A new minimum gap that takes long.

use std::thread;
use std::time::Duration;

use diesel::connection::SimpleConnection as _;
use serde_json::json;

use crate::app::App;

#[test]
fn a_new_gap_may_take_longer_than_a_request_and_delays_no_other_calendar() {
    const REQUEST_TIMEOUT: Duration = Duration::from_secs(2);
    let app = App::start_with(&["--request-timeout", "2s", "--connections", "1"]);
    let order = |id: &str, calendar: &str, datetime: &str| {
        let services = json!([{ "id": "123" }]);
        json!({ "id": id, "calendar": calendar, "datetime": datetime, "totalfee": 1, "services": services })
    };
    app.post("/calendars", json!({ "id": "roof", "name": "Roof" })).is(201);
    app.post("/orders", order("1", "default", "2022-11-01T12:00:00Z")).is(201);

    let mut holder = app.sql();
    holder.batch_execute("BEGIN; SELECT FROM orders WHERE id = '1' FOR UPDATE").unwrap();
    thread::scope(|scope| {
        let narrower = json!({ "name": "Default", "minimum_gap": "PT1H" });
        let changed = scope.spawn(|| app.put("/calendars/default", narrower));
        let locked = "SELECT 1 / count(*) FROM pg_stat_activity
                       WHERE datname = current_database() AND wait_event_type = 'Lock'";
        while app.sql().batch_execute(locked).is_err() {
            thread::sleep(Duration::from_millis(5));
        }
        let new = order("2", "default", "2022-11-01T20:00:00Z");
        app.post("/orders", new).is_problem(503, "unavailable");
        app.post("/orders", order("3", "roof", "2022-11-01T12:00:00Z")).is(201);
        thread::sleep(REQUEST_TIMEOUT);
        holder.batch_execute("COMMIT").unwrap();
        assert_eq!(changed.join().unwrap().is(200)["minimum_gap"], "PT1H");
    });
    app.post("/orders", order("2", "default", "2022-11-01T14:00:00Z")).is(201);
}
