//! The port `CalendarFeeds`.

mod content;

use std::ops::ControlFlow;

use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Bytea, Nullable, Text};
use orders_core::{
    CalendarEvent, CalendarFeed, CalendarFeedDraft, CalendarFeedId, CalendarFeeds, CalendarId,
    FeedHead, FeedState, FeedTokenHash, Interval, ListPage, ListQuery, Pace, Resource, StoreError,
};

use crate::PgStore;
use crate::row::{self, decode};
use crate::statement::statement;

/// The most feeds that there may be.
const MAX_FEEDS: i64 = 1000;

statement! {
    /// Adds a feed if there are not too many. Several of these statements at once may exceed the limit by a few.
    AddFeed<'a> {
        id: &'a str as Text,
        name: &'a str as Text,
        token: &'a [u8] as Bytea,
        most: i64 as BigInt,
    } -> () =
    "INSERT INTO calendar_feeds (id, name, token)
     SELECT $1, $2, $3 WHERE (SELECT count(*) FROM calendar_feeds) < $4"
}

statement! {
    /// Adds those calendars to a feed that exist, and returns them. The lock keeps them from being deleted meanwhile.
    AddCalendars<'a> { calendars: Vec<&'a str> as Array<Text>, feed: &'a str as Text } -> (Text,) =
    "WITH existing AS MATERIALIZED (
         SELECT found.* FROM unnest($1) AS named (id)
          CROSS JOIN LATERAL (
              SELECT key, id FROM calendars WHERE calendars.id = named.id OFFSET 0 FOR KEY SHARE) AS found),
     added AS (
         INSERT INTO calendar_feed_calendars (feed, calendar) SELECT $2, key FROM existing)
     SELECT id FROM existing"
}

/// The condition that a feed shows something, and nothing but the calendars in a parameter; that it is null permits everything.
macro_rules! is_permitted {
    ($calendars:literal) => {
        concat!(
            "(",
            $calendars,
            " IS NULL OR (
                 SELECT COALESCE(bool_and(found.id = ANY (",
            $calendars,
            ")), false)
                   FROM calendar_feed_calendars AS shown
                  CROSS JOIN LATERAL (SELECT id FROM calendars WHERE key = shown.calendar OFFSET 0) AS found
                  WHERE shown.feed = feeds.id))"
        )
    };
}

statement! {
    /// The feeds after an id that the client sees, by id.
    ListFeeds<'a> {
        after: &'a str as Text,
        permitted: Option<Vec<&'a str>> as Nullable<Array<Text>>,
        limit: i64 as BigInt,
    } -> (Text, Text, Array<Text>) = concat!(
        "SELECT feeds.id, feeds.name, ARRAY(
                    SELECT found.id FROM calendar_feed_calendars AS shown
                     CROSS JOIN LATERAL (SELECT id FROM calendars WHERE key = shown.calendar OFFSET 0) AS found
                     WHERE shown.feed = feeds.id ORDER BY found.id)
           FROM calendar_feeds AS feeds
          WHERE feeds.id > $1 AND ",
        is_permitted!("$2"),
        " ORDER BY feeds.id LIMIT $3"
    )
}

statement! {
    DeleteFeed<'a> {
        id: &'a str as Text,
        permitted: Option<Vec<&'a str>> as Nullable<Array<Text>>,
    } -> () = concat!("DELETE FROM calendar_feeds AS feeds WHERE feeds.id = $1 AND ", is_permitted!("$2"))
}

statement! {
    FindFeed<'a> { token: &'a [u8] as Bytea } -> (Text,) = "SELECT id FROM calendar_feeds WHERE token = $1"
}

