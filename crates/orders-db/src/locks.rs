//! All advisory locks of the store: who takes them, and in which order.
//!
//! | lock | number | taken by |
//! |---|---|---|
//! | a calendar | `(1, hash of its key)` | batches of imports, exclusively; moves and new references, shared |
//! | a time bucket of a calendar | a hash of both | moves and new references, exclusively |
//! | an idempotency key of a client | a hash of both | creations with that key, exclusively, without waiting |
//! | the positions of the feed | `(2, 0)` | those who assign positions, exclusively, in a transaction of their own |
//! | the expiry of changes | `(2, 1)` | those who delete expired changes, exclusively, without waiting |
//! | the schema | `orders` in ASCII | migrations, exclusively, each on a connection of its own |
//!
//! Transactions take them in the order of this table, and the calendars and the buckets in ascending order of their
//! numbers; after them they wait only for rows. So no transactions wait for each other in a circle. All but the last
//! are released when the transaction ends. Two locks may have the same number by chance: then one waits for the
//! other without need, or a key is reported as in use.
//!
//! Single creations take no advisory lock: `ON CONFLICT DO NOTHING` does not deadlock. A batch of an import holds many orders
//! while it waits for the next one's time, and `UPDATE` has no `ON CONFLICT`, so such batches and moves take turns. Requests
//! that are executed together take none either: they give up before they could deadlock (see [`crate::requests`]).

use std::collections::BTreeSet;

use diesel::connection::SimpleConnection;
use diesel::data_types::PgInterval;
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Bool, Interval, Text};
use orders_core::{CalendarId, IdempotencyKey, MinimumGap, Timestamp};

use crate::row;
use crate::statement::statement;

/// A calendar whose gap cannot change before the transaction ends.
pub(crate) struct LockedCalendar {
    pub(crate) id: CalendarId,
    pub(crate) key: i64,
    pub(crate) gap: MinimumGap,
}

type CalendarRow = (i64, String, PgInterval, String);

impl LockedCalendar {
    fn read((key, id, gap, _): CalendarRow) -> QueryResult<Self> {
        Ok(Self { id: row::calendar_id(&id)?, key, gap: row::gap(gap)? })
    }
}

statement! {
    /// Locks calendars for a batch. `SKIP LOCKED` leaves out a calendar that is getting a new gap or being deleted.
    LockForBatch<'a> { calendars: Vec<&'a str> as Array<Text> } -> (BigInt, Text, Interval, Text) =
    "SELECT key, id, minimum_gap, pg_advisory_xact_lock(1, hashint8(key))::text
       FROM (SELECT key, id, minimum_gap FROM calendars WHERE id = ANY ($1)
              ORDER BY hashint8(key) FOR KEY SHARE SKIP LOCKED) AS locked"
}

/// Locks calendars against other batches, moves, new gaps and deletion. The result lacks those that do not exist or
/// are being changed.
pub(crate) fn lock_for_batch(
    conn: &mut PgConnection,
    calendars: BTreeSet<&CalendarId>,
) -> QueryResult<Vec<LockedCalendar>> {
    // Batches into one calendar take turns, and each may take a while: only the statement timeout ends the wait.
    conn.batch_execute("SET LOCAL lock_timeout = 0")?;
    let calendars = calendars.into_iter().map(CalendarId::as_str).collect();
    let rows: Vec<CalendarRow> = LockForBatch { calendars }.load(conn)?;
    rows.into_iter().map(LockedCalendar::read).collect()
}

statement! {
    /// Locks the calendars that an order leaves and enters.
    LockForMove<'a> { from: &'a str as Text, to: &'a str as Text } -> (BigInt, Text, Interval, Text) =
    "SELECT key, id, minimum_gap, pg_advisory_xact_lock_shared(1, hashint8(key))::text
       FROM (SELECT key, id, minimum_gap FROM calendars WHERE id IN ($1, $2)
              ORDER BY hashint8(key) FOR KEY SHARE SKIP LOCKED) AS locked"
}

