//! `/webhooks` and what is below it

mod caller;
mod deliveries;
mod duration;
mod secret;
mod test_message;
mod url;

use actix_web::web::Data;
use orders_core::{Webhook, WebhookDraft, WebhookId, WebhookState};
use orders_db::PgStore;
use serde::Serialize;
use uuid::Uuid;

use self::caller::WebhookStore;
pub(crate) use self::deliveries::{Delivery, list_deliveries};
pub(crate) use self::secret::{NewSecret, rotate_secret};
pub(crate) use self::test_message::{TestMessage, TestResult, test};
use crate::http::body::Body;
use crate::http::endpoint::{Endpoint, Reply, endpoint};
use crate::http::page::{Page, PageParameters};
use crate::http::path::Path;
use crate::http::query::Query;
use crate::http::response::{Created, Json, NoContent};
use crate::problem::{Problem, ProblemType};
use crate::webhooks::Webhooks;

/// A new webhook, with its secret.
#[derive(Serialize)]
pub(crate) struct NewWebhook {
    #[serde(flatten)]
    webhook: Webhook,
    secret: String,
}

pub(crate) fn list() -> Endpoint {
    let description = "A page, with a `Link` to the next one while there is more.";
    endpoint(list_webhooks, "listWebhooks", "webhooks", "List webhooks, by id", description)
}

async fn list_webhooks(
    store: WebhookStore,
    query: Query<PageParameters<WebhookId>>,
) -> Reply<Page<Webhook>> {
    let list = move |store: &PgStore| query.0.page("/webhooks", store.webhooks(&query.0.query())?);
    store.run(list).await
}

pub(crate) fn create() -> Endpoint {
    let description = "The changes of orders are sent to its URL, those from now on or those after `after`; the section \
                       `webhooks` of this document describes the messages. Only this response contains the secret with \
                       which they are signed. Without an `id` one is made. A 503 means that it may have happened: \
                       repeat it with the same id, and if that is taken, get a new secret.";
    endpoint(create_webhook, "createWebhook", "webhooks", "Create a webhook", description)
        .problems(&[ProblemType::IdTaken, ProblemType::TooManyWebhooks, ProblemType::CursorGone])
}

async fn create_webhook(
    store: WebhookStore,
    webhooks: Data<Webhooks>,
    _: Query<()>,
    draft: Body<WebhookDraft>,
) -> Reply<Created<NewWebhook>> {
    let Body(draft) = draft;
    url::check(&webhooks, &draft.url, draft.paused == Some(true)).await?;
    let id = draft.id.clone().map_or_else(new_id, Ok)?;
    let (secret, sealed) = secret::new(&webhooks, &id)?;
    let (new, url) = (id.clone(), draft.url.clone());
    let create = move |store: &PgStore| {
        let webhook = store.add_webhook(&new, &draft, &sealed)?;
        Json::new(&NewWebhook { webhook, secret: secret.expose() })
    };
    let created = store.run(create).await?;
    store.done("created", &id, Some(&url));
    Ok(Created(format!("/webhooks/{id}"), created))
}

fn new_id() -> Reply<WebhookId> {
    WebhookId::new(Uuid::now_v7().to_string()).map_err(Problem::internal)
}

pub(crate) fn get() -> Endpoint {
    let description = "How far the changes have been sent, and whether its endpoint works.";
    endpoint(get_webhook, "getWebhook", "webhooks", "Get a webhook", description)
}

async fn get_webhook(
    store: WebhookStore,
    id: Path<WebhookId>,
    _: Query<()>,
) -> Reply<Json<Webhook>> {
    store.run(move |store| Json::new(&store.webhook(&id.0)?)).await
}

pub(crate) fn replace() -> Endpoint {
    let description = "The webhook must exist already. It keeps its secret, and without `after` its position. The `state` \
                       `paused` stops it. `active` starts it again, also if the service has disabled it, and what has \
                       failed is then sent again at once. Without a `state` it stays as it is.";
    endpoint(replace_webhook, "replaceWebhook", "webhooks", "Replace a webhook", description)
        .problems(&[ProblemType::CursorGone])
}

async fn replace_webhook(
    store: WebhookStore,
    webhooks: Data<Webhooks>,
    id: Path<WebhookId>,
    _: Query<()>,
    draft: Body<WebhookDraft>,
) -> Reply<Json<Webhook>> {
    let (Path(id), Body(draft)) = (id, draft);
    let is_paused = match draft.paused {
        Some(is_paused) => is_paused,
        None => {
            let stored = id.clone();
            let state = store.run(move |store| Ok(store.webhook(&stored)?.state)).await?;
            state == WebhookState::Paused
        }
    };
    url::check(&webhooks, &draft.url, is_paused).await?;
    let (replaced, url) = (id.clone(), draft.url.clone());
    let replace = move |store: &PgStore| Json::new(&store.replace_webhook(&replaced, &draft)?);
    let response = store.run(replace).await?;
    store.done("replaced", &id, Some(&url));
    Ok(response)
}

pub(crate) fn delete() -> Endpoint {
    let description = "Within about a second, all instances notice it and send nothing more.";
    endpoint(delete_webhook, "deleteWebhook", "webhooks", "Delete a webhook", description)
}

async fn delete_webhook(
    store: WebhookStore,
    id: Path<WebhookId>,
    _: Query<()>,
) -> Reply<NoContent> {
    let Path(id) = id;
    let deleted = id.clone();
    store.run(move |store| store.remove_webhook(&deleted)).await?;
    store.done("deleted", &id, None);
    Ok(NoContent)
}
