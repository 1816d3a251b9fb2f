//! Reading changes, exports and histories: [`ChangesRead`], [`OrdersRead`], [`HistoryRead`].

use orders_core::{Cursor, Order};
use serde_json::value::RawValue;

use super::classify::{Invalid, Response};
use super::{Connection, Failure};

const JSON: &str = "application/json";
const NDJSON: &str = "application/x-ndjson";

/// A link of a response (RFC 8288).
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
        let response = connection.get(path, JSON)?;
        Self::of_page(&response).map_err(Failure::Invalid)
    }

    /// All changes up to now.
    ///
    /// # Errors
    /// If they cannot be read.
    pub(crate) fn lines(connection: &Connection, path: &str) -> Result<Self, Failure> {
        let response = connection.get(path, NDJSON)?;
        Self::of_lines(&response).map_err(Failure::Invalid)
    }

    fn of_page(response: &Response) -> Result<Self, Invalid> {
        Ok(Self { changes: response.changes()?, next: response.link("next")? })
    }

    fn of_lines(response: &Response) -> Result<Self, Invalid> {
        let changes = response.lines()?.map(Into::into).collect();
        Ok(Self { changes, next: response.link("next")? })
    }
}

impl OrdersRead {
    /// An export.
    ///
    /// # Errors
    /// If there is none.
    pub(crate) fn export(connection: &Connection) -> Result<Self, Failure> {
        let response = connection.get("/orders", NDJSON)?;
        Self::of_lines(&response).map_err(Failure::Invalid)
    }

    fn of_lines(response: &Response) -> Result<Self, Invalid> {
        let orders = response.lines()?.map(|line| {
            serde_json::from_str(line)
                .map_err(|error| format!("a malformed order, {error}: {line}"))
        });
        Ok(Self { orders: orders.collect::<Result<_, _>>()?, monitor: response.link("monitor")? })
    }
}

impl HistoryRead {
    /// A page of the history of an order.
    ///
    /// # Errors
    /// If there is none.
    pub(crate) fn page(connection: &Connection, path: &str) -> Result<Self, Failure> {
        let response = connection.get(path, JSON)?;
        Self::of_page(&response).map_err(Failure::Invalid)
    }

    fn of_page(response: &Response) -> Result<Self, Invalid> {
        let next = response.link.is_some().then(|| response.target("next").map(str::to_owned));
        Ok(Self { changes: response.changes()?, next: next.transpose()? })
    }
}

impl Response {
    fn changes(&self) -> Result<Vec<Box<str>>, Invalid> {
        let changes: Vec<Box<RawValue>> = self.json(JSON)?;
        Ok(changes.into_iter().map(|change| change.get().into()).collect())
    }

    fn lines(&self) -> Result<std::str::Lines<'_>, Invalid> {
        self.require_content_type(NDJSON)?;
        match self.body.is_empty() || self.body.ends_with('\n') {
            true => Ok(self.body.lines()),
            false => Err("the last line is cut off".to_owned()),
        }
    }

    /// A link to changes.
    fn link(&self, relation: &str) -> Result<Link, Invalid> {
        let path = self.target(relation)?;
        let cursor = || {
            let query = path.strip_prefix("/changes?")?;
            let after = query.split('&').find_map(|parameter| parameter.strip_prefix("after="))?;
            after.parse().ok()
        };
        let cursor = cursor().ok_or_else(|| format!("the link to {path} has no cursor"))?;
        Ok(Link { path: path.to_owned(), cursor })
    }

    /// The path to which a link leads.
    fn target(&self, relation: &str) -> Result<&str, Invalid> {
        let link = self.link.as_deref().and_then(|link| link.strip_prefix('<'));
        let target = link.and_then(|link| link.strip_suffix(&format!(">; rel=\"{relation}\"")));
        target.ok_or_else(|| format!("the link {:?} is not {relation}", self.link))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn response(content_type: &str, relation: &str, body: &str) -> Response {
        Response {
            status: 200,
            content_type: Some(content_type.to_owned()),
            link: Some(format!("</changes?after=42_7&limit=5>; rel=\"{relation}\"")),
            body: body.to_owned(),
            ..Response::default()
        }
    }

    #[test]
    fn pages_and_lines_contain_the_bytes_of_each_change_and_a_link() {
        let next = Link {
            path: "/changes?after=42_7&limit=5".to_owned(),
            cursor: "42_7".parse().unwrap(),
        };
        let changes = vec![r#"{"a": 1.50}"#.into(), r#"{"b":2}"#.into()];
        let expected = Ok(ChangesRead { changes, next });
        let page = response(JSON, "next", r#"[{"a": 1.50},{"b":2}]"#);
        assert_eq!(ChangesRead::of_page(&page), expected);
        let lines = response(NDJSON, "next", "{\"a\": 1.50}\n{\"b\":2}\n");
        assert_eq!(ChangesRead::of_lines(&lines), expected);
    }

    #[test]
    fn the_last_page_of_a_history_has_no_link() {
        let page = response(JSON, "next", "[{},{}]");
        let read = HistoryRead::of_page(&page).unwrap();
        assert_eq!((read.changes.len(), read.next.is_some()), (2, true));
        let last = HistoryRead::of_page(&Response { link: None, ..page }).unwrap();
        assert_eq!((last.changes.len(), last.next), (2, None));
    }

    #[test]
    fn what_is_cut_off_or_has_another_link_or_type_is_invalid() {
        for (content_type, relation, body) in
            [(NDJSON, "next", "{}\n{"), (NDJSON, "monitor", "{}\n"), (JSON, "next", "{}\n")]
        {
            ChangesRead::of_lines(&response(content_type, relation, body)).unwrap_err();
        }
        ChangesRead::of_page(&response(JSON, "next", "[{}")).unwrap_err();
        OrdersRead::of_lines(&response(NDJSON, "next", "")).unwrap_err();
        assert_eq!(OrdersRead::of_lines(&response(NDJSON, "monitor", "")).unwrap().orders, []);
        OrdersRead::of_lines(&response(NDJSON, "monitor", "{}\n")).unwrap_err();
    }
}
