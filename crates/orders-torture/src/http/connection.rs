//! A client's connection to a service process: [`Connection`].

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use http::HeaderValue;
use http::header::{ACCEPT, AUTHORIZATION};
use orders_client::wire::{self, Response};
use ureq::{Agent, Body};

use crate::history::OperationId;

use super::message::{self, Message};
use super::{Failure, Outcome, Request};

/// How long a client waits for a response. The service promises one within 10 seconds.
const TIMEOUT: Duration = Duration::from_secs(15);

/// The longest body, in bytes.
const MAX_BODY: u64 = 1 << 30;

/// A keep-alive connection to one generation of a service process. It never retries a request.
pub(crate) struct Connection {
    agent: Agent,
    address: SocketAddr,
    authorization: String,
}

impl Connection {
    /// A connection of a client with this API key.
    pub(crate) fn new(address: SocketAddr, key: &str) -> Self {
        let config = Agent::config_builder()
            .proxy(None)
            .http_status_as_error(false)
            .max_redirects(0)
            .max_idle_connections(1)
            .input_buffer_size(16 * 1024)
            .output_buffer_size(16 * 1024)
            .timeout_global(Some(TIMEOUT))
            .build();
        Self { agent: config.new_agent(), address, authorization: format!("Bearer {key}") }
    }

    /// Sends the request of an operation once, and waits for the outcome.
    pub(crate) fn execute(&self, request: &Request, operation: OperationId) -> Outcome {
        let message = Message::new(request, operation);
        match self.send(message.request()) {
            Ok(response) => message.outcome(&response),
            Err(error) => Outcome::Failed(failure(&error)),
        }
    }

    /// Sends a read of the feed once, which wants this media type.
    ///
    /// # Errors
    /// If there is no response, or it has another status than 200.
    pub(crate) fn get(
        &self,
        mut request: wire::Request,
        media_type: &'static str,
    ) -> Result<Response, Failure> {
        request.headers_mut().insert(ACCEPT, HeaderValue::from_static(media_type));
        let response = self.send(request).map_err(|error| failure(&error))?;
        match response.status().as_u16() {
            200 => Ok(response),
            _ => Err(message::failure(&response)),
        }
    }

    /// Sends a request, and returns the response whatever its status is.
    ///
    /// # Errors
    /// If there is no response.
    pub(crate) fn send(&self, request: wire::Request) -> Result<Response, ureq::Error> {
        let (mut parts, body) = request.into_parts();
        parts.uri =
            format!("http://{}{}", self.address, parts.uri).parse().map_err(http::Error::from)?;
        let mut request = http::Request::from_parts(parts, ());
        let authorization =
            HeaderValue::from_str(&self.authorization).map_err(http::Error::from)?;
        request.headers_mut().insert(AUTHORIZATION, authorization);
        let response = match body.is_empty() {
            true => self.agent.run(request)?,
            false => self.agent.run(request.map(|()| body.as_ref()))?,
        };
        read(response)
    }
}

fn failure(error: &ureq::Error) -> Failure {
    match error {
        ureq::Error::ConnectionFailed => Failure::NotSent,
        ureq::Error::Io(error) if error.kind() == io::ErrorKind::ConnectionRefused => {
            Failure::NotSent
        }
        error => Failure::NoResponse(error.to_string()),
    }
}

fn read(response: http::Response<Body>) -> Result<Response, ureq::Error> {
    let (head, mut body) = response.into_parts();
    let body = body.with_config().limit(MAX_BODY).read_to_vec()?;
    Ok(Response::from_parts(head, body.into()))
}
