//! Whether messages may be sent to a URL: [`check`].

use orders_core::{WebhookDraft, WebhookUrl};

use crate::http::endpoint::Reply;
use crate::problem::{FieldError, Problem};
use crate::webhooks::{NotAllowed, Target, Webhooks};

/// Fails unless messages may be sent to the URL of the draft. While a webhook is paused, its name need not be known.
pub(super) async fn check(webhooks: &Webhooks, draft: &WebhookDraft) -> Reply<()> {
    match webhooks.sender().check(&target(&draft.url)?).await {
        Err(NotAllowed::Unresolved(_)) if draft.paused == Some(true) => Ok(()),
        checked => checked.map_err(|error| rejected(error.to_string())),
    }
}

/// Where messages to this URL are sent.
pub(super) fn target(url: &WebhookUrl) -> Reply<Target> {
    url.as_str().parse().map_err(|error| rejected(format!("{error}")))
}

fn rejected(detail: String) -> Problem {
    Problem::invalid(vec![FieldError { pointer: "/url".to_owned(), detail }])
}
