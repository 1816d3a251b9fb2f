//! Which imports and exports may run: [`Transfers`].

use std::time::Duration;

use actix_web::dev::Payload;
use actix_web::{HttpMessage as _, HttpRequest, web};

use crate::access::Caller;
use crate::http::endpoint::{Argument, Reply};
use crate::openapi::Operation;
use crate::places::{Holder, Limits, Place, Places};
use crate::problem::ProblemType;

/// The places for imports, whose results take memory, and for exports, which each hold a connection to the database.
pub(crate) struct TransferPlaces {
    imports: Places,
    exports: Places,
    export_timeout: Duration,
}

impl TransferPlaces {
    pub(crate) fn new(imports: Limits, exports: Limits, export_timeout: Duration) -> Self {
        Self { imports: Places::new(imports), exports: Places::new(exports), export_timeout }
    }
}

/// The imports and exports of the client that sent the request.
pub(crate) struct Transfers {
    places: web::Data<TransferPlaces>,
    holder: Option<Holder>,
}

impl Transfers {
    /// How long an export may take in total.
    pub(crate) fn export_timeout(&self) -> Duration {
        self.places.export_timeout
    }

    /// The place of an import.
    ///
    /// # Errors
    /// `unavailable` if there is none.
    pub(crate) fn import(self) -> Reply<Place> {
        self.places.imports.take(self.holder).map_err(|full| full.problem("imports running"))
    }

    /// The place of an export.
    ///
    /// # Errors
    /// `unavailable` if there is none.
    pub(crate) fn export(self) -> Reply<Place> {
        self.places.exports.take(self.holder).map_err(|full| full.problem("exports running"))
    }
}

impl Argument for Transfers {
    async fn extract(request: &HttpRequest, _: &mut Payload) -> Reply<Self> {
        // OK because every app has them, see `server::listen`.
        let places = request.app_data::<web::Data<TransferPlaces>>().expect("places are set");
        let caller = request.extensions().get::<Caller>().and_then(|caller| caller.0.clone());
        let address = || request.peer_addr().map(|peer| Holder::Address(peer.ip().to_canonical()));
        let holder = caller.map(|client| Holder::Client(client.id.clone())).or_else(address);
        Ok(Self { places: places.clone(), holder })
    }

    fn describe(operation: &mut Operation) {
        operation.problems(&[ProblemType::Unavailable]);
    }
}
