//! Orders to fill a database with.

use serde_json::{Value, json};

use crate::app::App;

/// An order in calendar `default`, at this hour after the start of 2030.
pub(crate) fn order(id: impl ToString, hour: usize) -> Value {
    json!({
        "id": id.to_string(), "datetime": time(hour), "totalfee": 100, "services": [{ "id": "123" }]
    })
}

/// An order in another calendar.
pub(crate) fn order_in(calendar: &str, id: impl ToString, hour: usize) -> Value {
    let mut order = order(id, hour);
    order["calendar"] = calendar.into();
    order
}

/// The instant that many hours after the start of 2030.
pub(crate) fn time(hour: usize) -> String {
    let (day, hour) = (hour / 24, hour % 24);
    let (year, month, day) = (2030 + day / 336, day / 28 % 12 + 1, day % 28 + 1);
    format!("{year}-{month:02}-{day:02}T{hour:02}:00:00Z")
}

/// The values as lines.
pub(crate) fn lines(values: &[Value]) -> String {
    values.iter().map(|value| format!("{value}\n")).collect()
}

/// The ids of orders.
pub(crate) fn ids(orders: &[Value]) -> Vec<&str> {
    orders.iter().map(|order| order["id"].as_str().unwrap()).collect()
}

impl App {
    /// Adds calendars of these names.
    pub(crate) fn with_calendars<'a>(self, ids: impl IntoIterator<Item = &'a str>) -> Self {
        for id in ids {
            self.post("/calendars", json!({ "id": id, "name": id })).is(201);
        }
        self
    }

    /// The orders of all pages, from this path on.
    #[track_caller]
    pub(crate) fn walk(&self, path: &str) -> Vec<Value> {
        self.walk_with(path, |_| ())
    }

    /// Follows the links, and calls `after` after each page.
    #[track_caller]
    pub(crate) fn walk_with(&self, path: &str, mut after: impl FnMut(usize)) -> Vec<Value> {
        let mut orders = Vec::new();
        let mut next = Some(path.to_owned());
        let mut pages = 0;
        while let Some(path) = next {
            let answer = self.get(&path);
            orders.extend(answer.is(200).as_array().unwrap().iter().cloned());
            next = answer.headers.get("Link").map(|link| {
                let link = link.to_str().unwrap();
                let target = link.strip_prefix('<').and_then(|l| l.strip_suffix(">; rel=\"next\""));
                target.unwrap_or_else(|| panic!("{link}")).to_owned()
            });
            pages += 1;
            after(pages);
        }
        orders
    }
}
