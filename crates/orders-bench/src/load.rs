//! The load generator: [`run`] sends requests to the service and records how each was answered.
//!
//! One thread does it all, because the processors that it uses are taken from the service.

use std::io::{self, ErrorKind, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use rustix::event::{PollFd, PollFlags, poll};
use rustix::io::Errno;

use crate::schedule::Schedule;

/// How long no answer may come while some are awaited.
const TIMEOUT: Duration = Duration::from_secs(15);

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
    let (mut idle, mut busy) = (Vec::new(), Vec::<Exchange>::new());
    let (mut samples, mut bytes, mut buffer) = (Vec::new(), Vec::new(), vec![0; 64 * 1024]);
    let start = Instant::now();
    let mut last_answer = start;
    loop {
        let mut next = schedule.next_due(start.elapsed());
        while let Some(due) = next
            && due <= start.elapsed()
            && busy.len() < connection_limit
        {
            let stream = connection(&mut idle, address)?;
            bytes.clear();
            request(due, &mut bytes);
            if busy.is_empty() {
                last_answer = Instant::now();
            }
            busy.push(Exchange::start(stream, due, start.elapsed().saturating_sub(due), &bytes));
            schedule.advance();
            next = schedule.next_due(start.elapsed());
        }
        if busy.is_empty() && next.is_none() {
            return Ok(samples);
        }
        let sendable = next.filter(|_| busy.len() < connection_limit);
        let ready = wait(&busy, until(sendable, start.elapsed()))?;
        // From the end, because the last exchange takes the place of one that is removed.
        for index in ready.into_iter().rev() {
            last_answer = Instant::now();
            let Some((status, open)) = busy[index].receive(&mut buffer, expected)? else {
                continue;
            };
            let Exchange { stream, due, late, .. } = busy.swap_remove(index);
            let latency = (last_answer - start).saturating_sub(due);
            samples.push(Sample { due, late, latency, status });
            idle.extend(open.then_some(stream));
        }
        let stalled = !busy.is_empty() && last_answer.elapsed() > TIMEOUT;
        ensure!(!stalled, "the service has not answered for {TIMEOUT:?}");
    }
}

/// How long to wait for answers until the next request can be sent, which may have become due by now.
fn until(sendable: Option<Duration>, now: Duration) -> Duration {
    sendable.map_or(TIMEOUT, |due| due.saturating_sub(now))
}

/// An idle connection that the service has not closed, or a new one.
fn connection(idle: &mut Vec<TcpStream>, address: SocketAddr) -> Result<TcpStream> {
    while let Some(stream) = idle.pop() {
        if stream.peek(&mut [0]).is_err_and(|error| error.kind() == ErrorKind::WouldBlock) {
            return Ok(stream);
        }
    }
    let stream = TcpStream::connect(address).context("the service does not accept a connection")?;
    stream.set_nodelay(true)?;
    stream.set_nonblocking(true)?;
    Ok(stream)
}

/// Waits until something has come on some connections, and tells on which.
fn wait(busy: &[Exchange], timeout: Duration) -> io::Result<Vec<usize>> {
    let streams = busy.iter().map(|exchange| &exchange.stream);
    let mut fds: Vec<_> = streams.map(|stream| PollFd::new(stream, PollFlags::IN)).collect();
    match poll(&mut fds, Some(&timeout.try_into().map_err(io::Error::other)?)) {
        Ok(_) | Err(Errno::INTR) => {}
        Err(error) => return Err(error.into()),
    }
    let ready = fds.iter().enumerate().filter(|(_, fd)| !fd.revents().is_empty());
    Ok(ready.map(|(index, _)| index).collect())
}

/// A request that is sent, and what has come of its answer.
struct Exchange {
    stream: TcpStream,
    due: Duration,
    late: Duration,
    received: Vec<u8>,
}

impl Exchange {
    fn start(mut stream: TcpStream, due: Duration, late: Duration, request: &[u8]) -> Self {
        // A request is smaller than any socket's buffer. If this fails, the connection is found closed.
        let _ = stream.write_all(request);
        Self { stream, due, late, received: Vec::new() }
    }

    /// Reads what has come. If that is all, the status, and whether the connection is still open.
    fn receive(&mut self, buffer: &mut [u8], expected: Option<u16>) -> Result<Option<(u16, bool)>> {
        let open = match self.stream.read(buffer) {
            Ok(0) => false,
            Ok(length) => {
                self.received.extend_from_slice(&buffer[..length]);
                true
            }
            Err(error) => match error.kind() {
                ErrorKind::WouldBlock | ErrorKind::Interrupted => true,
                ErrorKind::ConnectionReset => false,
                _ => return Err(error.into()),
            },
        };
        let answer = parse(&self.received)?;
        if answer.is_none() && open {
            return Ok(None);
        }
        let (status, body) = answer.unwrap_or_default();
        let as_expected = expected.is_none_or(|expected| status == expected);
        ensure!(as_expected, "it is answered {status} {}", String::from_utf8_lossy(body));
        Ok(Some((status, open)))
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
    use std::io::{BufRead as _, BufReader};
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
    fn a_request_that_has_become_due_does_not_wait_for_an_answer() {
        let [two, three] = [2, 3].map(Duration::from_millis);
        assert_eq!(until(Some(three), two), Duration::from_millis(1));
        assert_eq!([two, three].map(|now| until(Some(two), now)), [Duration::ZERO; 2]);
        assert_eq!(until(None, two), TIMEOUT);
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
