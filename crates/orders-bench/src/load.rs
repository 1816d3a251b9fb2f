//! The load generator: [`run`] sends requests to the service and records how each was answered.
//!
//! One thread does it all, because the processors that it uses are taken from the service.

use std::io::{self, ErrorKind, Read, Write};
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use mio::net::TcpStream;
use mio::{Events, Interest, Poll, Token};

use crate::schedule::Schedule;
use crate::timer::Timer;

/// How long no answer may come while some are awaited.
const TIMEOUT: Duration = Duration::from_secs(15);

/// The token of the timer; the others are the numbers of connections.
const TIMER: Token = Token(usize::MAX);

/// A request and its answer.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sample {
    /// When the request was due, since the start.
    pub(crate) due: Duration,
    /// How long after that it was sent.
    pub(crate) late: Duration,
    /// How long after it was due the answer was complete.
    pub(crate) latency: Duration,
    /// The status; 0 if the connection was closed instead.
    pub(crate) status: u16,
}

/// Sends requests when they are due, each on an idle connection, and waits for all answers.
///
/// Connections are opened when needed, up to a limit; at the limit a request waits for one. `request` writes the next
/// request, which is due at the given time. Fails if the service cannot be reached, does not speak HTTP, stops answering,
/// or answers another status than the expected one.
pub(crate) fn run(
    address: SocketAddr,
    mut schedule: Schedule,
    connection_limit: usize,
    expected: Option<u16>,
    mut request: impl FnMut(Duration, &mut Vec<u8>),
) -> Result<Vec<Sample>> {
    let mut connections = Connections::new(address, connection_limit)?;
    let mut events = Events::with_capacity(1024);
    let timer = Timer::new(connections.poll.registry(), TIMER)?;
    let (mut samples, mut bytes) = (Vec::new(), Vec::new());
    let start = Instant::now();
    let mut last_answer = start;
    loop {
        let mut next = schedule.next_due(start.elapsed());
        while let Some(due) = next
            && due <= start.elapsed()
            && let Some(number) = connections.idle()?
        {
            bytes.clear();
            request(due, &mut bytes);
            if connections.in_flight == 0 {
                last_answer = Instant::now();
            }
            connections.send(number, due, start.elapsed().saturating_sub(due), &bytes)?;
            schedule.advance();
            next = schedule.next_due(start.elapsed());
        }
        let in_flight = connections.in_flight;
        if in_flight == 0 && next.is_none() {
            return Ok(samples);
        }
        let timeout = match next.map(|due| due.saturating_sub(start.elapsed())) {
            Some(wait) if !wait.is_zero() => timer.wake_after(wait)?,
            _ => Some(TIMEOUT),
        };
        match connections.poll.poll(&mut events, timeout) {
            Err(error) if error.kind() == ErrorKind::Interrupted => continue,
            polled => polled?,
        }
        for event in events.iter().filter(|event| event.token() != TIMER) {
            last_answer = Instant::now();
            let expected = |status| expected.is_none_or(|expected| expected == status);
            samples.extend(connections.receive(event.token().0, last_answer - start, expected)?);
        }
        let stalled = in_flight > 0 && last_answer.elapsed() > TIMEOUT;
        ensure!(!stalled, "the service has not answered for {TIMEOUT:?}");
    }
}

struct Connections {
    address: SocketAddr,
    limit: usize,
    poll: Poll,
    /// By number; none is one that the service has closed.
    all: Vec<Option<Connection>>,
    idle: Vec<usize>,
    in_flight: usize,
}

struct Connection {
    stream: TcpStream,
    received: Vec<u8>,
    /// When the request was due whose answer is awaited, and how late it was sent.
    awaited: Option<(Duration, Duration)>,
}

impl Connections {
    fn new(address: SocketAddr, limit: usize) -> io::Result<Self> {
        let (all, idle) = (Vec::new(), Vec::new());
        Ok(Self { address, limit, poll: Poll::new()?, all, idle, in_flight: 0 })
    }

    /// A connection for the next request; none at the limit.
    fn idle(&mut self) -> Result<Option<usize>> {
        if let Some(number) = self.idle.pop() {
            return Ok(Some(number));
        }
        if self.all.len() >= self.limit {
            return Ok(None);
        }
        let stream = std::net::TcpStream::connect(self.address);
        let stream = stream.context("the service does not accept a connection")?;
        stream.set_nodelay(true)?;
        stream.set_nonblocking(true)?;
        let mut stream = TcpStream::from_std(stream);
        let number = self.all.len();
        self.poll.registry().register(&mut stream, Token(number), Interest::READABLE)?;
        self.all.push(Some(Connection { stream, received: Vec::new(), awaited: None }));
        Ok(Some(number))
    }

    fn send(&mut self, number: usize, due: Duration, late: Duration, bytes: &[u8]) -> Result<()> {
        let connection = self.all[number].as_mut().context("an idle connection is closed")?;
        connection.awaited = Some((due, late));
        self.in_flight += 1;
        // A request is smaller than any socket's buffer. If this fails, the connection is found closed.
        let _ = connection.stream.write_all(bytes);
        Ok(())
    }

