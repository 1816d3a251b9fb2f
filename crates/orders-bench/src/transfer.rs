//! Many orders over one connection: [`export`], [`import`], [`list`].

use std::io::Write;
use std::net::SocketAddr;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};

use crate::client::{Client, Lines};

/// So many lines are in a chunk of an import.
const LINES_A_CHUNK: u64 = 500;

/// What was transferred.
#[derive(Debug, Clone, Copy)]
pub struct Transfer {
    /// How many orders.
    pub orders: u64,
    /// How long it took.
    pub duration: Duration,
    /// How long the first page took, if there were pages.
    pub first: Duration,
    /// How long the last page took, if there were pages.
    pub last: Duration,
}

impl Transfer {
    /// Orders a second.
    #[must_use]
    pub fn rate(&self) -> f64 {
        self.orders as f64 / self.duration.as_secs_f64()
    }

    fn since(began: Instant, orders: u64) -> Self {
        let duration = began.elapsed();
        Self { orders, duration, first: duration, last: duration }
    }
}

/// Reads all orders as NDJSON.
///
/// # Errors
/// When the service does not offer it.
pub fn export(address: SocketAddr, path: &str) -> Result<Transfer> {
    let mut client = Client::connect(address)?;
    let began = Instant::now();
    let request =
        format!("GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: application/x-ndjson\r\n\r\n");
    client.write(request.as_bytes())?;
    let head = client.head()?;
    let mut lines = Lines::default();
    client.body(head.body, |part| lines.add(part))?;
    ensure!(head.status == 200, "the export is answered {}", head.status);
    ensure!(lines.count > 0, "the export has no lines");
    Ok(Transfer::since(began, lines.count))
}

/// Sends so many orders as NDJSON, and reads their results meanwhile.
///
/// # Errors
/// When the service does not offer it, or refuses an order.
pub fn import(
    address: SocketAddr,
    count: u64,
    line: impl Fn(u64) -> String + Send,
) -> Result<Transfer> {
    let mut client = Client::connect(address)?;
    let mut writer = client.writer()?;
    let began = Instant::now();
    let (head, lines, refused) = thread::scope(|scope| {
        let sending = scope.spawn(move || send(&mut writer, count, &line));
        let received = receive(&mut client);
        if received.is_err() {
            // The sender must not wait for a service that does not read on.
            let _ = client.writer().map(|stream| stream.shutdown(std::net::Shutdown::Both));
        }
        let sent = sending.join().map_err(|_| anyhow::anyhow!("the sender panicked"))?;
        let (head, lines, refused) = received?;
        ensure!(head == 200, "the import is answered {head}");
        sent.context("cannot send the orders")?;
        Ok((head, lines, refused))
    })?;
    ensure!(head == 200 && lines.count == count, "{} results for {count} orders", lines.count);
    ensure!(refused == 0, "{refused} of {count} orders were refused");
    Ok(Transfer::since(began, count))
}

/// Walks along the pages of a list to its end.
///
/// # Errors
/// When a page is not there.
pub fn list(address: SocketAddr, path: &str) -> Result<Transfer> {
    let mut client = Client::connect(address)?;
    let began = Instant::now();
    let mut next = Some(path.to_owned());
    let (mut orders, mut first, mut last) = (0, Duration::ZERO, Duration::ZERO);
    while let Some(path) = next {
        let asked = Instant::now();
        let answer = client.send("GET", &path, None)?;
        ensure!(answer.status == 200, "{path} is answered {}", answer.status);
        // Only an order has a version.
        orders += occurrences(&answer.body, b"\"version\":");
        last = asked.elapsed();
        if first.is_zero() {
            first = last;
        }
        next = answer.next.map(|target| path_of(&target));
    }
    Ok(Transfer { first, last, ..Transfer::since(began, orders) })
}

fn send(writer: &mut impl Write, count: u64, line: &impl Fn(u64) -> String) -> Result<()> {
    writer.write_all(
        b"POST /orders/import HTTP/1.1\r\nHost: 127.0.0.1\r\n\
          Content-Type: application/x-ndjson\r\nTransfer-Encoding: chunked\r\n\r\n",
    )?;
    let mut first = 0;
    while first < count {
        let end = count.min(first + LINES_A_CHUNK);
        let mut chunk = String::new();
        for number in first..end {
            chunk += &line(number);
            chunk.push('\n');
        }
        write!(writer, "{:x}\r\n{chunk}\r\n", chunk.len())?;
        first = end;
    }
    writer.write_all(b"0\r\n\r\n")?;
    Ok(())
}

fn receive(client: &mut Client) -> Result<(u16, Lines, usize)> {
    let head = client.head()?;
    let mut lines = Lines::default();
    let mut refused = 0;
    client.body(head.body, |part| {
        lines.add(part);
        // A part may end within the word, which makes the count too small, but never zero for many.
        refused += usize::try_from(occurrences(part, b"/problems/")).unwrap_or(usize::MAX);
    })?;
    Ok((head.status, lines, refused))
}

fn occurrences(text: &[u8], word: &[u8]) -> u64 {
    text.windows(word.len()).filter(|window| *window == word).count() as u64
}

/// The path of a link's target, which may be a whole URL.
fn path_of(target: &str) -> String {
    let after_host =
        target.split_once("://").and_then(|(_, rest)| rest.find('/').map(|at| &rest[at..]));
    after_host.unwrap_or(target).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_may_be_a_path_or_a_url() {
        assert_eq!(path_of("/orders?after=x"), "/orders?after=x");
        assert_eq!(path_of("http://127.0.0.1:3000/orders?after=x"), "/orders?after=x");
    }

    #[test]
    fn orders_are_counted_by_their_version() {
        assert_eq!(occurrences(br#"[{"version":1},{"version":2}]"#, b"\"version\":"), 2);
    }

    #[test]
    fn an_import_is_sent_in_chunks() {
        let mut sent = Vec::new();
        send(&mut sent, 2, &|number| format!("line {number}")).unwrap();
        let text = String::from_utf8(sent).unwrap();
        assert!(text.ends_with("\r\n\r\ne\r\nline 0\nline 1\n\r\n0\r\n\r\n"), "{text}");
    }
}
