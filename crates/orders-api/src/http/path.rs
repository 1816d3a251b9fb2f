//! The parameter in a path: [`Path`].

use std::str::FromStr;

use actix_web::HttpRequest;
use actix_web::dev::Payload;
use orders_core::{CalendarId, InvalidId, OrderId, ServiceId};
use serde_json::Value;

use super::endpoint::Argument;
use crate::openapi::{self, Components, Operation};
use crate::problem::{Problem, ProblemType};

/// The ids of the resources.
pub(crate) trait Id: FromStr<Err = InvalidId> {}

impl Id for OrderId {}
impl Id for ServiceId {}
impl Id for CalendarId {}

/// The parameter in a request's path.
pub(crate) struct Path<T>(pub(crate) T);

/// A type that a segment of a path can be read as.
pub(crate) trait PathParameter: Sized {
    /// The name and the description of the parameter.
    const PARAMETER: (&'static str, &'static str);

    /// Reads the segment; it is `not-found` if nothing can have this name.
    fn read(segment: &str) -> Result<Self, Problem>;

    /// The schema of the segment.
    fn schema(components: &mut Components) -> Value;
}

impl<T: Id> PathParameter for T {
    const PARAMETER: (&'static str, &'static str) = (ID, "The id of the resource.");

    fn read(segment: &str) -> Result<Self, Problem> {
        segment.parse().map_err(|error: InvalidId| Problem::not_found(error.to_string()))
    }

    fn schema(components: &mut Components) -> Value {
        openapi::id(components)
    }
}

const ID: &str = "id";

/// The `{id}` in a request's path, if there is one. Ids need no escapes, so an escaped one is not found.
pub(crate) fn path_id(request: &HttpRequest) -> Option<&str> {
    request.match_info().get(ID)
}

impl<T: PathParameter> Argument for Path<T> {
    async fn extract(request: &HttpRequest, _: &mut Payload) -> Result<Self, Problem> {
        T::read(request.match_info().get(T::PARAMETER.0).unwrap_or_default()).map(Self)
    }

    fn describe(operation: &mut Operation) {
        let (name, description) = T::PARAMETER;
        let schema = T::schema(&mut operation.components);
        operation.parameter("path", name, description, true, schema);
        operation.problems(&[ProblemType::NotFound]);
    }
}
