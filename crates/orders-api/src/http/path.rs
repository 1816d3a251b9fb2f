//! The parameter in a path: [`Path`].

use std::fmt::Display;
use std::str::FromStr;

use actix_web::HttpRequest;
use actix_web::dev::Payload;
use orders_core::{CalendarFeedId, CalendarId, InvalidId, OrderId, ServiceId, WebhookId};

use super::endpoint::{Argument, Reply};
use super::query::Parameter;
use crate::openapi::Operation;
use crate::problem::{Problem, ProblemType};

/// The ids of the resources.
pub(crate) trait Id: Clone + Display + FromStr<Err = InvalidId> {}

impl Id for OrderId {}
impl Id for ServiceId {}
impl Id for CalendarId {}
impl Id for WebhookId {}
impl Id for CalendarFeedId {}

/// The parameter in a request's path.
pub(crate) struct Path<T>(pub(crate) T);

/// A parameter that is a segment of a path.
pub(crate) trait PathParameter: Parameter {
    /// The name and the description of the parameter.
    const NAMED: (&'static str, &'static str);
}

impl<T: Id> PathParameter for T {
    const NAMED: (&'static str, &'static str) = (ID, "The id of the resource.");
}

const ID: &str = "id";

/// The `{id}` in a request's path, if there is one. Ids need no escapes, so an escaped one is not found.
pub(crate) fn path_id(request: &HttpRequest) -> Option<&str> {
    request.match_info().get(ID)
}

impl<T: PathParameter> Argument for Path<T> {
    async fn extract(request: &HttpRequest, _: &mut Payload) -> Reply<Self> {
        let segment = request.match_info().get(T::NAMED.0).unwrap_or_default();
        T::parse(segment).map(Self).map_err(Problem::not_found)
    }

    fn describe(operation: &mut Operation) {
        let (name, description) = T::NAMED;
        let schema = T::schema(&mut operation.components);
        operation.parameter("path", name, description, true, schema);
        operation.problems(&[ProblemType::NotFound]);
    }
}
