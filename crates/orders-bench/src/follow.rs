//! Clients of the event streams of changes: [`Streams`] discard what they read, [`arrivals`] say when each order came.

use std::collections::HashMap;
use std::io::{BufRead as _, BufReader, ErrorKind, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow, ensure};

use crate::statistics::millis;

/// The pause after all streams were read once. Few reads of many events take little from the service.
const PAUSE: Duration = Duration::from_millis(20);

/// After so long without an event, no more are awaited.
const QUIET: Duration = Duration::from_secs(3);

const REQUEST: &[u8] =
    b"GET /changes?after=now HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: text/event-stream\r\n\r\n";

/// Open event streams, which one thread reads.
pub(crate) struct Streams {
    stop: Sender<()>,
    reader: JoinHandle<Result<usize>>,
}

impl Streams {
    /// Opens so many.
    pub(crate) fn open(address: SocketAddr, count: usize) -> Result<Self> {
        let opened = std::iter::repeat_with(|| Ok(open(address)?.into_inner()));
        let streams = opened.take(count).collect::<Result<Vec<_>>>()?;
        streams.iter().try_for_each(|stream| stream.set_nonblocking(true))?;
        let (stop, stopped) = mpsc::channel();
        Ok(Self { stop, reader: thread::spawn(move || discard(streams, &stopped)) })
    }

    /// Closes them, and returns how many bytes came on that with the fewest; the most there are if none was open.
    pub(crate) fn close(self) -> Result<usize> {
        drop(self.stop);
        self.reader.join().map_err(|_| anyhow!("the reader of the streams panicked"))?
    }
}

/// Opens an event stream, and reads the cursor at which it begins.
fn open(address: SocketAddr) -> Result<BufReader<TcpStream>> {
    let mut stream = TcpStream::connect(address)?;
    stream.write_all(REQUEST)?;
    let (mut reader, mut line) = (BufReader::new(stream), String::new());
    reader.read_line(&mut line)?;
    ensure!(line.starts_with("HTTP/1.1 200 "), "an event stream is answered {line}");
    while !line.starts_with("id: ") {
        line.clear();
        ensure!(reader.read_line(&mut line)? > 0, "an event stream ended at once");
    }
    Ok(reader)
}

/// Reads the streams until the sender is dropped.
fn discard(mut streams: Vec<TcpStream>, stopped: &Receiver<()>) -> Result<usize> {
    let (mut buffer, mut received) = (vec![0; 256 * 1024], vec![0; streams.len()]);
    while stopped.recv_timeout(PAUSE) == Err(RecvTimeoutError::Timeout) {
        for (stream, received) in streams.iter_mut().zip(&mut received) {
            match stream.read(&mut buffer) {
                Ok(0) => return Err(anyhow!("an event stream has ended")),
                Ok(length) => *received += length,
                Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                Err(error) => return Err(error.into()),
            }
        }
    }
    Ok(received.into_iter().min().unwrap_or(usize::MAX))
}

/// The ids of orders, and when each was acknowledged or arrived.
pub(crate) type Times = Vec<(u64, Instant)>;

/// Opens an event stream, and reads from it until it is quiet.
pub(crate) fn arrivals(address: SocketAddr) -> Result<JoinHandle<Times>> {
    let stream = open(address)?;
    stream.get_ref().set_read_timeout(Some(QUIET))?;
    let lines = stream.lines().map_while(Result::ok);
    Ok(thread::spawn(move || {
        lines.filter_map(|line| Some((order_id(&line)?, Instant::now()))).collect()
    }))
}

/// The id of the order in a line of an event stream.
fn order_id(line: &str) -> Option<u64> {
    let (_, id) = line.strip_prefix("data: ")?.split_once(r#""data":{"id":""#)?;
    id.split('"').next()?.parse().ok()
}

/// How long after its acknowledgement each order arrived, in milliseconds; 0 if it was before. Fails unless each arrived
/// exactly once.
pub(crate) fn delays(acknowledged: &Times, arrived: &Times) -> Result<Vec<f64>> {
    let times: HashMap<_, _> = arrived.iter().copied().collect();
    ensure!(times.len() == arrived.len(), "an order arrived twice");
    let delay = |(id, at): &(u64, Instant)| {
        let arrived = times.get(id).with_context(|| format!("order {id} did not arrive"))?;
        Ok(millis(arrived.saturating_duration_since(*at)))
    };
    acknowledged.iter().map(delay).collect()
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;

    use super::*;

    /// Answers each request with this, and keeps the connection open.
    fn service(answer: &'static [u8]) -> SocketAddr {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        thread::spawn(move || {
            let mut open = Vec::new();
            for mut stream in listener.incoming().flatten() {
                stream.read_exact(&mut [0; REQUEST.len()]).unwrap();
                stream.write_all(answer).unwrap();
                open.push(stream);
            }
        });
        address
    }

    #[test]
    fn an_order_arrives_once_it_is_acknowledged() {
        let start = Instant::now();
        let after = |millis| start + Duration::from_millis(millis);
        let acknowledged = vec![(1, after(10)), (2, after(20))];
        let arrived = vec![(2, after(19)), (1, after(14)), (3, after(15))];
        assert_eq!(delays(&acknowledged, &arrived).unwrap(), [4.0, 0.0]);
        let error = |arrived| delays(&acknowledged, &arrived).unwrap_err().to_string();
        assert_eq!(error(vec![(1, start)]), "order 2 did not arrive");
        assert_eq!(error(vec![(1, start), (2, start), (1, start)]), "an order arrived twice");
    }

    #[test]
    fn orders_are_read_from_the_events_of_a_stream() {
        let address = service(
            b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n17\r\nretry: 1000\nid: 1_2\n\n\r\n\
              99\r\nid: 2_3\nevent: order.created\ndata: {\"cursor\":\"2_3\",\"data\":{\"id\":\"17\",\"version\":1}}\n\n\r\n",
        );
        let arrived = arrivals(address).unwrap().join().unwrap();
        assert_eq!(arrived.iter().map(|(id, _)| *id).collect::<Vec<_>>(), [17]);
    }

    #[test]
    fn streams_must_be_answered_and_stay_open() {
        let refused = Streams::open(service(b"HTTP/1.1 503 Service Unavailable\r\n\r\n"), 1);
        assert!(refused.is_err_and(|error| error.to_string().contains(" 503 ")));
        let address = service(b"HTTP/1.1 200 OK\r\n\r\nid: 1_2\n\n");
        assert_eq!(Streams::open(address, 2).unwrap().close().unwrap(), 0);
        assert_eq!(Streams::open(address, 0).unwrap().close().unwrap(), usize::MAX);
    }
}
