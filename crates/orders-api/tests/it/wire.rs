//! HTTP by hand, for clients that send and read at once, stop in the middle, or hang up: [`Wire`].

use std::collections::VecDeque;
use std::io::{self, BufRead as _, BufReader, Read as _, Write as _};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::thread;
use std::time::Duration;

use serde_json::Value;

use crate::app::{App, NDJSON, STALL_TIMEOUT};

/// One connection with one request on it.
pub(crate) struct Wire {
    pub(crate) sending: Sending,
    pub(crate) reading: Reading,
}

/// Where the request is written.
pub(crate) struct Sending(TcpStream);

/// Where the response is read.
pub(crate) struct Reading {
    stream: BufReader<TcpStream>,
    /// The part of the chunks so far that follows the last line break.
    pending: VecDeque<u8>,
    ended: bool,
}

impl Wire {
    /// Sends the head of a request.
    pub(crate) fn open(app: &App, head: &str) -> Self {
        Self::open_at(app.address(), head)
    }

    /// Sends the head of a request to this address.
    pub(crate) fn open_at(address: SocketAddr, head: &str) -> Self {
        let stream = TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(STALL_TIMEOUT)).unwrap();
        stream.set_write_timeout(Some(STALL_TIMEOUT)).unwrap();
        let mut sending = Sending(stream.try_clone().unwrap());
        let head = head.replace('\n', "\r\n");
        sending.raw(format!("{head}\r\nHost: localhost\r\n\r\n").as_bytes()).unwrap();
        let reading =
            Reading { stream: BufReader::new(stream), pending: VecDeque::new(), ended: false };
        Self { sending, reading }
    }

    /// An import that has not sent a line yet.
    pub(crate) fn import(app: &App) -> Self {
        Self::open(
            app,
            &format!(
                "POST /orders/import HTTP/1.1\nContent-Type: {NDJSON}\nTransfer-Encoding: chunked"
            ),
        )
    }

    /// An export whose head was read.
    pub(crate) fn export(app: &App, query: &str) -> Self {
        let mut wire = Self::open(app, &format!("GET /orders{query} HTTP/1.1\nAccept: {NDJSON}"));
        let head = wire.reading.head();
        assert!(head.starts_with("HTTP/1.1 200 "), "{head}");
        wire
    }
}

impl Sending {
    /// Sends these bytes unchanged.
    pub(crate) fn raw(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.0.write_all(bytes)
    }

    /// Sends a part of the body.
    pub(crate) fn chunk(&mut self, bytes: &[u8]) -> io::Result<()> {
        let mut chunk = format!("{:x}\r\n", bytes.len()).into_bytes();
        chunk.extend_from_slice(bytes);
        chunk.extend_from_slice(b"\r\n");
        self.raw(&chunk)
    }

    /// Sends a value as a line.
    pub(crate) fn line(&mut self, value: &Value) -> io::Result<()> {
        self.chunk(format!("{value}\n").as_bytes())
    }

    /// Sends these bytes again and again as parts of the body, slowly, until the connection is closed.
    pub(crate) fn dribble(&mut self, bytes: &[u8]) {
        for _ in 0..1000 {
            if self.chunk(bytes).is_err() {
                break;
            }
            thread::sleep(Duration::from_millis(20));
        }
    }

    /// Ends the body.
    pub(crate) fn end(&mut self) -> io::Result<()> {
        self.raw(b"0\r\n\r\n")
    }

    /// Closes the sending direction, whether the body is complete or not.
    pub(crate) fn stop(&mut self) {
        self.0.shutdown(Shutdown::Write).unwrap();
    }

    /// Hangs up.
    pub(crate) fn hang_up(self) {
        self.0.shutdown(Shutdown::Both).unwrap();
    }
}

impl Reading {
    /// The head of the next response.
    pub(crate) fn head(&mut self) -> String {
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            assert!(self.stream.read_line(&mut head).unwrap() > 0, "no head: {head}");
        }
        head
    }

    /// The next line of the body, which is JSON; none at its end.
    ///
    /// # Errors
    /// If the body is cut off.
    pub(crate) fn line(&mut self) -> io::Result<Option<Value>> {
        Ok(self.text()?.map(|line| serde_json::from_str(&line).unwrap()))
    }

    /// The next line of the body; none at its end.
    ///
    /// # Errors
    /// If the body is cut off.
    pub(crate) fn text(&mut self) -> io::Result<Option<String>> {
        loop {
            if let Some(end) = self.pending.iter().position(|&byte| byte == b'\n') {
                let line: Vec<u8> = self.pending.drain(..=end).collect();
                return Ok(Some(String::from_utf8(line).unwrap().trim_end().to_owned()));
            }
            if self.ended {
                assert!(self.pending.is_empty(), "half a line at the end");
                return Ok(None);
            }
            self.chunk()?;
        }
    }

    /// All lines up to the end.
    pub(crate) fn rest(&mut self) -> io::Result<Vec<Value>> {
        let mut lines = Vec::new();
        while let Some(line) = self.line()? {
            lines.push(line);
        }
        Ok(lines)
    }

    /// What comes until the server closes the connection.
    pub(crate) fn until_closed(&mut self) -> String {
        let mut rest = Vec::new();
        if let Err(error) = self.stream.read_to_end(&mut rest) {
            assert_eq!(error.kind(), io::ErrorKind::ConnectionReset);
        }
        String::from_utf8(rest).unwrap()
    }

    fn chunk(&mut self) -> io::Result<()> {
        let mut size = String::new();
        if self.stream.read_line(&mut size)? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let size = u64::from_str_radix(size.trim_end(), 16).unwrap();
        let mut data = Vec::new();
        self.stream.by_ref().take(size).read_to_end(&mut data)?;
        let mut line_break = [0; 2];
        self.stream.read_exact(&mut line_break)?;
        assert_eq!(&line_break, b"\r\n");
        assert_eq!(data.len() as u64, size);
        self.pending.extend(data);
        self.ended = size == 0;
        Ok(())
    }
}
