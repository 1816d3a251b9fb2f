//! Whether messages may be sent to a URL: [`check`].

use orders_core::WebhookUrl;

use crate::http::endpoint::Reply;
use crate::problem::{FieldError, Problem};
use crate::webhooks::{NotAllowed, Target, Webhooks};

/// Fails unless messages may be sent to the URL of a webhook. While it is paused, its name need not be known.
pub(super) async fn check(webhooks: &Webhooks, url: &WebhookUrl, is_paused: bool) -> Reply<()> {
    let checked = webhooks.sender().check(&target(url)?).await;
    checked.or_else(|error| refuse(error, is_paused))
}

fn refuse(error: NotAllowed, is_paused: bool) -> Reply<()> {
    match &error {
        NotAllowed::Unresolved(_) | NotAllowed::LookupFailed { .. } if is_paused => Ok(()),
        NotAllowed::LookupFailed { cause, .. } => {
            Err(Problem::unavailable(error.to_string()).with_source(cause.clone()))
        }
        _ => Err(rejected(error.to_string())),
    }
}

/// Where messages to this URL are sent.
pub(super) fn target(url: &WebhookUrl) -> Reply<Target> {
    url.as_str().parse().map_err(|error| rejected(format!("{error}")))
}

fn rejected(detail: String) -> Problem {
    Problem::invalid(vec![FieldError { pointer: "/url".to_owned(), detail }])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::problem::ProblemType;

    #[test]
    fn only_a_url_that_is_wrong_is_invalid() {
        let name = "crm.example".to_owned();
        let unresolved = NotAllowed::Unresolved(name.clone());
        let failed = NotAllowed::LookupFailed { name: name.clone(), cause: "no server".to_owned() };
        let internal = NotAllowed::Name(name);
        for (error, if_active, if_paused) in [
            (unresolved, ProblemType::InvalidRequest, None),
            (failed, ProblemType::Unavailable, None),
            (internal, ProblemType::InvalidRequest, Some(ProblemType::InvalidRequest)),
        ] {
            let refused = |is_paused| {
                let refused = refuse(error.clone(), is_paused);
                refused.err().map(|problem| problem.problem_type())
            };
            assert_eq!((refused(false), refused(true)), (Some(if_active), if_paused), "{error}");
        }
    }
}
