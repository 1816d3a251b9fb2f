//! `POST /webhooks/{id}/secret`

use std::time::Duration;

use actix_web::web::Data;
use orders_core::WebhookId;
use orders_db::{PgStore, StoredSecrets};
use serde::Serialize;

use super::caller::WebhookStore;
use crate::access::now;
use crate::http::endpoint::{Endpoint, Reply, endpoint};
use crate::http::path::Path;
use crate::http::query::Query;
use crate::http::response::Json;
use crate::problem::{Problem, ProblemType};
use crate::webhooks::{OpenError, Secret, Webhooks, open, seal};

/// How long messages are signed with the previous secret too.
const OVERLAP: Duration = Duration::from_secs(24 * 60 * 60);

/// The new secret of a webhook.
#[derive(Serialize)]
pub(crate) struct NewSecret {
    secret: String,
}

pub(crate) fn rotate_secret() -> Endpoint {
    let description = "Only this response contains the new secret. For 24 hours, messages are signed with the previous \
                       one too, so that receivers have time to change it; during that time it cannot be replaced again.";
    endpoint(rotate, "rotateWebhookSecret", "webhooks", "Get a new secret", description)
        .problems(&[ProblemType::RotationOpen])
}

async fn rotate(
    store: WebhookStore,
    webhooks: Data<Webhooks>,
    id: Path<WebhookId>,
    _: Query<()>,
) -> Reply<Json<NewSecret>> {
    let Path(id) = id;
    let (secret, sealed) = new(&webhooks, &id)?;
    let rotated = id.clone();
    let rotate = move |store: &PgStore| {
        store.rotate_webhook_secret(&rotated, &sealed, OVERLAP)?;
        Json::new(&NewSecret { secret: secret.expose() })
    };
    let response = store.run(rotate).await?;
    store.done("rotated the secret of", &id, None);
    Ok(response)
}

/// A new secret for this webhook, and the bytes to store for it.
pub(super) fn new(webhooks: &Webhooks, id: &WebhookId) -> Reply<(Secret, Vec<u8>)> {
    let no_randomness = |_| Problem::internal("the system has no random numbers");
    let secret = Secret::generate().map_err(no_randomness)?;
    let sealed = seal(webhooks.key().as_ref(), &secret, id.as_str()).map_err(no_randomness)?;
    Ok((secret, sealed))
}

/// The secrets with which messages of this webhook are signed now.
pub(super) fn current(
    webhooks: &Webhooks,
    id: &WebhookId,
    stored: &StoredSecrets,
) -> Reply<Vec<Secret>> {
    let (key, now) = (webhooks.key(), now());
    let previous = stored.previous.iter().filter(|(_, end)| now < *end).map(|(sealed, _)| sealed);
    let sealed = std::iter::once(&stored.current).chain(previous);
    let secrets = sealed.map(|sealed| open(key.as_ref(), sealed, id.as_str()));
    secrets.collect::<Result<_, _>>().map_err(|error| match error {
        OpenError::NoKey | OpenError::OtherKey => Problem::not_permitted(error.to_string()),
        OpenError::Damaged => Problem::internal(error),
    })
}
