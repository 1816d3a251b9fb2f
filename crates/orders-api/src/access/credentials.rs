//! What a request presents to say who sent it: [`Credentials`].

use std::sync::Arc;

use actix_web::http::header::{AUTHORIZATION, HeaderMap};
use orders_core::Client;
use orders_db::KeyHash;

use super::key::{ApiKey, PREFIX};
use super::now;
use super::snapshot::{Current, Snapshot};
use super::token::{Claims, Tokens};
use crate::http::endpoint::Reply;
use crate::problem::Problem;

/// A key or a token that has the right form, but need not be that of a client.
pub(super) enum Credentials {
    Key(KeyHash),
    Token(Claims),
}

impl Credentials {
    /// The credentials in the header `Authorization`, if there is one.
    ///
    /// # Errors
    /// `authentication-required` if there is anything else, or the token is not accepted.
    pub(super) fn of(headers: &HeaderMap, tokens: Option<&Tokens>) -> Reply<Option<Self>> {
        let mut fields = headers.get_all(AUTHORIZATION);
        let (field, another) = (fields.next(), fields.next());
        let Some(field) = field else { return Ok(None) };
        let text = field.to_str().ok().filter(|_| another.is_none());
        let text = text.and_then(bearer_token).ok_or_else(|| {
            Problem::invalid_credentials(
                "write one header Authorization: Bearer, a space, and an API key",
            )
        })?;
        let credentials = match tokens {
            Some(tokens) if !text.starts_with(PREFIX) => {
                tokens.verify(text, now()).map(Self::Token).map_err(|error| error.to_string())
            }
            Some(_) | None => {
                let key = text.parse::<ApiKey>();
                key.map(|key| Self::Key(key.hash())).map_err(|error| error.to_string())
            }
        };
        credentials.map(Some).map_err(Problem::invalid_credentials)
    }

    /// The client that they belong to. A token may limit its scope.
    pub(super) fn client(&self, current: &Current, snapshot: &Snapshot) -> Option<Arc<Client>> {
        match self {
            Self::Key(hash) => current.client(snapshot, hash, now()),
            Self::Token(claims) => {
                let client = snapshot.client_named(&claims.subjects)?;
                Some(match claims.scope {
                    Some(scope) if scope < client.scope => {
                        Arc::new(Client { scope, ..Client::clone(&client) })
                    }
                    Some(_) | None => client,
                })
            }
        }
    }

    /// What is wrong if they belong to no client.
    pub(super) fn unknown(&self) -> Problem {
        Problem::invalid_credentials(match self {
            Self::Key(_) => "the API key is unknown, expired or revoked",
            Self::Token(_) => "the token is not that of a client",
        })
    }
}

/// The token in the value of `Authorization`.
fn bearer_token(value: &str) -> Option<&str> {
    let (scheme, token) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}
