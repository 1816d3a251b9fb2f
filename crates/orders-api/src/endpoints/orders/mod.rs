//! `/orders`, `/orders/{id}`

mod csv;
mod cursor;
mod export;
pub(crate) mod history;
pub(crate) mod import;
pub(crate) mod list;
mod response;

use orders_core::{AsOf, Changes as _, Mode, OrderDraft, OrderId, OrderPatch, Orders, Placed};
use orders_db::PgStore;
use orders_db::requests::{CreateOrder, DeleteOrder, GetOrder, ReplaceOrder};

use self::response::{CreateResponse, GetResponse, WriteResponse};
use crate::Store;
use crate::http::body::Body;
use crate::http::conditional::{IfMatch, IfNoneMatch};
use crate::http::endpoint::{Endpoint, Reply, endpoint};
use crate::http::idempotency::Key;
use crate::http::path::Path;
use crate::http::query::{FromQuery, Number, Parameters, Query, invalid};
use crate::http::response::NoContent;
use crate::problem::{Problem, ProblemType};

pub(crate) fn create() -> Endpoint {
    let description = "The order must start at least its calendar's minimum gap before and after every other order of \
                       the calendar; a conflict names those that are too close and the nearest free times. A 503 means \
                       that it may have happened: repeat it with the same id or `Idempotency-Key`.";
    endpoint(create_order, "createOrder", "orders", "Create an order", description)
        .problems(&[ProblemType::OrderConflict, ProblemType::IdTaken])
}

async fn create_order(
    store: Store,
    mode: Query<Mode>,
    key: Key,
    draft: Body<OrderDraft>,
) -> Reply<CreateResponse> {
    let draft = draft.0;
    Ok(match (mode.0, key.0) {
        // A dry run leaves nothing behind that could be repeated.
        (Mode::DryRun, _) => {
            let place = move |orders: &PgStore| orders.place(draft, Mode::DryRun);
            CreateResponse::DryRun(store.run(place).await?)
        }
        (Mode::Write, None) => {
            let order = store.write_with(|client| CreateOrder { client, draft }).await?;
            CreateResponse::Created { order, replayed: false }
        }
        (Mode::Write, Some(key)) => {
            let place = move |orders: &PgStore| orders.place_idempotent(draft, &key);
            let Placed { order, replayed } = store.write(Mode::Write, place).await?;
            CreateResponse::Created { order, replayed }
        }
    })
}

pub(crate) fn get() -> Endpoint {
    let description = "The order as it is, or with `version` or `at` as it was. With `If-None-Match`, 304 if the \
                       client has this version.";
    endpoint(get_order, "getOrder", "orders", "Get an order", description)
        .problems(&[ProblemType::VersionGone])
}

async fn get_order(
    store: Store,
    id: Path<OrderId>,
    known: IfNoneMatch,
    as_of: Query<Option<AsOf>>,
) -> Reply<GetResponse> {
    let id = id.0;
    let order = match as_of.0 {
        None => store.read_with(|client| GetOrder { client, id }).await?,
        Some(as_of) => store.run(move |orders| orders.order_as_of(&id, as_of)).await?,
    };
    Ok(match known.includes(&order.version.to_string()) {
        true => GetResponse::NotModified(order),
        false => GetResponse::Modified(order),
    })
}

pub(crate) fn replace() -> Endpoint {
    let description = "The order must exist already. A body without `calendar` leaves it in its calendar. A 503 means \
                       that it may have happened: get the order, or repeat the request.";
    endpoint(replace_order, "replaceOrder", "orders", "Replace an order", description)
        .problems(&[ProblemType::OrderConflict])
}

async fn replace_order(
    store: Store,
    id: Path<OrderId>,
    mode: Query<Mode>,
    condition: IfMatch,
    draft: Body<OrderDraft>,
) -> Reply<WriteResponse> {
    let (id, condition, draft) = (id.0, condition.0, draft.0);
    let order = match mode.0 {
        Mode::Write => {
            store.write_with(|client| ReplaceOrder { client, id, condition, draft }).await?
        }
        Mode::DryRun => {
            let replace =
                move |orders: &PgStore| orders.replace_if(&id, &condition, draft, Mode::DryRun);
            store.run(replace).await?
        }
    };
    Ok(WriteResponse { order, mode: mode.0 })
}

pub(crate) fn patch() -> Endpoint {
    let description = "A JSON Merge Patch (RFC 7396), with the same checks as a PUT of the whole order. A 503 means \
                       that it may have happened: get the order, or repeat the request.";
    endpoint(patch_order, "patchOrder", "orders", "Change a part of an order", description)
        .problems(&[ProblemType::OrderConflict])
}

async fn patch_order(
    store: Store,
    id: Path<OrderId>,
    mode: Query<Mode>,
    condition: IfMatch,
    patch: Body<OrderPatch>,
) -> Reply<WriteResponse> {
    let write = move |orders: &_| Orders::patch_if(orders, &id.0, &condition.0, &patch.0, mode.0);
    Ok(WriteResponse { order: store.write(mode.0, write).await?, mode: mode.0 })
}

pub(crate) fn delete() -> Endpoint {
    let description = "Its time is free at once. A 503 means that it may have happened: a repetition is then 404.";
    endpoint(delete_order, "deleteOrder", "orders", "Delete an order", description)
}

async fn delete_order(
    store: Store,
    id: Path<OrderId>,
    condition: IfMatch,
    _: Query<()>,
) -> Reply<NoContent> {
    let (id, condition) = (id.0, condition.0);
    store.write_with(|client| DeleteOrder { client, id, condition }).await?;
    Ok(NoContent)
}

impl FromQuery for Option<AsOf> {
    fn read(query: &mut Parameters<'_>) -> Result<Self, Problem> {
        let version = query.optional("version", "The order as it was with this version.");
        let at = query.optional("at", "The order as it was then. Not with `version`.");
        match (version?, at?) {
            (None, None) => Ok(None),
            (Some(Number::<1, { i64::MAX as u64 }>(version)), None) => {
                Ok(Some(AsOf::Version(version)))
            }
            (None, Some(at)) => Ok(Some(AsOf::Instant(at))),
            (Some(_), Some(_)) => Err(invalid("at", "is not possible together with version")),
        }
    }
}

impl FromQuery for Mode {
    fn read(query: &mut Parameters<'_>) -> Result<Self, Problem> {
        let description = "`true` runs every check, writes nothing, and returns 200 with the resulting order, or the \
                           problem that the write would return.";
        Ok(match query.optional("dry_run", description)? {
            Some(true) => Self::DryRun,
            Some(false) | None => Self::Write,
        })
    }
}
