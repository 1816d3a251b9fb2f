//! `GET /orders`: a page as a JSON array, or all orders as NDJSON.

use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderValue};
use actix_web::{HttpRequest, HttpResponse};
use orders_core::{Direction, Order, OrderFilter, OrderQuery, Orders as _, Position, StoreError};
use orders_db::PgStore;
use serde_json::{Value, json};

use super::cursor::Cursor;
use super::export;
use crate::Store;
use crate::http::body::BodyLimits;
use crate::http::endpoint::{Endpoint, Reply, Response, endpoint};
use crate::http::ndjson::{LinesOf, NDJSON, NdjsonStream};
use crate::http::negotiation::{Accept, MediaTypes};
use crate::http::query::{FromQuery, Parameter, Parameters, Query, invalid, query_text};
use crate::http::response::{JSON, Json};
use crate::openapi::{Components, Header, Operation};
use crate::problem::{Problem, ProblemType};

/// How many orders are on a page unless the client chooses.
const DEFAULT_LIMIT: usize = 100;

/// The most orders on a page.
const MAX_LIMIT: usize = 1000;

const LINK: Header = Header::new(
    "Link",
    "`<...>; rel=\"next\"` (RFC 8288) while there is more: follow it as it is.",
    "^<.+>; rel=\"next\"$",
);
const VARY: Header = Header::new("Vary", "What the response depends on.", "^Accept");

pub(crate) fn list() -> Endpoint {
    let description = "As JSON, a page of orders, with a `Link` to the next one while there is more. Following the \
                       links returns every order that stays where it is exactly once; an order that is moved across \
                       the cursor meanwhile may appear at both places or at neither. With \
                       `Accept: application/x-ndjson`, every matching order, one a line, from one consistent snapshot.";
    endpoint(list_orders, "listOrders", "orders", "List orders, by time", description)
        .problems(&[ProblemType::NotPermitted])
}

async fn list_orders(
    store: Store,
    query: Query<ListParameters>,
    media_type: Accept<ListMediaType>,
    limits: BodyLimits,
) -> Reply<ListResponse> {
    let parameters = query.0;
    if let ListMediaType::Json = media_type.0 {
        return store.run(move |orders| page(orders, &parameters)).await;
    }
    let for_pages = [("limit", parameters.limit.is_some()), ("after", parameters.after.is_some())];
    for (name, is_given) in for_pages {
        if is_given {
            return Err(invalid(name, "is for pages; as NDJSON every matching order is answered"));
        }
    }
    let ListParameters { filter, direction, .. } = parameters;
    let lines = export::stream(&store, filter, direction, limits.stall_timeout).await?;
    Ok(ListResponse::All(NdjsonStream::new(lines)))
}

fn page(orders: &PgStore, parameters: &ListParameters) -> Result<ListResponse, StoreError> {
    let page = orders.list(&parameters.query())?;
    let next = page.next.map(|position| parameters.path_after(position));
    Ok(ListResponse::Page { orders: Json::new(&page.orders)?, next })
}

#[derive(Clone, Copy)]
enum ListMediaType {
    Json,
    Ndjson,
}

impl MediaTypes for ListMediaType {
    const OFFERS: &'static [(&'static str, Self)] = &[(JSON, Self::Json), (NDJSON, Self::Ndjson)];
}

enum ListResponse {
    /// A page, and the path of the next one.
    Page {
        orders: Json<Vec<Order>>,
        next: Option<String>,
    },
    All(NdjsonStream<Order>),
}

impl Response for ListResponse {
    fn respond(self, request: &HttpRequest) -> HttpResponse {
        let mut response = match self {
            Self::Page { orders, next } => {
                let mut response = HttpResponse::Ok();
                if let Some(next) = next {
                    response.insert_header(LINK.with(format!("<{next}>; rel=\"next\"")));
                }
                orders.complete(response)
            }
            Self::All(orders) => orders.respond(request),
        };
        let varies = HeaderValue::from_static("Accept, Accept-Encoding");
        response.headers_mut().insert(header::VARY, varies);
        response
    }

