//! The history of one order, and the order as it was.

use diesel::data_types::PgTimestamp;
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Bool, Nullable, Text, Timestamptz};
use orders_core::{
    AsOf, ChangeFilter, HistoryPage, Order, OrderId, RecordedChange, Resource, StoreError,
};

use super::feed::{ChangeSql, change, in_steps, order_columns, select_changes};
use crate::caller::Caller;
use crate::error::Failure;
use crate::row::{self, OrderRow, OrderSql};
use crate::statement::statement;

statement! {
    GetHistory<'a> {
        id: &'a str as Text,
        after: i64 as BigInt,
        limit: i64 as BigInt,
        with_previous: bool as Bool,
    } -> ChangeSql =
    concat!(
        select_changes!(
            "SELECT * FROM order_versions WHERE order_id = $1 AND version > $2 ORDER BY order_id, version LIMIT $3",
            "$4"
        ),
        "WHERE change.position IS NOT NULL ORDER BY change.version"
    )
}

statement! {
    /// Whether an order was ever in one of the permitted calendars, which are all if there is no list.
    WasPermitted<'a> {
        id: &'a str as Text,
        permitted: Option<Vec<&'a str>> as Nullable<Array<Text>>,
    } -> (Bool,) =
    "SELECT EXISTS (SELECT FROM order_versions WHERE order_id = $1 AND ($2 IS NULL OR calendar = ANY ($2)) OFFSET 0)"
}

/// The statement for one version, up to its condition.
macro_rules! select_version {
    () => {
        concat!(
            "SELECT type::text, ",
            order_columns!("order_versions"),
            " FROM order_versions WHERE "
        )
    };
}

statement! {
    GetVersion<'a> { id: &'a str as Text, version: i64 as BigInt } -> (Text, OrderSql) =
    concat!(select_version!(), "order_id = $1 AND version = $2")
}

statement! {
    /// The times of the versions of an order do not decrease.
    GetVersionAt<'a> { id: &'a str as Text, at: PgTimestamp as Timestamptz } -> (Text, OrderSql) =
    concat!(select_version!(), "order_id = $1 AND changed_at <= $2 ORDER BY order_id DESC, version DESC LIMIT 1")
}

statement! {
    GetOldestVersion<'a> { id: &'a str as Text } -> (Text, OrderSql) =
    concat!(select_version!(), "order_id = $1 ORDER BY order_id, version LIMIT 1")
}

fn no_state(id: &OrderId, as_of: AsOf) -> StoreError {
    StoreError::NotFound(Resource::OrderAsOf(id.clone(), as_of))
}

/// The changes of an order that the caller may see.
pub(super) fn history(
    conn: &mut PgConnection,
    id: &OrderId,
    after: u64,
    limit: usize,
    caller: &Caller,
) -> Result<HistoryPage, Failure> {
    // No order has a version that its column cannot hold.
    let first = after.try_into().unwrap_or(i64::MAX);
    let with_previous = caller.calendars().is_some();
    // One more than is returned says whether there are more.
    let (mut rows, more) = in_steps(limit.saturating_add(1), |last, limit| {
        let after = last.map_or(first, |(.., order, _)| order.7);
        GetHistory { id: id.as_str(), after, limit, with_previous }.load(conn)
    })?;
    rows.truncate(limit);
    let recorded = rows.into_iter().map(change).collect::<QueryResult<Vec<RecordedChange>>>()?;
    let next = recorded.last().filter(|_| more).map(|last| last.change.data.version);
    let seen =
        recorded.iter().filter_map(|it| it.seen_by(caller.calendars(), &ChangeFilter::default()));
    let changes: Vec<_> = seen.collect();
    if changes.is_empty() {
        let permitted = WasPermitted { id: id.as_str(), permitted: caller.calendar_ids() };
        if !permitted.get_result::<(bool,)>(conn)?.0 {
            return Err(StoreError::NotFound(Resource::Order(id.clone())).into());
        }
    }
    Ok(HistoryPage { changes, next })
}

/// An order as it was, if it was in a calendar that the caller may use.
pub(super) fn order_as_of(
    conn: &mut PgConnection,
    id: &OrderId,
    as_of: AsOf,
    caller: &Caller,
) -> Result<Order, Failure> {
    let found: Option<(String, OrderRow)> = match as_of {
        AsOf::Version(version) => match i64::try_from(version) {
            Ok(version) => GetVersion { id: id.as_str(), version }.get_result(conn).optional()?,
            Err(_) => None,
        },
        AsOf::Instant(at) => {
            let at = row::pg_timestamp(at);
            GetVersionAt { id: id.as_str(), at }.get_result(conn).optional()?
        }
    };
    let (change_type, order) = match found {
        Some((change_type, order)) => (change_type, row::order(order)?),
        None => return Err(unknown(conn, id, as_of, caller)?.into()),
    };
    if change_type == "deleted" || !caller.sees(&order) {
        return Err(no_state(id, as_of).into());
    }
    Ok(order)
}

/// Why a state of an order is unknown: it is not kept any more, or there never was such a state.
fn unknown(
    conn: &mut PgConnection,
    id: &OrderId,
    as_of: AsOf,
    caller: &Caller,
) -> QueryResult<StoreError> {
    let oldest: Option<(String, OrderRow)> =
        GetOldestVersion { id: id.as_str() }.get_result(conn).optional()?;
    let oldest = oldest.map(|(_, order)| row::order(order)).transpose()?;
    let is_gone = oldest.filter(|oldest| caller.sees(oldest)).is_some_and(|oldest| match as_of {
        AsOf::Version(version) => (1..oldest.version).contains(&version),
        AsOf::Instant(_) => oldest.version > 1,
    });
    Ok(if is_gone { StoreError::VersionGone(id.clone()) } else { no_state(id, as_of) })
}
