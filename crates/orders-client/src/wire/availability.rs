//! When an order could start: [`GetAvailability`].

use http::{Method, StatusCode};
use orders_core::{CalendarId, Interval};

use super::request::{Query, request};
use super::response::json;
use super::{Effect, Failure, Operation, Request, Response};

/// `GET /availability`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GetAvailability {
    /// The calendar.
    pub calendar: CalendarId,
    /// Where free times are searched: at most 366 days.
    pub window: Interval,
}

impl Operation for GetAvailability {
    type Output = Vec<Interval>;

    fn request(&self) -> Request {
        let target = Query::new("/availability")
            .with("calendar", Some(&self.calendar))
            .with("from", Some(self.window.from))
            .with("to", Some(self.window.to));
        request(Method::GET, target)
    }

    fn read(&self, response: &Response) -> Result<Vec<Interval>, Failure> {
        json(response, &[StatusCode::OK])
    }

    fn effect(&self) -> Effect {
        Effect::None
    }
}
