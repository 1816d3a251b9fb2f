//! Reading several orders with one statement.

use std::collections::HashMap;
use std::sync::Arc;

use diesel::prelude::*;
use diesel::sql_types::{Array, Text};
use orders_core::{Client, Order, OrderId, Orders as _, StoreError};

use super::{Outcome, Request};
use crate::PgStore;
use crate::caller::Caller;
use crate::orders::not_found;
use crate::row::{self, OrderRow, OrderSql};
use crate::statement::statement;

/// Read an order, like [`Orders::order`](orders_core::Orders::order).
#[derive(Debug, Clone)]
pub struct GetOrder {
    /// Who reads it.
    pub client: Option<Arc<Client>>,
    /// The order.
    pub id: OrderId,
}

statement! {
    FindAll<'a> { ids: Vec<&'a str> as Array<Text> } -> OrderSql =
    "SELECT id, (SELECT id FROM calendars WHERE key = orders.calendar), datetime, totalfee, services,
            reference, metadata::text, version, created_at, updated_at
       FROM orders WHERE id = ANY ($1)"
}

impl Request for GetOrder {
    type Response = Order;

    fn execute(self, store: &PgStore) -> Result<Order, StoreError> {
        store.acting_as(self.client).order(&self.id)
    }

    fn execute_together(store: &PgStore, requests: &[Self]) -> Vec<Outcome<Order>> {
        let ids = || requests.iter().map(|request| request.id.as_str()).collect();
        let found = store.attempt_read(|conn| {
            let rows: Vec<OrderRow> = FindAll { ids: ids() }.load(conn)?;
            let orders = rows.into_iter().map(row::order);
            orders
                .map(|order| order.map(|order| (order.id.clone(), order)))
                .collect::<QueryResult<HashMap<_, _>>>()
        });
        found.outcomes(requests.len(), |orders| {
            let order = |request: &Self| {
                let caller = Caller::new(request.client.clone());
                let order = orders.get(&request.id).filter(|order| caller.sees(order));
                Some(order.cloned().ok_or_else(|| not_found(&request.id)))
            };
            requests.iter().map(order).collect()
        })
    }
}
