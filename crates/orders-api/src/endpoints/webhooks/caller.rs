//! Who may use webhooks, and whether there can be any: [`WebhookStore`], and the argument `Data<Webhooks>`.

use std::sync::Arc;

use actix_web::HttpRequest;
use actix_web::dev::Payload;
use actix_web::web::Data;
use orders_core::{StoreError, WebhookId, WebhookUrl};
use orders_db::PgStore;
use tokio::sync::Notify;
use url::Url;

use crate::Store;
use crate::http::endpoint::{Argument, Reply};
use crate::openapi::Operation;
use crate::problem::{Problem, ProblemType};
use crate::webhooks::{KEY_VARIABLE, Webhooks};

/// The store of a client that is not restricted to some calendars. The endpoint of a webhook sees an order also after it has
/// left the webhook's calendar.
pub(super) struct WebhookStore {
    store: Store,
    /// Signals the worker.
    changed: Arc<Notify>,
}

impl WebhookStore {
    /// Does a job as in [`Store::run`].
    pub(super) async fn run<T, F>(&self, job: F) -> Reply<T>
    where
        T: Send + 'static,
        F: FnOnce(&PgStore) -> Result<T, StoreError> + Send + 'static,
    {
        self.store.run(job).await
    }

    /// Logs what the client has done with a webhook, and lets the worker notice it at once. Of the URL only the origin is
    /// logged, because the rest may contain secrets.
    pub(super) fn done(&self, verb: &str, id: &WebhookId, url: Option<&WebhookUrl>) {
        let client = self.store.client();
        let client = client.map_or("without credentials".to_owned(), |it| it.id.to_string());
        let url = url.and_then(|url| Url::parse(url.as_str()).ok());
        let origin = url.map(|url| format!(" for {}", url.origin().ascii_serialization()));
        log::info!("client {client} {verb} webhook {id}{}", origin.unwrap_or_default());
        self.changed.notify_one();
    }
}

impl Argument for WebhookStore {
    async fn extract(request: &HttpRequest, payload: &mut Payload) -> Reply<Self> {
        let store = Store::extract(request, payload).await?;
        match store.client().filter(|client| client.calendars.is_some()) {
            Some(client) => Err(Problem::restricted_client(client)),
            None => Ok(Self { store, changed: webhooks(request).changed() }),
        }
    }

    fn describe(operation: &mut Operation) {
        Store::describe(operation);
    }
}

fn webhooks(request: &HttpRequest) -> &Data<Webhooks> {
    // OK because every app has them, see `server::listen`.
    request.app_data().expect("the webhooks are set")
}

/// Fails if the secrets of webhooks could not be encrypted.
impl Argument for Data<Webhooks> {
    async fn extract(request: &HttpRequest, _: &mut Payload) -> Reply<Self> {
        let webhooks = webhooks(request);
        match webhooks.can_store_secrets() {
            true => Ok(webhooks.clone()),
            false => Err(Problem::not_permitted(format!(
                "webhooks need a key that encrypts their secrets: the operator has to set {KEY_VARIABLE}, for example to \
                 what `openssl rand -base64 32` prints, and to restart the service"
            ))),
        }
    }

    fn describe(operation: &mut Operation) {
        operation.problems(&[ProblemType::NotPermitted]);
    }
}