    /// Reads what has come on a connection; the answer if it is complete.
    fn receive(
        &mut self,
        number: usize,
        now: Duration,
        expected: impl Fn(u16) -> bool,
    ) -> Result<Option<Sample>> {
        let Some(connection) = &mut self.all[number] else { return Ok(None) };
        let open = read_available(&mut connection.stream, &mut connection.received)?;
        let answer = parse(&connection.received)?;
        let mut sample = None;
        if (answer.is_some() || !open)
            && let Some((due, late)) = connection.awaited.take()
        {
            let (status, body) = answer.unwrap_or_default();
            ensure!(expected(status), "it is answered {status} {}", String::from_utf8_lossy(body));
            sample = Some(Sample { due, late, latency: now.saturating_sub(due), status });
            connection.received.clear();
            self.in_flight -= 1;
            self.idle.push(number);
        }
        if !open {
            self.all[number] = None;
            self.idle.retain(|idle| *idle != number);
        }
        Ok(sample)
    }
}

/// Reads what is there; false if the other side has closed the connection.
fn read_available(stream: &mut TcpStream, buffer: &mut Vec<u8>) -> io::Result<bool> {
    let mut chunk = [0; 16 * 1024];
    loop {
        match stream.read(&mut chunk) {
            Ok(0) => return Ok(false),
            Ok(length) => buffer.extend_from_slice(&chunk[..length]),
            Err(error) => match error.kind() {
                ErrorKind::WouldBlock => return Ok(true),
                ErrorKind::Interrupted => {}
                ErrorKind::ConnectionReset => return Ok(false),
                _ => return Err(error),
            },
        }
    }
}

/// The status and the body (in chunks, if it came so) of an answer; none while it is not complete.
fn parse(bytes: &[u8]) -> Result<Option<(u16, &[u8])>> {
    let mut headers = [httparse::EMPTY_HEADER; 32];
    let mut head = httparse::Response::new(&mut headers);
    let httparse::Status::Complete(length) = head.parse(bytes)? else { return Ok(None) };
    let body = &bytes[length..];
    let header =
        |name: &str| head.headers.iter().find(|header| header.name.eq_ignore_ascii_case(name));
    let complete = match header("content-length") {
        Some(length) => body.len() >= std::str::from_utf8(length.value)?.parse()?,
        None if header("transfer-encoding").is_some() => body.ends_with(b"0\r\n\r\n"),
        None => true,
    };
    Ok(complete.then_some((head.code.unwrap_or_default(), body)))
}

#[cfg(test)]
mod tests {
    use std::io::{BufRead, BufReader};
    use std::net::TcpListener;
    use std::thread;

    use super::*;
    use crate::schedule::Phase;

    /// Answers each request this long after it came, one after the other on each connection.
    fn slow_service(pause: Duration) -> SocketAddr {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                thread::spawn(move || {
                    let mut writer = stream.try_clone().unwrap();
                    let lines = BufReader::new(stream).lines();
                    for _ in lines.map_while(Result::ok).filter(String::is_empty) {
                        thread::sleep(pause);
                        let answer = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";
                        if writer.write_all(answer).is_err() {
                            return;
                        }
                    }
                });
            }
        });
        address
    }

    fn answers(schedule: Schedule, limit: usize, expected: u16) -> Result<Vec<Sample>> {
        let address = slow_service(Duration::from_millis(50));
        let request = |_, out: &mut Vec<u8>| out.extend_from_slice(b"GET / HTTP/1.1\r\n\r\n");
        run(address, schedule, limit, Some(expected), request)
    }

    fn open_loop(limit: usize) -> Vec<Duration> {
        let phase = Phase { rate: 100.0, duration: Duration::from_millis(200) };
        let samples = answers(Schedule::open(&[phase]), limit, 200).unwrap();
        assert_eq!(samples.len(), 20);
        samples.iter().map(|sample| sample.latency).collect()
    }

    #[test]
    fn a_latency_includes_the_wait_for_a_connection() {
        // 20 requests of 50 ms on one connection take a second, and all are due within 200 ms.
        let worst = open_loop(1).into_iter().max().unwrap();
        assert!(worst >= Duration::from_millis(750), "{worst:?}");
    }

    #[test]
    fn with_enough_connections_no_request_waits_for_one() {
        let fastest = open_loop(20).into_iter().min().unwrap();
        assert!(fastest >= Duration::from_millis(50), "{fastest:?}");
    }

    #[test]
    fn a_closed_loop_sends_the_next_request_after_the_answer() {
        let answers = answers(Schedule::Closed(Duration::from_millis(500)), 2, 200).unwrap();
        // Two connections, each with at most ten answers and one more on its way at the end.
        assert!((2..=22).contains(&answers.len()), "{}", answers.len());
    }

    #[test]
    fn an_unexpected_answer_ends_the_run_with_its_body() {
        let error = answers(Schedule::Closed(Duration::from_millis(60)), 1, 201).unwrap_err();
        assert_eq!(error.to_string(), "it is answered 200 ok");
    }

    #[test]
    fn an_answer_is_parsed_when_it_is_complete() {
        let text = b"HTTP/1.1 409 Conflict\r\nContent-Length: 3\r\n\r\nabc";
        assert_eq!(parse(text).unwrap(), Some((409, &b"abc"[..])));
        assert_eq!(parse(&text[..text.len() - 1]).unwrap(), None);
        assert_eq!(parse(&text[..30]).unwrap(), None);
        let empty = parse(b"HTTP/1.1 204 No Content\r\n\r\n").unwrap();
        assert_eq!(empty, Some((204, &b""[..])));
        let chunked = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\n";
        assert_eq!(parse(chunked).unwrap().map(|(status, _)| status), Some(200));
        assert_eq!(parse(&chunked[..chunked.len() - 3]).unwrap(), None);
        assert!(parse(b"SSH-2.0-OpenSSH\r\n\r\n").is_err());
    }
}
