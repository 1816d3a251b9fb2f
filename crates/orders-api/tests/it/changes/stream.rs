//! A client of event streams: [`Stream`].

use std::io;
use std::net::SocketAddr;

use serde_json::Value;

use crate::app::App;
use crate::wire::Wire;

/// An event stream.
pub(super) struct Stream {
    pub(super) wire: Wire,
    pub(super) head: String,
    /// The last `id`, also of lines without an event.
    pub(super) cursor: String,
}

/// An event.
#[derive(Debug, PartialEq)]
pub(super) struct Event {
    pub(super) id: String,
    pub(super) kind: String,
    pub(super) data: String,
}

impl Stream {
    /// Opens a stream at this path, and reads its head and its first lines.
    pub(super) fn open(app: &App, path: &str, headers: &str) -> Self {
        Self::open_at(app.address(), path, headers)
    }

    pub(super) fn open_at(address: SocketAddr, path: &str, headers: &str) -> Self {
        let head = format!("GET {path} HTTP/1.1\nAccept: text/event-stream\n{headers}");
        let mut wire = Wire::open_at(address, head.trim_end());
        let head = wire.reading.head();
        assert!(head.starts_with("HTTP/1.1 200 "), "{head}");
        assert_eq!(wire.reading.text().unwrap().unwrap(), "retry: 1000");
        Self { wire, head, cursor: String::new() }
    }

    /// The next event; none if the stream ends.
    ///
    /// # Errors
    /// If the stream is cut off.
    pub(super) fn event(&mut self) -> io::Result<Option<Event>> {
        let (mut id, mut kind, mut data) = (None, None, None);
        loop {
            let Some(line) = self.wire.reading.text()? else { return Ok(None) };
            match line.split_once(": ") {
                Some(("id", value)) => {
                    self.cursor = value.to_owned();
                    id = Some(value.to_owned());
                }
                Some(("event", value)) => kind = Some(value.to_owned()),
                Some(("data", value)) => data = Some(value.to_owned()),
                None if line.is_empty() => match (id.take(), kind.take(), data.take()) {
                    (Some(id), Some(kind), Some(data)) => {
                        return Ok(Some(Event { id, kind, data }));
                    }
                    (_, None, None) => {}
                    other => panic!("{other:?}"),
                },
                _ => panic!("{line}"),
            }
        }
    }

    /// The next change.
    ///
    /// # Errors
    /// If the stream ends.
    pub(super) fn change(&mut self) -> io::Result<Value> {
        let event = self.event()?.ok_or(io::ErrorKind::UnexpectedEof)?;
        let change: Value = serde_json::from_str(&event.data).unwrap();
        assert_eq!(change["cursor"], event.id);
        assert_eq!(change["type"], event.kind);
        Ok(change)
    }

    /// So many changes.
    pub(super) fn changes(&mut self, count: usize) -> Vec<Value> {
        (0..count).map(|_| self.change().unwrap()).collect()
    }

    /// Reads the lines without an event at the start of a stream at the present end of the feed.
    pub(super) fn at_end(mut self) -> Self {
        let line = self.wire.reading.text().unwrap().unwrap();
        line.strip_prefix("id: ").unwrap().clone_into(&mut self.cursor);
        assert_eq!(self.wire.reading.text().unwrap().unwrap(), "");
        self
    }
}
