//! Pages of the feed.

use diesel::data_types::PgTimestamp;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Bool, Nullable, Text, Timestamptz};
use orders_core::{
    After, Change, ChangeFilter, ChangePage, ChangeQuery, ChangeType, Cursor, OrderId,
    RecordedChange, StoreError,
};

use super::positions::{assign, cursor};
use crate::caller::Caller;
use crate::error::Failure;
use crate::row::{self, OrderRow, OrderSql};
use crate::statement::statement;

/// The most changes that one page reads to find those that match.
const MAX_READ: usize = 1000;

/// How many changes are read with one statement.
const STEP: usize = 200;

/// The columns of a change: position, assigned_at, type, changed_at, client, the order, and the order before the change.
pub(super) type ChangeRow =
    (i64, PgTimestamp, String, PgTimestamp, Option<String>, OrderRow, Option<OrderRow>);

/// The SQL types of [`ChangeRow`].
pub(super) type ChangeSql =
    (BigInt, Timestamptz, Text, Timestamptz, Nullable<Text>, OrderSql, Nullable<OrderSql>);

/// The columns of a version as those of an order, for `concat!`. The argument is the name of the table.
macro_rules! order_columns {
    ($table:literal) => {
        concat!(
            $table,
            ".order_id, ",
            $table,
            ".calendar, ",
            $table,
            ".datetime, ",
            $table,
            ".totalfee, ",
            $table,
            ".services, ",
            $table,
            ".reference, ",
            $table,
            ".metadata::text, ",
            $table,
            ".version, ",
            $table,
            ".created_at, ",
            $table,
            ".updated_at"
        )
    };
}
pub(super) use order_columns;

/// The statement for changes from some versions, each with the version before it if `$previous` holds.
macro_rules! select_changes {
    ($versions:literal, $previous:literal) => {
        concat!(
            "SELECT change.position, change.assigned_at, change.type::text, change.changed_at, change.client, ",
            order_columns!("change"), ", ", order_columns!("previous"),
            " FROM (", $versions, ") AS change
              LEFT JOIN LATERAL (
                   SELECT * FROM order_versions
                    WHERE order_id = change.order_id AND version = change.version - 1 AND change.type = 'updated'
                      AND ", $previous, "
                   OFFSET 0) AS previous ON true "
        )
    };
}
pub(super) use select_changes;

statement! {
    /// The version before a change is kept as long as the change.
    GetFeed { after: i64 as BigInt, limit: i64 as BigInt, with_previous: bool as Bool } -> ChangeSql =
    concat!(
        select_changes!("SELECT * FROM order_versions WHERE position > $1 ORDER BY position LIMIT $2", "$3"),
        "ORDER BY change.position"
    )
}

statement! {
    /// Changes of an order between two positions that are kept as changes. `version > 0` and `OFFSET` keep PostgreSQL from reading those of other
    /// orders.
    GetChangesOf<'a> { id: &'a str as Text, first: i64 as BigInt, last: i64 as BigInt, limit: i64 as BigInt } ->
    ChangeSql =
    concat!(
        select_changes!(
            "SELECT * FROM (SELECT * FROM order_versions WHERE order_id = $1 AND version > 0
                             ORDER BY order_id, version OFFSET 0) AS of_order
              WHERE position BETWEEN $2 AND $3 AND position > (SELECT expired_position FROM change_feed) LIMIT $4",
            "true"),
        "ORDER BY change.version"
    )
}

statement! {
    /// The cursors before the oldest change that is kept and at the newest one.
    GetEnds {} -> (BigInt, Timestamptz, BigInt, Timestamptz) =
    "SELECT expired_position, expired_at, position, assigned_at FROM change_feed"
}

