//! One keep-alive connection that waits for each answer: [`Client`].

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use anyhow::{Context, Result, ensure};

use crate::http::{Body, Head};

/// Longer than the service takes for an answer.
const PATIENCE: Duration = Duration::from_secs(30);

/// A keep-alive connection to the service.
pub struct Client {
    stream: BufReader<TcpStream>,
}

/// An answer whose body was read.
#[derive(Debug)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// The body.
    pub body: Vec<u8>,
    /// The page that follows, if the answer is one of several.
    pub next: Option<String>,
}

impl Client {
    /// Connects to the service.
    ///
    /// # Errors
    /// When nobody listens.
    pub fn connect(address: SocketAddr) -> io::Result<Self> {
        let stream = TcpStream::connect(address)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        Ok(Self { stream: BufReader::with_capacity(64 * 1024, stream) })
    }

    /// Sends a request and reads its answer.
    ///
    /// # Errors
    /// When the connection breaks.
    pub fn send(&mut self, method: &str, path: &str, body: Option<&str>) -> Result<Answer> {
        let mut request = format!("{method} {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n");
        if let Some(body) = body {
            request +=
                &format!("Content-Type: application/json\r\nContent-Length: {}\r\n", body.len());
        }
        request += "\r\n";
        request += body.unwrap_or_default();
        self.send_raw(request.as_bytes())
    }

    /// Sends a request as it stands and reads its answer.
    ///
    /// # Errors
    /// When the connection breaks.
    pub fn send_raw(&mut self, request: &[u8]) -> Result<Answer> {
        self.write(request)?;
        let head = self.head()?;
        let mut body = Vec::new();
        self.body(head.body, |part| body.extend_from_slice(part))?;
        Ok(Answer { status: head.status, body, next: head.next })
    }

    /// Sends bytes.
    ///
    /// # Errors
    /// When the connection breaks.
    pub fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.stream.get_mut().write_all(bytes)
    }

    /// The other end of the connection, to write on from another thread.
    ///
    /// # Errors
    /// When the system gives us none.
    pub fn writer(&self) -> io::Result<TcpStream> {
        self.stream.get_ref().try_clone()
    }

    /// Reads the start of an answer.
    ///
    /// # Errors
    /// When the connection breaks or does not speak HTTP.
    pub fn head(&mut self) -> Result<Head> {
        let mut bytes = Vec::new();
        loop {
            let read = self.stream.read_until(b'\n', &mut bytes).context("no answer")?;
            ensure!(read > 0, "the service closed the connection");
            if bytes.ends_with(b"\r\n\r\n")
                && let Some(head) = Head::parse(&bytes)?
            {
                return Ok(head);
            }
        }
    }

    /// Reads a body in parts.
    ///
    /// # Errors
    /// When it ends too early.
    pub fn body(&mut self, body: Body, mut part: impl FnMut(&[u8])) -> Result<()> {
        match body {
            Body::Length(length) => self.read(length, &mut part),
            Body::Chunked => loop {
                let mut line = String::new();
                self.stream.read_line(&mut line)?;
                let length = line.trim_end().split(';').next().unwrap_or_default();
                let length = usize::from_str_radix(length, 16)
                    .with_context(|| format!("{line:?} is not the length of a chunk"))?;
                self.read(length, &mut part)?;
                self.read(2, &mut |_| ())?;
                if length == 0 {
                    return Ok(());
                }
            },
        }
    }

    fn read(&mut self, mut length: usize, part: &mut dyn FnMut(&[u8])) -> Result<()> {
        while length > 0 {
            let bytes = self.stream.fill_buf()?;
            ensure!(!bytes.is_empty(), "the answer ended {length} bytes too early");
            let taken = bytes.len().min(length);
            part(&bytes[..taken]);
            self.stream.consume(taken);
            length -= taken;
        }
        Ok(())
    }
}

/// Counts the lines of a body that comes in parts.
#[derive(Debug, Default)]
pub struct Lines {
    /// How many lines.
    pub count: u64,
    /// How many bytes.
    pub bytes: u64,
}

impl Lines {
    /// Takes the next part.
    pub fn add(&mut self, part: &[u8]) {
        self.count += part.iter().filter(|byte| **byte == b'\n').count() as u64;
        self.bytes += part.len() as u64;
    }
}

/// Reads whatever comes until the end, for its lines.
///
/// # Errors
/// When reading fails.
pub fn count_lines(mut from: impl Read) -> io::Result<Lines> {
    let mut lines = Lines::default();
    let mut buffer = vec![0; 256 * 1024];
    loop {
        match from.read(&mut buffer)? {
            0 => return Ok(lines),
            read => lines.add(&buffer[..read]),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;
    use std::thread;

    use super::*;

    #[test]
    fn a_body_in_chunks_is_read_as_a_whole() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let answering = thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let answer = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\na\nb\r\na\r\n\n3456789\n0\r\n0\r\n\r\n";
            stream.write_all(answer.as_bytes()).unwrap();
        });
        let answer = Client::connect(address).unwrap().send("GET", "/", None).unwrap();
        assert_eq!(answer.body, b"a\nb\n3456789\n0");
        let mut lines = Lines::default();
        lines.add(&answer.body);
        assert_eq!((lines.count, lines.bytes), (3, 13));
        answering.join().unwrap();
    }
}
