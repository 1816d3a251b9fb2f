//! What the service is measured with: [`Workload`], and the requests of each.

use clap::ValueEnum;

use crate::dataset::{
    DAYS_PER_MONTH, Dataset, FIRST_CREATED_ID, FIRST_DELETED_ID, FIRST_ID, Number, SERVICES, date,
};

/// How many connections the second row of some workloads has.
pub(crate) const MANY_CONNECTIONS: u16 = 64;

/// Requests of one kind: a row of the table, or two with different numbers of connections.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Workload {
    /// `GET /orders/{id}`
    GetOne,
    /// `POST /orders`
    Create,
    /// `PUT /orders/{id}` with the same time and the same services
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

/// How a workload is requested, and its bounds on two cores that service, database and load share.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Spec {
    /// What the table calls it.
    pub(crate) title: &'static str,
    /// The status of every answer.
    pub(crate) status: u16,
    /// Method and path, with `$name` for each [`Value`].
    target: &'static str,
    /// The same; empty if there is none.
    body: &'static str,
    /// The lowest rate, as a share of the ceiling's.
    pub(crate) min_ratio: f64,
    /// The same with [`MANY_CONNECTIONS`], if that is measured too.
    pub(crate) min_ratio_of_many: Option<f64>,
    /// The highest p99 at half the rate, in milliseconds.
    pub(crate) max_p99: f64,
}

const ORDER: &str = r#"{"id":"$id","calendar":"$calendar","datetime":"$datetime","totalfee":99.95,"services":[{"id":"1"},{"id":"2"}]}"#;
const REPLACEMENT: &str = r#"{"datetime":"$datetime","totalfee":$totalfee,"services":[{"id":"$service"},{"id":"$other"}]}"#;
const FILTERED: &str = "GET /orders?calendar=$calendar&service=$service&from=$from&to=$to";
const MONTH: &str = "GET /availability?calendar=$calendar&from=$from&to=$to";

impl Workload {
    /// How it is requested.
    pub(crate) fn spec(self) -> Spec {
        let (title, status, target, body) = match self {
            Self::GetOne => ("get one", 200, "GET /orders/$id", ""),
            Self::Create => ("create", 201, "POST /orders", ORDER),
            Self::Replace => ("replace", 200, "PUT /orders/$id", REPLACEMENT),
            Self::Delete => ("delete", 204, "DELETE /orders/$id", ""),
            Self::Refused => ("refused create (409)", 409, "POST /orders", ORDER),
            Self::List => ("list of 100", 200, "GET /orders?limit=100&from=$from", ""),
            Self::Filtered => ("filtered list", 200, FILTERED, ""),
            Self::Availability => ("availability of a month", 200, MONTH, ""),
            Self::Export => ("export (orders)", 200, "GET /orders", ""),
            Self::Import => ("import (orders)", 200, "POST /orders/import", ORDER),
        };
        let min_ratio = match self {
            Self::GetOne => 0.5,
            Self::Create => 1.1,
            Self::Replace | Self::Delete => 0.9,
            Self::List | Self::Availability | Self::Export => 0.6,
            Self::Import => 1.0 / 3.0,
            Self::Refused | Self::Filtered => 0.0,
        };
        let (min_ratio_of_many, max_p99) = match self {
            Self::GetOne => (Some(0.9), 1.5),
            Self::Create => (Some(1.3), 15.0),
            _ => (None, f64::INFINITY),
        };
        Spec { title, status, target, body, min_ratio, min_ratio_of_many, max_p99 }
    }

    /// Whether it is one request for many orders.
    pub(crate) fn is_bulk(self) -> bool {
        matches!(self, Self::Export | Self::Import)
    }

    /// The values of the next request.
    pub(crate) fn values<S: Source>(self, dataset: &Dataset, source: &mut S) -> Values<S::Number> {
        use Value::{Midnight, Plain};
        match self {
            Self::GetOne => vec![("id", Plain(source.random(dataset.orders) + FIRST_ID))],
            Self::Create | Self::Import => {
                let number = source.next_number();
                vec![
                    ("id", Plain(number.clone() + FIRST_CREATED_ID)),
                    ("calendar", Plain(dataset.calendar(number.clone()))),
                    ("datetime", Midnight(dataset.created_day(number))),
                ]
            }
            Self::Delete => vec![("id", Plain(source.next_number() + FIRST_DELETED_ID))],
            Self::Replace => {
                let order = source.random(dataset.midnights()) * dataset.per_day();
                let [service, other] = dataset.services(order.clone());
                vec![
                    ("id", Plain(order.clone() + FIRST_ID)),
                    ("datetime", Midnight(dataset.day(order))),
                    ("totalfee", Plain(source.random(999) + 1_u64)),
                    ("service", Plain(service)),
                    ("other", Plain(other)),
                ]
            }
            Self::Refused => {
                let order = source.random(dataset.midnights()) * dataset.per_day();
                vec![
                    ("id", Plain(source.next_number() + FIRST_CREATED_ID)),
                    ("calendar", Plain(dataset.calendar(order.clone()))),
                    ("datetime", Midnight(dataset.day(order))),
                ]
            }
            Self::List => vec![("from", Midnight(source.random(dataset.months().div_ceil(2))))],
            Self::Filtered | Self::Availability => {
                let from = source.random(dataset.months());
                vec![
                    ("calendar", Plain(source.random(dataset.calendars) + 1_u64)),
                    ("service", Plain(source.random(SERVICES) + 1_u64)),
                    ("from", Midnight(from.clone())),
                    ("to", Midnight(from + DAYS_PER_MONTH)),
                ]
            }
            Self::Export => Vec::new(),
        }
    }

