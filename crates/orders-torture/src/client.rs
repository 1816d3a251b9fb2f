//! HTTP as a client speaks it: [`Connection`].

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use ureq::http::header::{CONTENT_TYPE, ETAG, LOCATION, RETRY_AFTER};
use ureq::http::{self, Response};
use ureq::{Agent, Body};

use crate::answer::{Answer, Raw};
use crate::mark::Mark;
use crate::request::Request;

/// How long a client waits for an answer; the service promises one within 10 seconds.
const PATIENCE: Duration = Duration::from_secs(15);

/// A keep-alive connection to one life of one service process. No request is ever sent twice.
pub(crate) struct Connection {
    agent: Agent,
    address: SocketAddr,
}

impl Connection {
    pub(crate) fn new(address: SocketAddr) -> Self {
        let config = Agent::config_builder()
            .proxy(None)
            .http_status_as_error(false)
            .max_redirects(0)
            .max_idle_connections(1)
            .input_buffer_size(16 * 1024)
            .output_buffer_size(16 * 1024)
            .timeout_global(Some(PATIENCE))
            .build();
        Self { agent: config.new_agent(), address }
    }

    /// Asks once and waits for the outcome.
    pub(crate) fn ask(&self, request: &Request, mark: Mark) -> Answer {
        let said = request.http(mark);
        match self.send(said.method, &said.path, said.body) {
            Ok(raw) => Answer::read(request, &raw),
            Err(ureq::Error::ConnectionFailed) => Answer::NotSent,
            Err(ureq::Error::Io(error)) if error.kind() == io::ErrorKind::ConnectionRefused => {
                Answer::NotSent
            }
            Err(error) => Answer::Lost(error.to_string()),
        }
    }

    /// Sends a request, and takes the answer whatever it is.
    pub(crate) fn send(
        &self,
        method: &str,
        path: &str,
        body: Option<String>,
    ) -> Result<Raw, ureq::Error> {
        let request =
            http::Request::builder().method(method).uri(format!("http://{}{path}", self.address));
        let response = match body {
            Some(body) => {
                self.agent.run(request.header(CONTENT_TYPE, "application/json").body(body)?)?
            }
            None => self.agent.run(request.body(())?)?,
        };
        raw(response)
    }
}

fn raw(mut response: Response<Body>) -> Result<Raw, ureq::Error> {
    let header = |name| {
        let value = response.headers().get(name)?;
        Some(String::from_utf8_lossy(value.as_bytes()).into_owned())
    };
    Ok(Raw {
        status: response.status().as_u16(),
        content_type: header(CONTENT_TYPE),
        location: header(LOCATION),
        etag: header(ETAG),
        retry_after: header(RETRY_AFTER),
        body: response.body_mut().read_to_string()?,
    })
}
