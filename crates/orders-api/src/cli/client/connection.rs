//! One connection to a service, with one request on it.

use std::error::Error;
use std::time::Duration;

use actix_web::rt::net::TcpStream;
use actix_web::rt::time::timeout;
use actix_web::web::Bytes;
use anyhow::{Context as _, Result, anyhow, bail};
use http_body_util::{BodyExt as _, Collected, Limited};
use hyper::body::{Body, Incoming};
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper::header::HOST;
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use serde::Deserialize;

use super::ServiceUrl;

/// The longest wait for a connection.
const CONNECT_WAIT: Duration = Duration::from_secs(10);

/// The most that is read of an answer which is an error.
const PROBLEM_SIZE: usize = 64 << 10;

/// A connection that waits for its request.
pub(super) struct Connection<B> {
    requests: SendRequest<B>,
    url: ServiceUrl,
}

impl<B> Connection<B>
where
    B: Body<Data = Bytes, Error: Error + Send + Sync> + 'static,
{
    pub(super) async fn open(url: &ServiceUrl) -> Result<Self> {
        let unreachable =
            || format!("cannot connect to {url}; is the service running there (--url)?");
        let stream = timeout(CONNECT_WAIT, TcpStream::connect(url.address()))
            .await
            .map_err(|_| anyhow!("no answer within {CONNECT_WAIT:?}"))
            .and_then(|connected| Ok(connected?))
            .with_context(unreachable)?;
        stream.set_nodelay(true)?;
        let (requests, connection) =
            handshake(TokioIo::new(stream)).await.with_context(unreachable)?;
        // What goes wrong on it is told by the request and the answer.
        actix_web::rt::spawn(connection);
        Ok(Self { requests, url: url.clone() })
    }

    /// Sends a request and waits for the head of its answer, while the body may still be on its way.
    pub(super) async fn send(mut self, mut request: Request<B>) -> Result<Response<Incoming>> {
        let target = self.url.target(&request.uri().to_string());
        *request.uri_mut() = target.parse()?;
        request.headers_mut().insert(HOST, self.url.authority().parse()?);
        let answer = self.requests.send_request(request).await;
        let answer = answer.with_context(|| format!("{} does not answer", self.url))?;
        if answer.status() == StatusCode::OK {
            return Ok(answer);
        }
        let status = answer.status();
        let body = Limited::new(answer.into_body(), PROBLEM_SIZE).collect().await;
        let body = body.map(Collected::to_bytes).unwrap_or_default();
        match serde_json::from_slice::<Said>(&body) {
            Ok(Said { title, detail }) => bail!("the service says {status}: {title}: {detail}"),
            Err(_) => bail!("{} says {status}; is it the orders service?", self.url),
        }
    }
}

/// The words of a problem.
#[derive(Deserialize)]
struct Said {
    title: String,
    detail: String,
}
