//! Operations on one service, calendar or webhook: [`Create`], [`Get`], [`Replace`], [`Delete`].

use std::fmt::Display;

use http::{Method, StatusCode};
use orders_core::{
    Calendar, CalendarDraft, CalendarId, Service, ServiceDraft, ServiceId, Webhook, WebhookDraft,
    WebhookId,
};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::orders::gone;
use super::request::{JSON, request, with_body};
use super::response::{json, no_content};
use super::{Effect, Failure, NewWebhook, Operation, Request, Response};

/// What has the same operations: services, calendars and webhooks.
pub trait Resource: DeserializeOwned {
    /// Names one of them.
    type Id: Display;

    /// The fields that a client gives to create or replace one.
    type Draft: Serialize;

    /// The response to a creation.
    type Created: DeserializeOwned;

    /// The path of all of them.
    const PATH: &'static str;
}

impl Resource for Service {
    type Id = ServiceId;
    type Draft = ServiceDraft;
    type Created = Self;

    const PATH: &'static str = "/services";
}

impl Resource for Calendar {
    type Id = CalendarId;
    type Draft = CalendarDraft;
    type Created = Self;

    const PATH: &'static str = "/calendars";
}

impl Resource for Webhook {
    type Id = WebhookId;
    type Draft = WebhookDraft;
    type Created = NewWebhook;

    const PATH: &'static str = "/webhooks";
}

/// `POST /services`
pub type CreateService = Create<Service>;
/// `GET /services/{id}`
pub type GetService = Get<Service>;
/// `PUT /services/{id}`
pub type ReplaceService = Replace<Service>;
/// `DELETE /services/{id}`
pub type DeleteService = Delete<Service>;

/// `POST /calendars`
pub type CreateCalendar = Create<Calendar>;
/// `GET /calendars/{id}`
pub type GetCalendar = Get<Calendar>;
/// `PUT /calendars/{id}`
pub type ReplaceCalendar = Replace<Calendar>;
/// `DELETE /calendars/{id}`
pub type DeleteCalendar = Delete<Calendar>;

/// `POST /webhooks`
pub type CreateWebhook = Create<Webhook>;
/// `GET /webhooks/{id}`
pub type GetWebhook = Get<Webhook>;
/// `PUT /webhooks/{id}`
pub type ReplaceWebhook = Replace<Webhook>;
/// `DELETE /webhooks/{id}`
pub type DeleteWebhook = Delete<Webhook>;

pub(super) fn path<R: Resource>(id: &R::Id) -> String {
    format!("{}/{id}", R::PATH)
}

/// `POST` of a new one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Create<R: Resource> {
    /// Its fields.
    pub draft: R::Draft,
}

impl<R: Resource> Operation for Create<R> {
    type Output = R::Created;

    fn request(&self) -> Request {
        with_body(request(Method::POST, R::PATH), JSON, &self.draft)
    }

    fn read(&self, response: &Response) -> Result<R::Created, Failure> {
        json(response, &[StatusCode::CREATED])
    }

    /// There is no idempotency key for it.
    fn effect(&self) -> Effect {
        Effect::Once
    }
}

/// `GET` of one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Get<R: Resource> {
    /// Which one.
    pub id: R::Id,
}

impl<R: Resource> Operation for Get<R> {
    type Output = R;

    fn request(&self) -> Request {
        request(Method::GET, path::<R>(&self.id))
    }

    fn read(&self, response: &Response) -> Result<R, Failure> {
        json(response, &[StatusCode::OK])
    }

    fn effect(&self) -> Effect {
        Effect::None
    }
}

/// `PUT` of one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Replace<R: Resource> {
    /// Which one.
    pub id: R::Id,
    /// What it is replaced by. Its own id must be absent or the same.
    pub draft: R::Draft,
}

impl<R: Resource> Operation for Replace<R> {
    type Output = R;

    fn request(&self) -> Request {
        with_body(request(Method::PUT, path::<R>(&self.id)), JSON, &self.draft)
    }

    fn read(&self, response: &Response) -> Result<R, Failure> {
        json(response, &[StatusCode::OK])
    }

    fn effect(&self) -> Effect {
        Effect::Repeatable
    }
}

/// `DELETE` of one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delete<R: Resource> {
    /// Which one.
    pub id: R::Id,
}

impl<R: Resource> Operation for Delete<R> {
    type Output = ();

    fn request(&self) -> Request {
        request(Method::DELETE, path::<R>(&self.id))
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
