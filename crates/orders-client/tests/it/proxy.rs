//! A proxy between client and service that fails as it is told: [`Proxy`].

use std::collections::VecDeque;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{JoinHandle, JoinSet};

/// What happens to a request.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Fault {
    /// Nothing.
    None,
    /// The connection ends before the request is read.
    BeforeRequest,
    /// The service gets this part of the request, and the connection ends.
    DuringRequest(f64),
    /// The service gets the request, and the connection ends at once, while the service works.
    AfterRequest,
    /// The connection ends when the service has answered.
    BeforeResponse,
    /// The client gets this part of the response, and the connection ends.
    DuringResponse(f64),
    /// The client gets no response until it gives up.
    Silence,
    /// The service does not get the request, and the client gets 503.
    Unavailable,
    /// The service answers, and the client gets 503.
    UnavailableAfterwards,
    /// The service answers, and the client gets 502 of another server.
    BadGateway,
    /// The service does not get the request, and the client gets 429.
    TooManyRequests,
}

/// Accepts connections, with one request each, and forwards them to the service.
pub(crate) struct Proxy {
    address: SocketAddr,
    plan: Arc<Mutex<VecDeque<Fault>>>,
    task: JoinHandle<()>,
    connections: Arc<Mutex<JoinSet<()>>>,
}

impl Proxy {
    /// A proxy that has no faults yet.
    pub(crate) async fn start(service: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let plan = Arc::<Mutex<VecDeque<Fault>>>::default();
        let connections = Arc::<Mutex<JoinSet<()>>>::default();
        let (faults, running) = (Arc::clone(&plan), Arc::clone(&connections));
        let task = tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let fault = faults.lock().unwrap().pop_front().unwrap_or(Fault::None);
                running.lock().unwrap().spawn(async move {
                    // A side that has gone ends the connection.
                    let _ = forward(client, service, fault).await;
                });
            }
        });
        Self { address, plan, task, connections }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// What happens to the next requests. Those after them have no faults.
    pub(crate) fn plan(&self, faults: impl IntoIterator<Item = Fault>) {
        *self.plan.lock().unwrap() = faults.into_iter().collect();
    }

    /// How many faults have not happened.
    pub(crate) fn left(&self) -> usize {
        self.plan.lock().unwrap().len()
    }

    /// Waits until the service has answered everything that it got.
    pub(crate) async fn settle(&self) {
        let mut connections = std::mem::take(&mut *self.connections.lock().unwrap());
        while connections.join_next().await.is_some() {}
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn forward(mut client: TcpStream, service: SocketAddr, fault: Fault) -> io::Result<()> {
    client.set_nodelay(true)?;
    if fault == Fault::BeforeRequest {
        return reset(client);
    }
    let request = read_request(&mut client).await?;
    match fault {
        Fault::Unavailable => return client.write_all(&unavailable()).await,
        Fault::TooManyRequests => {
            let response = problem("429 Too Many Requests", "too-many-requests");
            return client.write_all(&response).await;
        }
        Fault::DuringRequest(part) => {
            let mut service = TcpStream::connect(service).await?;
            service.write_all(share(&request, part)).await?;
            return reset(client);
        }
        Fault::AfterRequest => {
            reset(client)?;
            return exchange(service, &request).await.map(drop);
        }
        _ => {}
    }
    let response = exchange(service, &request).await?;
    match fault {
        Fault::BeforeResponse => reset(client),
        Fault::DuringResponse(part) => client.write_all(share(&response, part)).await,
        Fault::UnavailableAfterwards => client.write_all(&unavailable()).await,
        Fault::BadGateway => client.write_all(BAD_GATEWAY).await,
        Fault::Silence => {
            // Until the client closes the connection.
            client.read_u8().await.map(drop)
        }
        _ => client.write_all(&response).await,
    }
}

/// The whole response. The service closes the connection after it.
async fn exchange(service: SocketAddr, request: &[u8]) -> io::Result<Vec<u8>> {
    let mut service = TcpStream::connect(service).await?;
    service.write_all(request).await?;
    let mut response = Vec::new();
    service.read_to_end(&mut response).await?;
    Ok(response)
}

/// A whole request, in which the client asks for one response.
async fn read_request(client: &mut TcpStream) -> io::Result<Vec<u8>> {
    let mut request = Vec::new();
    let end = loop {
        if let Some(end) = find(&request, b"\r\n\r\n") {
            break end + 4;
        }
        if client.read_buf(&mut request).await? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
    };
    let head = String::from_utf8_lossy(&request[..end]).to_lowercase();
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
    let length: usize = length.map_or(0, |length| length.parse().unwrap());
    while request.len() < end + length {
        if client.read_buf(&mut request).await? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
    }
    request.splice(end - 2..end - 2, *b"Connection: close\r\n");
    Ok(request)
}

/// A part of a message that lacks at least one byte.
fn share(message: &[u8], part: f64) -> &[u8] {
    &message[..((message.len() - 1) as f64 * part) as usize]
}

fn reset(client: TcpStream) -> io::Result<()> {
    client.set_zero_linger()
}

pub(crate) fn find(bytes: &[u8], wanted: &[u8]) -> Option<usize> {
    bytes.windows(wanted.len()).position(|window| window == wanted)
}

fn problem(status: &str, slug: &str) -> Vec<u8> {
    let code = &status[..3];
    let body = format!(
        r#"{{"type":"/problems/{slug}","title":"Busy","status":{code},"detail":"try again"}}"#
    );
    let length = body.len();
    format!(
        "HTTP/1.1 {status}\r\nContent-Type: application/problem+json\r\nConnection: close\r\n\
         Content-Length: {length}\r\n\r\n{body}"
    )
    .into()
}

fn unavailable() -> Vec<u8> {
    problem("503 Service Unavailable", "unavailable")
}

const BAD_GATEWAY: &[u8] =
    b"HTTP/1.1 502 Bad Gateway\r\nContent-Type: text/html\r\nConnection: close\r\nContent-Length: 4\r\n\r\nnone";

/// Forwards everything both ways, and cuts each connection after so many bytes from the service.
pub(crate) async fn cutting(
    service: SocketAddr,
    mut bytes: impl FnMut() -> usize + Send + 'static,
) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        while let Ok((mut client, _)) = listener.accept().await {
            let limit = bytes();
            tokio::spawn(async move {
                let mut service = TcpStream::connect(service).await?;
                let (mut from_client, mut to_client) = client.split();
                let (from_service, mut to_service) = service.split();
                let mut from_service = from_service.take(limit as u64);
                tokio::select! {
                    end = tokio::io::copy(&mut from_client, &mut to_service) => end.map(drop),
                    end = tokio::io::copy(&mut from_service, &mut to_client) => end.map(drop),
                }
            });
        }
    });
    url
}
