//! The last attempts to deliver changes: [`DeliveryAttempt`].

use std::time::Duration;

use diesel::data_types::PgTimestamp;
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Integer, Nullable, Text, Timestamptz};
use orders_core::{ChangeType, Cursor, OrderId, StoreError, Timestamp, WebhookId};

use super::{get, pg_position};
use crate::PgStore;
use crate::changes::cursor;
use crate::row::{self, decode};
use crate::statement::statement;

/// How many attempts are kept for each webhook.
const KEPT: i64 = 100;

/// An attempt to deliver a change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeliveryAttempt {
    /// When it began.
    pub attempted_at: Timestamp,
    /// The cursor of the change.
    pub cursor: Cursor,
    /// The order that was changed.
    pub order: OrderId,
    /// What was done with it.
    pub change_type: ChangeType,
    /// The status of the response, if there was one.
    pub status: Option<u16>,
    /// How long it took, to the microsecond.
    pub duration: Duration,
    /// Why it failed; none if the change was delivered.
    pub error: Option<String>,
}

type AttemptRow = (PgTimestamp, i64, PgTimestamp, String, String, Option<i32>, i64, Option<String>);

statement! {
    GetAttempts<'a> { webhook: &'a str as Text, limit: i64 as BigInt } ->
    (Timestamptz, BigInt, Timestamptz, Text, Text, Nullable<Integer>, BigInt, Nullable<Text>) =
    "SELECT attempted_at, position, assigned_at, order_id, type, status, duration, error
       FROM webhook_attempts WHERE webhook = $1 ORDER BY webhook, number DESC LIMIT $2"
}

impl PgStore {
    /// The last attempts to deliver changes to a webhook, at most 100, the newest first.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub fn webhook_attempts(&self, id: &WebhookId) -> Result<Vec<DeliveryAttempt>, StoreError> {
        self.with(|conn| {
            get(conn, id)?;
            let get = GetAttempts { webhook: id.as_str(), limit: KEPT };
            let rows: Vec<AttemptRow> = get.load(conn)?;
            Ok(rows.into_iter().map(attempt).collect::<QueryResult<_>>()?)
        })
    }
}

fn attempt(row: AttemptRow) -> QueryResult<DeliveryAttempt> {
    let (attempted_at, position, assigned_at, order, change_type, status, duration, error) = row;
    Ok(DeliveryAttempt {
        attempted_at: row::timestamp(attempted_at)?,
        cursor: cursor(position, assigned_at)?,
        order: row::order_id(&order)?,
        change_type: decode(change_type.parse())?,
        status: decode(status.map(u16::try_from).transpose())?,
        duration: Duration::from_micros(decode(duration.try_into())?),
        error,
    })
}

statement! {
    InsertAttempts<'a> {
        webhooks: Vec<&'a str> as Array<Text>,
        numbers: Vec<i64> as Array<BigInt>,
        times: Vec<PgTimestamp> as Array<Timestamptz>,
        positions: Vec<i64> as Array<BigInt>,
        assigned: Vec<PgTimestamp> as Array<Timestamptz>,
        orders: Vec<&'a str> as Array<Text>,
        types: Vec<&'static str> as Array<Text>,
        statuses: Vec<Option<i32>> as Array<Nullable<Integer>>,
        durations: Vec<i64> as Array<BigInt>,
        errors: Vec<Option<&'a str>> as Array<Nullable<Text>>,
    } -> () =
    "INSERT INTO webhook_attempts (
            webhook, number, attempted_at, position, assigned_at, order_id, type, status, duration, error)
     SELECT * FROM unnest($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)"
}

statement! {
    DeleteAttempts<'a> {
        webhooks: Vec<&'a str> as Array<Text>,
        numbers: Vec<i64> as Array<BigInt>,
    } -> () =
    "DELETE FROM webhook_attempts USING unnest($1, $2) AS last (webhook, number)
      WHERE webhook_attempts.webhook = last.webhook AND webhook_attempts.number <= last.number"
}

/// Stores attempts. Each comes with its webhook and the number of the last attempt of that webhook.
pub(super) fn store<'a>(
    conn: &mut PgConnection,
    webhooks: impl Iterator<Item = (&'a WebhookId, i64, &'a [DeliveryAttempt])>,
) -> QueryResult<()> {
    let (mut kept, mut ends) = (Vec::new(), (Vec::new(), Vec::new()));
    for (webhook, last, attempts) in webhooks.filter(|(.., attempts)| !attempts.is_empty()) {
        let numbers = (last - attempts.len() as i64 + 1).max(1)..;
        let latest = attempts.iter().zip(numbers).filter(|(_, number)| *number > last - KEPT);
        kept.extend(latest.map(|(attempt, number)| (webhook.as_str(), number, attempt)));
        ends.0.push(webhook.as_str());
        ends.1.push(last - KEPT);
    }
    if kept.is_empty() {
        return Ok(());
    }
    let attempts = || kept.iter().map(|(.., attempt)| *attempt);
    let insert = InsertAttempts {
        webhooks: kept.iter().map(|(webhook, ..)| *webhook).collect(),
        numbers: kept.iter().map(|(_, number, _)| *number).collect(),
        times: attempts().map(|it| row::pg_timestamp(it.attempted_at)).collect(),
        positions: attempts().map(|it| pg_position(it.cursor.position)).collect(),
        assigned: attempts().map(|it| row::pg_timestamp(it.cursor.assigned_at)).collect(),
        orders: attempts().map(|it| it.order.as_str()).collect(),
        types: attempts().map(|it| it.change_type.as_str()).collect(),
        statuses: attempts().map(|it| it.status.map(i32::from)).collect(),
        durations: attempts()
            .map(|it| it.duration.as_micros().try_into().unwrap_or(i64::MAX))
            .collect(),
        errors: attempts().map(|it| it.error.as_deref()).collect(),
    };
    insert.execute(conn)?;
    DeleteAttempts { webhooks: ends.0, numbers: ends.1 }.execute(conn)?;
    Ok(())
}
