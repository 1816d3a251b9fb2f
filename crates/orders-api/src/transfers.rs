//! Which imports and exports may run: [`Transfers`].

use std::time::Duration;

use actix_web::dev::Payload;
use actix_web::{HttpRequest, web};

use crate::Store;
use crate::http::endpoint::{Argument, Reply};
use crate::openapi::Operation;
use crate::places::{Limits, Place, Places};
use crate::problem::ProblemType;

/// The places for imports, whose results take memory, and for exports, which each hold a connection to the database.
/// Clones are the same places.
#[derive(Clone)]
pub(crate) struct Transfers {
    imports: Places,
    exports: Places,
    export_timeout: Duration,
}

impl Transfers {
    /// As many places as the limits say, and how long an export may take in total.
    pub(crate) fn new(imports: Limits, exports: Limits, export_timeout: Duration) -> Self {
        Self { imports: Places::new(imports), exports: Places::new(exports), export_timeout }
    }

    /// How long an export may take in total.
    pub(crate) fn export_timeout(&self) -> Duration {
        self.export_timeout
    }

    /// A place for an import of the client of this store.
    ///
    /// # Errors
    /// `unavailable` if there is none.
    pub(crate) fn import(&self, store: &Store) -> Reply<Place> {
        self.imports.take(store.key()).map_err(|full| full.problem("imports running"))
    }

    /// A place for an export of the client of this store.
    ///
    /// # Errors
    /// `unavailable` if there is none.
    pub(crate) fn export(&self, store: &Store) -> Reply<Place> {
        self.exports.take(store.key()).map_err(|full| full.problem("exports running"))
    }
}

impl Argument for Transfers {
    async fn extract(request: &HttpRequest, _: &mut Payload) -> Reply<Self> {
        // OK because every app has them, see `server::listen`.
        let transfers = request.app_data::<web::Data<Self>>().expect("places are set");
        Ok(Self::clone(transfers))
    }

    fn describe(operation: &mut Operation) {
        operation.problems(&[ProblemType::Unavailable]);
    }
}
