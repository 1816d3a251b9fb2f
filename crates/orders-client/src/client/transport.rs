//! Requests and responses over HTTP: one attempt, with limits of time and size.

use std::error::Error as _;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::header::AUTHORIZATION;
use reqwest::{Body, Url};
use tokio::time::timeout;

use super::Inner;
use crate::error::Cause;
use crate::wire::{self, Failure, MAX_BODY, Unexpected};

impl Inner {
    /// Sends a request and receives its whole response.
    pub(super) async fn exchange(&self, request: wire::Request) -> Result<wire::Response, Cause> {
        let exchange = async {
            let (parts, body) = request.into_parts();
            let response = self.send(parts, body.into()).await?;
            collect(response).await
        };
        timeout(self.timeout, exchange).await.unwrap_or(Err(Cause::TimedOut(self.timeout)))
    }

    /// Sends a request and waits for the head of its response, without a limit.
    async fn send(
        &self,
        parts: http::request::Parts,
        body: Body,
    ) -> Result<reqwest::Response, Cause> {
        let url = format!("{}{}", self.base, parts.uri);
        // OK because the base is a URL, and the rest a path.
        let url = Url::parse(&url).expect("a URL");
        let mut request = reqwest::Request::new(parts.method, url);
        *request.headers_mut() = parts.headers;
        if let Some(authorization) = &self.authorization {
            request.headers_mut().insert(AUTHORIZATION, authorization.clone());
        }
        *request.body_mut() = Some(body);
        self.http.execute(request).await.map_err(|error| match error.is_connect() {
            true => {
                Cause::Unreachable(format!("cannot connect to {}: {}", self.base, text(&error)))
            }
            false => Cause::Disconnected(text(&error)),
        })
    }

    /// Sends a request and waits for the head of its response, without a limit. The body is a stream if the status is 200.
    pub(super) async fn open(
        &self,
        request: http::Request<Body>,
    ) -> Result<Result<StreamedBody, Failure>, Cause> {
        let (parts, body) = request.into_parts();
        let response = self.send(parts, body).await?;
        match response.status().as_u16() {
            200 => Ok(Ok(StreamedBody { response, silence: self.timeout })),
            _ => collect(response).await.map(|response| Err(Failure::of(&response))),
        }
    }
}

/// The body of a response that is received in parts.
pub(super) struct StreamedBody {
    response: reqwest::Response,
    /// How long it may be silent.
    pub(super) silence: Duration,
}

impl StreamedBody {
    /// The head of the response.
    pub(super) fn head(&self) -> http::Response<()> {
        head(&self.response).map(|()| ())
    }

    /// The next part; `None` if the body is complete.
    ///
    /// # Errors
    /// If the connection is lost or silent before that.
    pub(super) async fn next(&mut self) -> Result<Option<Bytes>, Cause> {
        match timeout(self.silence, self.response.chunk()).await {
            Ok(chunk) => chunk.map_err(|error| Cause::Disconnected(text(&error))),
            Err(_) => Err(Cause::TimedOut(self.silence)),
        }
    }
}

/// Receives the whole body.
async fn collect(mut response: reqwest::Response) -> Result<wire::Response, Cause> {
    let head = head(&response);
    let mut body = BytesMut::new();
    loop {
        match response.chunk().await {
            Ok(None) => return Ok(head.map(|()| body.freeze())),
            Ok(Some(chunk)) if body.len() + chunk.len() > MAX_BODY => {
                let what = format!("the body has more than {MAX_BODY} bytes");
                return Err(Cause::Unexpected(Unexpected::new(&head, what)));
            }
            Ok(Some(chunk)) => body.extend_from_slice(&chunk),
            Err(error) => return Err(Cause::Disconnected(text(&error))),
        }
    }
}

fn head(response: &reqwest::Response) -> http::Response<()> {
    let mut head = http::Response::new(());
    *head.status_mut() = response.status();
    *head.version_mut() = response.version();
    *head.headers_mut() = response.headers().clone();
    head
}

/// What the innermost cause of an error says. The errors around it name the URL and the layers of the HTTP client.
pub(super) fn text(error: &reqwest::Error) -> String {
    let mut innermost = error.source();
    while let Some(source) = innermost.and_then(std::error::Error::source) {
        innermost = Some(source);
    }
    innermost.map_or_else(|| error.to_string(), ToString::to_string)
}
