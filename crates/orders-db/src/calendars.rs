//! The port `Calendars`, and what a new minimum gap needs.

use diesel::data_types::PgInterval;
use diesel::prelude::*;
use diesel::sql_types::Interval;
use diesel::sql_types::{BigInt, Text, Timestamptz};
use orders_core::{
    Booking, Calendar, CalendarDraft, CalendarId, Calendars, GapTooWide, MAX_PAIRS, MinimumGap,
    Resource, StoreError, TooClose,
};

use crate::PgStore;
use crate::error::{Failure, violates};
use crate::row;
use crate::schema::calendars;
use crate::statement::statement;

type CalendarRow = (String, String, PgInterval);

const COLUMNS: (calendars::id, calendars::name, calendars::minimum_gap) =
    (calendars::id, calendars::name, calendars::minimum_gap);

impl Calendars for PgStore {
    fn add_calendar(&self, draft: CalendarDraft) -> Result<Calendar, StoreError> {
        let id = draft.id.unwrap_or_else(|| row::fresh_id(CalendarId::new));
        let minimum_gap = draft.minimum_gap.unwrap_or_default();
        self.with(|conn| {
            let added = diesel::insert_into(calendars::table)
                .values((
                    calendars::id.eq(id.as_str()),
                    calendars::name.eq(draft.name.as_str()),
                    calendars::minimum_gap.eq(row::pg_interval(minimum_gap)),
                ))
                .on_conflict_do_nothing()
                .execute(conn)?;
            match added {
                0 => Err(StoreError::IdTaken(Resource::Calendar(id.clone())))?,
                _ => Ok(Calendar { id: id.clone(), name: draft.name.clone(), minimum_gap }),
            }
        })
    }

    fn calendar(&self, id: &CalendarId) -> Result<Calendar, StoreError> {
        self.with(|conn| find(conn, id))
    }

    fn calendars(&self) -> Result<Vec<Calendar>, StoreError> {
        self.with(|conn| {
            let rows = calendars::table.select(COLUMNS).order(calendars::id).load(conn)?;
            Ok(rows.into_iter().map(calendar).collect::<QueryResult<_>>()?)
        })
    }

    fn replace_calendar(
        &self,
        id: &CalendarId,
        draft: CalendarDraft,
    ) -> Result<Calendar, StoreError> {
        self.with(|conn| {
            loop {
                let minimum_gap = match draft.minimum_gap {
                    None => None,
                    Some(gap) if gap > find(conn, id)?.minimum_gap => {
                        refuse_too_close(conn, id, gap)?;
                        Some(gap)
                    }
                    narrower => narrower,
                };
                // One statement: it locks the calendar against orders that would keep the old gap,
                // and the foreign key carries the new one to all that stand.
                let replaced =
                    diesel::update(calendars::table.filter(calendars::id.eq(id.as_str())))
                        .set((
                            calendars::name.eq(draft.name.as_str()),
                            minimum_gap.map(|gap| calendars::minimum_gap.eq(row::pg_interval(gap))),
                        ))
                        .returning(COLUMNS)
                        .get_result(conn)
                        .optional();
                match replaced {
                    Ok(row) => return Ok(calendar(row.ok_or_else(|| not_found(id))?)?),
                    // Orders that are too close came in between; the next round names them.
                    Err(error) if violates(&error, "orders_keep_the_minimum_gap") => {}
                    Err(error) => return Err(error.into()),
                }
            }
        })
    }

    fn remove_calendar(&self, id: &CalendarId) -> Result<(), StoreError> {
        self.with(|conn| {
            if id.is_default() {
                Err(in_use(id))?;
            }
            match (RemoveUnused { id: id.as_str() }).get_result::<(String,)>(conn).optional() {
                Ok(Some(_)) => Ok(()),
                Ok(None) => find(conn, id).and(Err(in_use(id).into())),
                Err(error) if violates(&error, "orders_calendar_fkey") => Err(in_use(id))?,
                Err(error) => Err(error)?,
            }
        })
    }
}

statement! {
    /// Removes a calendar without orders. One that has orders is not even locked, so that bookings in it do
    /// not wait.
    RemoveUnused<'a> { id: &'a str as Text } -> (Text,)
    "DELETE FROM calendars
      WHERE id = $1
        AND NOT EXISTS (
            SELECT FROM orders
             WHERE (orders.calendar, orders.datetime) >= (calendars.key, '-infinity')
               AND (orders.calendar, orders.datetime) <= (calendars.key, 'infinity')
            OFFSET 0)
     RETURNING id"
}

fn find(conn: &mut PgConnection, id: &CalendarId) -> Result<Calendar, Failure> {
    let row = calendars::table
        .filter(calendars::id.eq(id.as_str()))
        .select(COLUMNS)
        .first(conn)
        .optional()?;
    Ok(calendar(row.ok_or_else(|| not_found(id))?)?)
}

statement! {
    /// The earliest pairs of orders of a calendar that start less than a gap apart. The calendar is found by
    /// a query of its own, since the planner would rather join, and read the orders of all calendars.
    TooCloseFor<'a> {
        gap: PgInterval as Interval,
        calendar: &'a str as Text,
        most: i64 as BigInt,
    }
        -> (Text, Timestamptz, Text, Timestamptz)
    "SELECT a.id, a.datetime, b.id, b.datetime
       FROM orders a
       CROSS JOIN LATERAL (
            SELECT b.id, b.datetime FROM orders b
             WHERE (b.calendar, b.datetime, b.id) > (a.calendar, a.datetime, a.id)
               AND (b.calendar, b.datetime) < (a.calendar, a.datetime + $1)
             ORDER BY b.calendar, b.datetime, b.id LIMIT $3) b
      WHERE (a.calendar, a.datetime) >= ((SELECT key FROM calendars WHERE id = $2), '-infinity')
        AND (a.calendar, a.datetime) <= ((SELECT key FROM calendars WHERE id = $2), 'infinity')
      ORDER BY a.calendar, a.datetime, a.id, b.datetime, b.id LIMIT $3"
}

fn refuse_too_close(
    conn: &mut PgConnection,
    id: &CalendarId,
    minimum_gap: MinimumGap,
) -> Result<(), Failure> {
    let pairs = TooCloseFor {
        calendar: id.as_str(),
        gap: row::pg_interval(minimum_gap),
        most: MAX_PAIRS as i64,
    };
    let too_close = pairs
        .load(conn)?
        .into_iter()
        .map(|(first, first_at, second, second_at): (String, _, String, _)| {
            Ok(TooClose {
                first: Booking { id: row::order_id(&first)?, datetime: row::timestamp(first_at)? },
                second: Booking {
                    id: row::order_id(&second)?,
                    datetime: row::timestamp(second_at)?,
                },
            })
        })
        .collect::<QueryResult<Vec<_>>>()?;
    if too_close.is_empty() {
        return Ok(());
    }
    let refusal = GapTooWide { calendar: id.clone(), minimum_gap, too_close };
    Err(StoreError::GapTooWide(Box::new(refusal)).into())
}

fn calendar((id, name, gap): CalendarRow) -> QueryResult<Calendar> {
    Ok(Calendar {
        id: row::calendar_id(&id)?,
        name: row::name(&name)?,
        minimum_gap: row::gap(gap)?,
    })
}

fn not_found(id: &CalendarId) -> StoreError {
    StoreError::NotFound(Resource::Calendar(id.clone()))
}

fn in_use(id: &CalendarId) -> StoreError {
    StoreError::InUse(Resource::Calendar(id.clone()))
}
