//! Lists, page by page: [`GetPage`], [`Page`].

use std::marker::PhantomData;
use std::time::Duration;

use http::{Method, StatusCode};
use orders_core::{
    After, Calendar, Change, ChangeFilter, Direction, Order, OrderFilter, OrderId, Service, Webhook,
};
use serde::de::DeserializeOwned;

use super::changes::changes;
use super::request::{Query, request_to, uri};
use super::resources::Resource as _;
use super::response::json;
use super::{Effect, Failure, Operation, Request, Response, Target};

/// `GET` of a page of a list whose items are read as `T`.
///
/// Each constructor is the first page of a list. The others are the [`Page::next`] of the pages before.
#[derive(Debug)]
pub struct GetPage<T> {
    target: Target,
    items: PhantomData<fn() -> T>,
}

/// A page of a list.
#[derive(Debug)]
pub struct Page<T> {
    /// The items.
    pub items: Vec<T>,
    /// The next page, if there is one. The changes of all orders always have one, which may be empty now.
    pub next: Option<GetPage<T>>,
}

impl<T> GetPage<T> {
    /// The page to which a link leads.
    #[must_use]
    pub fn at(target: Target) -> Self {
        Self { target, items: PhantomData }
    }

    /// Where the page is.
    #[must_use]
    pub fn target(&self) -> &Target {
        &self.target
    }

    fn of(query: &Query) -> Self {
        // OK because the paths of lists begin with one slash.
        Self::at(Target::new(&uri(query.as_ref()).to_string()).expect("a path"))
    }
}

impl GetPage<Order> {
    /// `GET /orders`, with at most so many orders on a page, 1 to 1000.
    #[must_use]
    pub fn orders(filter: &OrderFilter, direction: Direction, limit: usize) -> Self {
        Self::of(&orders(filter, direction).with("limit", Some(limit)))
    }
}

impl GetPage<Service> {
    /// `GET /services`, with at most so many services on a page, 1 to 1000.
    #[must_use]
    pub fn services(limit: usize) -> Self {
        Self::of(&Query::new(Service::PATH).with("limit", Some(limit)))
    }
}

impl GetPage<Calendar> {
    /// `GET /calendars`, with at most so many calendars on a page, 1 to 1000.
    #[must_use]
    pub fn calendars(limit: usize) -> Self {
        Self::of(&Query::new(Calendar::PATH).with("limit", Some(limit)))
    }
}

impl GetPage<Webhook> {
    /// `GET /webhooks`, with at most so many webhooks on a page, 1 to 1000.
    #[must_use]
    pub fn webhooks(limit: usize) -> Self {
        Self::of(&Query::new(Webhook::PATH).with("limit", Some(limit)))
    }
}

impl GetPage<Change> {
    /// `GET /orders/{id}/history`, with at most so many changes on a page, 1 to 1000.
    #[must_use]
    pub fn history(id: &OrderId, limit: usize) -> Self {
        Self::of(&Query::new(format!("/orders/{id}/history")).with("limit", Some(limit)))
    }

    /// `GET /changes`, with at most so many changes on a page, 1 to 1000. If there is none, it waits so long for one, in
    /// whole seconds up to 60.
    #[must_use]
    pub fn changes(after: After, filter: &ChangeFilter, limit: usize, wait: Duration) -> Self {
        let wait = Some(wait.as_secs()).filter(|seconds| *seconds > 0);
        Self::of(&changes(after, filter).with("limit", Some(limit)).with("wait", wait))
    }
}

impl<T: DeserializeOwned> Operation for GetPage<T> {
    type Output = Page<T>;

    fn request(&self) -> Request {
        request_to(Method::GET, self.target.uri().clone())
    }

    fn read(&self, response: &Response) -> Result<Page<T>, Failure> {
        let next = Target::of(response.headers(), "next").map(Self::at);
        Ok(Page { items: json(response, &[StatusCode::OK])?, next })
    }

    fn effect(&self) -> Effect {
        Effect::None
    }
}

impl<T> Clone for GetPage<T> {
    fn clone(&self) -> Self {
        Self::at(self.target.clone())
    }
}

/// The list of these orders.
pub(super) fn orders(filter: &OrderFilter, direction: Direction) -> Query {
    let OrderFilter { calendar, service, reference, from, to } = filter;
    Query::new("/orders")
        .with("calendar", calendar.as_ref())
        .with("service", service.as_ref())
        .with("reference", reference.as_ref())
        .with("from", *from)
        .with("to", *to)
        .with("order", (direction == Direction::Descending).then_some("desc"))
}
