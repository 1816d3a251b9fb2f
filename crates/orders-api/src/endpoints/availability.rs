//! `/availability`

use orders_core::{CalendarId, Interval, SEARCH_REACH_MICROS};
use orders_db::requests::FindAvailability;

use crate::Store;
use crate::http::endpoint::{Endpoint, Reply, endpoint};
use crate::http::query::{FromQuery, Parameters, Query, invalid};
use crate::http::response::Json;
use crate::problem::{Problem, ProblemType};

pub(crate) fn get() -> Endpoint {
    let description = "The free times of a calendar inside a window, as half-open intervals: `from` belongs to one, \
                       `to` does not. Times less than the gap before an order are not free, so the interval before \
                       the order ends one microsecond after the last free instant.";
    let summary = "Get the times at which an order could start";
    endpoint(get_availability, "getAvailability", "calendars", summary, description)
        .problems(&[ProblemType::NotFound, ProblemType::NotPermitted])
}

async fn get_availability(store: Store, query: Query<Window>) -> Reply<Json<Vec<Interval>>> {
    let Query(Window { calendar, window }) = query;
    let find = |client| FindAvailability { client, calendar, window };
    Ok(Json::new(&store.read_with(find).await?)?)
}

/// A window of a calendar.
struct Window {
    calendar: CalendarId,
    window: Interval,
}

impl FromQuery for Window {
    fn read(query: &mut Parameters<'_>) -> Result<Self, Problem> {
        let calendar = query.optional("calendar", "The calendar, `default` if absent.");
        let from = query.required_as("from", "Where the window begins.", "2022-11-01T00:00:00Z");
        let end = "Where the window ends, itself outside: after `from`, by at most 366 days.";
        let to = query.required_as("to", end, "2022-11-08T00:00:00Z");
        let (calendar, window) = (calendar?.unwrap_or_default(), Interval { from: from?, to: to? });
        if window.from >= window.to {
            return Err(invalid("to", "must be after from"));
        }
        if window.to.as_micros() - window.from.as_micros() > SEARCH_REACH_MICROS {
            return Err(invalid("to", "must be at most 366 days after from"));
        }
        Ok(Self { calendar, window })
    }
}
