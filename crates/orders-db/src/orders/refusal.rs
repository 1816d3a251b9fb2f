//! Why an order cannot be as it was wished.

use diesel::data_types::{PgInterval, PgTimestamp};
use diesel::prelude::*;
use diesel::sql_types::Interval;
use diesel::sql_types::{Array, BigInt, Bool, Nullable, Text, Timestamptz};
use orders_core::{
    Booking, CalendarId, Conflict, Mode, OrderDraft, OrderId, Resource, StoreError, Timestamp,
    UnknownReferences,
};

use super::free::{self, Taken};
use super::solid::{self, Run};
use crate::error::Failure;
use crate::row;
use crate::statement::statement;

/// An order as it is to be, in the calendar it is to be in.
pub(super) struct Wish<'a> {
    pub(super) id: &'a OrderId,
    pub(super) calendar: &'a CalendarId,
    pub(super) draft: &'a OrderDraft,
    /// Whether it must not stand yet.
    pub(super) is_new: bool,
    pub(super) mode: Mode,
}

/// How often a write is tried whose obstacle was gone when it was looked at.
const TRIES: usize = 100;

/// Tries a write until it is done or refused. None means that what was in its way is gone: somebody
/// deleted or moved it meanwhile.
pub(super) fn until_settled<T>(
    mut attempt: impl FnMut() -> Result<Option<T>, Failure>,
) -> Result<T, Failure> {
    for _ in 0..TRIES {
        if let Some(done) = attempt()? {
            return Ok(done);
        }
    }
    let busy = format!("the time was taken and given back {TRIES} times");
    Err(StoreError::Unavailable(busy.into()).into())
}

statement! {
    /// What a wish refers to, and whether its id is taken.
    Circumstances<'a> { id: &'a str as Text, calendar: &'a str as Text, services: Vec<&'a str> as Array<Text> }
        -> (Timestamptz, Nullable<BigInt>, Nullable<Interval>, Bool, Array<BigInt>)
    "WITH wish AS (SELECT $1 AS id, $2 AS calendar, $3 AS services)
     SELECT now(), calendars.key, calendars.minimum_gap,
            EXISTS (SELECT FROM orders WHERE orders.id = wish.id OFFSET 0),
            ARRAY(SELECT wished.place
                    FROM unnest(wish.services) WITH ORDINALITY AS wished (id, place)
                   WHERE NOT EXISTS (SELECT FROM services WHERE services.id = wished.id OFFSET 0)
                   ORDER BY wished.place)
       FROM wish LEFT JOIN calendars ON calendars.id = wish.calendar"
}

type CircumstancesRow = (PgTimestamp, Option<i64>, Option<PgInterval>, bool, Vec<i64>);

/// Fails with the reason that stands against a wish, if one does; else answers the database's time.
pub(super) fn refuse(conn: &mut PgConnection, wish: &Wish<'_>) -> Result<Timestamp, Failure> {
    let mut learned = Vec::new();
    let verdict = at_one_instant(conn, |conn| Ok(judge(conn, wish, &mut learned)?))?;
    for run in learned {
        solid::learn(conn, run)?;
    }
    Ok(verdict?)
}

/// Reads with several statements what stood at one instant.
pub(super) fn at_one_instant<T>(
    conn: &mut PgConnection,
    read: impl FnOnce(&mut PgConnection) -> Result<T, Failure>,
) -> Result<T, Failure> {
    conn.build_transaction().repeatable_read().read_only().run(read)
}

/// The reason that stands against a wish, or the database's time. What was learned on the way is added to
/// `learned`.
pub(super) fn judge(
    conn: &mut PgConnection,
    wish: &Wish<'_>,
    learned: &mut Vec<Run>,
) -> QueryResult<Result<Timestamp, StoreError>> {
    let services = row::pg_services(&wish.draft.services);
    let look = Circumstances { id: wish.id.as_str(), calendar: wish.calendar.as_str(), services };
    let (now, key, gap, id_taken, missing): CircumstancesRow = look.get_result(conn)?;

    let (Some(key), Some(gap), []) = (key, gap, &missing[..]) else {
        return Ok(Err(unknown(wish, key.is_none(), &missing)));
    };
    if wish.is_new && id_taken {
        return Ok(Err(StoreError::IdTaken(Resource::Order(wish.id.clone()))));
    }
    let minimum_gap = row::gap(gap)?;
    let taken = Taken {
        calendar: key,
        gap: minimum_gap,
        except: wish.id,
        steps_over_runs: wish.is_new && wish.mode == Mode::Write,
    };
    let datetime = wish.draft.datetime;
    let conflicts_with = taken.around(conn, datetime)?;
    if conflicts_with.is_empty() {
        return Ok(Ok(row::timestamp(now)?));
    }
    Ok(Err(StoreError::Conflict(Box::new(Conflict {
        datetime,
        calendar: wish.calendar.clone(),
        minimum_gap,
        nearest_free: free::nearest(conn, &taken, datetime, &conflicts_with, learned)?,
        conflicts_with,
    }))))
}

fn unknown(wish: &Wish<'_>, calendar: bool, missing: &[i64]) -> StoreError {
    let services = wish.draft.services.iter().enumerate();
    StoreError::UnknownReferences(UnknownReferences {
        calendar: calendar.then(|| wish.calendar.clone()),
        services: services
            .filter(|(index, _)| missing.contains(&(*index as i64 + 1)))
            .map(|(index, id)| (index, id.clone()))
            .collect(),
    })
}

/// A pair of columns as a booking.
pub(super) fn booking((id, datetime): (String, PgTimestamp)) -> QueryResult<Booking> {
    Ok(Booking { id: row::order_id(&id)?, datetime: row::timestamp(datetime)? })
}
