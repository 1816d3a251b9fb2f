//! What is measured: [`Row`], and the requests of each.

use std::fmt::Write as _;

use clap::ValueEnum;

use crate::dataset::{Dataset, Day, FIRST_ID, FIRST_NEW_ID, FIRST_STOCK_ID, SERVICES};

/// A row of the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Row {
    /// `GET /orders/{id}`
    GetOne,
    /// `POST /orders`
    Create,
    /// `PUT /orders/{id}` at the same time
    Replace,
    /// `DELETE /orders/{id}`
    Delete,
    /// `POST /orders` at a taken time
    Refused,
    /// `GET /orders?limit=100` from somewhere on
    List,
    /// `GET /orders` of a calendar, a service and a month
    Filtered,
    /// `GET /availability` of a month
    Availability,
    /// `GET /orders` as NDJSON
    Export,
    /// `POST /orders/import`
    Import,
}

impl Row {
    /// All rows, in the order of the table.
    pub const ALL: [Self; 10] = [
        Self::GetOne,
        Self::Create,
        Self::Replace,
        Self::Delete,
        Self::Refused,
        Self::List,
        Self::Filtered,
        Self::Availability,
        Self::Export,
        Self::Import,
    ];

    /// What the table calls it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::GetOne => "get one",
            Self::Create => "create",
            Self::Replace => "replace",
            Self::Delete => "delete",
            Self::Refused => "refused create (409)",
            Self::List => "list of 100",
            Self::Filtered => "filtered list",
            Self::Availability => "availability of a month",
            Self::Export => "export (orders)",
            Self::Import => "import (orders)",
        }
    }

    /// The status that every answer has.
    #[must_use]
    pub fn status(self) -> u16 {
        match self {
            Self::Create => 201,
            Self::Delete => 204,
            Self::Refused => 409,
            _ => 200,
        }
    }

    /// The statements that the service sends for it, as a script for pgbench.
    #[must_use]
    pub fn script(self) -> &'static str {
        match self {
            Self::GetOne => include_str!("../pgbench/get_one.sql"),
            Self::Create | Self::Import => include_str!("../pgbench/create.sql"),
            Self::Replace => include_str!("../pgbench/replace.sql"),
            Self::Delete => include_str!("../pgbench/delete.sql"),
            Self::Refused => include_str!("../pgbench/refused.sql"),
            Self::List => include_str!("../pgbench/list.sql"),
            Self::Filtered => include_str!("../pgbench/filtered.sql"),
            Self::Availability => include_str!("../pgbench/availability.sql"),
            Self::Export => include_str!("../pgbench/export.sql"),
        }
    }

    /// The least share of the ceiling's rate, on two cores that service, database and load share.
    #[must_use]
    pub fn least_ratio(self) -> Option<f64> {
        match self {
            Self::GetOne => Some(0.4),
            Self::Create => Some(0.5),
            Self::Export | Self::Import => Some(1.0 / 3.0),
            _ => None,
        }
    }

    /// The largest p99 at half the rate, in milliseconds.
    #[must_use]
    pub fn most_p99(self) -> Option<f64> {
        match self {
            Self::GetOne => Some(3.0),
            Self::Create => Some(15.0),
            _ => None,
        }
    }

    /// Whether a request can be sent a second time and be answered in the same way.
    #[must_use]
    pub fn repeats(self) -> bool {
        !matches!(self, Self::Create | Self::Delete)
    }

    /// Whether it moves orders in bulk, on one connection.
    #[must_use]
    pub fn is_bulk(self) -> bool {
        matches!(self, Self::Export | Self::Import)
    }

    /// Writes the request with this number; the others draw what they are about.
    pub fn write(
        self,
        dataset: &Dataset,
        number: u64,
        random: &mut fastrand::Rng,
        out: &mut Vec<u8>,
    ) {
        let any = |random: &mut fastrand::Rng| random.u64(..dataset.orders);
        let at_midnight =
            |random: &mut fastrand::Rng| random.u64(..dataset.at_midnight()) * dataset.a_day();
        match self {
            Self::GetOne => get(out, &format!("/orders/{}", FIRST_ID + any(random))),
            Self::Create => {
                let order = new_order(dataset, number);
                with_body(out, "POST", "/orders", &order);
            }
            Self::Replace => {
                let order = at_midnight(random);
                let day = dataset.day_of(order);
                let body = format!(
                    r#"{{"datetime":"{day}T00:00:00Z","totalfee":{},"services":[{{"id":"1"}},{{"id":"2"}}]}}"#,
                    random.u32(1..1000)
                );
                with_body(out, "PUT", &format!("/orders/{}", FIRST_ID + order), &body);
            }
            Self::Delete => request(out, "DELETE", &format!("/orders/{}", FIRST_STOCK_ID + number)),
            Self::Refused => {
                let order = at_midnight(random);
                let calendar = dataset.calendar_of(order);
                let body =
                    order_body(FIRST_NEW_ID + number, calendar, &dataset.day_of(order).to_string());
                with_body(out, "POST", "/orders", &body);
            }
            Self::List => {
                let day = Day(random.u64(..dataset.months().div_ceil(2)));
                get(out, &format!("/orders?limit=100&from={day}T00:00:00Z"));
            }
            Self::Filtered => {
                let (calendar, from, to) = month(dataset, random);
                let service = random.u64(1..=SERVICES);
                get(
                    out,
                    &format!(
                        "/orders?calendar={calendar}&service={service}&from={from}T00:00:00Z&to={to}T00:00:00Z"
                    ),
                );
            }
            Self::Availability => {
                let (calendar, from, to) = month(dataset, random);
                get(
                    out,
                    &format!(
                        "/availability?calendar={calendar}&from={from}T00:00:00Z&to={to}T00:00:00Z"
                    ),
                );
            }
            // Those are not sent one by one.
            Self::Export | Self::Import => get(out, "/orders?limit=1"),
        }
    }
}

