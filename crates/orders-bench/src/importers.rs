//! Clients that import the same lines again and again: [`Importers`].

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use anyhow::{Result, anyhow, ensure};

/// How many times the lines are sent ahead of their results, so that the service never waits for a line.
const AHEAD: usize = 2;

/// How long an importer whose import was refused waits before the next.
const PAUSE: Duration = Duration::from_millis(100);

/// How long a result may take.
const TIMEOUT: Duration = Duration::from_secs(60);

/// Running imports, each a thread.
pub(crate) struct Importers {
    shared: Arc<Shared>,
    threads: Vec<JoinHandle<Result<()>>>,
}

#[derive(Default)]
struct Shared {
    stop: AtomicBool,
    /// How many results have come.
    results: AtomicU64,
    /// How many imports the service has refused or ended.
    ended: AtomicU64,
}

impl Importers {
    /// Starts one import for each of these lines of the head. Each line of `lines` ends with its end.
    pub(crate) fn start(address: SocketAddr, heads: &[String], lines: &str) -> Self {
        let chunk: Arc<str> = format!("{:x}\r\n{lines}\r\n", lines.len()).into();
        let (count, shared) = (lines.lines().count(), Arc::new(Shared::default()));
        let import = |head: &String| {
            let head = format!(
                "POST /orders/import HTTP/1.1\r\nHost: 127.0.0.1\r\n{head}Content-Type: application/x-ndjson\r\n\
                 Transfer-Encoding: chunked\r\n\r\n"
            );
            let (chunk, shared) = (Arc::clone(&chunk), Arc::clone(&shared));
            thread::spawn(move || {
                while !shared.stop.load(Ordering::Relaxed) {
                    import(address, &head, &chunk, count, &shared)?;
                }
                Ok(())
            })
        };
        Self { threads: heads.iter().map(import).collect(), shared }
    }

    /// How many results have come until now.
    pub(crate) fn results(&self) -> u64 {
        self.shared.results.load(Ordering::Relaxed)
    }

    /// Stops them, and returns how many imports the service has refused or ended before.
    pub(crate) fn stop(self) -> Result<u64> {
        self.shared.stop.store(true, Ordering::Relaxed);
        for thread in self.threads {
            thread.join().map_err(|_| anyhow!("an importer panicked"))??;
        }
        Ok(self.shared.ended.load(Ordering::Relaxed))
    }
}

/// One import: sends the chunk again after the results of its lines, until it is to stop or the service ends it.
fn import(
    address: SocketAddr,
    head: &str,
    chunk: &str,
    lines: usize,
    shared: &Shared,
) -> Result<()> {
    let mut stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(TIMEOUT))?;
    stream.write_all(head.as_bytes())?;
    for _ in 0..AHEAD {
        stream.write_all(chunk.as_bytes())?;
    }
    let (mut reader, mut line) = (BufReader::with_capacity(64 * 1024, stream), Vec::new());
    reader.read_until(b'\n', &mut line)?;
    let status = String::from_utf8_lossy(&line).into_owned();
    if [" 429 ", " 503 "].iter().any(|refused| status.contains(refused)) {
        shared.ended.fetch_add(1, Ordering::Relaxed);
        thread::sleep(PAUSE);
        return Ok(());
    }
    ensure!(status.starts_with("HTTP/1.1 200 "), "an import is answered {status}");
    let mut results = 0;
    while !shared.stop.load(Ordering::Relaxed) {
        line.clear();
        if reader.read_until(b'\n', &mut line)? == 0 || line == b"0\r\n" {
            shared.ended.fetch_add(1, Ordering::Relaxed);
            break;
        }
        // The lines of the head and the lengths of chunks end in "\r\n".
        if line.ends_with(b"}\n") {
            shared.results.fetch_add(1, Ordering::Relaxed);
            results += 1;
            if results % lines == 0 {
                reader.get_mut().write_all(chunk.as_bytes())?;
            }
        }
    }
    // The service may have closed it already.
    let _ = reader.get_ref().shutdown(Shutdown::Both);
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;

    use super::*;

    /// Stops importers while they wait for an answer, which then comes.
    fn stop(importers: Importers, mut stream: &TcpStream, answer: &str) -> u64 {
        importers.shared.stop.store(true, Ordering::Relaxed);
        // An importer that has just noticed has closed the connection.
        let _ = stream.write_all(answer.as_bytes());
        importers.stop().unwrap()
    }

    #[test]
    fn lines_are_sent_again_after_their_results() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let importers =
            Importers::start(listener.local_addr().unwrap(), &["A: b\r\n".to_owned()], "1\n2\n");
        let (mut stream, _) = listener.accept().unwrap();
        let mut lines = BufReader::new(stream.try_clone().unwrap()).lines().map_while(Result::ok);
        let head: Vec<_> = lines.by_ref().take_while(|line| !line.is_empty()).collect();
        assert!(head.iter().any(|line| line == "A: b"), "{head:?}");
        let chunk = ["4", "1", "2", ""];
        assert!(lines.by_ref().take(8).eq([chunk, chunk].concat()));
        stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n8\r\n{}\n{}\n{}\n").unwrap();
        assert!(lines.by_ref().take(4).eq(chunk));
        stream.write_all(b"{}\n").unwrap();
        assert!(lines.by_ref().take(4).eq(chunk));
        assert_eq!(importers.results(), 4);
        assert_eq!(stop(importers, &stream, "{}\n"), 0);
    }

    #[test]
    fn an_import_that_the_service_ends_or_refuses_is_counted_and_begun_again() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let importers = Importers::start(listener.local_addr().unwrap(), &[String::new()], "1\n");
        let (mut stream, _) = listener.accept().unwrap();
        stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n3\r\n{}\n\r\n0\r\n\r\n").unwrap();
        let (mut stream, _) = listener.accept().unwrap();
        stream.write_all(b"HTTP/1.1 503 Service Unavailable\r\n\r\n").unwrap();
        let (stream, _) = listener.accept().unwrap();
        assert_eq!(stop(importers, &stream, "HTTP/1.1 200 OK\r\n\r\n"), 2);
    }
}
