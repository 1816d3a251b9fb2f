//! The connection of a client, which ends when its client takes too long: [`ClientStream`].

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant};

use actix_web::rt::net::TcpStream;
use actix_web::rt::time::{Sleep, sleep};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::connections::{Activity, Connections, Timeouts};
use super::http1::PATIENCE;

/// At how many bytes a second a client reads at least, while its system takes no more.
///
/// A system may hold megabytes that its program has yet to read. Meanwhile it takes nothing, and nobody can tell whether the
/// program reads.
const SLOWEST: f64 = 65_536.0;

/// A TCP connection that fails when its client has taken too long for its next request, for the head of a request, or for
/// what is sent to it. The framework limits only the first head of a connection.
pub(super) struct ClientStream {
    stream: TcpStream,
    number: u64,
    activity: Rc<Activity>,
    connections: Rc<Connections>,
    timeouts: Timeouts,
    stall_timeout: Duration,
    /// Until when the client may be busy with what it has taken.
    reads_until: Instant,
    /// When the deadlines are checked next. It is at most the shortest timeout away, because a deadline may be set meanwhile.
    check: Pin<Box<Sleep>>,
}

impl ClientStream {
    /// The stream as one of these connections.
    pub(super) fn new(
        stream: TcpStream,
        connections: &Rc<Connections>,
        timeouts: Timeouts,
        stall_timeout: Duration,
    ) -> Self {
        let (number, activity) = connections.add();
        Self {
            stream,
            number,
            activity,
            connections: Rc::clone(connections),
            timeouts,
            stall_timeout,
            reads_until: Instant::now(),
            check: Box::pin(sleep(Duration::ZERO)),
        }
    }

    /// What it is doing.
    pub(super) fn activity(&self) -> Rc<Activity> {
        Rc::clone(&self.activity)
    }

    /// The address of the client.
    pub(super) fn peer(&self) -> Option<SocketAddr> {
        self.stream.peer_addr().ok()
    }

    /// Notes that the client has taken so many bytes.
    fn taken(&mut self, bytes: usize) {
        let now = Instant::now();
        let read = self.reads_until.max(now) + Duration::from_secs_f64(bytes as f64 / SLOWEST);
        self.reads_until = read.min(now + self.stall_timeout * (PATIENCE - 1));
        self.activity.sent(now);
    }

    /// Fails if the connection must end; otherwise the task is woken when that may be so.
    fn check(&mut self, context: &mut Context<'_>) -> io::Result<()> {
        self.activity.wakes(context.waker());
        if self.activity.is_evicted() {
            if self.activity.stalls_since().is_some() {
                self.stream.set_zero_linger()?;
            }
            return Err(io::ErrorKind::ConnectionAborted.into());
        }
        while self.check.as_mut().poll(context).is_ready() {
            let now = Instant::now();
            let stalled = self
                .activity
                .stalls_since()
                .map(|since| since.max(self.reads_until) + self.stall_timeout);
            if stalled.is_some_and(|deadline| deadline <= now) {
                // Otherwise the system goes on trying to send what is left.
                self.stream.set_zero_linger()?;
                return Err(io::ErrorKind::TimedOut.into());
            }
            // A client that still receives a response need not send the next request.
            let waited = self.activity.deadline(&self.timeouts).filter(|_| stalled.is_none());
            if waited.is_some_and(|deadline| deadline <= now) {
                return Err(io::ErrorKind::TimedOut.into());
            }
            let Timeouts { idle, head } = self.timeouts;
            let latest = now + idle.min(head).min(self.stall_timeout);
            let next = [stalled, waited].into_iter().flatten().fold(latest, Instant::min);
            self.check.as_mut().reset(next.into());
        }
        Ok(())
    }
}

impl AsyncRead for ClientStream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.check(context)?;
        let before = buffer.filled().len();
        ready!(Pin::new(&mut self.stream).poll_read(context, buffer))?;
        if buffer.filled().len() > before {
            self.activity.received();
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for ClientStream {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(context, bytes);
        match written {
            Poll::Ready(Ok(bytes)) => self.taken(bytes),
            Poll::Ready(Err(_)) => {}
            Poll::Pending => {
                self.activity.stalls();
                self.check(context)?;
            }
        }
        written
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

impl Drop for ClientStream {
    fn drop(&mut self) {
        self.connections.remove(self.number);
    }
}
