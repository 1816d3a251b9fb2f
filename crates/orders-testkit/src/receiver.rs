//! An HTTP server that receives messages: [`Receiver`].

use std::io::{self, BufRead as _, BufReader, Read as _, Write as _};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

/// Receives messages on a port of 127.0.0.1 that it chose itself, and keeps them. It runs as long as the process.
#[derive(Debug)]
pub struct Receiver {
    address: SocketAddr,
    state: Arc<State>,
}

/// A message.
#[derive(Debug, Clone)]
pub struct Received {
    /// The method of the request.
    pub method: String,
    /// The path of the request, with its query.
    pub path: String,
    /// The headers, their names in lower case.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

/// How a message is answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reply {
    /// With this status.
    Status(u16),
    /// With this status and these header lines, each with its line end.
    With(u16, String),
    /// With 204, after this time.
    Late(Duration),
    /// Not at all: the connection is reset.
    Reset,
    /// With half a response.
    Half,
}

#[derive(Debug, Default)]
struct State {
    received: Mutex<Vec<Received>>,
    arrived: Condvar,
    at_once: AtomicUsize,
    most_at_once: AtomicUsize,
}

impl State {
    fn lock(&self) -> MutexGuard<'_, Vec<Received>> {
        self.received.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Received {
    /// The value of a header; empty if it is missing.
    #[must_use]
    pub fn header(&self, name: &str) -> &str {
        let found = self.headers.iter().find(|(header, _)| header == name);
        found.map_or("", |(_, value)| value)
    }
}

impl Receiver {
    /// Starts a receiver. `reply` gets each message after it was kept.
    ///
    /// # Errors
    /// If there is no free port.
    pub fn start(reply: impl Fn(&Received) -> Reply + Send + Sync + 'static) -> io::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0))?;
        let address = listener.local_addr()?;
        let state = Arc::<State>::default();
        let (reply, shared) = (Arc::new(reply), Arc::clone(&state));
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (reply, shared) = (Arc::clone(&reply), Arc::clone(&shared));
                thread::spawn(move || {
                    // The connection ends with the first error.
                    let _ = serve(stream, &shared, &*reply);
                });
            }
        });
        Ok(Self { address, state })
    }

    /// Its address.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// All messages so far, in the order in which they arrived.
    #[must_use]
    pub fn received(&self) -> Vec<Received> {
        self.state.lock().clone()
    }

    /// How many messages have arrived.
    #[must_use]
    pub fn count(&self) -> usize {
        self.state.lock().len()
    }

    /// The most messages that were being answered at the same time.
    #[must_use]
    pub fn most_at_once(&self) -> usize {
        self.state.most_at_once.load(Ordering::Relaxed)
    }

    /// Waits until the messages are as they should be, and returns them. `None` if that takes too long.
    pub fn wait_until(
        &self,
        limit: Duration,
        mut are_good: impl FnMut(&[Received]) -> bool,
    ) -> Option<Vec<Received>> {
        let deadline = Instant::now() + limit;
        let mut received = self.state.lock();
        while !are_good(&received) {
            let left = deadline.checked_duration_since(Instant::now())?;
            let waited = self.state.arrived.wait_timeout(received, left);
            received = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
        Some(received.clone())
    }
}

fn serve(
    mut stream: TcpStream,
    state: &State,
    reply: &(dyn Fn(&Received) -> Reply + Send + Sync),
) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let mut reader = BufReader::new(stream.try_clone()?);
    while let Some(received) = read(&mut reader)? {
        state.lock().push(received.clone());
        state.arrived.notify_all();
        let at_once = state.at_once.fetch_add(1, Ordering::Relaxed) + 1;
        state.most_at_once.fetch_max(at_once, Ordering::Relaxed);
        let reply = reply(&received);
        if let Reply::Late(time) = reply {
            thread::sleep(time);
        }
        state.at_once.fetch_sub(1, Ordering::Relaxed);
        match reply {
            Reply::Status(status) => respond(&mut stream, status, "")?,
            Reply::With(status, headers) => respond(&mut stream, status, &headers)?,
            Reply::Late(_) => respond(&mut stream, 204, "")?,
            Reply::Reset => {
                rustix::net::sockopt::set_socket_linger(&stream, Some(Duration::ZERO))?;
                return Ok(());
            }
            Reply::Half => {
                stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf")?;
                return stream.shutdown(Shutdown::Both);
            }
        }
    }
    Ok(())
}

fn respond(stream: &mut TcpStream, status: u16, headers: &str) -> io::Result<()> {
    let length = if status == 204 { "" } else { "Content-Length: 0\r\n" };
    stream.write_all(format!("HTTP/1.1 {status} -\r\n{length}{headers}\r\n").as_bytes())
}

/// The next request; none if the connection was closed.
fn read(reader: &mut BufReader<TcpStream>) -> io::Result<Option<Received>> {
    let mut line = String::new();
    if reader.read_line(&mut line)? == 0 {
        return Ok(None);
    }
    let mut words = line.split(' ').map(str::to_owned);
    let (method, path) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let mut headers = Vec::new();
    loop {
        line.clear();
        reader.read_line(&mut line)?;
        let Some((name, value)) = line.trim_end().split_once(": ") else { break };
        headers.push((name.to_ascii_lowercase(), value.to_owned()));
    }
    let mut received = Received { method, path, headers, body: Vec::new() };
    received.body = vec![0; received.header("content-length").parse().unwrap_or(0)];
    reader.read_exact(&mut received.body)?;
    Ok(Some(received))
}