/// The condition that a position was assigned at this instant and has not expired, for `concat!`. The arguments are columns;
/// `feed` is the row of `change_feed`.
macro_rules! is_assigned {
    ($position:literal, $assigned_at:literal) => {
        concat!(
            "((",
            $position,
            ", ",
            $assigned_at,
            ") = (feed.expired_position, feed.expired_at)
              OR (",
            $position,
            ", ",
            $assigned_at,
            ") = (feed.position, feed.assigned_at)
              OR EXISTS (SELECT FROM order_versions
                          WHERE order_versions.position = ",
            $position,
            "
                            AND order_versions.assigned_at = ",
            $assigned_at,
            "))"
        )
    };
}
pub(crate) use is_assigned;

statement! {
    /// Whether the changes after this cursor are known.
    IsKnown { position: i64 as BigInt, assigned_at: PgTimestamp as Timestamptz } -> (Bool,) =
    concat!(
        "SELECT given.position >= feed.expired_position AND ", is_assigned!("given.position", "given.assigned_at"), "
           FROM (SELECT $1 AS position, $2 AS assigned_at) AS given, change_feed AS feed"
    )
}

/// A page with the changes that the caller may see and that match. It may be empty although more changes follow.
pub(super) fn filtered(
    conn: &mut PgConnection,
    query: &ChangeQuery,
    caller: &Caller,
) -> Result<ChangePage, Failure> {
    let all = caller.calendars().is_none() && query.filter == ChangeFilter::default();
    let limit = if all { query.limit } else { query.limit.max(MAX_READ) };
    let ChangePage { changes, mut next, mut more } = page(conn, query.after, limit, !all)?;
    let mut seen = changes.iter().filter_map(|it| it.seen_by(caller.calendars(), &query.filter));
    let changes: Vec<Change> = seen.by_ref().take(query.limit).collect();
    if let Some(last) = changes.last().filter(|_| seen.next().is_some()) {
        (next, more) = (last.cursor, true);
    }
    Ok(ChangePage { changes, next, more })
}

/// A page with all changes, with the orders before them if `with_previous`.
pub(super) fn page(
    conn: &mut PgConnection,
    after: After,
    limit: usize,
    with_previous: bool,
) -> Result<ChangePage<RecordedChange>, Failure> {
    loop {
        let start = start(conn, after)?;
        let first = row::decode(start.position.try_into())?;
        let (rows, more) = in_steps(limit, |last, limit| {
            let after = last.map_or(first, |(position, ..)| *position);
            GetFeed { after, limit, with_previous }.load(conn)
        })?;
        // Last, because changes may expire while others are read.
        let assigned_at = row::pg_timestamp(start.assigned_at);
        let known = IsKnown { position: first, assigned_at };
        let (is_known,): (bool,) = known.get_result(conn)?;
        if is_known {
            let changes = rows.into_iter().map(change).collect::<QueryResult<Vec<_>>>()?;
            let next: Cursor = changes.last().map_or(start, |last| last.change.cursor);
            return Ok(ChangePage { changes, next, more });
        }
        if after != After::Oldest {
            return Err(StoreError::CursorGone(start).into());
        }
    }
}

/// The first changes of an order between two positions, each with the order before it.
pub(crate) fn changes_of(
    conn: &mut PgConnection,
    id: &OrderId,
    first: i64,
    last: i64,
) -> QueryResult<Vec<RecordedChange>> {
    let get = GetChangesOf { id: id.as_str(), first, last, limit: 10 };
    let rows: Vec<ChangeRow> = get.load(conn)?;
    rows.into_iter().map(change).collect()
}

/// The cursor that this names, if the changes after it are known. All changes that were made before the call are before
/// [`After::Now`].
pub(crate) fn known_cursor(conn: &mut PgConnection, after: After) -> Result<Cursor, Failure> {
    assign(conn)?;
    let start = start(conn, after)?;
    let position = row::decode(start.position.try_into())?;
    let known = IsKnown { position, assigned_at: row::pg_timestamp(start.assigned_at) };
    match known.get_result::<(bool,)>(conn)? {
        (true,) => Ok(start),
        (false,) => Err(StoreError::CursorGone(start).into()),
    }
}

/// The cursor at which a page begins.
fn start(conn: &mut PgConnection, after: After) -> QueryResult<Cursor> {
    if let After::Cursor(cursor) = after {
        return Ok(cursor);
    }
    let (oldest, oldest_at, newest, newest_at) = GetEnds {}.get_result(conn)?;
    match after {
        After::Now => cursor(newest, newest_at),
        _ => cursor(oldest, oldest_at),
    }
}

/// Reads at most so many rows, some at a time, until there are no more or they are large. `read` gets the last row so far
/// and how many to read. Returns the rows, and whether there may be more.
pub(super) fn in_steps(
    limit: usize,
    mut read: impl FnMut(Option<&ChangeRow>, i64) -> QueryResult<Vec<ChangeRow>>,
) -> QueryResult<(Vec<ChangeRow>, bool)> {
    let size = |row: &ChangeRow| {
        row::metadata_bytes(&row.5) + row.6.as_ref().map_or(0, row::metadata_bytes)
    };
    let (mut rows, mut bytes) = (Vec::new(), 0);
    while rows.len() < limit {
        let step = STEP.min(limit - rows.len());
        let mut found = read(rows.last(), step as i64)?;
        let (count, fitting) = (found.len(), row::fitting(&found, size, &mut bytes));
        found.truncate(fitting);
        rows.append(&mut found);
        if fitting < step {
            return Ok((rows, fitting < count));
        }
    }
    Ok((rows, true))
}

/// A change from its row.
pub(super) fn change(row: ChangeRow) -> QueryResult<RecordedChange> {
    let (position, assigned_at, change_type, changed_at, client, data, previous) = row;
    Ok(RecordedChange {
        change: Change {
            cursor: cursor(position, assigned_at)?,
            change_type: row::decode(format!("order.{change_type}").parse::<ChangeType>())?,
            timestamp: row::timestamp(changed_at)?,
            client,
            data: row::order(data)?,
        },
        previous: previous.map(row::order).transpose()?,
    })
}
