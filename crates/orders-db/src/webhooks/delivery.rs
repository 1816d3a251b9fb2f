//! What the service stores while it sends changes to webhooks.
//!
//! An instance leases webhooks and sends their changes alone until the lease ends. All that it saves names the lease and
//! the generation, so an instance that has lost a webhook, or does not know that a client has let it begin anew, saves nothing.

use std::collections::{BTreeMap, HashSet};
use std::time::Duration;

use diesel::data_types::PgTimestamp;
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Bytea, Integer, Nullable, Text, Timestamptz};
use orders_core::{
    Change, Health, OrderId, Parked, Progress, Saved, StoreError, Subscription, WebhookId,
    WebhookState, WebhookUrl,
};

use super::{
    DeliveryAttempt, RetryParked, StoredSecrets, attempts, pg_position, stored_secrets,
    subscription,
};
use crate::PgStore;
use crate::changes::{changes_of, cursor, is_assigned};
use crate::row::{self, decode};
use crate::statement::statement;

/// The webhooks that an instance has leased.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Leases {
    /// Those that it had, with their present configurations. For each, the lease lasts for 20 seconds or more.
    pub kept: BTreeMap<WebhookId, i64>,
    /// Those that it did not have before. Their leases last for 30 seconds.
    pub new: Vec<LeasedWebhook>,
}

/// A webhook, with all that is needed to continue its delivery.
#[derive(Clone, PartialEq, Eq)]
pub struct LeasedWebhook {
    /// Its id.
    pub id: WebhookId,
    /// Counts the changes that clients made to it.
    pub configuration: i64,
    /// Another number for each lease, and whenever a client lets it begin anew.
    pub generation: i64,
    /// Where changes are sent.
    pub url: WebhookUrl,
    /// Which changes are sent.
    pub subscription: Subscription,
    /// With which they are signed.
    pub secrets: StoredSecrets,
    /// How far they have been sent.
    pub saved: Saved,
}

impl std::fmt::Debug for LeasedWebhook {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("LeasedWebhook")
            .field("id", &self.id)
            .field("configuration", &self.configuration)
            .finish_non_exhaustive()
    }
}

/// What is to be saved of a webhook.
#[derive(Debug, Clone)]
pub struct WebhookProgress {
    /// Its id.
    pub id: WebhookId,
    /// That of [`LeasedWebhook`].
    pub generation: i64,
    /// What has changed.
    pub progress: Progress,
    /// The attempts since it was last saved.
    pub attempts: Vec<DeliveryAttempt>,
}

/// How far a webhook is behind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WebhookLag {
    /// Its id.
    pub id: WebhookId,
    /// How many changes of the feed come after its cursor.
    pub behind: u64,
    /// The age of the oldest change that may not be delivered yet; zero if there is none.
    pub oldest_pending: Duration,
}

statement! {
    /// id, behind, and the age of the oldest pending change in microseconds, of the webhooks that an instance has and of
    /// the active ones that no instance has.
    GetLags { lease: i64 as BigInt } -> (Text, BigInt, BigInt) =
    "SELECT webhooks.id, GREATEST(change_feed.position - webhooks.position, 0),
            COALESCE(EXTRACT(epoch FROM GREATEST(now() - LEAST(next.changed_at, parked.changed_at), interval '0')) * 1000000,
                     0)::bigint
       FROM webhooks
      CROSS JOIN change_feed
       LEFT JOIN LATERAL (
            SELECT changed_at FROM order_versions
             WHERE order_versions.position > webhooks.position ORDER BY order_versions.position LIMIT 1) AS next ON true
       LEFT JOIN LATERAL (
            SELECT changed_at FROM order_versions
             WHERE order_versions.position >= (SELECT min(first_position) FROM webhook_parked_orders
                                                WHERE webhook = webhooks.id)
             ORDER BY order_versions.position LIMIT 1) AS parked ON true
      WHERE lease = $1 OR NOT paused AND disabled IS NULL AND (leased_until IS NULL OR leased_until < now())"
}

statement! {
    CountWebhooks {} -> (BigInt, BigInt, BigInt) =
    "SELECT count(*) FILTER (WHERE disabled IS NULL AND NOT paused), count(*) FILTER (WHERE disabled IS NULL AND paused),
            count(*) FILTER (WHERE disabled IS NOT NULL)
       FROM webhooks"
}

