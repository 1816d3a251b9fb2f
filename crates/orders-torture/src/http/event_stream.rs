//! A client of event streams (`text/event-stream`, in the HTML standard): [`EventStream`].

use std::io::{self, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use bytes::Bytes;
use http::header::CONTENT_LENGTH;
use orders_client::wire::{Event, Events, FollowChanges, Response};
use orders_core::{After, ChangeFilter, Cursor};

use super::Failure;
use super::message::{Invalid, failure};

/// How long one attempt to read waits.
const POLL: Duration = Duration::from_millis(100);

/// How long a stream may be silent. The service promises to send something every 15 seconds.
const MAX_SILENCE: Duration = Duration::from_secs(20);

/// An open event stream.
pub(crate) struct EventStream {
    socket: TcpStream,
    last_received: Instant,
    /// What was received and is not decoded yet.
    received: Vec<u8>,
    events: Events,
}

impl EventStream {
    /// Opens the stream of the changes after a cursor, or of all changes.
    ///
    /// # Errors
    /// If there is no response, or it has another status than 200.
    pub(crate) fn open(
        address: SocketAddr,
        key: &str,
        last_event_id: Option<Cursor>,
    ) -> Result<Self, Failure> {
        let refused = |_| Failure::NotSent;
        let socket = TcpStream::connect_timeout(&address, MAX_SILENCE).map_err(refused)?;
        let (received, events) = (Vec::new(), Events::default());
        let mut stream = Self { socket, last_received: Instant::now(), received, events };
        stream.send(address, key, last_event_id).map_err(|error| lost(&error))?;
        let response = stream.response()?;
        match FollowChanges::check(&response) {
            Ok(()) => Ok(stream),
            Err(_) => Err(failure(&response)),
        }
    }

    /// The next event; `None` if there was none for a moment.
    ///
    /// # Errors
    /// If the stream ended or was silent for too long.
    pub(crate) fn next(&mut self) -> Result<Option<Event>, Failure> {
        loop {
            let event = self.events.next_event();
            if let Some(event) = event.map_err(|error| Failure::Invalid(error.to_string()))? {
                return Ok(Some(event));
            }
            if !self.decode_chunk().map_err(Failure::Invalid)? && !self.receive()? {
                return Ok(None);
            }
        }
    }

    fn send(
        &mut self,
        address: SocketAddr,
        key: &str,
        last_event_id: Option<Cursor>,
    ) -> io::Result<()> {
        let follow = FollowChanges { after: After::Oldest, filter: ChangeFilter::default() };
        let request = follow.request();
        let mut head = format!(
            "{} {} HTTP/1.1\r\nHost: {address}\r\nAuthorization: Bearer {key}\r\n",
            request.method(),
            request.uri()
        );
        for (name, value) in request.headers() {
            head += &format!("{name}: {}\r\n", value.to_str().unwrap_or_default());
        }
        if let Some(cursor) = last_event_id {
            head += &format!("Last-Event-ID: {cursor}\r\n");
        }
        self.socket.set_read_timeout(Some(POLL))?;
        self.socket.write_all((head + "\r\n").as_bytes())
    }

    /// The head of the response, with the body if its length is known.
    fn response(&mut self) -> Result<Response, Failure> {
        let end = loop {
            match find(&self.received, b"\r\n\r\n") {
                Some(end) => break end,
                None => self.receive()?,
            };
        };
        let head: Vec<u8> = self.received.drain(..end + 4).collect();
        let head = String::from_utf8_lossy(&head).into_owned();
        let status = head.split(' ').nth(1).unwrap_or_default();
        let mut response = http::Response::builder().status(status);
        for (name, value) in head.lines().filter_map(|line| line.split_once(": ")) {
            response = response.header(name, value);
        }
        let mut response = response
            .body(Bytes::new())
            .map_err(|error| Failure::Invalid(format!("a malformed head, {error}: {head}")))?;
        let length = response.headers().get(CONTENT_LENGTH);
        let length = length.and_then(|length| length.to_str().ok()?.parse().ok()).unwrap_or(0);
        while self.received.len() < length {
            self.receive()?;
        }
        *response.body_mut() = self.received.drain(..length).collect();
        Ok(response)
    }

    /// Receives more bytes; `false` if there were none for a moment.
    fn receive(&mut self) -> Result<bool, Failure> {
        let mut bytes = [0; 16 * 1024];
        match self.socket.read(&mut bytes) {
            Ok(0) => Err(Failure::NoResponse("the stream ended".to_owned())),
            Ok(count) => {
                self.last_received = Instant::now();
                self.received.extend_from_slice(&bytes[..count]);
                Ok(true)
            }
            Err(error) => match error.kind() {
                io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut
                    if self.last_received.elapsed() > MAX_SILENCE =>
                {
                    Err(Failure::Invalid(format!("nothing was received for {MAX_SILENCE:?}")))
                }
                io::ErrorKind::WouldBlock
                | io::ErrorKind::TimedOut
                | io::ErrorKind::Interrupted => Ok(false),
                _ => Err(lost(&error)),
            },
        }
    }

    /// Moves a whole chunk from what was received to the events; `false` if there is none. The last chunk has no bytes.
    fn decode_chunk(&mut self) -> Result<bool, Invalid> {
        let Some(start) = find(&self.received, b"\r\n") else { return Ok(false) };
        let size = String::from_utf8_lossy(&self.received[..start]);
        let size = usize::from_str_radix(&size, 16).map_err(|_| format!("{size:?} is no size"))?;
        let (start, end) = (start + 2, start + 2 + size);
        if self.received.len() < end + 2 {
            return Ok(false);
        }
        self.events.push(&self.received[start..end]);
        self.received.drain(..end + 2);
        Ok(true)
    }
}

/// The failure of a stream whose connection was lost.
fn lost(error: &io::Error) -> Failure {
    Failure::NoResponse(error.to_string())
}

fn find(bytes: &[u8], wanted: &[u8]) -> Option<usize> {
    bytes.windows(wanted.len()).position(|window| window == wanted)
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;
    use std::thread;

    use super::*;

    /// The events that a client receives in a response, and how it ends.
    fn read(response: &'static str) -> (Vec<Event>, Failure) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let server = thread::spawn(move || {
            let (mut socket, _) = listener.accept().unwrap();
            let mut request = Vec::new();
            while find(&request, b"\r\n\r\n").is_none() {
                let mut bytes = [0; 1024];
                let count = socket.read(&mut bytes).unwrap();
                request.extend_from_slice(&bytes[..count]);
            }
            socket.write_all(response.as_bytes()).unwrap();
            String::from_utf8(request).unwrap()
        });
        let mut events = Vec::new();
        let failure = match EventStream::open(address, "key", "7_1".parse().ok()) {
            Err(failure) => failure,
            Ok(mut stream) => loop {
                match stream.next() {
                    Ok(event) => events.extend(event),
                    Err(failure) => break failure,
                }
            },
        };
        let request = server.join().unwrap();
        assert!(request.contains("\r\nLast-Event-ID: 7_1\r\n"), "{request}");
        (events, failure)
    }

    #[test]
    fn events_are_decoded_across_chunks_until_the_connection_is_lost() {
        let (events, failure) = read(
            "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\nContent-Type: text/event-stream\r\n\r\n\
             1a\r\nretry: 1000\nid: 7_1\n\nid: 8\r\n15\r\n_2\nevent: e\ndata: {}\n\r\n1\r\n\n\r\n5\r\nid",
        );
        let text = |text: &str| Some(text.to_owned());
        let cursor = Event { id: text("7_1"), ..Event::default() };
        let event = Event { id: text("8_2"), name: text("e"), data: text("{}") };
        assert_eq!(events, [cursor, event]);
        assert_eq!(failure.kind(), "no response");
    }

    #[test]
    fn a_problem_is_a_failure() {
        let (events, failure) = read(
            "HTTP/1.1 503 Unavailable\r\ncontent-type: application/problem+json\r\nRetry-After: 1\r\n\
             content-length: 68\r\n\r\n{\"type\":\"/problems/unavailable\",\"status\":503,\"title\":\"\",\"detail\":\"\"}",
        );
        assert_eq!((events.len(), failure), (0, Failure::Unavailable));
        let (_, failure) = read("HTTP/1.1 410 Gone\r\ncontent-length: 0\r\n\r\n");
        assert_eq!(failure.kind(), "INVALID");
    }
}
