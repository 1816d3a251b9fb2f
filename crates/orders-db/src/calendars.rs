//! The port `Calendars`, and the change of a minimum gap.

use std::time::Instant;

use diesel::connection::SimpleConnection;
use diesel::data_types::PgInterval;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Interval, Nullable, Text, Timestamptz};
use orders_core::{
    Calendar, CalendarDraft, CalendarId, Calendars, GapTooWide, ListPage, ListQuery, MAX_PAIRS,
    MinimumGap, Name, Resource, StoreError, TooClose,
};

use crate::PgStore;
use crate::error::{Failure, violates};
use crate::retry::retry_until_resolved;
use crate::row;
use crate::schema::calendars;
use crate::statement::statement;

type CalendarRow = (String, String, PgInterval);

const COLUMNS: (calendars::id, calendars::name, calendars::minimum_gap) =
    (calendars::id, calendars::name, calendars::minimum_gap);

impl Calendars for PgStore {
    fn add_calendar(&self, draft: CalendarDraft) -> Result<Calendar, StoreError> {
        let id = draft.id.unwrap_or_else(|| row::generate_id(CalendarId::new));
        let minimum_gap = draft.minimum_gap.unwrap_or_default();
        self.caller.permit(&id)?;
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
        self.caller.permit(id)?;
        self.with(|conn| find(conn, id))
    }

    fn calendars(
        &self,
        query: &ListQuery<CalendarId>,
    ) -> Result<ListPage<Calendar, CalendarId>, StoreError> {
        // No id is empty.
        let after = query.after.as_ref().map_or("", CalendarId::as_str);
        self.with(|conn| {
            let mut list = calendars::table
                .select(COLUMNS)
                .filter(calendars::id.gt(after))
                .order(calendars::id)
                .limit(row::one_more_than(query.limit))
                .into_boxed();
            if let Some(permitted) = self.caller.calendar_ids() {
                list = list.filter(calendars::id.eq_any(permitted));
            }
            let rows = list.load(conn)?;
            let calendars = rows.into_iter().map(calendar).collect::<QueryResult<_>>()?;
            Ok(ListPage::new(calendars, query.limit, |calendar: &Calendar| calendar.id.clone()))
        })
    }

    fn replace_calendar(
        &self,
        id: &CalendarId,
        draft: CalendarDraft,
    ) -> Result<Calendar, StoreError> {
        self.caller.permit(id)?;
        match draft.minimum_gap {
            None => self.with(|conn| Ok(rename(conn, id, &draft)?.ok_or_else(|| not_found(id))?)),
            Some(gap) => {
                let deadline = Instant::now() + self.gap_change_timeout;
                self.with_long(|conn| match rename(conn, id, &draft)? {
                    Some(renamed) => Ok(renamed),
                    None => change_gap(conn, id, &draft.name, gap, deadline),
                })
            }
        }
    }

    fn remove_calendar(&self, id: &CalendarId) -> Result<(), StoreError> {
        self.caller.permit(id)?;
        self.with(|conn| {
            if id.is_default() {
                Err(in_use(id))?;
            }
            match (DeleteUnused { id: id.as_str() }).get_result::<(String,)>(conn).optional() {
                Ok(Some(_)) => Ok(()),
                Ok(None) => find(conn, id).and(Err(in_use(id).into())),
                Err(error) if violates(&error, "orders_calendar_fkey") => Err(in_use(id))?,
                Err(error) => Err(error)?,
            }
        })
    }
}

statement! {
    Rename<'a> {
        name: &'a str as Text,
        id: &'a str as Text,
        gap: Option<PgInterval> as Nullable<Interval>,
    } -> (Text, Text, Interval) =
    "UPDATE calendars SET name = $1 WHERE id = $2 AND (minimum_gap = $3 OR $3 IS NULL)
     RETURNING id, name, minimum_gap"
}

/// Renames a calendar. `None` if it does not exist or has another gap than the draft.
fn rename(
    conn: &mut PgConnection,
    id: &CalendarId,
    draft: &CalendarDraft,
) -> QueryResult<Option<Calendar>> {
    let gap = draft.minimum_gap.map(row::pg_interval);
    let rename = Rename { name: draft.name.as_str(), id: id.as_str(), gap };
    rename.get_result(conn).optional()?.map(calendar).transpose()
}