statement! {
    Renew { lease: i64 as BigInt } -> () =
    "UPDATE webhooks SET leased_until = now() + interval '30 s'
      WHERE lease = $1 AND leased_until < now() + interval '20 s'"
}

statement! {
    Held { lease: i64 as BigInt } -> (Text, BigInt) =
    "SELECT id, configuration FROM webhooks WHERE lease = $1 AND NOT paused AND disabled IS NULL"
}

/// id, (configuration, generation), url, calendar, service, types, secret, previous_secret, previous_secret_expires_at, position,
/// assigned_at, done, failures, failing_since, retry_at, last_error
type LeasedRow = (
    String,
    (i64, i64),
    String,
    Option<String>,
    Option<String>,
    Option<Vec<String>>,
    Vec<u8>,
    Option<Vec<u8>>,
    Option<PgTimestamp>,
    i64,
    PgTimestamp,
    Vec<i64>,
    (i64, Option<PgTimestamp>, Option<PgTimestamp>, Option<String>),
);

statement! {
    /// Leases webhooks that no instance has and that may be sent something now. Another instance may do the same meanwhile.
    Lease { lease: i64 as BigInt, most: i64 as BigInt } -> (
        Text, (BigInt, BigInt), Text, Nullable<Text>, Nullable<Text>, Nullable<Array<Text>>, Bytea, Nullable<Bytea>,
        Nullable<Timestamptz>, BigInt, Timestamptz, Array<BigInt>,
        (BigInt, Nullable<Timestamptz>, Nullable<Timestamptz>, Nullable<Text>),
    ) =
    "UPDATE webhooks SET lease = $1, leased_until = now() + interval '30 s', generation = generation + 1
       FROM (SELECT id FROM webhooks
              WHERE NOT paused AND disabled IS NULL AND (leased_until IS NULL OR leased_until < now())
                AND (retry_at IS NULL OR retry_at <= now())
              ORDER BY id LIMIT $2 FOR UPDATE SKIP LOCKED) AS free
      WHERE webhooks.id = free.id
     RETURNING webhooks.id, configuration, generation, url, calendar, service, types, secret, previous_secret,
               previous_secret_expires_at, position, assigned_at, done, failures, failing_since, retry_at, last_error"
}

statement! {
    GetParked<'a> { webhooks: Vec<&'a str> as Array<Text> } -> (Text, Text, BigInt, BigInt, BigInt, Timestamptz) =
    "SELECT webhook, order_id, first_position, last_position, attempts, retry_at
       FROM webhook_parked_orders WHERE webhook = ANY ($1)"
}

statement! {
    Release<'a> { lease: i64 as BigInt, ids: Vec<&'a str> as Array<Text> } -> () =
    "UPDATE webhooks SET lease = NULL, leased_until = NULL WHERE lease = $1 AND id = ANY ($2)"
}

statement! {
    /// What was read must be known, unless nothing was read, or it has expired since.
    SaveProgress<'a> {
        lease: i64 as BigInt,
        ids: Vec<&'a str> as Array<Text>,
        generations: Vec<i64> as Array<BigInt>,
        read: Vec<i64> as Array<BigInt>,
        read_assigned: Vec<PgTimestamp> as Array<Timestamptz>,
        positions: Vec<i64> as Array<BigInt>,
        assigned: Vec<PgTimestamp> as Array<Timestamptz>,
        done: Vec<String> as Array<Text>,
        failures: Vec<i64> as Array<BigInt>,
        failing_since: Vec<Option<PgTimestamp>> as Array<Nullable<Timestamptz>>,
        retry_at: Vec<Option<PgTimestamp>> as Array<Nullable<Timestamptz>>,
        last_errors: Vec<Option<&'a str>> as Array<Nullable<Text>>,
        disabled: Vec<Option<&'a str>> as Array<Nullable<Text>>,
        attempts: Vec<i32> as Array<Integer>,
    } -> (Text, BigInt) =
    concat!(
        "UPDATE webhooks
            SET position = saved.position, assigned_at = saved.assigned_at,
                done = string_to_array(saved.done, ',')::bigint[], failures = saved.failures,
                failing_since = saved.failing_since, retry_at = saved.retry_at, last_error = saved.last_error,
                disabled = saved.disabled, attempts = webhooks.attempts + saved.attempts,
                leased_until = now() + interval '30 s'
           FROM (SELECT $1 AS lease) AS instance,
                unnest($2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14) AS saved
                (id, generation, read, read_assigned_at, position, assigned_at, done, failures, failing_since, retry_at,
                 last_error, disabled, attempts),
                change_feed AS feed
          WHERE webhooks.id = saved.id AND webhooks.lease = instance.lease
            AND webhooks.generation = saved.generation
            AND ((saved.read, saved.read_assigned_at) = (webhooks.position, webhooks.assigned_at)
                 OR saved.read < feed.expired_position
                 OR ", is_assigned!("saved.read", "saved.read_assigned_at"), ")
         RETURNING webhooks.id, webhooks.attempts"
    )
}

