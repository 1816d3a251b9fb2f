//! `/availability`

use actix_web::HttpResponse;
use orders_core::{CalendarId, Interval, Orders as _, SEARCH_REACH_MICROS};
use orders_db::PgStore;

use crate::Store;
use crate::http::query::{Given, Parameters, Query, instant, refuse};
use crate::http::response;
use crate::problem::Problem;

/// `GET /availability?calendar=&from=&to=`
pub(crate) async fn read(store: Store, wish: Query<Wish>) -> Result<HttpResponse, Problem> {
    let Query(Wish { calendar, window }) = wish;
    let read = move |orders: &PgStore| response::to_json(&orders.availability(&calendar, window)?);
    Ok(response::json(HttpResponse::Ok(), store.run(read).await?))
}

/// When somebody would like to know of free times, and in which calendar.
pub(crate) struct Wish {
    calendar: CalendarId,
    window: Interval,
}

impl Parameters for Wish {
    fn read(given: &mut Given) -> Result<Self, Problem> {
        let calendar = match given.take("calendar")? {
            None => CalendarId::default(),
            Some(id) => CalendarId::new(id).map_err(|e| refuse("calendar", &e.to_string()))?,
        };
        let window = Interval {
            from: instant("from", &given.require("from")?)?,
            to: instant("to", &given.require("to")?)?,
        };
        if window.from >= window.to {
            return Err(refuse("to", "must be after from"));
        }
        if window.to.as_micros() - window.from.as_micros() > SEARCH_REACH_MICROS {
            return Err(refuse("to", "must be at most 366 days after from"));
        }
        Ok(Self { calendar, window })
    }
}