    fn describe(operation: &mut Operation) {
        let description = "A page of orders, or all of them as lines.";
        operation.response(StatusCode::OK, description, &[LINK.optional(), VARY]);
        operation.content::<Vec<Order>>(StatusCode::OK, JSON);
        operation.content::<LinesOf<Order>>(StatusCode::OK, NDJSON);
    }
}

/// The orders that are listed.
struct ListParameters {
    filter: OrderFilter,
    direction: Direction,
    limit: Option<usize>,
    after: Option<Position>,
}

impl ListParameters {
    fn query(&self) -> OrderQuery {
        OrderQuery {
            filter: self.filter.clone(),
            direction: self.direction,
            after: self.after.clone(),
            limit: self.limit.unwrap_or(DEFAULT_LIMIT),
        }
    }

    /// The path of the same list after `position`.
    fn path_after(&self, position: Position) -> String {
        // Except for references, the values need no escapes in a query.
        let Self { filter, direction, limit, after: _ } = self;
        let mut parameters = Vec::new();
        let mut push = |name: &str, value: Option<String>| {
            parameters.extend(value.map(|value| format!("{name}={value}")));
        };
        push("calendar", filter.calendar.as_ref().map(ToString::to_string));
        push("service", filter.service.as_ref().map(ToString::to_string));
        push("reference", filter.reference.as_ref().map(query_text));
        push("from", filter.from.map(|from| from.to_string()));
        push("to", filter.to.map(|to| to.to_string()));
        push("order", (*direction == Direction::Descending).then(|| "desc".to_owned()));
        push("limit", limit.map(|limit| limit.to_string()));
        push("after", Some(Cursor::new(*direction, position).to_string()));
        format!("/orders?{}", parameters.join("&"))
    }
}

impl FromQuery for ListParameters {
    fn read(query: &mut Parameters<'_>) -> Result<Self, Problem> {
        let calendar = query.optional("calendar", "Only orders of this calendar.");
        let service = query.optional("service", "Only orders that contain this service.");
        let reference = query.optional("reference", "Only orders with this reference.");
        let from = query.optional("from", "Only orders that start then or later.");
        let to = query.optional("to", "Only orders that start earlier.");
        let direction = query.optional(
            "order",
            "By `datetime` then `id`, earliest first (`asc`) or latest first (`desc`).",
        );
        let limit = query.optional("limit", "The most orders on a page. Not for NDJSON.");
        let after = query.optional(
            "after",
            "Where the page begins: an opaque cursor from the `Link` of the page before. Not for NDJSON.",
        );
        let filter = OrderFilter {
            calendar: calendar?,
            service: service?,
            reference: reference?,
            from: from?,
            to: to?,
        };
        let direction = direction?.unwrap_or_default();
        let limit = limit?.map(|Limit(limit)| limit);
        let after = after?.map(|cursor: Cursor| cursor.position_in(direction)).transpose();
        let after = after.map_err(|why| invalid("after", why))?;
        Ok(Self { filter, direction, limit, after })
    }
}

impl Parameter for Direction {
    fn parse(text: &str) -> Result<Self, String> {
        match text {
            "asc" => Ok(Self::Ascending),
            "desc" => Ok(Self::Descending),
            _ => Err("must be asc or desc".to_owned()),
        }
    }

    fn schema(_: &mut Components) -> Value {
        json!({ "type": "string", "enum": ["asc", "desc"], "default": "asc" })
    }
}

struct Limit(usize);

impl Parameter for Limit {
    fn parse(text: &str) -> Result<Self, String> {
        let limit = text.parse().ok().filter(|limit| (1..=MAX_LIMIT).contains(limit));
        limit.map(Self).ok_or_else(|| format!("must be a number from 1 to {MAX_LIMIT}"))
    }

    fn schema(_: &mut Components) -> Value {
        json!({ "type": "integer", "minimum": 1, "maximum": MAX_LIMIT, "default": DEFAULT_LIMIT })
    }
}
