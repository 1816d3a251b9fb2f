//! Reading changes, exports and histories: [`ChangesRead`], [`OrdersRead`], [`HistoryRead`].

use bytes::Bytes;
use http::header::CONTENT_TYPE;
use orders_client::wire::{
    ExportOrders, Failure as WireFailure, GetPage, Lines, Operation as _, Page, Response, Target,
};
use orders_core::{Cursor, Direction, Order, OrderFilter};
use serde_json::value::RawValue;

use super::message::{Invalid, invalid};
use super::{Connection, Failure};

const JSON: &str = "application/json";
const NDJSON: &str = "application/x-ndjson";

/// Changes as they were written.
type Changes = GetPage<Box<RawValue>>;

/// A link to changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Link {
    /// Where it leads.
    pub(crate) path: String,
    /// The cursor in its query.
    pub(crate) cursor: Cursor,
}

/// Changes as they were written, and where the next ones are.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct ChangesRead {
    pub(crate) changes: Vec<Box<str>>,
    pub(crate) next: Link,
}

/// All orders, and where the changes after them are.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct OrdersRead {
    pub(crate) orders: Vec<Order>,
    pub(crate) monitor: Link,
}

/// A page of the history of an order, and the path of the next one.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct HistoryRead {
    pub(crate) changes: Vec<Box<str>>,
    pub(crate) next: Option<String>,
}

impl ChangesRead {
    /// A page of changes.
    ///
    /// # Errors
    /// If there is none.
    pub(crate) fn page(connection: &Connection, path: &str) -> Result<Self, Failure> {
        let page = changes(path);
        let response = connection.get(page.request(), JSON)?;
        Self::of_page(&page, &response).map_err(|cause| invalid(&response, &cause))
    }

    /// All changes up to now.
    ///
    /// # Errors
    /// If they cannot be read.
    pub(crate) fn lines(connection: &Connection, path: &str) -> Result<Self, Failure> {
        let response = connection.get(changes(path).request(), NDJSON)?;
        Self::of_lines(&response).map_err(|cause| invalid(&response, &cause))
    }

    fn of_page(page: &Changes, response: &Response) -> Result<Self, Invalid> {
        let Page { items, next } = read(page, response)?;
        Ok(Self { changes: items, next: Link::of(next.map(|next| next.target().clone()))? })
    }

    fn of_lines(response: &Response) -> Result<Self, Invalid> {
        let changes = lines(response)?
            .into_iter()
            .map(|line| str::from_utf8(&line).map(Into::into).map_err(|error| error.to_string()));
        let changes = changes.collect::<Result<_, _>>()?;
        Ok(Self { changes, next: Link::of(Target::of(response.headers(), "next"))? })
    }
}

impl OrdersRead {
    /// An export.
    ///
    /// # Errors
    /// If there is none.
    pub(crate) fn export(connection: &Connection) -> Result<Self, Failure> {
        let (filter, direction) = (OrderFilter::default(), Direction::Ascending);
        let response = connection.get(ExportOrders { filter, direction }.request(), NDJSON)?;
        Self::of_lines(&response).map_err(|cause| invalid(&response, &cause))
    }

    fn of_lines(response: &Response) -> Result<Self, Invalid> {
        let orders = lines(response)?.into_iter().map(|line| {
            serde_json::from_slice(&line).map_err(|error| format!("a malformed order, {error}"))
        });
        let orders = orders.collect::<Result<_, _>>()?;
        Ok(Self { orders, monitor: Link::of(Target::of(response.headers(), "monitor"))? })
    }
}

impl HistoryRead {
    /// A page of the history of an order.
    ///
    /// # Errors
    /// If there is none.
    pub(crate) fn page(connection: &Connection, path: &str) -> Result<Self, Failure> {
        let page = changes(path);
        let response = connection.get(page.request(), JSON)?;
        Self::of_page(&page, &response).map_err(|cause| invalid(&response, &cause))
    }

    fn of_page(page: &Changes, response: &Response) -> Result<Self, Invalid> {
        let Page { items, next } = read(page, response)?;
        Ok(Self { changes: items, next: next.map(|next| next.target().to_string()) })
    }
}

