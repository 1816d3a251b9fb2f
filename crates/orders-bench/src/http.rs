//! Many orders over one connection: [`export`], [`import`], [`list`].

use std::io::{BufRead as _, BufReader, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};

use crate::statistics::Throughput;

/// How many lines are in a chunk of an import.
const LINES_PER_CHUNK: usize = 500;

const IMPORT: &str = "POST /orders/import HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\
                      Content-Type: application/x-ndjson\r\nTransfer-Encoding: chunked\r\n\r\n";

/// Reads all orders as NDJSON.
pub(crate) fn export(address: SocketAddr, query: &str) -> Result<Throughput> {
    let start = Instant::now();
    let request = ureq::get(format!("http://{address}/orders{query}"));
    let response = request.header("Accept", "application/x-ndjson").call()?;
    let count = count_lines(response.into_body().into_reader())?;
    Ok(Throughput { count, duration: start.elapsed() })
}

/// Sends lines of NDJSON, and reads their results meanwhile. Fails if an order is refused.
pub(crate) fn import(
    address: SocketAddr,
    count: u64,
    lines: impl Iterator<Item = String> + Send,
) -> Result<Throughput> {
    let start = Instant::now();
    let stream = TcpStream::connect(address)?;
    let lines = lines.take(usize::try_from(count)?);
    let (status, orders, problems) = thread::scope(|scope| {
        let sender = scope.spawn(|| send(&stream, lines));
        let received = receive(&stream);
        // The sender must not wait for a service that does not read on.
        let _ = stream.shutdown(Shutdown::Both);
        let sent = sender.join().map_err(|_| anyhow::anyhow!("the sender panicked"))?;
        received.context(format!("the orders were sent: {sent:?}"))
    })?;
    ensure!(status.starts_with("HTTP/1.1 200 "), "the import is answered {status}");
    ensure!(problems == 0, "{problems} of {count} orders were refused");
    ensure!(orders == count, "{orders} results for {count} orders");
    Ok(Throughput { count, duration: start.elapsed() })
}

fn send(mut stream: impl Write, mut lines: impl Iterator<Item = String>) -> Result<()> {
    stream.write_all(IMPORT.as_bytes())?;
    loop {
        let chunk: String = lines.by_ref().take(LINES_PER_CHUNK).map(|line| line + "\n").collect();
        write!(stream, "{:x}\r\n{chunk}\r\n", chunk.len())?;
        if chunk.is_empty() {
            return Ok(());
        }
    }
}

/// The first line of an answer, and how many of its lines are JSON and how many of these problems.
fn receive(stream: impl Read) -> Result<(String, u64, u64)> {
    let mut stream = BufReader::with_capacity(64 * 1024, stream);
    let (mut status, mut line) = (String::new(), String::new());
    stream.read_line(&mut status)?;
    let (mut results, mut problems) = (0, 0);
    while stream.read_line(&mut line)? > 0 {
        // The lines of the head and the lengths of chunks end in "\r\n".
        if line.ends_with("}\n") {
            results += 1;
            problems += u64::from(line.contains("/problems/"));
        }
        line.clear();
    }
    Ok((status, results, problems))
}

/// Walks along the pages of the list of orders to its end; how long the first and the last page took.
pub(crate) fn list(address: SocketAddr) -> Result<(Throughput, Duration, Duration)> {
    let agent = ureq::agent();
    let start = Instant::now();
    let (mut count, mut pages) = (0, Vec::new());
    let mut next = Some(format!("http://{address}/orders?limit=1000"));
    while let Some(url) = next {
        let page_start = Instant::now();
        let mut response = agent.get(&url).call()?;
        let body = response.body_mut().read_to_string()?;
        // Only an order has a version.
        count += body.matches("\"version\":").count() as u64;
        pages.push(page_start.elapsed());
        let link = response.headers().get("link").map(|link| link.to_str()).transpose()?;
        next = link.and_then(next_page).map(|path| format!("http://{address}{path}"));
    }
    let (first, last) = (pages[0], pages[pages.len() - 1]);
    Ok((Throughput { count, duration: start.elapsed() }, first, last))
}

/// The target of the link `next` (RFC 8288), a path.
fn next_page(link: &str) -> Option<&str> {
    let (target, relation) = link.strip_prefix('<')?.split_once('>')?;
    relation.contains("next").then_some(target)
}

/// How many lines a reader has.
pub(crate) fn count_lines(mut reader: impl Read) -> Result<u64> {
    let mut buffer = vec![0; 256 * 1024];
    let mut count = 0;
    loop {
        match reader.read(&mut buffer)? {
            0 => return Ok(count),
            read => count += buffer[..read].iter().filter(|byte| **byte == b'\n').count() as u64,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_link_to_the_next_page_is_a_path() {
        assert_eq!(next_page("</orders?after=x>; rel=\"next\""), Some("/orders?after=x"));
        assert_eq!(next_page("</orders>; rel=\"first\""), None);
    }

    #[test]
    fn an_import_is_sent_in_chunks() {
        let mut sent = Vec::new();
        send(&mut sent, (0..2).map(|number| format!("line {number}"))).unwrap();
        let text = String::from_utf8(sent).unwrap();
        assert!(text.ends_with("\r\n\r\ne\r\nline 0\nline 1\n\r\n0\r\n\r\n"), "{text}");
    }

    #[test]
    fn results_are_counted_wherever_a_chunk_ends() {
        let answer = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n\
            8\r\n{\"a\":1}\n\r\n4\r\n{\"a\"\r\n13\r\n:\"/problems/x\"}\n{}\n\r\n0\r\n\r\n";
        let (status, results, problems) = receive(answer.as_bytes()).unwrap();
        assert_eq!((status.trim_end(), results, problems), ("HTTP/1.1 200 OK", 3, 1));
        assert_eq!(count_lines(&b"1\n2\n"[..]).unwrap(), 2);
    }
}
