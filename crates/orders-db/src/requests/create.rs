//! Creating several orders with one statement.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use diesel::data_types::PgTimestamp;
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Nullable, Numeric, Text, Timestamptz};
use orders_core::{
    CalendarId, Candidate, Client, Mode, Order, OrderDraft, Orders as _, StoreError, Timestamp,
};
use rust_decimal::Decimal;

use super::{Attempt, LOCK_TIMEOUT, Outcome, Request};
use crate::PgStore;
use crate::caller::Caller;
use crate::orders::{self, generate_id};
use crate::row::{self, Stamp};
use crate::statement::statement;

/// Create an order, like [`Orders::place`](orders_core::Orders::place).
#[derive(Debug, Clone)]
pub struct CreateOrder {
    /// Who creates it.
    pub client: Option<Arc<Client>>,
    /// The order.
    pub draft: OrderDraft,
}

statement! {
    /// Creates the orders that can be created, like the statement for one order, each with its client. The services of an
    /// order are one text with commas, which no id contains, because PostgreSQL has no arrays of arrays of different
    /// lengths. An order with a service that does not exist is left out, because it would fail all. The rows depend on the
    /// setting, so that it is made once and first.
    CreateAll<'a> {
        lock_timeout: &'static str as Text,
        ids: Vec<&'a str> as Array<Text>,
        calendars: Vec<&'a str> as Array<Text>,
        datetimes: Vec<PgTimestamp> as Array<Timestamptz>,
        totalfees: Vec<Decimal> as Array<Numeric>,
        services: Vec<String> as Array<Text>,
        references: Vec<Option<&'a str>> as Array<Nullable<Text>>,
        metadata: Vec<Option<String>> as Array<Nullable<Text>>,
        clients: Vec<&'a str> as Array<Text>,
    } -> (Text, BigInt, Timestamptz, Timestamptz) =
    "INSERT INTO orders (
            id, calendar, minimum_gap, datetime, totalfee, services, reference, metadata, updated_by, version)
     SELECT candidate.id, calendars.key, calendars.minimum_gap, candidate.datetime, candidate.totalfee,
            candidate.services, candidate.reference, candidate.metadata::jsonb, NULLIF(candidate.client, ''),
            COALESCE((SELECT version FROM order_versions WHERE order_id = candidate.id
                       ORDER BY order_id DESC, version DESC LIMIT 1), 0) + 1
       FROM (SELECT id, calendar, datetime, totalfee, string_to_array(services, ',') AS services, reference, metadata,
                    client
               FROM (SELECT set_config('lock_timeout', $1, true) AS lock_timeout) AS setting
              CROSS JOIN LATERAL unnest(
                    $2, $3, $4, $5, $6, $7, $8, CASE WHEN setting.lock_timeout IS NOT NULL THEN $9 END) AS row
                    (id, calendar, datetime, totalfee, services, reference, metadata, client)) AS candidate
       JOIN calendars ON calendars.id = candidate.calendar
      WHERE NOT EXISTS (
            SELECT FROM orders
             WHERE orders.calendar = calendars.key
               AND orders.datetime > candidate.datetime - calendars.minimum_gap
               AND orders.datetime < candidate.datetime + calendars.minimum_gap
            OFFSET 0)
        AND NOT EXISTS (
            SELECT FROM unnest(candidate.services) AS named (id)
             WHERE NOT EXISTS (SELECT FROM services WHERE services.id = named.id OFFSET 0)
            OFFSET 0)
        FOR KEY SHARE OF calendars SKIP LOCKED
     ON CONFLICT DO NOTHING
     RETURNING id, version, created_at, updated_at"
}

impl Request for CreateOrder {
    type Response = Order;

    fn execute(self, store: &PgStore) -> Result<Order, StoreError> {
        store.acting_as(self.client).place(self.draft, Mode::Write)
    }

    fn execute_together(store: &PgStore, requests: &[Self]) -> Vec<Outcome<Order>> {
        let mut outcomes: Vec<Outcome<Order>> = requests.iter().map(|_| None).collect();
        let mut rows = Vec::with_capacity(requests.len());
        let mut ids = HashSet::with_capacity(requests.len());
        for (index, Self { client, draft }) in requests.iter().enumerate() {
            let candidate = Candidate::new(draft.clone(), generate_id);
            let caller = Caller::new(client.clone());
            match caller.permit(&candidate.calendar) {
                Err(error) => outcomes[index] = Some(Err(error)),
                // Of several orders with one id, the others are created alone. So the id tells which order was created.
                Ok(()) if !ids.insert(candidate.id.clone()) => {}
                Ok(()) => rows.push(Row { index, candidate, caller }),
            }
        }
        // The order in which all batches lock. Of two that waited for each other, each would hold an order that comes after
        // the one for which the other waits, since the orders of a calendar are a gap apart.
        rows.sort_by(|a, b| a.place().cmp(&b.place()));
        let created = create(store, &rows).outcomes(rows.len(), |created| created);
        for (row, outcome) in rows.iter().zip(created) {
            outcomes[row.index] = outcome;
        }
        rows.retain(|row| outcomes[row.index].is_none());
        for (row, reason) in rows.iter().zip(reasons(store, &rows)) {
            outcomes[row.index] = reason.map(Err);
        }
        outcomes
    }
}

/// An order to be created, and the index of its request.
struct Row {
    index: usize,
    candidate: Candidate,
    caller: Caller,
}

impl Row {
    fn place(&self) -> (&CalendarId, Timestamp) {
        (&self.candidate.calendar, self.candidate.datetime)
    }
}

/// Creates the orders that can be created; the outcome of the others is `None`.
fn create(store: &PgStore, rows: &[Row]) -> Attempt<Vec<Outcome<Order>>> {
    let candidates = || rows.iter().map(|row| &row.candidate);
    store.attempt(|conn| {
        let create = CreateAll {
            lock_timeout: LOCK_TIMEOUT,
            ids: candidates().map(|it| it.id.as_str()).collect(),
            calendars: candidates().map(|it| it.calendar.as_str()).collect(),
            datetimes: candidates().map(|it| row::pg_timestamp(it.datetime)).collect(),
            totalfees: candidates().map(|it| it.totalfee.amount()).collect(),
            services: candidates().map(|it| row::joined_services(&it.services)).collect(),
            references: candidates().map(|it| row::pg_reference(it.reference.as_ref())).collect(),
            metadata: candidates().map(|it| row::pg_metadata(&it.metadata)).collect(),
            clients: rows.iter().map(|row| row.caller.id()).collect(),
        };
        let created: Vec<(String, i64, PgTimestamp, PgTimestamp)> = create.load(conn)?;
        let mut stamps: HashMap<_, Stamp> =
            created.into_iter().map(|(id, version, at, then)| (id, (version, at, then))).collect();
        candidates()
            .map(|candidate| {
                let stamp = stamps.remove(candidate.id.as_str());
                stamp.map(|stamp| row::stamped(candidate, stamp)).transpose()
            })
            .map(|created| Ok(created?.map(Ok)))
            .collect()
    })
}

/// Why each of these orders could not be created; `None` if that is not known, or if nothing prevents it any longer.
fn reasons(store: &PgStore, rows: &[Row]) -> Vec<Option<StoreError>> {
    if rows.is_empty() {
        return Vec::new();
    }
    let candidates: Vec<_> = rows.iter().map(|row| &row.candidate).collect();
    match store.attempt(|conn| orders::reasons(conn, &candidates)) {
        Attempt::Done(reasons) => reasons,
        Attempt::Rejected | Attempt::Failed(_) => rows.iter().map(|_| None).collect(),
    }
}
