//! `GET /orders`: a page as a JSON array, or all orders as NDJSON or CSV.

use actix_web::http::header::{self, HeaderValue};
use actix_web::http::{Method, StatusCode};
use actix_web::{HttpRequest, HttpResponse};
use orders_core::{
    ChangeFilter, Direction, Order, OrderFilter, OrderQuery, Orders as _, Position, StoreError,
};
use orders_db::PgStore;
use serde_json::{Value, json};

use super::csv::{AS_FILE, CONTENT_DISPOSITION, CSV, CSV_CONTENT_TYPE, CsvRows, OrderTable};
use super::cursor::Cursor;
use super::export::{Export, Lines};
use crate::Store;
use crate::endpoints::changes::changes_after;
use crate::http::channel::{Chunks, streamed};
use crate::http::endpoint::{Endpoint, Reply, Response, endpoint};
use crate::http::link::{LINK, Target};
use crate::http::ndjson::{LinesOf, NDJSON};
use crate::http::negotiation::{Accept, MediaTypes};
use crate::http::query::{FromQuery, Limit, Parameter, Parameters, Query, invalid, query_text};
use crate::http::response::{JSON, Json, VARY};
use crate::openapi::{Components, Operation};
use crate::problem::{Problem, ProblemType};
use crate::transfers::Transfers;

pub(crate) fn list() -> Endpoint {
    let description = "As JSON, a page of orders, with a `Link` to the next one while there is more. Following the \
                       links returns every order that stays where it is exactly once; an order that is moved across \
                       the cursor meanwhile may appear at both places or at neither. With \
                       `Accept: application/x-ndjson`, every matching order, one a line, from one consistent snapshot, \
                       with a `Link` to the changes after it (`rel=\"monitor\"`): follow it, and skip versions that you \
                       have. With `Accept: text/csv`, the same as rows of a table. There is no such link with `from`, `to` or `reference`, by which changes cannot be \
                       selected. Such exports are limited in number, for each client and in all: one too many is 503.";
    endpoint(list_orders, "listOrders", "orders", "List orders, by time", description)
        .problems(&[ProblemType::NotPermitted])
}

async fn list_orders(
    store: Store,
    query: Query<ListParameters>,
    media_type: Accept<ListMediaType>,
    method: Method,
    transfers: Transfers,
) -> Reply<ListResponse> {
    let parameters = query.0;
    let form = match media_type.0 {
        ListMediaType::Json => return store.run(move |orders| page(orders, &parameters)).await,
        ListMediaType::All(form) => form,
    };
    let for_pages = [("limit", parameters.limit.is_some()), ("after", parameters.after.is_some())];
    for (name, is_given) in for_pages {
        if is_given {
            return Err(invalid(
                name,
                "is for pages; as NDJSON or CSV every matching order is answered",
            ));
        }
    }
    let ListParameters { filter, direction, .. } = parameters;
    let followed = change_filter(&filter);
    let export = Export {
        filter,
        direction,
        lines: (method != Method::HEAD).then(|| form.lines()),
        total_timeout: transfers.export_timeout(),
        place: transfers.export(&store)?,
    };
    let (cursor, orders) = export.stream(&store).await?;
    let monitor = cursor.zip(followed).map(|(cursor, filter)| changes_after(cursor, &filter));
    Ok(ListResponse::All { form, orders, monitor })
}

/// The filter of the changes that keep an export with this filter current, if there is one.
fn change_filter(filter: &OrderFilter) -> Option<ChangeFilter> {
    let OrderFilter { calendar, service, reference: None, from: None, to: None } = filter else {
        return None;
    };
    Some(ChangeFilter { calendar: calendar.clone(), service: service.clone() })
}

fn page(orders: &PgStore, parameters: &ListParameters) -> Result<ListResponse, StoreError> {
    let page = orders.list(&parameters.query())?;
    let next = page.next.map(|position| parameters.after(position));
    Ok(ListResponse::Page { orders: Json::new(&page.orders)?, next })
}

