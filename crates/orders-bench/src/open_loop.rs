//! Load that does not wait for the service: requests are sent when they are due, and a latency counts from
//! when its request was due, whether it could be sent by then or not.

use std::io::{self, ErrorKind, Read, Write};
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, OnceLock, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use mio::net::TcpStream;
use mio::{Events, Interest, Poll, Registry, Token};

use crate::http::{Body, Head};
use crate::schedule::Schedule;

/// How long the last answers may take.
const PATIENCE: Duration = Duration::from_secs(15);

/// What became of a request.
#[derive(Debug, Clone, Copy)]
pub struct Sample {
    /// When it was due, since the start.
    pub due: Duration,
    /// How long after that it was sent, for want of a connection or of processor time.
    pub late: Duration,
    /// How long after it was due its answer was there.
    pub latency: Duration,
    /// The status; 0 when there was no answer.
    pub status: u16,
}

/// Sends requests as the schedule says, on at most so many connections, and waits for their answers.
///
/// # Errors
/// When the service cannot be reached at all.
pub fn run(
    address: SocketAddr,
    schedule: Schedule,
    most: usize,
    mut request: impl FnMut(&mut Vec<u8>) + Send,
) -> Result<Vec<Sample>> {
    let mut poll = Poll::new()?;
    let registry = poll.registry().try_clone()?;
    let lines = Lines::new(address, registry, most);
    let first = lines.open()?;
    lines.idle().push(first);
    let start = Instant::now();
    let sent_all = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| {
            let mut bytes = Vec::new();
            for due in schedule {
                bytes.clear();
                request(&mut bytes);
                wait_until(start + due);
                let Some(line) = lines.take() else { break };
                lines.send(line, due, start.elapsed().saturating_sub(due), &bytes);
            }
            sent_all.store(true, Ordering::Release);
        });
        let received = receive(&mut poll, &lines, start, &sent_all);
        lines.give_up();
        received
    })
}

/// The connections, those that wait for an answer and those that do not.
struct Lines {
    address: SocketAddr,
    registry: Registry,
    all: Vec<OnceLock<Line>>,
    opened: AtomicUsize,
    idle: Mutex<Vec<usize>>,
    freed: Condvar,
    closed: AtomicBool,
    in_flight: AtomicUsize,
}

struct Line {
    stream: TcpStream,
    /// When the request was due whose answer is awaited, in nanoseconds since the start.
    due: AtomicU64,
    /// How long after that it was sent, in nanoseconds.
    late: AtomicU64,
    /// Whether an answer is awaited.
    busy: AtomicBool,
}

impl Line {
    fn sample(&self, start: Instant, status: u16) -> Sample {
        let due = Duration::from_nanos(self.due.load(Ordering::Acquire));
        let late = Duration::from_nanos(self.late.load(Ordering::Acquire));
        Sample { due, late, latency: start.elapsed().saturating_sub(due), status }
    }
}

impl Lines {
    fn new(address: SocketAddr, registry: Registry, most: usize) -> Self {
        Self {
            address,
            registry,
            all: (0..most).map(|_| OnceLock::new()).collect(),
            opened: AtomicUsize::new(0),
            idle: Mutex::default(),
            freed: Condvar::new(),
            closed: AtomicBool::new(false),
            in_flight: AtomicUsize::new(0),
        }
    }

    /// A connection on which nothing is awaited; none when the receiver gave up.
    fn take(&self) -> Option<usize> {
        if let Some(line) = self.idle().pop() {
            return Some(line);
        }
        if self.opened.load(Ordering::Relaxed) < self.all.len()
            && let Ok(line) = self.open()
        {
            return Some(line);
        }
        let none = |idle: &mut Vec<usize>| idle.is_empty() && !self.closed.load(Ordering::Acquire);
        let idle = self.freed.wait_while(self.idle(), none);
        idle.unwrap_or_else(PoisonError::into_inner).pop()
    }

    fn open(&self) -> io::Result<usize> {
        let stream = std::net::TcpStream::connect(self.address)?;
        stream.set_nodelay(true)?;
        stream.set_nonblocking(true)?;
        let mut stream = TcpStream::from_std(stream);
        let number = self.opened.fetch_add(1, Ordering::Relaxed);
        self.registry.register(&mut stream, Token(number), Interest::READABLE)?;
        // OK because each number is given once.
        let _ = self.all[number].set(Line {
            stream,
            due: AtomicU64::new(0),
            late: AtomicU64::new(0),
            busy: AtomicBool::new(false),
        });
        Ok(number)
    }

    fn send(&self, number: usize, due: Duration, late: Duration, bytes: &[u8]) {
        let Some(line) = self.all[number].get() else { return };
        let nanos = |time: Duration| u64::try_from(time.as_nanos()).unwrap_or(u64::MAX);
        line.late.store(nanos(late), Ordering::Release);
        line.due.store(nanos(due), Ordering::Release);
        line.busy.store(true, Ordering::Release);
        self.in_flight.fetch_add(1, Ordering::AcqRel);
        // A request is smaller than any socket's buffer. What goes wrong shows as a missing answer.
        let _ = (&line.stream).write_all(bytes);
    }

