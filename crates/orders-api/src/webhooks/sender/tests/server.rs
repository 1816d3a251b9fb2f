//! A receiver that answers with prepared bytes.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use actix_web::rt;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

/// The response to a request, as bytes.
type Handler = Arc<dyn Fn(&Request) -> Vec<u8> + Send + Sync>;

/// What happens to a connection after a reply.
#[derive(Debug, Clone, Copy)]
pub(super) enum Then {
    /// It waits for the next request.
    Keep,
    Close,
    /// It stays open, but nothing comes any more.
    Stall,
    /// It is closed with a reset.
    Reset,
}

pub(super) struct Server {
    address: SocketAddr,
    connections: Arc<AtomicUsize>,
    requests: Arc<Mutex<Vec<Request>>>,
}

/// A request as it arrived.
#[derive(Debug, Clone)]
pub(super) struct Request {
    pub(super) line: String,
    pub(super) headers: http::HeaderMap,
    pub(super) body: Vec<u8>,
}

/// A response with a body.
pub(super) fn reply(head: &str, body: &str) -> Vec<u8> {
    format!("HTTP/1.1 {head}\r\nContent-Length: {}\r\n\r\n{body}", body.len()).into_bytes()
}

impl Server {
    /// Answers every request with these bytes.
    pub(super) async fn start(reply: Vec<u8>, then: Then) -> Self {
        Self::listen(Arc::new(move |_: &Request| reply.clone()), then, None).await
    }

    pub(super) async fn start_tls(reply: Vec<u8>, tls: TlsAcceptor) -> Self {
        Self::listen(Arc::new(move |_: &Request| reply.clone()), Then::Keep, Some(tls)).await
    }

    /// Answers every request with what the function returns for it.
    pub(super) async fn start_with(
        handler: impl Fn(&Request) -> Vec<u8> + Send + Sync + 'static,
    ) -> Self {
        Self::listen(Arc::new(handler), Then::Keep, None).await
    }

    async fn listen(handler: Handler, then: Then, tls: Option<TlsAcceptor>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let server = Self {
            address: listener.local_addr().unwrap(),
            connections: Arc::default(),
            requests: Arc::default(),
        };
        let (connections, requests) = (server.connections.clone(), server.requests.clone());
        rt::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                connections.fetch_add(1, Ordering::Relaxed);
                if matches!(then, Then::Reset) {
                    stream.set_zero_linger().unwrap();
                }
                let (handler, requests, tls) = (handler.clone(), requests.clone(), tls.clone());
                rt::spawn(async move {
                    match tls {
                        None => answer(stream, &handler, then, &requests).await,
                        Some(tls) => match tls.accept(stream).await {
                            Ok(stream) => answer(stream, &handler, then, &requests).await,
                            Err(_) => None,
                        },
                    }
                });
            }
        });
        server
    }

    pub(super) fn url(&self) -> String {
        format!("http://{}/hooks?from=orders", self.address)
    }

    pub(super) fn port(&self) -> u16 {
        self.address.port()
    }

    /// How many connections were accepted.
    pub(super) fn connections(&self) -> usize {
        self.connections.load(Ordering::Relaxed)
    }

    pub(super) fn requests(&self) -> Vec<Request> {
        self.requests.lock().unwrap().clone()
    }
}

/// Serves a connection to its end.
async fn answer(
    mut stream: impl AsyncRead + AsyncWrite + Unpin,
    handler: &Handler,
    then: Then,
    requests: &Mutex<Vec<Request>>,
) -> Option<()> {
    loop {
        let request = read(&mut stream).await?;
        let reply = handler(&request);
        requests.lock().unwrap().push(request);
        stream.write_all(&reply).await.ok()?;
        stream.flush().await.ok()?;
        match then {
            Then::Keep => {}
            Then::Close | Then::Reset => return None,
            Then::Stall => std::future::pending().await,
        }
    }
}

/// The next request of a connection, if there is one.
async fn read(stream: &mut (impl AsyncRead + Unpin)) -> Option<Request> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.ok()?);
    }
    let head = String::from_utf8(head).unwrap();
    let (line, fields) = head.split_once("\r\n").unwrap();
    let fields = fields.lines().filter_map(|line| line.split_once(": "));
    let headers: http::HeaderMap = fields
        .map(|(name, value)| (http::HeaderName::try_from(name).unwrap(), value.parse().unwrap()))
        .collect();
    let length = headers["content-length"].to_str().unwrap().parse().unwrap();
    let mut body = vec![0; length];
    stream.read_exact(&mut body).await.ok()?;
    Some(Request { line: line.to_owned(), headers, body })
}