statement! {
    Park<'a> {
        webhooks: Vec<&'a str> as Array<Text>,
        orders: Vec<&'a str> as Array<Text>,
        first: Vec<i64> as Array<BigInt>,
        last: Vec<i64> as Array<BigInt>,
        attempts: Vec<i64> as Array<BigInt>,
        retry_at: Vec<PgTimestamp> as Array<Timestamptz>,
    } -> () =
    "INSERT INTO webhook_parked_orders (webhook, order_id, first_position, last_position, attempts, retry_at)
     SELECT * FROM unnest($1, $2, $3, $4, $5, $6)
     ON CONFLICT ON CONSTRAINT webhook_parked_orders_pkey DO UPDATE
        SET first_position = excluded.first_position, last_position = excluded.last_position,
            attempts = excluded.attempts, retry_at = excluded.retry_at"
}

statement! {
    Unpark<'a> {
        webhooks: Vec<&'a str> as Array<Text>,
        orders: Vec<&'a str> as Array<Text>,
    } -> () =
    "DELETE FROM webhook_parked_orders USING unnest($1, $2) AS given (webhook, order_id)
      WHERE webhook_parked_orders.webhook = given.webhook AND webhook_parked_orders.order_id = given.order_id"
}

impl PgStore {
    /// Renews the leases of an instance, which has chosen the number `lease` at random, and leases at most so many
    /// active webhooks that no instance has.
    ///
    /// # Errors
    /// None of its own.
    pub fn lease_webhooks(&self, lease: i64, most: usize) -> Result<Leases, StoreError> {
        self.with(|conn| {
            Renew { lease }.execute(conn)?;
            let held: Vec<(String, i64)> = Held { lease }.load(conn)?;
            let held = held.into_iter().map(|(id, it)| Ok((decode(WebhookId::new(id))?, it)));
            let kept = held.collect::<QueryResult<_>>()?;
            conn.transaction(|conn| {
                let rows: Vec<LeasedRow> = Lease { lease, most: most as i64 }.load(conn)?;
                let mut new =
                    rows.into_iter().map(leased_webhook).collect::<QueryResult<Vec<_>>>()?;
                add_parked(conn, &mut new)?;
                Ok(Leases { kept, new })
            })
        })
    }

    /// How far the webhooks are behind that an instance has leased, and the active ones that no instance has: otherwise
    /// nobody would notice that they are not delivered.
    ///
    /// # Errors
    /// None of its own.
    pub fn webhook_lags(&self, lease: i64) -> Result<Vec<WebhookLag>, StoreError> {
        self.with(|conn| {
            let rows: Vec<(String, i64, i64)> = GetLags { lease }.load(conn)?;
            let lag = |(id, behind, age): (String, i64, i64)| {
                Ok(WebhookLag {
                    id: decode(WebhookId::new(id))?,
                    behind: decode(behind.try_into())?,
                    oldest_pending: Duration::from_micros(decode(age.try_into())?),
                })
            };
            Ok(rows.into_iter().map(lag).collect::<QueryResult<_>>()?)
        })
    }