    fn answered(&self, number: usize) {
        self.in_flight.fetch_sub(1, Ordering::AcqRel);
        self.idle().push(number);
        self.freed.notify_one();
    }

    /// Forgets a connection that the service closes because nothing is asked on it.
    fn forget(&self, number: usize) {
        self.idle().retain(|idle| *idle != number);
    }

    fn give_up(&self) {
        self.closed.store(true, Ordering::Release);
        let _idle = self.idle();
        self.freed.notify_all();
    }

    fn idle(&self) -> MutexGuard<'_, Vec<usize>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Reads answers until all are there.
fn receive(
    poll: &mut Poll,
    lines: &Lines,
    start: Instant,
    sent_all: &AtomicBool,
) -> Result<Vec<Sample>> {
    let mut events = Events::with_capacity(1024);
    let mut buffers: Vec<Vec<u8>> = Vec::new();
    let mut samples = Vec::new();
    let mut last = Instant::now();
    loop {
        let finished = sent_all.load(Ordering::Acquire);
        if finished && lines.in_flight.load(Ordering::Acquire) == 0 {
            return Ok(samples);
        }
        poll.poll(&mut events, Some(Duration::from_millis(50))).or_else(unless_interrupted)?;
        if !events.is_empty() {
            last = Instant::now();
        }
        ensure!(last.elapsed() < PATIENCE, "no answer for {PATIENCE:?}");
        for event in &events {
            let Token(number) = event.token();
            buffers.resize_with(buffers.len().max(number + 1), Vec::new);
            let buffer = &mut buffers[number];
            // The event may come before the connection is in its place, but never before its request.
            let Some(line) = lines.all[number].get() else { continue };
            let open = read_all(&line.stream, buffer)?;
            if !line.busy.load(Ordering::Acquire) {
                lines.forget(number);
            } else if let Some(status) = take_answer(buffer)? {
                line.busy.store(false, Ordering::Release);
                samples.push(line.sample(start, status));
                lines.answered(number);
            } else if !open {
                line.busy.store(false, Ordering::Release);
                samples.push(line.sample(start, 0));
                lines.in_flight.fetch_sub(1, Ordering::AcqRel);
            }
        }
    }
}

/// Reads what is there; false when the other side has closed the connection.
fn read_all(mut stream: &TcpStream, buffer: &mut Vec<u8>) -> io::Result<bool> {
    let mut portion = [0; 16 * 1024];
    loop {
        match stream.read(&mut portion) {
            Ok(0) => return Ok(false),
            Ok(read) => buffer.extend_from_slice(&portion[..read]),
            Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(true),
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) if error.kind() == ErrorKind::ConnectionReset => return Ok(false),
            Err(error) => return Err(error),
        }
    }
}

/// Takes an answer out of the buffer, if it is there as a whole.
fn take_answer(buffer: &mut Vec<u8>) -> Result<Option<u16>> {
    let Some(head) = Head::parse(buffer)? else { return Ok(None) };
    let whole = match head.body {
        Body::Length(length) => buffer.len() >= head.length + length,
        Body::Chunked => buffer.ends_with(b"0\r\n\r\n"),
    };
    if whole {
        buffer.clear();
    }
    Ok(whole.then_some(head.status))
}

fn wait_until(when: Instant) {
    let wait = when.saturating_duration_since(Instant::now());
    if !wait.is_zero() {
        thread::sleep(wait);
    }
}

fn unless_interrupted(error: io::Error) -> io::Result<()> {
    if error.kind() == ErrorKind::Interrupted { Ok(()) } else { Err(error) }
}

#[cfg(test)]
mod tests {
    use std::io::{BufRead, BufReader};
    use std::net::TcpListener;

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

    fn latencies(most: usize) -> Vec<Duration> {
        let address = slow_service(Duration::from_millis(50));
        let phase = Phase { rate: 100.0, duration: Duration::from_millis(200) };
        let samples = run(address, Schedule::new(vec![phase]), most, |out| {
            out.extend_from_slice(b"GET / HTTP/1.1\r\n\r\n");
        });
        let samples = samples.unwrap();
        assert_eq!(samples.len(), 20);
        assert!(samples.iter().all(|sample| sample.status == 200));
        samples.iter().map(|sample| sample.latency).collect()
    }

    #[test]
    fn a_latency_holds_the_wait_for_a_connection() {
        // 20 requests of 50 ms on one connection take a second, and all are due within 200 ms.
        let worst = latencies(1).into_iter().max().unwrap();
        assert!(worst >= Duration::from_millis(750), "{worst:?}");
    }

    #[test]
    fn with_connections_enough_nobody_waits() {
        let fastest = latencies(20).into_iter().min().unwrap();
        assert!(fastest >= Duration::from_millis(50), "{fastest:?}");
    }
}
