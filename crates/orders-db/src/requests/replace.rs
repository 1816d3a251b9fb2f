//! Replacing several orders with one statement.

use std::collections::HashMap;
use std::sync::Arc;

use diesel::data_types::PgTimestamp;
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Nullable, Numeric, Text, Timestamptz};
use orders_core::{
    CalendarId, Client, Mode, Order, OrderDraft, OrderId, Orders as _, Precondition, StoreError,
};
use rust_decimal::Decimal;

use super::{LOCK_TIMEOUT, Outcome, Request, each, in_order_of_ids};
use crate::PgStore;
use crate::row::{self, OrderRow, OrderSql};
use crate::statement::statement;

/// Replace an order, like [`Orders::replace_if`](orders_core::Orders::replace_if).
#[derive(Debug, Clone)]
pub struct ReplaceOrder {
    /// Who replaces it.
    pub client: Option<Arc<Client>>,
    /// The order.
    pub id: OrderId,
    /// The versions that it may have.
    pub condition: Precondition,
    /// What replaces it.
    pub draft: OrderDraft,
}

statement! {
    /// Updates the orders that keep their time, their calendar and their reference, like the statement for one order. The
    /// services of an order are one text with commas, which no id contains.
    ReplaceAll<'a> {
        ids: Vec<&'a str> as Array<Text>,
        datetimes: Vec<PgTimestamp> as Array<Timestamptz>,
        calendars: Vec<Option<&'a str>> as Array<Nullable<Text>>,
        totalfees: Vec<Decimal> as Array<Numeric>,
        services: Vec<String> as Array<Text>,
        references: Vec<Option<&'a str>> as Array<Nullable<Text>>,
        metadata: Vec<Option<String>> as Array<Nullable<Text>>,
        versions: Vec<Option<i64>> as Array<Nullable<BigInt>>,
        client: &'a str as Text,
        permitted: Option<Vec<&'a str>> as Nullable<Array<Text>>,
        lock_timeout: &'static str as Text,
    } -> OrderSql =
    "WITH draft AS (
         SELECT row.*, setting.*
           FROM unnest($1, $2, $3, $4, $5, $6, $7, $8) AS row
                (id, datetime, calendar, totalfee, services, reference, metadata, version),
                (SELECT $9 AS client, $10 AS permitted, set_config('lock_timeout', $11, true) AS lock_timeout) AS setting
          WHERE setting.lock_timeout IS NOT NULL)
     UPDATE orders
        SET totalfee = draft.totalfee, services = string_to_array(draft.services, ','),
            reference = draft.reference, metadata = draft.metadata::jsonb,
            version = orders.version + 1, updated_at = GREATEST(now(), updated_at),
            updated_by = NULLIF(set_config('orders.client', draft.client, true), ' ')
       FROM draft
      WHERE orders.id = draft.id AND orders.datetime IS NOT DISTINCT FROM draft.datetime
        AND orders.reference IS NOT DISTINCT FROM draft.reference
        AND (draft.calendar IS NULL
             OR orders.calendar = (SELECT key FROM calendars WHERE id = draft.calendar))
        AND (draft.version IS NULL OR orders.version = draft.version)
        AND (draft.permitted IS NULL
             OR (SELECT id FROM calendars WHERE key = orders.calendar) = ANY (draft.permitted))
     RETURNING orders.id, (SELECT id FROM calendars WHERE key = orders.calendar), orders.datetime, orders.totalfee,
               orders.services, orders.reference, orders.metadata::text, orders.version, orders.created_at, orders.updated_at"
}

impl Request for ReplaceOrder {
    type Response = Order;

    fn execute(self, store: &PgStore) -> Result<Order, StoreError> {
        let store = store.acting_as(self.client);
        store.replace_if(&self.id, &self.condition, self.draft, Mode::Write)
    }

    fn execute_together(store: &PgStore, requests: &[Self]) -> Vec<Outcome<Order>> {
        let (rows, caller) = in_order_of_ids(requests, |it| (&it.client, &it.id, &it.condition));
        let replaced = store.attempt(|conn| {
            let drafts = || rows.iter().map(|row| &requests[row.index].draft);
            let replace = ReplaceAll {
                ids: rows.iter().map(|row| row.id.as_str()).collect(),
                datetimes: drafts().map(|it| row::pg_timestamp(it.datetime)).collect(),
                calendars: drafts()
                    .map(|it| it.calendar.as_ref().map(CalendarId::as_str))
                    .collect(),
                totalfees: drafts().map(|it| it.totalfee.amount()).collect(),
                services: drafts().map(|it| row::joined_services(&it.services)).collect(),
                references: drafts().map(|it| row::pg_reference(it.reference.as_ref())).collect(),
                metadata: drafts().map(|it| row::pg_metadata(&it.metadata)).collect(),
                versions: rows.iter().map(|row| row.version).collect(),
                client: caller.setting(),
                permitted: caller.calendar_ids(),
                lock_timeout: LOCK_TIMEOUT,
            };
            let rows: Vec<OrderRow> = replace.load(conn)?;
            rows.into_iter()
                .map(|row| row::order(row).map(|order| (order.id.clone(), order)))
                .collect::<QueryResult<HashMap<_, _>>>()
        });
        replaced.outcomes(requests.len(), |mut orders| {
            each(requests.len(), &rows, |id| orders.remove(id))
        })
    }
}