impl CalendarFeeds for PgStore {
    fn add_feed(
        &self,
        draft: &CalendarFeedDraft,
        token: &FeedTokenHash,
    ) -> Result<CalendarFeed, StoreError> {
        for calendar in draft.calendars.iter() {
            self.caller.permit(calendar)?;
        }
        let id = row::generate_id(CalendarFeedId::new);
        let mut calendars: Vec<_> = draft.calendars.iter().cloned().collect();
        calendars.sort();
        self.with(|conn| {
            conn.transaction(|conn| {
                let (feed, name) = (id.as_str(), draft.name.as_str());
                if (AddFeed { id: feed, name, token, most: MAX_FEEDS }).execute(conn)? == 0 {
                    return Err(StoreError::TooManyFeeds(MAX_FEEDS as u64).into());
                }
                let named = draft.calendars.iter().map(CalendarId::as_str).collect();
                let added: Vec<(String,)> = AddCalendars { calendars: named, feed }.load(conn)?;
                let is_added = |id: &CalendarId| added.iter().any(|(added,)| added == id.as_str());
                let listed = draft.calendars.iter().cloned().enumerate();
                let unknown: Vec<_> = listed.filter(|(_, id)| !is_added(id)).collect();
                match unknown.is_empty() {
                    true => Ok(()),
                    false => Err(StoreError::UnknownCalendars(unknown).into()),
                }
            })
        })?;
        Ok(CalendarFeed { id, name: draft.name.clone(), calendars })
    }

    fn feeds(
        &self,
        query: &ListQuery<CalendarFeedId>,
    ) -> Result<ListPage<CalendarFeed, CalendarFeedId>, StoreError> {
        // No id is empty.
        let after = query.after.as_ref().map_or("", CalendarFeedId::as_str);
        self.with(|conn| {
            let permitted = self.caller.calendar_ids();
            let list = ListFeeds { after, permitted, limit: row::one_more_than(query.limit) };
            let rows: Vec<FeedRow> = list.load(conn)?;
            let feeds = rows.into_iter().map(feed).collect::<QueryResult<_>>()?;
            Ok(ListPage::new(feeds, query.limit, |feed: &CalendarFeed| feed.id.clone()))
        })
    }

    fn remove_feed(&self, id: &CalendarFeedId) -> Result<(), StoreError> {
        self.with(|conn| {
            let permitted = self.caller.calendar_ids();
            match (DeleteFeed { id: id.as_str(), permitted }).execute(conn)? {
                0 => Err(not_found(id))?,
                _ => Ok(()),
            }
        })
    }

    fn feed_with_token(&self, token: &FeedTokenHash) -> Result<Option<CalendarFeedId>, StoreError> {
        self.with(|conn| {
            let found: Option<(String,)> = FindFeed { token }.get_result(conn).optional()?;
            Ok(found.map(|(id,)| decode(CalendarFeedId::new(id))).transpose()?)
        })
    }

    fn feed_state(&self, id: &CalendarFeedId, window: Interval) -> Result<FeedState, StoreError> {
        self.with(|conn| content::state(conn, id, window))
    }

    fn read_feed(
        &self,
        id: &CalendarFeedId,
        window: Interval,
        pace: Pace,
        sink: &mut dyn FnMut(&FeedHead, Vec<CalendarEvent>) -> ControlFlow<()>,
    ) -> Result<(), StoreError> {
        let read = |conn: &mut PgConnection| {
            let mut snapshot = conn.build_transaction().repeatable_read().read_only();
            snapshot.run(|conn| content::read(conn, id, window, sink))
        };
        match pace {
            Pace::Prompt => self.with_once(read),
            Pace::Slow => self.with_long(read),
        }
    }
}

/// id, name, the ids of its calendars
type FeedRow = (String, String, Vec<String>);

fn feed((id, name, calendars): FeedRow) -> QueryResult<CalendarFeed> {
    Ok(CalendarFeed {
        id: decode(CalendarFeedId::new(id))?,
        name: row::name(&name)?,
        calendars: calendars.iter().map(|id| row::calendar_id(id)).collect::<QueryResult<_>>()?,
    })
}

fn not_found(id: &CalendarFeedId) -> StoreError {
    StoreError::NotFound(Resource::CalendarFeed(id.clone()))
}
