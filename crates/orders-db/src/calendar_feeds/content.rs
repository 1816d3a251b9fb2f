//! What a feed shows: its [`state`], and its events, which [`read`] passes on.

use std::ops::ControlFlow;

use diesel::data_types::{PgInterval, PgTimestamp};
use diesel::prelude::*;
use diesel::sql_types::{
    Array, BigInt, Bytea, Interval as SqlInterval, Nullable, Text, Timestamptz,
};
use orders_core::{
    CalendarEvent, CalendarFeedId, FeedDigest, FeedHead, FeedState, Interval, MinimumGap, Name,
};

use super::not_found;
use crate::error::Failure;
use crate::retry::retry_until_resolved;
use crate::row::{self, decode};
use crate::statement::statement;

/// How many events are read at once.
const CHUNK: usize = 500;

statement! {
    /// The name of a feed, the digest of what it shows, and what was noted of it last. A version of an order and its time
    /// stand for all of the order's fields, because they are never repeated for an id.
    GetHead<'a> {
        from: PgTimestamp as Timestamptz,
        to: PgTimestamp as Timestamptz,
        id: &'a str as Text,
    } -> (Text, Bytea, Nullable<Bytea>, Timestamptz) =
    "SELECT feeds.name,
            sha256(convert_to(
                concat_ws(chr(10), feeds.name, calendars.fields, events.number, events.hash), 'UTF8')),
            feeds.digest, feeds.modified_at
       FROM calendar_feeds AS feeds
      CROSS JOIN LATERAL (
            SELECT string_agg(
                       concat_ws(' ', found.id, extract(epoch FROM found.minimum_gap), found.name),
                       chr(10) ORDER BY found.id) AS fields
              FROM calendar_feed_calendars AS shown
             CROSS JOIN LATERAL (
                   SELECT id, minimum_gap, name FROM calendars WHERE key = shown.calendar OFFSET 0) AS found
             WHERE shown.feed = feeds.id) AS calendars
      CROSS JOIN LATERAL (
            SELECT count(*) AS number,
                   sum(hashtextextended(
                       concat_ws(' ', found.id, found.version, extract(epoch FROM found.updated_at), ordered.names),
                       0)) AS hash
              FROM calendar_feed_calendars AS shown
             CROSS JOIN LATERAL (
                   SELECT id, version, updated_at, services FROM orders
                    WHERE orders.calendar = shown.calendar AND datetime >= $1 AND datetime < $2 OFFSET 0) AS found
             CROSS JOIN LATERAL (
                   SELECT string_agg(service.name, chr(10) ORDER BY service.id) AS names
                     FROM unnest(found.services) AS named (id)
                    CROSS JOIN LATERAL (
                          SELECT id, name FROM services WHERE services.id = named.id OFFSET 0) AS service) AS ordered
             WHERE shown.feed = feeds.id) AS events
      WHERE feeds.id = $3"
}

statement! {
    /// Notes what a feed shows unless that is noted already. Two states differ in the second in which they are noted, because
    /// a time in HTTP has no fractions.
    NoteDigest<'a> { digest: &'a [u8] as Bytea, id: &'a str as Text } -> (Timestamptz,) =
    "UPDATE calendar_feeds
        SET digest = $1,
            modified_at = CASE
                WHEN digest IS NULL THEN now()
                ELSE GREATEST(now(), date_trunc('second', modified_at) + interval '1 second')
            END
      WHERE digest IS DISTINCT FROM $1 AND id = $2
     RETURNING modified_at"
}

statement! {
    /// The key, the name and the gap of each calendar of a feed, by id.
    GetCalendars<'a> { feed: &'a str as Text } -> (BigInt, Text, SqlInterval) =
    "SELECT found.key, found.name, found.minimum_gap
       FROM calendar_feed_calendars AS shown
      CROSS JOIN LATERAL (
            SELECT key, id, name, minimum_gap FROM calendars WHERE key = shown.calendar OFFSET 0) AS found
      WHERE shown.feed = $1 ORDER BY found.id"
}

statement! {
    /// The orders of a calendar after a position and before a time, with the names of their services.
    GetEvents<'a> {
        calendar: i64 as BigInt,
        after: PgTimestamp as Timestamptz,
        after_id: &'a str as Text,
        to: PgTimestamp as Timestamptz,
        limit: i64 as BigInt,
    } -> (Text, Timestamptz, BigInt, Timestamptz, Timestamptz, Array<Text>) =
    "SELECT found.id, found.created_at, found.version, found.updated_at, found.datetime, ordered.names
       FROM (SELECT id, created_at, version, updated_at, datetime, services FROM orders
              WHERE calendar = $1 AND (calendar, datetime, id) > ($1, $2, $3) AND datetime < $4
              ORDER BY calendar, datetime, id LIMIT $5) AS found
      CROSS JOIN LATERAL (
            SELECT array_agg(service.name ORDER BY named.number) AS names
              FROM unnest(found.services) WITH ORDINALITY AS named (id, number)
             CROSS JOIN LATERAL (
                   SELECT name FROM services WHERE services.id = named.id OFFSET 0) AS service) AS ordered
      ORDER BY found.datetime, found.id"
}

