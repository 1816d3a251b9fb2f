//! Orders, services and calendars over HTTP.
//!
//! The table in `routes` leads a request to its endpoint, whose handler parses it, calls the store on a database
//! thread, and responds. There is no SQL and no rule here; these are in `orders-db` and `orders-core`.

pub mod cli;
pub mod db_threads;
mod endpoints;
mod http;
pub mod openapi;
pub mod problem;
mod routes;
pub mod server;

use actix_web::HttpRequest;
use actix_web::dev::Payload;

use self::http::endpoint::{Argument, Reply};
use self::problem::ProblemType;

/// The store, as the handlers use it.
type Store = actix_web::web::Data<db_threads::DbThreads<orders_db::PgStore>>;

impl Argument for Store {
    async fn extract(request: &HttpRequest, _: &mut Payload) -> Reply<Self> {
        // OK because every app has it, see `server::listen`.
        Ok(request.app_data::<Self>().expect("the store is set").clone())
    }

    fn describe(operation: &mut openapi::Operation) {
        operation.problems(&[ProblemType::InternalError, ProblemType::Unavailable]);
    }
}