    /// How many webhooks there are in each state.
    ///
    /// # Errors
    /// None of its own.
    pub fn count_webhooks(&self) -> Result<[(WebhookState, u64); 3], StoreError> {
        self.with(|conn| {
            let (active, paused, disabled): (i64, i64, i64) = CountWebhooks {}.get_result(conn)?;
            let count = |count: i64| decode(count.try_into());
            Ok([
                (WebhookState::Active, count(active)?),
                (WebhookState::Paused, count(paused)?),
                (WebhookState::Disabled, count(disabled)?),
            ])
        })
    }

    /// Ends the leases of an instance on these webhooks, so that another one can continue at once.
    ///
    /// # Errors
    /// None of its own.
    pub fn release_webhooks(&self, lease: i64, ids: &[WebhookId]) -> Result<(), StoreError> {
        let ids: Vec<_> = ids.iter().map(WebhookId::as_str).collect();
        self.with(|conn| Ok(Release { lease, ids: ids.clone() }.execute(conn).map(drop)?))
    }

    /// Saves the progress of webhooks and renews their leases. Returns those for which that was done: the others are not
    /// leased any more, have begun anew, or have read changes that the database does not know, because it has lost them.
    ///
    /// # Errors
    /// None of its own. Then nothing was saved, or it is not known.
    pub fn save_webhooks(
        &self,
        lease: i64,
        webhooks: &[WebhookProgress],
    ) -> Result<HashSet<WebhookId>, StoreError> {
        let mut webhooks: Vec<_> = webhooks.iter().collect();
        webhooks.sort_unstable_by_key(|webhook| &webhook.id);
        self.with(|conn| {
            conn.transaction(|conn| {
                let saved = save_progress(conn, lease, &webhooks)?;
                let kept = || webhooks.iter().filter(|it| saved.contains_key(&it.id));
                save_parked(conn, &kept().copied().collect::<Vec<_>>())?;
                let last = |it: &WebhookProgress| saved.get(&it.id).copied().unwrap_or_default();
                attempts::store(conn, kept().map(|it| (&it.id, last(it), &it.attempts[..])))?;
                Ok(saved.into_keys().collect())
            })
        })
    }

    /// The first change of an order between two positions that a webhook with this subscription gets.
    ///
    /// # Errors
    /// None of its own.
    pub fn next_change_of(
        &self,
        order: &OrderId,
        first: u64,
        last: u64,
        subscription: &Subscription,
    ) -> Result<Option<Change>, StoreError> {
        self.with(|conn| {
            let mut first = first;
            loop {
                let changes = changes_of(conn, order, pg_position(first), pg_position(last))?;
                if let Some(change) = changes.iter().find_map(|it| subscription.change(it)) {
                    return Ok(Some(change));
                }
                match changes.last() {
                    Some(last) => first = last.change.cursor.position + 1,
                    None => return Ok(None),
                }
            }
        })
    }
}

fn leased_webhook(row: LeasedRow) -> QueryResult<LeasedWebhook> {
    let (
        id,
        (configuration, generation),
        url,
        calendar,
        service,
        types,
        secret,
        previous_secret,
        previous_secret_expires_at,
        position,
        assigned_at,
        done,
        (failures, failing_since, retry_at, last_error),
    ) = row;
    let done = done.into_iter().map(|position| decode(position.try_into()));
    Ok(LeasedWebhook {
        id: decode(WebhookId::new(id))?,
        configuration,
        generation,
        url: decode(WebhookUrl::new(url))?,
        subscription: subscription(calendar, service, types)?,
        secrets: stored_secrets(secret, previous_secret, previous_secret_expires_at)?,
        saved: Saved {
            cursor: cursor(position, assigned_at)?,
            done: done.collect::<QueryResult<_>>()?,
            health: Health {
                failures: decode(failures.try_into())?,
                failing_since: failing_since.map(row::timestamp).transpose()?,
                retry_at: retry_at.map(row::timestamp).transpose()?,
                last_error,
                disabled: None,
            },
            parked: BTreeMap::new(),
        },
    })
}