    /// Writes a request with these values.
    pub(crate) fn write(self, values: &[(&str, Value<u64>)], out: &mut Vec<u8>) {
        self.write_with("", values, out);
    }

    /// The same, with these further lines in the head.
    pub(crate) fn write_with(self, head: &str, values: &[(&str, Value<u64>)], out: &mut Vec<u8>) {
        let (mut request, body) = (filled_in(self.spec().target, values), self.body(values));
        request += " HTTP/1.1\r\nHost: 127.0.0.1\r\n";
        request += head;
        if !body.is_empty() {
            let length = body.len();
            request += &format!("Content-Type: application/json\r\nContent-Length: {length}\r\n");
        }
        request += "\r\n";
        request += &body;
        out.extend_from_slice(request.as_bytes());
    }

    /// The body of a request with these values; of an import, one line.
    pub(crate) fn body(self, values: &[(&str, Value<u64>)]) -> String {
        filled_in(self.spec().body, values)
    }
}

/// The values of a request by their names.
pub(crate) type Values<N> = Vec<(&'static str, Value<N>)>;

/// What a request says about an order.
#[derive(Debug, Clone)]
pub(crate) enum Value<N> {
    Plain(N),
    /// The start of a day.
    Midnight(N),
}

impl<N: Number> Value<N> {
    /// As a number; a day by its date.
    pub(crate) fn into_number(self) -> N {
        match self {
            Self::Plain(number) => number,
            Self::Midnight(day) => date(day),
        }
    }
}

impl Value<u64> {
    /// As text, where a time has this between date and hour, and that behind.
    pub(crate) fn text(&self, between: &str, behind: &str) -> String {
        let number = self.clone().into_number();
        let (year, month, day) = (number / 10_000, number / 100 % 100, number % 100);
        match self {
            Self::Plain(_) => number.to_string(),
            Self::Midnight(_) => format!("{year}-{month:02}-{day:02}{between}00:00:00{behind}"),
        }
    }
}

/// Where the numbers come from that requests differ by.
pub(crate) trait Source {
    type Number: Number;

    /// A random number below a bound.
    fn random(&mut self, below: u64) -> Self::Number;

    /// The next of consecutive numbers.
    fn next_number(&mut self) -> Self::Number;
}

/// The numbers of requests that are sent.
#[derive(Debug)]
pub(crate) struct Numbers {
    pub(crate) random: fastrand::Rng,
    pub(crate) next: u64,
}

impl Source for Numbers {
    type Number = u64;

    fn random(&mut self, below: u64) -> u64 {
        self.random.u64(..below)
    }

    fn next_number(&mut self) -> u64 {
        self.next += 1;
        self.next - 1
    }
}

/// A template with values in the place of their `$name`s.
fn filled_in(template: &str, values: &[(&str, Value<u64>)]) -> String {
    let mut pieces = template.split('$');
    let mut text = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        let end = piece.find(|c: char| !c.is_ascii_lowercase()).unwrap_or(piece.len());
        let (name, rest) = piece.split_at(end);
        let value = values.iter().find(|(known, _)| *known == name);
        text += &value.map(|(_, value)| value.text("T", "Z")).unwrap_or_default();
        text += rest;
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    const DATASET: Dataset = Dataset { orders: 100, calendars: 10 };

    fn request(workload: Workload, number: u64) -> String {
        let mut numbers = Numbers { random: fastrand::Rng::with_seed(1), next: number };
        let mut out = Vec::new();
        workload.write(&workload.values(&DATASET, &mut numbers), &mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn a_request_says_how_long_its_body_is() {
        let request = request(Workload::Create, 25);
        let (head, body) = request.split_once("\r\n\r\n").unwrap();
        assert!(head.starts_with("POST /orders HTTP/1.1\r\n"));
        assert!(head.ends_with(&format!("Content-Length: {}", body.len())));
        let order = r#"{"id":"1000000025","calendar":"6","datetime":"2000-02-09T00:00:00Z","#;
        assert!(body.starts_with(order), "{body}");
    }

    #[test]
    fn every_name_in_a_template_has_a_value() {
        for workload in Workload::value_variants() {
            let request = request(*workload, 1);
            assert!(!request.contains("\"\"") && !request.contains("=&"), "{request}");
            assert!(!request.lines().next().unwrap().contains("/ "), "{request}");
        }
        assert_ne!(request(Workload::Delete, 1), request(Workload::Delete, 2));
    }
}
