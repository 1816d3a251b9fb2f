//! `GET /orders`: a page as a JSON array, or everything as NDJSON.

use actix_web::http::Method;
use actix_web::http::header::{LINK, VARY};
use actix_web::{HttpRequest, HttpResponse};
use orders_core::{
    CalendarId, Direction, OrderFilter, OrderId, OrderQuery, Orders as _, Page, Position,
    ServiceId, Timestamp,
};
use orders_db::PgStore;

use crate::Store;
use crate::endpoints::orders::export;
use crate::http::body::BodyLimits;
use crate::http::ndjson::{Lines, NDJSON};
use crate::http::negotiation::negotiate;
use crate::http::query::{Given, Parameters, Query, instant, refuse};
use crate::http::response;
use crate::problem::Problem;

/// How many orders are on a page unless the client says otherwise.
pub(crate) const DEFAULT_LIMIT: usize = 100;

/// The most orders on a page.
pub(crate) const MAX_LIMIT: usize = 1000;

/// What the answer depends on besides the path.
const VARIES: &str = "Accept, Accept-Encoding";

#[derive(Clone, Copy)]
enum Form {
    Page,
    Lines,
}

const FORMS: [(&str, Form); 2] = [("application/json", Form::Page), (NDJSON, Form::Lines)];

/// `GET /orders`
pub(crate) async fn list(
    store: Store,
    wish: Query<Wish>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    match negotiate(&request, &FORMS)? {
        Form::Page => page(store, wish.0).await,
        Form::Lines => lines(store, wish.0, &request).await,
    }
}

async fn page(store: Store, wish: Wish) -> Result<HttpResponse, Problem> {
    let query = wish.query();
    let read = move |orders: &PgStore| {
        let Page { orders, next } = orders.list(&query)?;
        Ok((response::to_json(&orders)?, next))
    };
    let (orders, next) = store.run(read).await?;
    let mut response = HttpResponse::Ok();
    response.insert_header((VARY, VARIES));
    if let Some(next) = next {
        response.insert_header((LINK, format!("<{}>; rel=\"next\"", wish.at(&next))));
    }
    Ok(response::json(response, orders))
}

async fn lines(store: Store, wish: Wish, request: &HttpRequest) -> Result<HttpResponse, Problem> {
    for (name, given) in [("limit", wish.limit.is_some()), ("after", wish.after.is_some())] {
        if given {
            return Err(refuse(name, "is for pages; as NDJSON every matching order is answered"));
        }
    }
    let stall_timeout = BodyLimits::of(request).stall_timeout;
    let body = export::stream(&store, wish.filter, wish.direction, stall_timeout).await?;
    // Nobody would read it, and it may be long.
    let body = if request.method() == Method::HEAD { Lines::nothing() } else { body };
    Ok(HttpResponse::Ok().content_type(NDJSON).insert_header((VARY, VARIES)).body(body))
}

/// Which orders a client would like to see.
pub(crate) struct Wish {
    filter: OrderFilter,
    direction: Direction,
    limit: Option<usize>,
    after: Option<Position>,
}

impl Wish {
    fn query(&self) -> OrderQuery {
        OrderQuery {
            filter: self.filter.clone(),
            direction: self.direction,
            after: self.after.clone(),
            limit: self.limit.unwrap_or(DEFAULT_LIMIT),
        }
    }

    /// The same wish from another place on.
    fn at(&self, after: &Position) -> String {
        // Nothing here needs escaping: ids, timestamps in UTC and numbers are made of unreserved
        // characters and colons, which a query may hold.
        let Self { filter, direction, limit, after: _ } = self;
        let mut parameters = Vec::new();
        let mut say = |name: &str, value: Option<String>| {
            parameters.extend(value.map(|value| format!("{name}={value}")));
        };
        say("calendar", filter.calendar.as_ref().map(ToString::to_string));
        say("service", filter.service.as_ref().map(ToString::to_string));
        say("from", filter.from.map(|from| from.to_string()));
        say("to", filter.to.map(|to| to.to_string()));
        say("order", (*direction == Direction::Descending).then(|| "desc".to_owned()));
        say("limit", limit.map(|limit| limit.to_string()));
        say("after", Some(cursor(after, *direction)));
        format!("/orders?{}", parameters.join("&"))
    }
}

impl Parameters for Wish {
    fn read(given: &mut Given) -> Result<Self, Problem> {
        let calendar = given.take("calendar")?.map(CalendarId::new).transpose();
        let service = given.take("service")?.map(ServiceId::new).transpose();
        let filter = OrderFilter {
            calendar: calendar.map_err(|error| refuse("calendar", &error.to_string()))?,
            service: service.map_err(|error| refuse("service", &error.to_string()))?,
            from: given.take("from")?.map(|text| instant("from", &text)).transpose()?,
            to: given.take("to")?.map(|text| instant("to", &text)).transpose()?,
        };
        let direction = match given.take("order")?.as_deref() {
            None | Some("asc") => Direction::Ascending,
            Some("desc") => Direction::Descending,
            Some(_) => return Err(refuse("order", "must be asc or desc")),
        };
        let limit = match given.take("limit")?.map(|text| text.parse()) {
            None => None,
            Some(Ok(limit)) if (1..=MAX_LIMIT).contains(&limit) => Some(limit),
            Some(_) => return Err(refuse("limit", "must be a number from 1 to 1000")),
        };
        let after = given.take("after")?.map(|text| position(&text, direction)).transpose()?;
        Ok(Self { filter, direction, limit, after })
    }
}

/// A place in the list in a form that clients pass back as it is: the direction, the time in microseconds
/// and the id.
fn cursor(at: &Position, direction: Direction) -> String {
    format!("{}{}_{}", letter(direction), at.datetime.as_micros(), at.id)
}

fn position(cursor: &str, direction: Direction) -> Result<Position, Problem> {
    let read = || {
        let rest = cursor.strip_prefix(letter(direction))?;
        let (micros, id) = rest.split_once('_')?;
        let datetime = Timestamp::from_micros(micros.parse().ok()?).ok()?;
        Some(Position { datetime, id: OrderId::new(id).ok()? })
    };
    read().ok_or_else(|| refuse("after", "is not a cursor of this list; follow its Link as it is"))
}

fn letter(direction: Direction) -> char {
    match direction {
        Direction::Ascending => 'a',
        Direction::Descending => 'd',
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_leads_back_to_its_place() {
        for micros in [-62_135_596_800_000_000, -1, 0, 1_667_301_071_111_000] {
            for direction in [Direction::Ascending, Direction::Descending] {
                let at = Position {
                    datetime: Timestamp::from_micros(micros).unwrap(),
                    id: OrderId::new("a_b~c.-").unwrap(),
                };
                assert_eq!(position(&cursor(&at, direction), direction).unwrap(), at);
            }
        }
    }

    #[test]
    fn what_is_no_cursor_is_refused() {
        for text in ["", "a", "a1", "a1_", "a1_a/b", "ax_1", "d1_1", "a99999999999999999999_1"] {
            assert!(position(text, Direction::Ascending).is_err(), "{text}");
        }
    }
}
