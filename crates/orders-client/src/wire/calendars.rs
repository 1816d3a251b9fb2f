//! Operations on one calendar: [`CreateCalendar`], [`GetCalendar`], [`ReplaceCalendar`], [`DeleteCalendar`], and its free times:
//! [`GetAvailability`].

use http::{Method, StatusCode};
use orders_core::{Calendar, CalendarDraft, CalendarId, Interval};

use super::orders::gone;
use super::request::{JSON, Query, request, with_body};
use super::response::{json, no_content};
use super::{Effect, Failure, Operation, Request, Response};

const CALENDARS: &str = "/calendars";

fn path(id: &CalendarId) -> String {
    format!("{CALENDARS}/{id}")
}

/// `POST /calendars`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CreateCalendar {
    /// The new calendar.
    pub draft: CalendarDraft,
}

impl Operation for CreateCalendar {
    type Output = Calendar;

    fn request(&self) -> Request {
        with_body(request(Method::POST, CALENDARS), JSON, &self.draft)
    }

    fn read(&self, response: &Response) -> Result<Calendar, Failure> {
        json(response, &[StatusCode::CREATED])
    }

    /// There is no idempotency key for it.
    fn effect(&self) -> Effect {
        Effect::Once
    }
}

/// `GET /calendars/{id}`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GetCalendar {
    /// The calendar.
    pub id: CalendarId,
}

impl Operation for GetCalendar {
    type Output = Calendar;

    fn request(&self) -> Request {
        request(Method::GET, path(&self.id))
    }

    fn read(&self, response: &Response) -> Result<Calendar, Failure> {
        json(response, &[StatusCode::OK])
    }

    fn effect(&self) -> Effect {
        Effect::None
    }
}

/// `PUT /calendars/{id}`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReplaceCalendar {
    /// The calendar.
    pub id: CalendarId,
    /// What it is replaced by. Its own id must be absent or that of the calendar.
    pub draft: CalendarDraft,
}

impl Operation for ReplaceCalendar {
    type Output = Calendar;

    fn request(&self) -> Request {
        with_body(request(Method::PUT, path(&self.id)), JSON, &self.draft)
    }

    fn read(&self, response: &Response) -> Result<Calendar, Failure> {
        json(response, &[StatusCode::OK])
    }

    fn effect(&self) -> Effect {
        Effect::Repeatable
    }
}

/// `DELETE /calendars/{id}`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeleteCalendar {
    /// The calendar.
    pub id: CalendarId,
}

impl Operation for DeleteCalendar {
    type Output = ();

    fn request(&self) -> Request {
        request(Method::DELETE, path(&self.id))
    }

    fn read(&self, response: &Response) -> Result<(), Failure> {
        no_content(response)
    }

    fn effect(&self) -> Effect {
        Effect::Repeatable
    }

    fn read_repeated(&self, response: &Response) -> Result<(), Failure> {
        gone(self.read(response))
    }
}

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
