//! The lines of an import: [`read_lines`].

use std::io;

use actix_web::web::Bytes;
use tokio::sync::mpsc::Sender;

use super::input::Input;

/// The longest line, in bytes; the service takes less unless told otherwise.
const MAX_LINE: usize = 1 << 20;

/// A line that is not blank.
pub(super) struct Line {
    /// Its place in the file, from 1.
    pub(super) number: u64,
    /// Without its line break.
    pub(super) text: Bytes,
}

/// Cuts the input into lines, and hands over what has come so far, so that nothing waits for more.
pub(super) fn read_lines(input: Input, portions: &Sender<io::Result<Vec<Line>>>) {
    let mut input = match input.text() {
        Ok(text) => text,
        Err(error) => return drop(portions.blocking_send(Err(error))),
    };
    let (mut pending, mut number) = (Vec::new(), 0);
    loop {
        let bytes = match input.fill_buf() {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return drop(portions.blocking_send(Err(error))),
        };
        let came = bytes.len();
        pending.extend_from_slice(bytes);
        input.consume(came);
        let ended = came == 0;
        if ended && !pending.is_empty() {
            pending.push(b'\n');
        }
        let whole = pending.iter().rposition(|&byte| byte == b'\n').map_or(0, |last| last + 1);
        let text: Bytes = pending.drain(..whole).collect::<Vec<_>>().into();
        let mut lines = Vec::new();
        for piece in text.split_inclusive(|&byte| byte == b'\n') {
            number += 1;
            if !piece.trim_ascii().is_empty() {
                lines.push(Line { number, text: text.slice_ref(piece.trim_ascii()) });
            }
        }
        if pending.len() > MAX_LINE {
            let long = format!("line {} has more than {MAX_LINE} bytes", number + 1);
            let _ = portions.blocking_send(Ok(lines));
            return drop(portions.blocking_send(Err(io::Error::other(long))));
        }
        if !lines.is_empty() && portions.blocking_send(Ok(lines)).is_err() || ended {
            return;
        }
    }
}
