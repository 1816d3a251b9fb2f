//! Operations on one service: [`CreateService`], [`GetService`], [`ReplaceService`], [`DeleteService`].

use http::{Method, StatusCode};
use orders_core::{Service, ServiceDraft, ServiceId};

use super::orders::gone;
use super::request::{JSON, request, with_body};
use super::response::{json, no_content};
use super::{Effect, Failure, Operation, Request, Response};

const SERVICES: &str = "/services";

fn path(id: &ServiceId) -> String {
    format!("{SERVICES}/{id}")
}

/// `POST /services`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CreateService {
    /// The new service.
    pub draft: ServiceDraft,
}

impl Operation for CreateService {
    type Output = Service;

    fn request(&self) -> Request {
        with_body(request(Method::POST, SERVICES), JSON, &self.draft)
    }

    fn read(&self, response: &Response) -> Result<Service, Failure> {
        json(response, &[StatusCode::CREATED])
    }

    /// There is no idempotency key for it.
    fn effect(&self) -> Effect {
        Effect::Once
    }
}

/// `GET /services/{id}`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GetService {
    /// The service.
    pub id: ServiceId,
}

impl Operation for GetService {
    type Output = Service;

    fn request(&self) -> Request {
        request(Method::GET, path(&self.id))
    }

    fn read(&self, response: &Response) -> Result<Service, Failure> {
        json(response, &[StatusCode::OK])
    }

    fn effect(&self) -> Effect {
        Effect::None
    }
}

/// `PUT /services/{id}`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReplaceService {
    /// The service.
    pub id: ServiceId,
    /// What it is replaced by. Its own id must be absent or that of the service.
    pub draft: ServiceDraft,
}

impl Operation for ReplaceService {
    type Output = Service;

    fn request(&self) -> Request {
        with_body(request(Method::PUT, path(&self.id)), JSON, &self.draft)
    }

    fn read(&self, response: &Response) -> Result<Service, Failure> {
        json(response, &[StatusCode::OK])
    }

    fn effect(&self) -> Effect {
        Effect::Repeatable
    }
}

/// `DELETE /services/{id}`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeleteService {
    /// The service.
    pub id: ServiceId,
}

impl Operation for DeleteService {
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
