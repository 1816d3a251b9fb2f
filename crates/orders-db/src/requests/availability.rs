//! Finding the free times of several windows with one statement.

use std::sync::Arc;

use diesel::data_types::{PgInterval, PgTimestamp};
use diesel::prelude::*;
use diesel::sql_types::Interval as IntervalSql;
use diesel::sql_types::{Array, Nullable, Text, Timestamptz};
use orders_core::{CalendarId, Client, Interval, Orders as _, StoreError};

use super::{Outcome, Request};
use crate::PgStore;
use crate::caller::Caller;
use crate::orders::free;
use crate::row;
use crate::statement::statement;

/// Find the free times of a calendar, like [`Orders::availability`](orders_core::Orders::availability).
#[derive(Debug, Clone)]
pub struct FindAvailability {
    /// Who wants to know.
    pub client: Option<Arc<Client>>,
    /// The calendar.
    pub calendar: CalendarId,
    /// The window.
    pub window: Interval,
}

statement! {
    /// For each window what the statement for one window returns, in the same order; nulls if there is no such calendar.
    NearAll<'a> {
        from: Vec<PgTimestamp> as Array<Timestamptz>,
        to: Vec<PgTimestamp> as Array<Timestamptz>,
        calendars: Vec<&'a str> as Array<Text>,
    } -> (Nullable<IntervalSql>, Array<Timestamptz>) =
    "SELECT calendar.minimum_gap, ARRAY(
            SELECT datetime FROM orders
             WHERE calendar = calendar.key
               AND datetime > request.start - calendar.minimum_gap AND datetime < request.stop + calendar.minimum_gap
               AND calendar.minimum_gap > interval '0'
             ORDER BY calendar, datetime)
       FROM unnest($1, $2, $3) WITH ORDINALITY AS request (start, stop, calendar, index)
       LEFT JOIN LATERAL (
            SELECT key, minimum_gap FROM calendars WHERE calendars.id = request.calendar OFFSET 0) AS calendar ON true
      ORDER BY request.index"
}

impl Request for FindAvailability {
    type Response = Vec<Interval>;

    fn execute(self, store: &PgStore) -> Result<Vec<Interval>, StoreError> {
        store.acting_as(self.client).availability(&self.calendar, self.window)
    }

    fn execute_together(store: &PgStore, requests: &[Self]) -> Vec<Outcome<Vec<Interval>>> {
        let found = store.attempt_read(|conn| {
            let near = NearAll {
                from: requests.iter().map(|it| row::pg_timestamp(it.window.from)).collect(),
                to: requests.iter().map(|it| row::pg_timestamp(it.window.to)).collect(),
                calendars: requests.iter().map(|it| it.calendar.as_str()).collect(),
            };
            let rows: Vec<(Option<PgInterval>, Vec<PgTimestamp>)> = near.load(conn)?;
            let free = requests.iter().zip(rows).map(|(request, (gap, taken))| {
                free(&request.calendar, request.window, gap.map(|gap| (gap, taken)))
            });
            free.collect::<QueryResult<Vec<_>>>()
        });
        found.outcomes(requests.len(), |found| {
            let permitted = requests.iter().zip(found).map(|(request, free)| {
                Some(Caller::new(request.client.clone()).permit(&request.calendar).and(free))
            });
            permitted.collect()
        })
    }
}
