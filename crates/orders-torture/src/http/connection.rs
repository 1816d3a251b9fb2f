//! A client's connection to a service process: [`Connection`].

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use ureq::http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, ETAG, LINK, LOCATION, RETRY_AFTER};
use ureq::{Agent, Body, http};

use crate::history::OperationId;

use super::classify::Response;
use super::message::RequestMessage;
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
        let RequestMessage { method, path, body } = RequestMessage::new(request, operation);
        match self.send(method, &path, body) {
            Ok(response) => Outcome::of_response(request, &response),
            Err(error) => Outcome::Failed(failure(&error)),
        }
    }

    /// Reads a resource once in this media type.
    ///
    /// # Errors
    /// If there is no response, or it has another status than 200.
    pub(crate) fn get(&self, path: &str, media_type: &str) -> Result<Response, Failure> {
        let request = self.request("GET", path).header(ACCEPT, media_type);
        let response = request.body(()).map_err(ureq::Error::from);
        let response = response.and_then(|request| read(self.agent.run(request)?));
        response.map_err(|error| failure(&error))?.succeeded()
    }

    /// Sends a request, and returns the response whatever its status is.
    ///
    /// # Errors
    /// If there is no response.
    pub(crate) fn send(
        &self,
        method: &str,
        path: &str,
        body: Option<String>,
    ) -> Result<Response, ureq::Error> {
        let request = self.request(method, path);
        let response = match body {
            Some(body) => {
                self.agent.run(request.header(CONTENT_TYPE, "application/json").body(body)?)?
            }
            None => self.agent.run(request.body(())?)?,
        };
        read(response)
    }

    fn request(&self, method: &str, path: &str) -> http::request::Builder {
        http::Request::builder()
            .method(method)
            .uri(format!("http://{}{path}", self.address))
            .header(AUTHORIZATION, &self.authorization)
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

fn read(mut response: http::Response<Body>) -> Result<Response, ureq::Error> {
    let header = |name| {
        let value = response.headers().get(name)?;
        Some(String::from_utf8_lossy(value.as_bytes()).into_owned())
    };
    Ok(Response {
        status: response.status().as_u16(),
        content_type: header(CONTENT_TYPE),
        location: header(LOCATION),
        etag: header(ETAG),
        link: header(LINK),
        retry_after: header(RETRY_AFTER),
        body: response.body_mut().with_config().limit(MAX_BODY).read_to_string()?,
    })
}
