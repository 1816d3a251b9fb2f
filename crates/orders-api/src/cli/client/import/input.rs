//! The input of an import, whatever its wrapping: [`Input`].

use std::fs::File;
use std::io::{self, BufRead, BufReader, Cursor, ErrorKind, Read};
use std::path::Path;

use anyhow::{Context as _, Result, bail};
use flate2::bufread::MultiGzDecoder;

/// How many bytes are read at once.
const BUFFER: usize = 64 << 10;

/// What a gzip file starts with (RFC 1952).
const GZIP: &[u8] = b"\x1f\x8b";

/// The byte order mark in UTF-8.
const UTF_8_MARK: &[u8] = b"\xef\xbb\xbf";

/// The byte order marks in UTF-16, of both orders.
const UTF_16_MARKS: [&[u8]; 2] = [b"\xff\xfe", b"\xfe\xff"];

/// A file or standard input. It reads as text in UTF-8: gzip is unpacked, and a byte order mark is skipped.
pub(super) struct Input {
    packed: Box<dyn BufRead + Send>,
    length: Option<u64>,
}

impl Input {
    /// `-` is standard input.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub(super) fn open(path: &Path) -> Result<Self> {
        if path == Path::new("-") {
            return Ok(Self { packed: Box::new(BufReader::new(io::stdin())), length: None });
        }
        let cannot_read = || format!("cannot read {}", path.display());
        let file = File::open(path).with_context(cannot_read)?;
        let metadata = file.metadata().with_context(cannot_read)?;
        if metadata.is_dir() {
            bail!("cannot read {}: it is a directory", path.display());
        }
        let mut reader = BufReader::with_capacity(BUFFER, file);
        // Of a pipe the first bytes may come late, and its length is not known anyway.
        let length = match metadata.is_file() {
            true if reader.fill_buf().with_context(cannot_read)?.starts_with(GZIP) => None,
            true => Some(metadata.len()),
            false => None,
        };
        Ok(Self { packed: Box::new(reader), length })
    }

    /// How many bytes of text there are, if that is known beforehand.
    pub(super) fn length(&self) -> Option<u64> {
        self.length
    }

    /// The text. Waits for the first bytes.
    ///
    /// # Errors
    /// When these cannot be read, or are UTF-16.
    pub(super) fn text(self) -> io::Result<Box<dyn BufRead + Send>> {
        let mut packed = self.packed;
        let start = take_start(&mut packed, &[GZIP])?;
        let is_gzip = start == GZIP;
        let packed = Cursor::new(start).chain(packed);
        match is_gzip {
            true => unmarked(BufReader::with_capacity(BUFFER, Gzip(MultiGzDecoder::new(packed)))),
            false => unmarked(packed),
        }
    }
}

/// Text without the byte order mark that it may start with.
fn unmarked(mut text: impl BufRead + Send + 'static) -> io::Result<Box<dyn BufRead + Send>> {
    let [one, other] = UTF_16_MARKS;
    let start = take_start(&mut text, &[UTF_8_MARK, one, other])?;
    if UTF_16_MARKS.contains(&start.as_slice()) {
        return Err(io::Error::new(
            ErrorKind::InvalidData,
            "this is UTF-16, but orders are read as UTF-8; convert it, as with iconv -f UTF-16 -t UTF-8",
        ));
    }
    match start == UTF_8_MARK {
        true => Ok(Box::new(text)),
        false => Ok(Box::new(Cursor::new(start).chain(text))),
    }
}

/// Takes bytes off for as long as they may become one of the marks, and so waits for no more than needed.
fn take_start(reader: &mut impl BufRead, marks: &[&[u8]]) -> io::Result<Vec<u8>> {
    let mut start = Vec::new();
    while marks.iter().any(|mark| mark.len() > start.len() && mark.starts_with(&start)) {
        match reader.by_ref().bytes().next() {
            Some(byte) => start.push(byte?),
            None => break,
        }
    }
    Ok(start)
}

/// Unpacked gzip, with errors for people.
struct Gzip<R>(R);

impl<R: Read> Read for Gzip<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.read(buffer).map_err(|error| match error.kind() {
            // Which of them it is cannot always be known: short garbage looks like the start of another member.
            ErrorKind::UnexpectedEof | ErrorKind::InvalidInput | ErrorKind::InvalidData => {
                io::Error::new(
                    error.kind(),
                    "the gzip data is cut short, damaged, or followed by something else",
                )
            }
            _ => error,
        })
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use flate2::Compression;
    use flate2::write::GzEncoder;

    use super::*;

    /// Bytes that arrive one by one.
    struct Slow(Cursor<Vec<u8>>);

    impl Read for Slow {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            self.0.read(&mut buffer[..1])
        }
    }

    fn gzip(text: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(text).unwrap();
        encoder.finish().unwrap()
    }

    fn read(bytes: &[u8]) -> io::Result<Vec<u8>> {
        let packed = Box::new(BufReader::new(Slow(Cursor::new(bytes.to_owned()))));
        let mut text = Vec::new();
        Input { packed, length: None }.text()?.read_to_end(&mut text)?;
        Ok(text)
    }

    #[track_caller]
    fn check(bytes: &[u8], text: &[u8]) {
        assert_eq!(read(bytes).unwrap(), text);
    }

    #[track_caller]
    fn check_error(bytes: &[u8], said: &str) {
        let error = read(bytes).unwrap_err().to_string();
        assert!(error.contains(said), "{error}");
    }

    #[test]
    fn text_is_read_as_it_is() {
        for text in [&b""[..], b"a", b"\xef", b"\xef\xbb", b"\xef\xbba", b"\x1f", b"\x1fa", b"\xff"]
        {
            check(text, text);
            check(&gzip(text), text);
        }
    }

    #[test]
    fn a_byte_order_mark_is_skipped_at_the_start() {
        let marked = b"\xef\xbb\xbf{}\n\xef\xbb\xbf";
        check(marked, &marked[3..]);
        check(&gzip(marked), &marked[3..]);
    }

    #[test]
    fn utf_16_is_an_error() {
        for mark in UTF_16_MARKS {
            check_error(&[mark, b"{\0"].concat(), "UTF-16");
            check_error(&gzip(mark), "UTF-16");
        }
    }

    #[test]
    fn gzip_may_have_several_members() {
        check(&[gzip(b"a\n"), gzip(b"b\n")].concat(), b"a\nb\n");
    }

    #[test]
    fn gzip_that_is_not_whole_is_an_error() {
        let whole = gzip(b"some text");
        for length in 2..whole.len() {
            check_error(&whole[..length], "gzip data");
        }
        for garbage in [&b"\0"[..], b"garbage", b"a lot of garbage", GZIP] {
            check_error(&[&whole[..], garbage].concat(), "gzip data");
        }
        let mut damaged = whole.clone();
        damaged[12] ^= 0xff;
        check_error(&damaged, "gzip data");
    }
}
