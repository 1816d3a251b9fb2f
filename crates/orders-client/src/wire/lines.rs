//! Bytes as lines: [`Lines`].

use bytes::{Bytes, BytesMut};

/// The longest line that is read, in bytes. The service sends none that is half as long.
pub(super) const MAX_LINE: usize = 1 << 20;

/// Takes bytes that arrive in parts of any size, and returns whole lines.
#[derive(Debug, Default)]
pub struct Lines {
    received: BytesMut,
    /// So many bytes contain no line end.
    searched: usize,
}

/// A line has more bytes than any line of the service, 1 MiB.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a line has more than {MAX_LINE} bytes")]
pub struct TooLong;

impl Lines {
    /// Adds bytes at the end.
    pub fn push(&mut self, bytes: &[u8]) {
        self.received.extend_from_slice(bytes);
    }

    /// The next whole line, without its end, which is `\n` or `\r\n`; `None` if more bytes are needed.
    ///
    /// # Errors
    /// If the line is too long.
    pub fn next_line(&mut self) -> Result<Option<Bytes>, TooLong> {
        let Some(end) = self.received[self.searched..].iter().position(|byte| *byte == b'\n')
        else {
            self.searched = self.received.len();
            return if self.searched > MAX_LINE { Err(TooLong) } else { Ok(None) };
        };
        let mut line = self.received.split_to(self.searched + end + 1);
        self.searched = 0;
        line.truncate(line.len() - 1);
        if line.ends_with(b"\r") {
            line.truncate(line.len() - 1);
        }
        if line.len() > MAX_LINE { Err(TooLong) } else { Ok(Some(line.freeze())) }
    }

    /// Whether there is a part of a line.
    #[must_use]
    pub fn has_part(&self) -> bool {
        !self.received.is_empty()
    }
}
