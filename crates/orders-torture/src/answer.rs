//! What a client is answered: [`Answer`].

use std::fmt;

use orders_core::{Booking, Calendar, CalendarId, MinimumGap, NearestFree, Order, TooClose};
use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::request::Request;

/// The outcome of a request, as its client saw it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// 200 or 201 with an order.
    Order(Order),
    /// 200 with all orders.
    Orders(Vec<Order>),
    /// 200 with a calendar.
    Calendar(Calendar),
    /// 204
    Removed,
    /// 404
    NotFound,
    /// 409 `id-taken`
    IdTaken,
    /// 409 `order-conflict`
    Conflict(Refusal),
    /// 409 `gap-too-wide`
    GapTooWide(Vec<TooClose>),
    /// 503: it may have happened all the same.
    Unavailable,
    /// The service did not even take the connection, so nothing happened.
    NotSent,
    /// The connection was lost, or nothing came back in time: it may have happened.
    Lost(String),
    /// An answer that the contract does not know for this request; it may have happened.
    Illegal(String),
}

/// What `order-conflict` says.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Refusal {
    /// The calendar that is too full.
    pub calendar: CalendarId,
    /// Its gap.
    pub minimum_gap: MinimumGap,
    /// The orders in the way.
    pub conflicts_with: Vec<Booking>,
    /// What to do instead.
    pub nearest_free: NearestFree,
}

/// An answer before it is understood.
#[derive(Debug, Clone, Default)]
pub struct Raw {
    /// The status code.
    pub status: u16,
    /// `Content-Type`
    pub content_type: Option<String>,
    /// `Location`
    pub location: Option<String>,
    /// `ETag`
    pub etag: Option<String>,
    /// `Retry-After`
    pub retry_after: Option<String>,
    /// The body.
    pub body: String,
}

#[derive(Deserialize)]
struct Problem {
    r#type: String,
    status: u16,
}

#[derive(Deserialize)]
struct Pairs {
    too_close: Vec<TooClose>,
}

impl Answer {
    /// Understands the answer to a request as the contract says it.
    #[must_use]
    pub fn read(request: &Request, raw: &Raw) -> Self {
        Self::legal(request, raw).unwrap_or_else(|why| {
            Self::Illegal(format!("{why}: status {}, body {}", raw.status, raw.body))
        })
    }

    fn legal(request: &Request, raw: &Raw) -> Result<Self, String> {
        match (request, raw.status) {
            (Request::Place { .. }, 201) => {
                let order: Order = raw.json("application/json")?;
                if raw.location.as_deref() != Some(&format!("/orders/{}", order.id)) {
                    return Err(format!("the Location {:?} is not the order's", raw.location));
                }
                raw.strong_etag()?;
                Ok(Self::Order(order))
            }
            (Request::Replace { .. } | Request::Read(_), 200) => {
                raw.strong_etag()?;
                raw.json("application/json").map(Self::Order)
            }
            (Request::List, 200) => raw.json("application/json").map(Self::Orders),
            (Request::SetGap { .. } | Request::ReadCalendar(_), 200) => {
                raw.json("application/json").map(Self::Calendar)
            }
            (Request::Remove(_), 204) if raw.body.is_empty() => Ok(Self::Removed),
            (_, 400..) => Self::problem(request, raw),
            _ => Err("an answer that the contract does not know here".to_owned()),
        }
    }

    fn problem(request: &Request, raw: &Raw) -> Result<Self, String> {
        let problem: Problem = raw.json("application/problem+json")?;
        if problem.status != raw.status {
            return Err(format!("the problem says status {}", problem.status));
        }
        let slug = problem.r#type.strip_prefix("/problems/").unwrap_or_default();
        match (request, raw.status, slug) {
            (Request::Replace { .. } | Request::Remove(_) | Request::Read(_), 404, "not-found") => {
                Ok(Self::NotFound)
            }
            (Request::Place { id: Some(_), .. }, 409, "id-taken") => Ok(Self::IdTaken),
            (Request::Place { .. } | Request::Replace { .. }, 409, "order-conflict") => {
                raw.json("application/problem+json").map(Self::Conflict)
            }
            (Request::SetGap { .. }, 409, "gap-too-wide") => {
                let Pairs { too_close } = raw.json("application/problem+json")?;
                Ok(Self::GapTooWide(too_close))
            }
            (_, 503, "unavailable") if raw.retry_after.is_some() => Ok(Self::Unavailable),
            (_, 503, "unavailable") => Err("there is no Retry-After".to_owned()),
            _ => Err("a problem that the contract does not know here".to_owned()),
        }
    }

    /// The name of the outcome, for counting.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Order(_) | Self::Orders(_) | Self::Calendar(_) | Self::Removed => "done",
            Self::NotFound => "not-found",
            Self::IdTaken => "id-taken",
            Self::Conflict(_) => "order-conflict",
            Self::GapTooWide(_) => "gap-too-wide",
            Self::Unavailable => "unavailable",
            Self::NotSent => "not sent",
            Self::Lost(_) => "lost",
            Self::Illegal(_) => "ILLEGAL",
        }
    }

    /// Whether a write may or may not have happened.
    #[must_use]
    pub fn is_unknown(&self) -> bool {
        matches!(self, Self::Unavailable | Self::Lost(_) | Self::Illegal(_))
    }
}

impl Raw {
    fn json<T: DeserializeOwned>(&self, content_type: &str) -> Result<T, String> {
        if self.content_type.as_deref().and_then(|said| said.split(';').next())
            != Some(content_type)
        {
            return Err(format!("the Content-Type {:?} is wrong", self.content_type));
        }
        serde_json::from_str(&self.body).map_err(|error| format!("a malformed body, {error}"))
    }