fn add_parked(conn: &mut PgConnection, webhooks: &mut [LeasedWebhook]) -> QueryResult<()> {
    if webhooks.is_empty() {
        return Ok(());
    }
    let ids = webhooks.iter().map(|webhook| webhook.id.as_str()).collect();
    let rows: Vec<(String, String, i64, i64, i64, PgTimestamp)> =
        GetParked { webhooks: ids }.load(conn)?;
    for (webhook, order, first, last, attempts, retry_at) in rows {
        let parked = Parked {
            first: decode(first.try_into())?,
            last: decode(last.try_into())?,
            attempts: decode(attempts.try_into())?,
            retry_at: row::timestamp(retry_at)?,
        };
        let order = row::order_id(&order)?;
        for found in webhooks.iter_mut().filter(|it| it.id.as_str() == webhook) {
            found.saved.parked.insert(order.clone(), parked);
        }
    }
    Ok(())
}

/// Returns the webhooks that were saved, and how many attempts each has had.
fn save_progress(
    conn: &mut PgConnection,
    lease: i64,
    webhooks: &[&WebhookProgress],
) -> QueryResult<BTreeMap<WebhookId, i64>> {
    let health = || webhooks.iter().map(|it| &it.progress.health);
    let read = || webhooks.iter().map(|it| it.progress.read);
    let cursors = || webhooks.iter().map(|it| it.progress.cursor);
    let done = |it: &&WebhookProgress| {
        it.progress.done.iter().map(ToString::to_string).collect::<Vec<_>>().join(",")
    };
    let save = SaveProgress {
        lease,
        ids: webhooks.iter().map(|it| it.id.as_str()).collect(),
        generations: webhooks.iter().map(|it| it.generation).collect(),
        read: read().map(|it| pg_position(it.position)).collect(),
        read_assigned: read().map(|it| row::pg_timestamp(it.assigned_at)).collect(),
        positions: cursors().map(|it| pg_position(it.position)).collect(),
        assigned: cursors().map(|it| row::pg_timestamp(it.assigned_at)).collect(),
        done: webhooks.iter().map(done).collect(),
        failures: health().map(|it| it.failures.into()).collect(),
        failing_since: health().map(|it| it.failing_since.map(row::pg_timestamp)).collect(),
        retry_at: health().map(|it| it.retry_at.map(row::pg_timestamp)).collect(),
        last_errors: health().map(|it| it.last_error.as_deref()).collect(),
        disabled: health().map(|it| it.disabled.as_deref()).collect(),
        attempts: webhooks.iter().map(|it| it.attempts.len() as i32).collect(),
    };
    let saved: Vec<(String, i64)> = save.load(conn)?;
    saved.into_iter().map(|(id, attempts)| Ok((decode(WebhookId::new(id))?, attempts))).collect()
}

fn save_parked(conn: &mut PgConnection, webhooks: &[&WebhookProgress]) -> QueryResult<()> {
    let due = webhooks.iter().filter(|it| it.progress.all_are_due).map(|it| it.id.as_str());
    let due: Vec<_> = due.collect();
    if !due.is_empty() {
        RetryParked { webhooks: due }.execute(conn)?;
    }
    let orders = webhooks.iter().flat_map(|it| {
        it.progress.parked.iter().map(|(order, parked)| (it.id.as_str(), order.as_str(), parked))
    });
    let (mut parked, mut unparked) = (Vec::new(), (Vec::new(), Vec::new()));
    for (webhook, order, state) in orders {
        match state {
            Some(state) => parked.push((webhook, order, state)),
            None => {
                unparked.0.push(webhook);
                unparked.1.push(order);
            }
        }
    }
    if !parked.is_empty() {
        let park = Park {
            webhooks: parked.iter().map(|(webhook, ..)| *webhook).collect(),
            orders: parked.iter().map(|(_, order, _)| *order).collect(),
            first: parked.iter().map(|(.., it)| pg_position(it.first)).collect(),
            last: parked.iter().map(|(.., it)| pg_position(it.last)).collect(),
            attempts: parked.iter().map(|(.., it)| it.attempts.into()).collect(),
            retry_at: parked.iter().map(|(.., it)| row::pg_timestamp(it.retry_at)).collect(),
        };
        park.execute(conn)?;
    }
    if !unparked.0.is_empty() {
        Unpark { webhooks: unparked.0, orders: unparked.1 }.execute(conn)?;
    }
    Ok(())
}