/// What a feed shows now, and since when.
pub(super) fn state(
    conn: &mut PgConnection,
    id: &CalendarFeedId,
    window: Interval,
) -> Result<FeedState, Failure> {
    retry_until_resolved(|| {
        let (FeedHead { digest, .. }, noted) = head(conn, id, window)?;
        if let Some(FeedState { modified_at, .. }) = noted.filter(|it| it.digest == digest) {
            return Ok(Some(FeedState { digest, modified_at }));
        }
        let note = NoteDigest { digest: &digest, id: id.as_str() };
        let at: Option<(PgTimestamp,)> = note.get_result(conn).optional()?;
        // Otherwise, another reader has noted it, or the feed was deleted.
        at.map(|(at,)| Ok(FeedState { digest, modified_at: row::timestamp(at)? })).transpose()
    })
}

/// Passes the events of a feed to `sink`, as they are in the snapshot of the transaction.
pub(super) fn read(
    conn: &mut PgConnection,
    id: &CalendarFeedId,
    window: Interval,
    sink: &mut dyn FnMut(&FeedHead, Vec<CalendarEvent>) -> ControlFlow<()>,
) -> Result<(), Failure> {
    let (head, _) = head(conn, id, window)?;
    let calendars: Vec<(i64, String, PgInterval)> =
        GetCalendars { feed: id.as_str() }.load(conn)?;
    let (from, to) = (row::pg_timestamp(window.from), row::pg_timestamp(window.to));
    let mut flow = sink(&head, Vec::new());
    for (calendar, name, gap) in calendars {
        let (name, gap) = (row::name(&name)?, row::gap(gap)?);
        // No id is empty.
        let mut after = Some((from, String::new()));
        while flow.is_continue()
            && let Some((after_time, after_id)) = after
        {
            let limit = CHUNK as i64;
            let get = GetEvents { calendar, after: after_time, after_id: &after_id, to, limit };
            let rows: Vec<EventRow> = get.load(conn)?;
            let last = rows.last().filter(|_| rows.len() == CHUNK);
            after = last.map(|row| (row.4, row.0.clone()));
            let events = rows.into_iter().map(|row| event(row, &name, gap));
            flow = sink(&head, events.collect::<QueryResult<_>>()?);
        }
    }
    Ok(())
}

/// What comes before the events, and what was noted last.
fn head(
    conn: &mut PgConnection,
    id: &CalendarFeedId,
    window: Interval,
) -> Result<(FeedHead, Option<FeedState>), Failure> {
    let (from, to) = (row::pg_timestamp(window.from), row::pg_timestamp(window.to));
    let found = (GetHead { from, to, id: id.as_str() }).get_result(conn).optional()?;
    let (name, digest, noted, modified_at): (String, Vec<u8>, Option<Vec<u8>>, PgTimestamp) =
        found.ok_or_else(|| not_found(id))?;
    let modified_at = row::timestamp(modified_at)?;
    let noted = noted.map(bytes).transpose()?.map(|digest| FeedState { digest, modified_at });
    Ok((FeedHead { name: row::name(&name)?, digest: bytes(digest)? }, noted))
}

fn bytes(digest: Vec<u8>) -> QueryResult<FeedDigest> {
    decode(digest.try_into().map_err(|_| "a digest has not 32 bytes"))
}

/// id, created_at, version, updated_at, datetime, the names of the services
type EventRow = (String, PgTimestamp, i64, PgTimestamp, PgTimestamp, Vec<String>);

fn event(row: EventRow, calendar: &Name, gap: MinimumGap) -> QueryResult<CalendarEvent> {
    let (id, created_at, version, updated_at, datetime, services) = row;
    Ok(CalendarEvent {
        order: row::order_id(&id)?,
        created_at: row::timestamp(created_at)?,
        version: decode(version.try_into())?,
        updated_at: row::timestamp(updated_at)?,
        datetime: row::timestamp(datetime)?,
        gap,
        calendar: calendar.clone(),
        services: services.iter().map(|name| row::name(name)).collect::<QueryResult<_>>()?,
    })
}
