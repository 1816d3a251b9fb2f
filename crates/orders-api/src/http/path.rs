//! The id in a path: [`PathId`].

use std::future::{Ready, ready};
use std::str::FromStr;

use actix_web::{FromRequest, HttpRequest, dev};
use orders_core::InvalidId;

use crate::problem::Problem;

/// The id of an order, a service or a calendar that the path names.
pub(crate) struct PathId<T>(pub(crate) T);

/// The `{id}` of the route. Ids need no escapes, so a path that hides one in escapes leads nowhere.
pub(crate) fn path_id(request: &HttpRequest) -> Option<&str> {
    request.match_info().get("id")
}

impl<T: FromStr<Err = InvalidId>> FromRequest for PathId<T> {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut dev::Payload) -> Self::Future {
        let id = path_id(request).unwrap_or_default().parse();
        ready(id.map(Self).map_err(|error| Problem::not_found(error.to_string())))
    }
}
