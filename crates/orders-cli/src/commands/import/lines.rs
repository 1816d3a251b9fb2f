//! The lines of the input: [`read_lines`].

use std::io::{self, BufRead as _, ErrorKind, Read as _};

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
/// If the input cannot be read, is UTF-16, or contains a line that is too long.
pub(super) fn read_lines(input: Input, lines: &Sender<Line>) -> io::Result<()> {
    let mut input = input.decompress()?;
    for number in 1.. {
        let mut text = Vec::new();
        if input.by_ref().take(MAX_LINE as u64 + 1).read_until(b'\n', &mut text)? == 0 {
            break;
        }
        let is_too_long = text.len() > MAX_LINE && !text.ends_with(b"\n");
        let text = if number == 1 { without_bom(&text)? } else { &text };
        if is_too_long {
            return Err(io::Error::other(format!("line {number} has more than {MAX_LINE} bytes")));
        }
        let text = text.trim_ascii().to_vec();
        if !text.is_empty() && lines.blocking_send(Line { number, text }).is_err() {
            break;
        }
    }
    Ok(())
}

/// The start of the input without a byte order mark in UTF-8.
fn without_bom(start: &[u8]) -> io::Result<&[u8]> {
    if start.starts_with(b"\xff\xfe") || start.starts_with(b"\xfe\xff") {
        let message = "the input is UTF-16, but must be UTF-8; convert it, for example with iconv -f UTF-16 -t UTF-8";
        return Err(io::Error::new(ErrorKind::InvalidData, message));
    }
    Ok(start.strip_prefix(b"\xef\xbb\xbf").unwrap_or(start))
}

#[cfg(test)]
mod tests {
    use std::io::{Cursor, Read, Write as _};

    use flate2::Compression;
    use flate2::write::GzEncoder;
    use tokio::sync::mpsc;

    use super::*;

    /// Bytes that arrive one by one.
    struct SlowReader(Cursor<Vec<u8>>);

    impl Read for SlowReader {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            self.0.read(&mut buffer[..1])
        }
    }

    fn gzip(text: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(text).unwrap();
        encoder.finish().unwrap()
    }

    fn read(bytes: &[u8]) -> io::Result<Vec<(u64, Vec<u8>)>> {
        let (sender, mut receiver) = mpsc::channel(9);
        read_lines(Input::from_reader(SlowReader(Cursor::new(bytes.to_owned()))), &sender)?;
        drop(sender);
        Ok(std::iter::from_fn(|| receiver.try_recv().ok())
            .map(|line| (line.number, line.text))
            .collect())
    }

    #[track_caller]
    fn check(bytes: &[u8], lines: &[(u64, &[u8])]) {
        let lines: Vec<_> = lines.iter().map(|(number, text)| (*number, text.to_vec())).collect();
        assert_eq!(read(bytes).unwrap(), lines);
        assert_eq!(read(&gzip(bytes)).unwrap(), lines);
    }

    #[track_caller]
    fn check_error(bytes: &[u8], message: &str) {
        let error = read(bytes).unwrap_err().to_string();
        assert!(error.contains(message), "{error}");
    }

    #[test]
    fn lines_have_their_numbers_and_no_white_space_around_them() {
        check(b"", &[]);
        check(b"a", &[(1, b"a")]);
        check(b"\n \r\n", &[]);
        check(b"\na\r\n\n b c \nd", &[(2, b"a"), (4, b"b c"), (5, b"d")]);
    }

    #[test]
    fn a_line_that_is_too_long_is_an_error() {
        let long = "x".repeat(MAX_LINE + 1);
        for (text, message) in [
            (long.clone(), "line 1 has more than"),
            (format!("\u{feff}{long}"), "line 1 has more than"),
            (format!("a\n{long}\n"), "line 2 has more than"),
        ] {
            check_error(text.as_bytes(), message);
        }
    }

    #[test]
    fn other_bytes_are_read_unchanged() {
        for text in [&b"\xef"[..], b"\xef\xbb", b"\xef\xbba", b"\x1f", b"\x1fa", b"\xff"] {
            check(text, &[(1, text)]);
        }
    }

    #[test]
    fn a_byte_order_mark_is_skipped_at_the_start() {
        check(b"\xef\xbb\xbf{}\n\xef\xbb\xbf", &[(1, b"{}"), (2, b"\xef\xbb\xbf")]);
    }

    #[test]
    fn utf_16_is_an_error() {
        for bom in [b"\xff\xfe", b"\xfe\xff"] {
            check_error(&[&bom[..], b"{\0"].concat(), "UTF-16");
            check_error(&gzip(bom), "UTF-16");
        }
    }

    #[test]
    fn gzip_may_have_several_members() {
        let lines: [(u64, Vec<u8>); 2] = [(1, b"a".to_vec()), (2, b"b".to_vec())];
        assert_eq!(read(&[gzip(b"a\n"), gzip(b"b\n")].concat()).unwrap(), lines);
    }

    #[test]
    fn damaged_gzip_is_an_error() {
        let whole = gzip(b"some text");
        for length in 2..whole.len() {
            check_error(&whole[..length], "gzip data");
        }
        for garbage in [&b"\0"[..], b"garbage", b"a lot of garbage", b"\x1f\x8b"] {
            check_error(&[&whole[..], garbage].concat(), "gzip data");
        }
        let mut damaged = whole.clone();
        damaged[12] ^= 0xff;
        check_error(&damaged, "gzip data");
    }
}