/// Gives a calendar a new gap and a name, or tells why it cannot have the gap.
fn change_gap(
    conn: &mut PgConnection,
    id: &CalendarId,
    name: &Name,
    gap: MinimumGap,
    deadline: Instant,
) -> Result<Calendar, Failure> {
    retry_until_resolved(|| {
        let changed = conn.transaction(|conn| -> Result<CalendarRow, Failure> {
            let left = deadline.saturating_duration_since(Instant::now()).as_millis().max(1);
            conn.batch_execute(&format!(
                "SET LOCAL statement_timeout = {left}; SET LOCAL lock_timeout = 0"
            ))?;
            if gap > find(conn, id)?.minimum_gap {
                check_distances(conn, id, gap)?;
            }
            // One statement: it locks the calendar against orders that would keep the old gap, and the
            // foreign key copies the new one to all existing orders.
            let changed = diesel::update(calendars::table.filter(calendars::id.eq(id.as_str())))
                .set((
                    calendars::name.eq(name.as_str()),
                    calendars::minimum_gap.eq(row::pg_interval(gap)),
                ))
                .returning(COLUMNS)
                .get_result(conn)
                .optional()?;
            Ok(changed.ok_or_else(|| not_found(id))?)
        });
        match changed {
            Ok(row) => Ok(Some(calendar(row)?)),
            // Orders that are too close were created meanwhile. The next attempt finds them.
            Err(Failure::Database(error)) if violates(&error, "orders_keep_the_minimum_gap") => {
                Ok(None)
            }
            Err(failure) => Err(failure),
        }
    })
}

statement! {
    /// Deletes a calendar without orders. A calendar with orders is not locked, so bookings in it do not wait.
    DeleteUnused<'a> { id: &'a str as Text } -> (Text,) =
    "DELETE FROM calendars
      WHERE id = $1
        AND NOT EXISTS (
            SELECT FROM orders
             WHERE orders.calendar = calendars.key OFFSET 0)
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
    /// The earliest pairs of orders of a calendar that start less than a gap apart. It looks for more than the next order
    /// only if the next one is too close. Each first order has its second ones in order, so sorting them again would only
    /// keep the limit from ending the scan.
    PairsCloserThan<'a> {
        calendar: &'a str as Text,
        gap: PgInterval as Interval,
        most: i64 as BigInt,
    } -> (Text, Timestamptz, Text, Timestamptz) =
    "SELECT first.id, first.datetime, second.id, second.datetime
       FROM (SELECT id, datetime, lead(datetime) OVER (ORDER BY datetime, id) AS next
               FROM orders WHERE calendar = (SELECT key FROM calendars WHERE id = $1)) AS first
       CROSS JOIN LATERAL (
            SELECT id, datetime FROM orders
             WHERE calendar = (SELECT key FROM calendars WHERE id = $1)
               AND (datetime, id) > (first.datetime, first.id) AND datetime < first.datetime + $2
             ORDER BY datetime, id LIMIT $3) AS second
      WHERE first.next < first.datetime + $2
      ORDER BY first.datetime, first.id LIMIT $3"
}

/// Fails if orders of the calendar start less than the gap apart.
fn check_distances(
    conn: &mut PgConnection,
    id: &CalendarId,
    minimum_gap: MinimumGap,
) -> Result<(), Failure> {
    let pairs = PairsCloserThan {
        calendar: id.as_str(),
        gap: row::pg_interval(minimum_gap),
        most: MAX_PAIRS as i64,
    };
    let too_close = pairs
        .load(conn)?
        .into_iter()
        .map(|(first, first_at, second, second_at): (String, _, String, _)| {
            Ok(TooClose {
                first: row::booking(&first, first_at)?,
                second: row::booking(&second, second_at)?,
            })
        })
        .collect::<QueryResult<Vec<_>>>()?;
    if too_close.is_empty() {
        return Ok(());
    }
    let error = GapTooWide { calendar: id.clone(), minimum_gap, too_close };
    Err(StoreError::GapTooWide(Box::new(error)).into())
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
