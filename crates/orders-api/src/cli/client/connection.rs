//! A connection to a service, for one request: [`Connection`].

use std::env;
use std::error::Error;
use std::time::Duration;

use actix_web::rt::net::TcpStream;
use actix_web::rt::time::timeout;
use actix_web::web::Bytes;
use anyhow::{Context as _, Result, anyhow, bail};
use http_body_util::{BodyExt as _, Collected, Limited};
use hyper::body::{Body, Incoming};
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper::header::{AUTHORIZATION, HOST, HeaderValue};
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use serde::Deserialize;

use super::ServiceUrl;

/// The longest wait for a connection.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// The environment variable with the API key.
const KEY_VARIABLE: &str = "ORDERS_KEY";

/// How many bytes of an error response are read at most.
const MAX_ERROR_BODY: usize = 64 << 10;

/// An open connection on which no request was sent yet.
pub(super) struct Connection<B> {
    sender: SendRequest<B>,
    url: ServiceUrl,
}

impl<B> Connection<B>
where
    B: Body<Data = Bytes, Error: Error + Send + Sync> + 'static,
{
    pub(super) async fn open(url: &ServiceUrl) -> Result<Self> {
        let unreachable =
            || format!("cannot connect to {url}; is the service running there (--url)?");
        let stream = timeout(CONNECT_TIMEOUT, TcpStream::connect(url.address()))
            .await
            .map_err(|_| anyhow!("no answer within {CONNECT_TIMEOUT:?}"))
            .and_then(|connected| Ok(connected?))
            .with_context(unreachable)?;
        stream.set_nodelay(true)?;
        let (sender, connection) =
            handshake(TokioIo::new(stream)).await.with_context(unreachable)?;
        // Its errors also reach us through the request and the response.
        actix_web::rt::spawn(connection);
        Ok(Self { sender, url: url.clone() })
    }

    /// Sends a request and waits for the head of a successful response. The request body may still be on its way.
    ///
    /// # Errors
    /// If the service does not answer, or with the problem that it answers with.
    pub(super) async fn send(mut self, mut request: Request<B>) -> Result<Response<Incoming>> {
        let target = self.url.target(&request.uri().to_string());
        *request.uri_mut() = target.parse()?;
        request.headers_mut().insert(HOST, self.url.authority().parse()?);
        if let Some(key) = key()? {
            request.headers_mut().insert(AUTHORIZATION, key);
        }
        let response = self.sender.send_request(request).await;
        let response = response.with_context(|| format!("{} does not answer", self.url))?;
        let status = response.status();
        if status.is_success() {
            return Ok(response);
        }
        let body = Limited::new(response.into_body(), MAX_ERROR_BODY).collect().await;
        let body = body.map(Collected::to_bytes).unwrap_or_default();
        match serde_json::from_slice(&body) {
            Ok(Problem { title, detail }) => bail!("the service says {status}: {title}: {detail}"),
            Err(_) => bail!("{} says {status}; is it the orders service?", self.url),
        }
    }
}

/// The credentials in the environment. There is no flag for them, because other users can see the command line.
fn key() -> Result<Option<HeaderValue>> {
    let key = env::var(KEY_VARIABLE).unwrap_or_default();
    if key.trim().is_empty() {
        return Ok(None);
    }
    // The error must not repeat the key.
    let mut value = HeaderValue::from_str(&format!("Bearer {}", key.trim()))
        .map_err(|_| anyhow!("{KEY_VARIABLE} is not an API key"))?;
    value.set_sensitive(true);
    Ok(Some(value))
}

/// The texts of a problem.
#[derive(Deserialize)]
struct Problem {
    title: String,
    detail: String,
}