#[derive(Clone, Copy)]
enum ListMediaType {
    Json,
    All(Form),
}

/// The form of all orders.
#[derive(Clone, Copy)]
enum Form {
    Ndjson,
    Csv,
}

impl MediaTypes for ListMediaType {
    const OFFERS: &'static [(&'static str, Self)] =
        &[(JSON, Self::Json), (NDJSON, Self::All(Form::Ndjson)), (CSV, Self::All(Form::Csv))];
}

impl Form {
    fn lines(self) -> Lines {
        match self {
            Self::Ndjson => Lines::Ndjson,
            Self::Csv => Lines::Csv(CsvRows::default()),
        }
    }
}

enum ListResponse {
    /// A page, and the next one.
    Page { orders: Json<Vec<Order>>, next: Option<Target> },
    /// All orders, and the changes after them.
    All { form: Form, orders: Chunks, monitor: Option<Target> },
}

impl Response for ListResponse {
    fn respond(self, request: &HttpRequest) -> HttpResponse {
        let mut response = match self {
            Self::Page { orders, next } => {
                let mut response = HttpResponse::Ok();
                if let Some(next) = next {
                    response.insert_header(next.link("next"));
                }
                orders.complete(response)
            }
            Self::All { form, orders, monitor } => {
                let mut response = HttpResponse::Ok();
                if let Some(monitor) = monitor {
                    response.insert_header(monitor.link("monitor"));
                }
                match form {
                    Form::Ndjson => response.content_type(NDJSON),
                    Form::Csv => response
                        .content_type(CSV_CONTENT_TYPE)
                        .insert_header(CONTENT_DISPOSITION.with(AS_FILE)),
                };
                streamed(response, request, orders)
            }
        };
        let varies = HeaderValue::from_static("Accept, Accept-Encoding");
        response.headers_mut().insert(header::VARY, varies);
        response
    }

    fn describe(operation: &mut Operation) {
        let description = "A page of orders, or all of them as lines or as a table.";
        let headers = [LINK.optional(), VARY, CONTENT_DISPOSITION.optional()];
        operation.response(StatusCode::OK, description, &headers);
        operation.content::<Vec<Order>>(StatusCode::OK, JSON);
        operation.content::<LinesOf<Order>>(StatusCode::OK, NDJSON);
        operation.content::<OrderTable>(StatusCode::OK, CSV);
    }
}

/// The orders that are listed.
struct ListParameters {
    filter: OrderFilter,
    direction: Direction,
    limit: Option<Limit>,
    after: Option<Position>,
}

impl ListParameters {
    fn query(&self) -> OrderQuery {
        OrderQuery {
            filter: self.filter.clone(),
            direction: self.direction,
            after: self.after.clone(),
            limit: Limit::or_default(self.limit),
        }
    }

    /// The same list after `position`.
    fn after(&self, position: Position) -> Target {
        let Self { filter, direction, limit, after: _ } = self;
        Target::new("/orders")
            .with("calendar", filter.calendar.as_ref())
            .with("service", filter.service.as_ref())
            .with("reference", filter.reference.as_ref().map(query_text))
            .with("from", filter.from)
            .with("to", filter.to)
            .with("order", (*direction == Direction::Descending).then_some("desc"))
            .with("limit", *limit)
            .with("after", Some(Cursor::new(*direction, position)))
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
        let limit = query.optional("limit", "The most orders on a page. Only for JSON.");
        let after = query.optional(
            "after",
            "Where the page begins: an opaque cursor from the `Link` of the page before. Only for JSON.",
        );
        let filter = OrderFilter {
            calendar: calendar?,
            service: service?,
            reference: reference?,
            from: from?,
            to: to?,
        };
        let direction = direction?.unwrap_or_default();
        let limit = limit?;
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
