//! What a feed shows.

use std::collections::BTreeMap;

use super::*;

/// The events by their UID.
#[track_caller]
fn by_uid(answer: &Answer) -> BTreeMap<String, Event> {
    events(answer).into_iter().map(|event| (event.get("UID").to_owned(), event)).collect()
}

/// An instant as an event has it.
fn instant(at: Timestamp) -> String {
    at.to_string().replace(['-', ':'], "")
}

#[test]
fn an_event_shows_when_and_what_and_nothing_else() {
    let app = App::start();
    app.post("/calendars", json!({ "id": "crew", "name": "Crew; 1", "minimum_gap": "PT90M" }))
        .is(201);
    app.put("/services/456", json!({ "name": "Testing, lab" })).is(200);
    let mut order = order("crew", "my-own-id", 10);
    order["services"] = json!([{ "id": "456" }, { "id": "123" }]);
    order["reference"] = "PO-4711".into();
    order["metadata"] = json!({ "gate": "B-side" });
    let order = app.post("/orders", order).is(201);
    let order = app.patch(&format!("/orders/{}", order["id"].as_str().unwrap()), json!({})).is(200);
    let answer = app.get(&app.feed_path(&["crew"]));
    assert_eq!(answer.header("Content-Type"), "text/calendar; charset=utf-8");
    assert_eq!(answer.header("Cache-Control"), "no-cache");
    let [event] = &events(&answer)[..] else { panic!("{answer:?}") };
    let inspection = app.get("/services/123").is(200)["name"].as_str().unwrap().to_owned();
    let updated_at: Timestamp = order["updated_at"].as_str().unwrap().parse().unwrap();
    let changed = format!("{}Z", &instant(updated_at)[..15]);
    for (name, value) in [
        ("DTSTART", instant(tomorrow_plus(10)).as_str()),
        ("DURATION", "PT1H30M"),
        ("SUMMARY", &format!("Testing, lab, {inspection}")),
        ("CATEGORIES", &format!("Testing\\, lab,{inspection}")),
        ("DESCRIPTION", "Crew; 1"),
        ("SEQUENCE", &order["version"].to_string()),
        ("DTSTAMP", &changed),
        ("LAST-MODIFIED", &changed),
    ] {
        assert_eq!(event.get(name), value, "{name}");
    }
    assert_eq!(event.0.len(), 9, "{event:?}");
    let text = String::from_utf8(answer.body).unwrap();
    assert!(
        text.contains(
            "\r\nNAME:Crews\r\nX-WR-CALNAME:Crews\r\nREFRESH-INTERVAL;VALUE=DURATION:PT1H\r\n"
        ),
        "{text}"
    );
    for secret in ["my-own-id", "4711", "B-side", "gate", "METHOD"] {
        assert!(!text.contains(secret), "{secret} in {text}");
    }
}

#[test]
fn a_feed_shows_only_its_calendars_from_31_days_ago_to_366_days_ahead() {
    let app = App::start().with_calendars(["crew", "site", "roof"]);
    // Hours after tomorrow; today is 0 days ago.
    let days = |days: i64| 24 * (days - 1);
    for (calendar, day) in
        [("crew", -32), ("crew", -31), ("site", 0), ("crew", 366), ("crew", 367), ("roof", 1)]
    {
        app.post("/orders", order(calendar, &format!("{calendar}.{day}"), days(day))).is(201);
    }
    let starts = |answer: &Answer| -> Vec<_> {
        events(answer).iter().map(|event| event.get("DTSTART").to_owned()).collect()
    };
    let shown = starts(&app.get(&app.feed_path(&["site", "crew"])));
    let expected = [-31, 366, 0].map(|day| instant(tomorrow_plus(days(day))));
    assert_eq!(shown, expected);
    assert_eq!(starts(&app.get(&app.feed_path(&["default"]))), [""; 0]);
}

#[test]
fn after_a_move_and_a_deletion_only_those_two_events_have_changed() {
    let app = App::start().with_calendars(["crew"]);
    for n in 0..8 {
        app.post("/orders", order("crew", &n.to_string(), 4 * n)).is(201);
    }
    let path = app.feed_path(&["crew"]);
    let before = by_uid(&app.get(&path));
    let uid_of = |hours: i64| {
        let start = instant(tomorrow_plus(hours));
        let (uid, _) = before.iter().find(|(_, event)| event.get("DTSTART") == start).unwrap();
        uid.clone()
    };
    let (moved, deleted) = (uid_of(8), uid_of(20));
    app.patch("/orders/2", json!({ "datetime": tomorrow_plus(40) })).is(200);
    app.delete("/orders/5").is(204);
    let after = by_uid(&app.get(&path));
    let mut expected = before.clone();
    expected.remove(&deleted).unwrap();
    let event = after.get(&moved).unwrap().clone();
    assert_eq!(event.get("DTSTART"), instant(tomorrow_plus(40)));
    assert_eq!(event.get("SEQUENCE"), "2");
    expected.insert(moved, event);
    assert_eq!(after, expected);
}

#[test]
fn an_id_that_is_used_again_is_another_event() {
    let app = App::start();
    let path = app.feed_path(&["default"]);
    let uid = || events(&app.get(&path))[0].get("UID").to_owned();
    app.post("/orders", order("default", "a", 0)).is(201);
    let first = uid();
    app.patch("/orders/a", json!({ "datetime": tomorrow_plus(5) })).is(200);
    assert_eq!(uid(), first);
    app.delete("/orders/a").is(204);
    app.post("/orders", order("default", "a", 0)).is(201);
    assert_ne!(uid(), first);
}

#[test]
fn a_calendar_that_was_deleted_is_not_shown_if_its_id_is_used_again() {
    let app = App::start().with_calendars(["crew", "site"]);
    let path = app.feed_path(&["crew", "site"]);
    app.delete("/calendars/crew").is(204);
    assert_eq!(app.get("/feeds").is(200)[0]["calendars"], json!(["site"]));
    let app = app.with_calendars(["crew"]);
    app.post("/orders", order("crew", "a", 0)).is(201);
    assert!(events(&app.get(&path)).is_empty());
}

#[test]
fn what_is_no_feed_is_not_found() {
    let app = App::start();
    let path = app.feed_path(&["default"]);
    for wrong in [
        format!("/feeds/ordf_{}.ics", "0".repeat(32)),
        path.replace("ordf_", "ordk_"),
        path.replace(".ics", "0.ics"),
        path.replace("ordf_", ""),
        "/feeds/a.ics".to_owned(),
    ] {
        app.get(&wrong).is_problem(404, "not-found");
    }
    assert_eq!(app.get(&path.replace(".ics", "")).status, 405);
    app.get(&format!("{path}?token=1")).is_problem(400, "malformed-request");
}