statement! {
    /// Takes locks in ascending order.
    LockTimeBuckets { hashes: Vec<i64> as Array<BigInt> } -> (Bool,) =
    "SELECT count(pg_advisory_xact_lock(hash)::text) > 0 FROM unnest($1) AS hash"
}

/// A calendar and a time in it that an order leaves or enters.
pub(crate) type Place<'a> = (&'a CalendarId, Timestamp);

/// Locks the two places of a move: their calendars against batches, new gaps and deletion, and their times against
/// other moves. Returns the calendar that the order enters; `None` if one of the two is being changed.
pub(crate) fn lock_for_move(
    conn: &mut PgConnection,
    from: Place<'_>,
    to: Place<'_>,
) -> QueryResult<Option<LockedCalendar>> {
    let lock = LockForMove { from: from.0.as_str(), to: to.0.as_str() };
    let rows: Vec<CalendarRow> = lock.load(conn)?;
    let calendars = rows.into_iter().map(LockedCalendar::read).collect::<QueryResult<Vec<_>>>()?;
    let mut hashes = BTreeSet::new();
    for (id, time) in [from, to] {
        match calendars.iter().find(|calendar| calendar.id == *id) {
            Some(calendar) => hashes.extend(time_buckets(calendar, time)),
            None => return Ok(None),
        }
    }
    let hashes = hashes.into_iter().collect();
    LockTimeBuckets { hashes }.get_result::<(bool,)>(conn)?;
    Ok(calendars.into_iter().find(|calendar| calendar.id == *to.0))
}

/// The locks of an order at a time. Time is divided into buckets of one gap, and an order takes its own bucket and
/// the next one, so any two orders less than a gap apart share a lock.
fn time_buckets(calendar: &LockedCalendar, time: Timestamp) -> impl Iterator<Item = i64> {
    let key = calendar.key;
    let bucket = time.as_micros().checked_div_euclid(calendar.gap.as_micros());
    bucket.into_iter().flat_map(|own| [own, own + 1]).map(move |bucket| lock_hash(key, bucket))
}

/// The number of the lock on a time bucket of a calendar.
fn lock_hash(calendar: i64, bucket: i64) -> i64 {
    // The finalizer of SplitMix64, which spreads every bit of its input over the output.
    let mut x = (calendar as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ (bucket as u64);
    x = (x ^ (x >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    (x ^ (x >> 31)) as i64
}

statement! {
    TryLockKey<'a> { client: &'a str as Text, key: &'a str as Text } -> (Bool,) =
    "SELECT pg_try_advisory_xact_lock(hashtextextended($1 || ' ' || $2, 0))"
}

/// Locks an idempotency key of a client if no other transaction has locked it. Returns whether it did.
pub(crate) fn try_lock_key(
    conn: &mut PgConnection,
    client: &str,
    key: &IdempotencyKey,
) -> QueryResult<bool> {
    let (locked,) = TryLockKey { client, key: key.as_str() }.get_result(conn)?;
    Ok(locked)
}

statement! {
    LockFeed {} -> (Text,) = "SELECT pg_advisory_xact_lock(2, 0)::text"
}

/// Keeps other transactions from assigning positions.
pub(crate) fn lock_feed(conn: &mut PgConnection) -> QueryResult<()> {
    LockFeed {}.execute(conn).map(drop)
}

statement! {
    TryLockExpiry {} -> (Bool,) = "SELECT pg_try_advisory_xact_lock(2, 1)"
}

/// Locks the expiry of changes if no other transaction has locked it. Returns whether it did.
pub(crate) fn try_lock_expiry(conn: &mut PgConnection) -> QueryResult<bool> {
    let (locked,) = TryLockExpiry {}.get_result(conn)?;
    Ok(locked)
}

statement! {
    LockSchema { number: i64 as BigInt } -> (diesel::sql_types::Text,) =
    "SELECT pg_advisory_lock($1)::text"
}

/// Locks the schema until the connection is closed.
pub(crate) fn lock_schema(conn: &mut PgConnection) -> QueryResult<()> {
    // `orders` in ASCII, so that it is recognizable in `pg_locks`.
    LockSchema { number: 0x6f72_6465_7273 }.execute(conn).map(drop)
}
