//! The schemas of feeds.

use orders_core::{CalendarFeed, Name};
use serde_json::{Value, json};

use super::components::{Components, Example, Model, described, example, object};
use super::schema::id;
use crate::endpoints::calendar_feeds::NewCalendarFeed;

const LINKS: &[(&str, &str)] = &[("deleteFeed", "id")];

impl Model for CalendarFeed {
    const LINKS: &'static [(&'static str, &'static str)] = LINKS;

    fn schema(components: &mut Components) -> Value {
        let feed = object("Some calendars to which programs subscribe.", properties(components));
        components.schema("CalendarFeed", feed)
    }

    fn examples() -> Vec<Example> {
        vec![example("CalendarFeed", "A feed of one calendar", feed())]
    }
}

impl Model for NewCalendarFeed {
    const LINKS: &'static [(&'static str, &'static str)] = LINKS;

    fn schema(components: &mut Components) -> Value {
        let [id, name, calendars] = properties(components);
        let url = json!({
            "type": "string", "format": "uri", "description": "Where programs subscribe to it. It is a secret, and shown only now."
        });
        let feed = object("A new feed, with its URL.", [id, name, calendars, ("url", url)]);
        components.schema("NewCalendarFeed", feed)
    }

    fn examples() -> Vec<Example> {
        let mut feed = feed();
        feed["url"] =
            "https://orders.example/feeds/ordf_00000000000000000000000000000000.ics".into();
        vec![example("NewCalendarFeed", "A feed and its URL", feed)]
    }
}

fn properties(components: &mut Components) -> [(&'static str, Value); 3] {
    let calendars = json!({
        "type": "array", "items": id(components), "uniqueItems": true,
        "description": "The calendars that it shows, by id. One that is deleted leaves the feed."
    });
    [
        ("id", id(components)),
        ("name", described(Name::schema(components), "What people call it.")),
        ("calendars", calendars),
    ]
}

fn feed() -> Value {
    json!({ "id": "0192f5e8-7c00-7000-8000-3f2a9b1c4d5e", "name": "Roof crew", "calendars": ["roof"] })
}
