//! An endpoint of a webhook: [`Receiver`].

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::mpsc;
use std::thread;

use ureq::http::{HeaderMap, HeaderName, HeaderValue};

use crate::app::STALL_TIMEOUT;

/// A server that answers every message with the same status.
pub(super) struct Receiver {
    address: SocketAddr,
    messages: mpsc::Receiver<Received>,
}

/// A message.
pub(super) struct Received {
    /// The method and the path.
    pub(super) request: String,
    pub(super) headers: HeaderMap,
    pub(super) body: String,
}

impl Receiver {
    pub(super) fn answering(status: &'static str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let (sender, messages) = mpsc::channel();
        thread::spawn(move || {
            for stream in listener.incoming() {
                let received = receive(stream.unwrap(), status);
                if sender.send(received).is_err() {
                    break;
                }
            }
        });
        Self { address, messages }
    }

    /// The URL of this path.
    pub(super) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// The next message.
    #[track_caller]
    pub(super) fn next(&self) -> Received {
        self.messages.recv_timeout(STALL_TIMEOUT).expect("a message")
    }
}

impl Received {
    /// Asserts that the message is signed with this secret.
    #[track_caller]
    pub(super) fn verify(&self, secret: &str) {
        self.try_verify(secret).unwrap();
    }

    /// Checks whether it is.
    pub(super) fn try_verify(&self, secret: &str) -> Result<(), standardwebhooks::WebhookError> {
        let webhook = standardwebhooks::Webhook::new(secret).unwrap();
        webhook.verify(self.body.as_bytes(), &self.headers)
    }
}

fn receive(mut stream: TcpStream, status: &str) -> Received {
    let mut reading = BufReader::new(stream.try_clone().unwrap());
    let mut line = || {
        let mut line = String::new();
        reading.read_line(&mut line).unwrap();
        line.trim_end().to_owned()
    };
    let request = line().trim_end_matches(" HTTP/1.1").to_owned();
    let mut headers = HeaderMap::new();
    while let Some((name, value)) = line().split_once(": ") {
        headers.insert(name.parse::<HeaderName>().unwrap(), value.parse::<HeaderValue>().unwrap());
    }
    let length = headers["content-length"].to_str().unwrap().parse().unwrap();
    let mut body = vec![0; length];
    reading.read_exact(&mut body).unwrap();
    let response = format!("HTTP/1.1 {status}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
    stream.write_all(response.as_bytes()).unwrap();
    Received { request, headers, body: String::from_utf8(body).unwrap() }
}
