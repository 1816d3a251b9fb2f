//! The lines of the input: [`read_lines`].

use std::io::{self, BufRead as _, Read as _};

use tokio::sync::mpsc::Sender;

use super::input::Input;

/// The longest line, in bytes. The service accepts less by default.
const MAX_LINE: usize = 1 << 20;

/// A line that is not blank.
pub(super) struct Line {
    /// Its number in the input, from 1.
    pub(super) number: u64,
    /// Without the white space around it.
    pub(super) text: Vec<u8>,
}

/// Reads the input to its end, or until nobody receives its lines.
///
/// # Errors
/// If the input cannot be read, or a line is too long.
pub(super) fn read_lines(input: Input, lines: &Sender<Line>) -> io::Result<()> {
    let mut input = input.into_text()?;
    for number in 1.. {
        let mut text = Vec::new();
        if input.by_ref().take(MAX_LINE as u64 + 1).read_until(b'\n', &mut text)? == 0 {
            break;
        }
        if text.len() > MAX_LINE && !text.ends_with(b"\n") {
            return Err(io::Error::other(format!("line {number} has more than {MAX_LINE} bytes")));
        }
        let text = text.trim_ascii().to_vec();
        if !text.is_empty() && lines.blocking_send(Line { number, text }).is_err() {
            break;
        }
    }
    Ok(())
}
