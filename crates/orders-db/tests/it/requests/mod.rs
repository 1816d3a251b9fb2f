//! Requests that are executed together.

mod agreement;
mod isolation;

use std::fmt::Debug;

use orders_core::{Order, StoreError};
use orders_db::PgStore;
use orders_db::requests::{CreateOrder, Request};

use crate::samples::*;

/// Creations by a client without credentials.
fn creations(orders: &[(&str, i64)]) -> Vec<CreateOrder> {
    let create = |(id, hours): &(&str, i64)| CreateOrder {
        client: None,
        draft: draft(id, noon_plus(*hours)),
    };
    orders.iter().map(create).collect()
}

/// Executes requests together, and alone those for which nothing was done.
pub(crate) fn execute<R: Request + Clone>(
    store: &PgStore,
    requests: &[R],
) -> Vec<Result<R::Response, StoreError>> {
    let outcomes = R::execute_together(store, requests);
    assert_eq!(outcomes.len(), requests.len());
    let pairs = outcomes.into_iter().zip(requests);
    pairs.map(|(done, request)| done.unwrap_or_else(|| request.clone().execute(store))).collect()
}

/// What a request came to, as text, which is as good as equal.
fn text<T: Debug>(result: &Result<T, StoreError>) -> String {
    format!("{result:#?}")
}

/// The ids of the orders that were created.
fn created(results: Vec<Result<Order, StoreError>>) -> Vec<String> {
    results.into_iter().flatten().map(|order| order.id.to_string()).collect()
}
