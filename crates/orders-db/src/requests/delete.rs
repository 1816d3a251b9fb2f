//! Deleting several orders with one statement.

use std::collections::HashSet;
use std::sync::Arc;

use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Nullable, Text};
use orders_core::{Client, OrderId, Orders as _, Precondition, StoreError};

use super::{LOCK_TIMEOUT, Outcome, Request, each, in_order_of_ids};
use crate::PgStore;
use crate::statement::statement;

/// Delete an order, like [`Orders::remove_if`](orders_core::Orders::remove_if).
#[derive(Debug, Clone)]
pub struct DeleteOrder {
    /// Who deletes it.
    pub client: Option<Arc<Client>>,
    /// The order.
    pub id: OrderId,
    /// The versions that it may have.
    pub condition: Precondition,
}

statement! {
    /// Deletes orders of the permitted calendars, like the statement for one order.
    DeleteAll<'a> {
        ids: Vec<&'a str> as Array<Text>,
        versions: Vec<Option<i64>> as Array<Nullable<BigInt>>,
        permitted: Option<Vec<&'a str>> as Nullable<Array<Text>>,
        lock_timeout: &'static str as Text,
        client: &'a str as Text,
    } -> (Text, Text) =
    "DELETE FROM orders
      USING (SELECT row.*, setting.*
               FROM unnest($1, $2) AS row (id, version),
                    (SELECT $3 AS permitted, set_config('lock_timeout', $4, true) AS lock_timeout) AS setting
              WHERE setting.lock_timeout IS NOT NULL) AS request
      WHERE orders.id = request.id AND (request.version IS NULL OR orders.version = request.version)
        AND (request.permitted IS NULL
             OR (SELECT id FROM calendars WHERE key = orders.calendar) = ANY (request.permitted))
     RETURNING orders.id, set_config('orders.client', $5, true)"
}

impl Request for DeleteOrder {
    type Response = ();

    fn execute(self, store: &PgStore) -> Result<(), StoreError> {
        store.acting_as(self.client).remove_if(&self.id, &self.condition)
    }

    fn execute_together(store: &PgStore, requests: &[Self]) -> Vec<Outcome<()>> {
        let (rows, caller) = in_order_of_ids(requests, |it| (&it.client, &it.id, &it.condition));
        let deleted = store.attempt(|conn| {
            let delete = DeleteAll {
                ids: rows.iter().map(|row| row.id.as_str()).collect(),
                versions: rows.iter().map(|row| row.version).collect(),
                permitted: caller.calendar_ids(),
                lock_timeout: LOCK_TIMEOUT,
                client: caller.setting(),
            };
            let deleted: Vec<(String, String)> = delete.load(conn)?;
            Ok(deleted.into_iter().map(|(id, _)| id).collect::<HashSet<_>>())
        });
        deleted.outcomes(requests.len(), |mut deleted| {
            each(requests.len(), &rows, |id| deleted.remove(id.as_str()).then_some(()))
        })
    }
}