    fn strong_etag(&self) -> Result<(), String> {
        match self.etag.as_deref() {
            Some(etag) if etag.len() > 2 && etag.starts_with('"') && etag.ends_with('"') => Ok(()),
            other => Err(format!("the ETag {other:?} is not a strong one")),
        }
    }
}

impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Order(Order {
                id, calendar, datetime, version, created_at, totalfee, ..
            }) => {
                write!(
                    f,
                    "order {id} in {calendar} at {datetime}, fee {totalfee}, \
                     version {version}, created {created_at}"
                )
            }
            Self::Orders(orders) => write!(f, "{} orders", orders.len()),
            Self::Calendar(Calendar { id, name, minimum_gap }) => {
                write!(f, "calendar {id}, {name:?}, gap {minimum_gap}")
            }
            Self::Removed => f.write_str("removed"),
            Self::Conflict(Refusal { calendar, minimum_gap, conflicts_with, .. }) => {
                write!(f, "order-conflict in {calendar} (gap {minimum_gap}) with")?;
                for Booking { id, datetime } in conflicts_with {
                    write!(f, " {id} at {datetime}")?;
                }
                Ok(())
            }
            Self::GapTooWide(pairs) => {
                write!(f, "gap-too-wide for")?;
                for TooClose { first, second } in pairs {
                    let ((a, at), (b, bt)) =
                        ((&first.id, first.datetime), (&second.id, second.datetime));
                    write!(f, " [{a} at {at} and {b} at {bt}]")?;
                }
                Ok(())
            }
            Self::Lost(why) => write!(f, "lost ({why})"),
            Self::Illegal(why) => write!(f, "ILLEGAL ({why})"),
            Self::NotFound | Self::IdTaken | Self::Unavailable | Self::NotSent => {
                f.write_str(self.kind())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use orders_core::OrderId;

    use super::*;

    fn place(id: Option<&str>) -> Request {
        Request::Place {
            id: id.map(|id| OrderId::new(id).unwrap()),
            calendar: CalendarId::default(),
            datetime: "2030-01-01T00:00:00Z".parse().unwrap(),
        }
    }

    fn problem(status: u16, slug: &str) -> Raw {
        Raw {
            status,
            content_type: Some("application/problem+json".to_owned()),
            retry_after: (status == 503).then(|| "1".to_owned()),
            body: format!(r#"{{"type":"/problems/{slug}","status":{status}}}"#),
            ..Raw::default()
        }
    }

    #[track_caller]
    fn check(request: &Request, raw: &Raw, kind: &str) {
        assert_eq!(Answer::read(request, raw).kind(), kind);
    }

    #[test]
    fn every_request_has_its_own_legal_problems() {
        let read = Request::Read(OrderId::new("a").unwrap());
        check(&place(Some("a")), &problem(409, "id-taken"), "id-taken");
        check(&place(None), &problem(409, "id-taken"), "ILLEGAL");
        check(&place(None), &problem(404, "not-found"), "ILLEGAL");
        check(&read, &problem(404, "not-found"), "not-found");
        check(&read, &problem(409, "id-taken"), "ILLEGAL");
        check(&Request::List, &problem(404, "not-found"), "ILLEGAL");
        check(&Request::ReadCalendar(CalendarId::default()), &problem(404, "not-found"), "ILLEGAL");
        check(&read, &problem(500, "internal-error"), "ILLEGAL");
        check(&read, &problem(422, "invalid-request"), "ILLEGAL");
        check(&read, &problem(503, "unavailable"), "unavailable");
        check(&read, &Raw { retry_after: None, ..problem(503, "unavailable") }, "ILLEGAL");
        check(&read, &Raw { status: 503, ..problem(404, "not-found") }, "ILLEGAL");
        check(&read, &Raw { content_type: None, ..problem(404, "not-found") }, "ILLEGAL");
        check(&place(None), &problem(409, "order-conflict"), "ILLEGAL");
    }

    #[test]
    fn an_order_is_legal_with_its_headers_and_all_of_its_fields() {
        let body = r#"{"id":"a","calendar":"default","datetime":"2030-01-01T00:00:00Z","totalfee":1.5,
            "services":[{"id":"repair"}],"version":1,"created_at":"2029-01-01T00:00:00Z",
            "updated_at":"2029-01-01T00:00:00Z"}"#;
        let good = Raw {
            status: 201,
            content_type: Some("application/json".to_owned()),
            location: Some("/orders/a".to_owned()),
            etag: Some("\"1\"".to_owned()),
            body: body.to_owned(),
            ..Raw::default()
        };
        check(&place(None), &good, "done");
        check(&place(None), &Raw { status: 200, ..good.clone() }, "ILLEGAL");
        check(&place(None), &Raw { location: None, ..good.clone() }, "ILLEGAL");
        check(&place(None), &Raw { etag: Some("W/\"1\"".to_owned()), ..good.clone() }, "ILLEGAL");
        check(&place(None), &Raw { body: body.replace("version", "v"), ..good.clone() }, "ILLEGAL");
        check(&place(None), &Raw { body: body[..30].to_owned(), ..good }, "ILLEGAL");
    }

    #[test]
    fn a_removal_is_answered_without_a_body() {
        let remove = Request::Remove(OrderId::new("a").unwrap());
        check(&remove, &Raw { status: 204, ..Raw::default() }, "done");
        check(&remove, &Raw { status: 204, body: "{}".to_owned(), ..Raw::default() }, "ILLEGAL");
        check(&remove, &Raw { status: 200, ..Raw::default() }, "ILLEGAL");
    }
}
