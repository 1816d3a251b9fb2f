//! Feeds of calendars, as their clients use them.

mod access;
mod content;
mod logs;
mod long;
mod manage;
mod validators;

use std::time::{SystemTime, UNIX_EPOCH};

use icalendar::parser::{read_calendar, unfold};
use orders_core::Timestamp;
use serde_json::{Value, json};

use crate::app::{Answer, App};

const HOUR: i64 = 3_600_000_000;

/// So many hours after the beginning of tomorrow in UTC.
fn tomorrow_plus(hours: i64) -> Timestamp {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    let days = (now.as_secs() / (24 * 60 * 60)) as i64 + 1;
    Timestamp::from_micros((days * 24 + hours) * HOUR).unwrap()
}

/// An order of a calendar, so many hours after the beginning of tomorrow.
fn order(calendar: &str, id: &str, hours: i64) -> Value {
    json!({
        "id": id, "calendar": calendar, "datetime": tomorrow_plus(hours), "totalfee": 4711.25,
        "services": [{ "id": "123" }]
    })
}

/// An event: its properties by name, without those of the parameters.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Event(Vec<(String, String)>);

impl Event {
    #[track_caller]
    fn get(&self, name: &str) -> &str {
        let found = self.0.iter().find(|(found, _)| found == name);
        &found.unwrap_or_else(|| panic!("no {name} in {self:?}")).1
    }
}

/// The events of a text, in the order in which they stand there.
#[track_caller]
fn events(answer: &Answer) -> Vec<Event> {
    assert_eq!(answer.status, 200, "{answer:?}");
    let text = str::from_utf8(&answer.body).unwrap();
    assert!(
        text.starts_with("BEGIN:VCALENDAR\r\n") && text.ends_with("END:VCALENDAR\r\n"),
        "{text}"
    );
    let unfolded = unfold(text);
    let calendar = read_calendar(&unfolded).unwrap();
    let events = calendar.components.iter().filter(|component| component.name == "VEVENT");
    let properties = |component: &icalendar::parser::Component<'_>| {
        let properties = component.properties.iter();
        properties.map(|it| (it.name.to_string(), it.val.to_string())).collect()
    };
    events.map(|component| Event(properties(component))).collect()
}

impl App {
    /// Creates a feed of these calendars, and returns the response.
    #[track_caller]
    fn add_feed(&self, calendars: &[&str]) -> Value {
        self.post("/feeds", json!({ "name": "Crews", "calendars": calendars })).is(201)
    }

    /// The path of a new feed of these calendars.
    #[track_caller]
    fn feed_path(&self, calendars: &[&str]) -> String {
        path(&self.add_feed(calendars))
    }
}

/// The path in the URL of a new feed.
#[track_caller]
fn path(feed: &Value) -> String {
    let url = feed["url"].as_str().unwrap();
    let (_, path) = url.split_once("/feeds/").unwrap();
    assert!(path.len() == 41 && path.starts_with("ordf_") && path.ends_with(".ics"), "{url}");
    format!("/feeds/{path}")
}
