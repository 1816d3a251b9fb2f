//! `/orders`

pub(crate) mod export;
pub(crate) mod import;
pub(crate) mod list;

use actix_web::http::header::{CACHE_CONTROL, ETAG};
use actix_web::{HttpResponse, HttpResponseBuilder};
use orders_core::{Mode, Order, OrderDraft, OrderId, OrderPatch, Orders, Placed};

use crate::Store;
use crate::http::body::Body;
use crate::http::conditional::{IfMatch, IfNoneMatch, etag};
use crate::http::idempotency::{IDEMPOTENCY_REPLAYED, Key};
use crate::http::path::PathId;
use crate::http::query::{Given, Parameters, Query, refuse};
use crate::http::response;
use crate::problem::Problem;

/// `POST /orders`
pub(crate) async fn place(
    store: Store,
    mode: Query<Mode>,
    key: Key,
    draft: Body<OrderDraft>,
) -> Result<HttpResponse, Problem> {
    match (mode.0, key.0) {
        // A rehearsal leaves nothing behind that could be remembered.
        (Mode::DryRun, _) => {
            let order = store.run(move |orders| orders.place(draft.0, Mode::DryRun)).await?;
            Ok(HttpResponse::Ok().json(order))
        }
        (Mode::Write, None) => {
            let order = store.run(move |orders| orders.place(draft.0, Mode::Write)).await?;
            Ok(placed(&order).json(order))
        }
        (Mode::Write, Some(key)) => {
            let Placed { order, replayed } =
                store.run(move |orders| orders.place_idempotent(draft.0, &key)).await?;
            let mut response = placed(&order);
            if replayed {
                response.insert_header((IDEMPOTENCY_REPLAYED, "true"));
            }
            Ok(response.json(order))
        }
    }
}

/// `GET /orders/{id}`
pub(crate) async fn read(
    store: Store,
    id: PathId<OrderId>,
    known: IfNoneMatch,
    _: Query<()>,
) -> Result<HttpResponse, Problem> {
    let order = store.run(move |orders| orders.order(&id.0)).await?;
    Ok(match known.has(&order) {
        true => tagged(HttpResponse::NotModified(), &order).finish(),
        false => tagged(HttpResponse::Ok(), &order).json(order),
    })
}

/// `PUT /orders/{id}`
pub(crate) async fn replace(
    store: Store,
    id: PathId<OrderId>,
    mode: Query<Mode>,
    condition: IfMatch,
    draft: Body<OrderDraft>,
) -> Result<HttpResponse, Problem> {
    let write = move |orders: &_| Orders::replace_if(orders, &id.0, &condition.0, draft.0, mode.0);
    Ok(written(mode.0, store.run(write).await?))
}

/// `PATCH /orders/{id}`
pub(crate) async fn amend(
    store: Store,
    id: PathId<OrderId>,
    mode: Query<Mode>,
    condition: IfMatch,
    patch: Body<OrderPatch>,
) -> Result<HttpResponse, Problem> {
    let write = move |orders: &_| Orders::patch_if(orders, &id.0, &condition.0, &patch.0, mode.0);
    Ok(written(mode.0, store.run(write).await?))
}

/// `DELETE /orders/{id}`
pub(crate) async fn remove(
    store: Store,
    id: PathId<OrderId>,
    condition: IfMatch,
    _: Query<()>,
) -> Result<HttpResponse, Problem> {
    store.run(move |orders| orders.remove_if(&id.0, &condition.0)).await?;
    Ok(HttpResponse::NoContent().finish())
}

fn placed(order: &Order) -> HttpResponseBuilder {
    tagged(response::created(&format!("/orders/{}", order.id)), order)
}

fn written(mode: Mode, order: Order) -> HttpResponse {
    match mode {
        Mode::Write => tagged(HttpResponse::Ok(), &order).json(order),
        Mode::DryRun => HttpResponse::Ok().json(order),
    }
}

/// An order's answer carries the tag of its version, and is not used again without asking.
fn tagged(mut response: HttpResponseBuilder, order: &Order) -> HttpResponseBuilder {
    response.insert_header((ETAG, etag(order))).insert_header((CACHE_CONTROL, "no-cache"));
    response
}

/// `?dry_run=true|false`
impl Parameters for Mode {
    fn read(given: &mut Given) -> Result<Self, Problem> {
        match given.take("dry_run")?.as_deref() {
            None | Some("false") => Ok(Self::Write),
            Some("true") => Ok(Self::DryRun),
            Some(_) => Err(refuse("dry_run", "must be true or false")),
        }
    }
}