impl Link {
    fn of(target: Option<Target>) -> Result<Self, Invalid> {
        let target = target.ok_or("a link is missing")?;
        let cursor = target.cursor();
        let cursor = cursor.ok_or_else(|| format!("the link to {target} has no cursor"))?;
        Ok(Self { path: target.to_string(), cursor })
    }
}

/// OK because the path is one of this program or of a link.
fn changes(path: &str) -> Changes {
    GetPage::at(Target::new(path).expect("a path"))
}

/// The changes on a page.
fn read(page: &Changes, response: &Response) -> Result<Page<Box<str>>, Invalid> {
    let Page { items, next } = page.read(response).map_err(|failure| match failure {
        WireFailure::Problem(problem) => problem.to_string(),
        WireFailure::Unexpected(unexpected) => unexpected.to_string(),
    })?;
    let items = items.into_iter().map(|change| change.get().into()).collect();
    Ok(Page { items, next: next.map(|next| GetPage::at(next.target().clone())) })
}

/// The lines of a body that ends with a line end.
fn lines(response: &Response) -> Result<Vec<Bytes>, Invalid> {
    if response.headers().get(CONTENT_TYPE).is_none_or(|value| value != NDJSON) {
        return Err("the body is not declared as lines".to_owned());
    }
    let (mut lines, mut found) = (Lines::default(), Vec::new());
    lines.push(response.body());
    while let Some(line) = lines.next_line().map_err(|error| error.to_string())? {
        found.push(line);
    }
    match lines.has_part() {
        true => Err("the last line is cut off".to_owned()),
        false => Ok(found),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn response(content_type: &str, relation: &str, body: &str) -> Response {
        http::Response::builder()
            .header("content-type", content_type)
            .header("link", format!("</changes?after=42_7&limit=5>; rel=\"{relation}\""))
            .body(Bytes::from(body.to_owned()))
            .unwrap()
    }

    fn page() -> Changes {
        changes("/changes")
    }

    #[test]
    fn pages_and_lines_contain_the_bytes_of_each_change_and_a_link() {
        let next = Link {
            path: "/changes?after=42_7&limit=5".to_owned(),
            cursor: "42_7".parse().unwrap(),
        };
        let changes = vec![r#"{"a": 1.50}"#.into(), r#"{"b":2}"#.into()];
        let expected = Ok(ChangesRead { changes, next });
        let body = response(JSON, "next", r#"[{"a": 1.50},{"b":2}]"#);
        assert_eq!(ChangesRead::of_page(&page(), &body), expected);
        let lines = response(NDJSON, "next", "{\"a\": 1.50}\n{\"b\":2}\n");
        assert_eq!(ChangesRead::of_lines(&lines), expected);
    }

    #[test]
    fn the_last_page_of_a_history_has_no_link() {
        let mut body = response(JSON, "next", "[{},{}]");
        let read = HistoryRead::of_page(&page(), &body).unwrap();
        assert_eq!((read.changes.len(), read.next.is_some()), (2, true));
        body.headers_mut().remove("link");
        let last = HistoryRead::of_page(&page(), &body).unwrap();
        assert_eq!((last.changes.len(), last.next), (2, None));
    }

    #[test]
    fn what_is_cut_off_or_has_another_link_or_type_is_invalid() {
        for (content_type, relation, body) in
            [(NDJSON, "next", "{}\n{"), (NDJSON, "monitor", "{}\n"), (JSON, "next", "{}\n")]
        {
            ChangesRead::of_lines(&response(content_type, relation, body)).unwrap_err();
        }
        ChangesRead::of_page(&page(), &response(JSON, "next", "[{}")).unwrap_err();
        OrdersRead::of_lines(&response(NDJSON, "next", "")).unwrap_err();
        assert_eq!(OrdersRead::of_lines(&response(NDJSON, "monitor", "")).unwrap().orders, []);
        OrdersRead::of_lines(&response(NDJSON, "monitor", "{}\n")).unwrap_err();
    }
}