/// The order with this number among those that a benchmark creates, as JSON.
#[must_use]
pub fn new_order(dataset: &Dataset, number: u64) -> String {
    let day = Day(dataset.first_free_day().0 + number / dataset.calendars);
    order_body(FIRST_NEW_ID + number, dataset.calendar_of(number), &day.to_string())
}

fn order_body(id: u64, calendar: u64, day: &str) -> String {
    format!(
        r#"{{"id":"{id}","calendar":"{calendar}","datetime":"{day}T00:00:00Z","totalfee":99.95,"services":[{{"id":"1"}},{{"id":"2"}}]}}"#
    )
}

fn month(dataset: &Dataset, random: &mut fastrand::Rng) -> (u64, Day, Day) {
    let calendar = random.u64(1..=dataset.calendars);
    let day = random.u64(..dataset.months());
    (calendar, Day(day), Day(day + 28))
}

fn get(out: &mut Vec<u8>, path: &str) {
    request(out, "GET", path);
}

fn request(out: &mut Vec<u8>, method: &str, path: &str) {
    out.extend_from_slice(
        format!("{method} {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n").as_bytes(),
    );
}

fn with_body(out: &mut Vec<u8>, method: &str, path: &str, body: &str) {
    let mut text = String::with_capacity(160 + body.len());
    // Writing to a string cannot fail.
    let _ = write!(
        text,
        "{method} {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n\
         Content-Length: {}\r\n\r\n{body}",
        body.len()
    );
    out.extend_from_slice(text.as_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_says_how_long_its_body_is() {
        let dataset = Dataset { orders: 100, calendars: 10 };
        let mut out = Vec::new();
        Row::Create.write(&dataset, 25, &mut fastrand::Rng::with_seed(1), &mut out);
        let text = String::from_utf8(out).unwrap();
        let (head, body) = text.split_once("\r\n\r\n").unwrap();
        assert!(head.starts_with("POST /orders HTTP/1.1\r\n"));
        assert!(head.ends_with(&format!("Content-Length: {}", body.len())));
        assert!(
            body.starts_with(r#"{"id":"1000000025","calendar":"6","datetime":"2000-02-0"#),
            "{body}"
        );
    }

    #[test]
    fn numbered_requests_of_a_row_differ() {
        let dataset = Dataset { orders: 100, calendars: 10 };
        for row in [Row::Create, Row::Delete] {
            let mut random = fastrand::Rng::with_seed(1);
            let [mut one, mut two] = [Vec::new(), Vec::new()];
            row.write(&dataset, 1, &mut random, &mut one);
            row.write(&dataset, 2, &mut random, &mut two);
            assert_ne!(one, two);
        }
    }
}
