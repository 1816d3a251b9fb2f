//! `GET /orders/{id}/history`

use orders_core::{Change, Changes as _, HistoryPage, OrderId};

use crate::Store;
use crate::http::endpoint::{Endpoint, Reply, endpoint};
use crate::http::link::Target;
use crate::http::page::Page;
use crate::http::path::Path;
use crate::http::query::{FromQuery, Limit, Number, Parameters, Query};
use crate::http::response::Json;
use crate::problem::Problem;

pub(crate) fn get() -> Endpoint {
    let description = "The changes of an order, oldest first, also after its deletion, with a `Link` to the next page \
                       while there are more. The versions of an id are never repeated: if the id is used again, they \
                       continue. If the first version is greater than 1, older ones are not kept any more.";
    endpoint(get_history, "getHistory", "changes", "Get the history of an order", description)
}

async fn get_history(
    store: Store,
    id: Path<OrderId>,
    query: Query<HistoryParameters>,
) -> Reply<Page<Change>> {
    let HistoryParameters { after, limit } = query.0;
    let after = after.map_or(0, |Number(version)| version);
    let read = move |orders: &_| {
        let HistoryPage { changes, next } =
            orders_db::PgStore::history(orders, &id.0, after, Limit::or_default(limit))?;
        let path = format!("/orders/{}/history", id.0);
        let next =
            next.map(|next| Target::new(path).with("after", Some(next)).with("limit", limit));
        Ok(Page { items: Json::new(&changes)?, next })
    };
    store.run(read).await
}

struct HistoryParameters {
    after: Option<Number<0, { i64::MAX as u64 }>>,
    limit: Option<Limit>,
}

impl FromQuery for HistoryParameters {
    fn read(query: &mut Parameters<'_>) -> Result<Self, Problem> {
        let after = query.optional("after", "Only the changes after this version.");
        let limit = query.optional("limit", "The most changes on a page.");
        Ok(Self { after: after?, limit: limit? })
    }
}
