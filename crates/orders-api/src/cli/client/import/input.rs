//! The input of an import, as text: [`Input`].

use std::fs::File;
use std::io::{self, BufRead, BufReader, Cursor, ErrorKind, Read};
use std::path::Path;

use anyhow::{Context as _, Result, bail};
use flate2::bufread::MultiGzDecoder;

/// How many bytes are read at a time.
const BUFFER_SIZE: usize = 64 << 10;

/// The first bytes of a gzip file (RFC 1952).
const GZIP_MAGIC: &[u8] = b"\x1f\x8b";

/// The byte order mark in UTF-8.
const UTF_8_BOM: &[u8] = b"\xef\xbb\xbf";

/// The byte order marks in UTF-16, little-endian and big-endian.
const UTF_16_BOMS: [&[u8]; 2] = [b"\xff\xfe", b"\xfe\xff"];

/// A file or standard input: text in UTF-8 with or without a byte order mark, or the same compressed with gzip.
pub(super) struct Input {
    reader: Box<dyn BufRead + Send>,
    length: Option<u64>,
}

impl Input {
    /// Opens a file, or standard input if the path is `-`.
    ///
    /// # Errors
    /// If the file cannot be read.
    pub(super) fn open(path: &Path) -> Result<Self> {
        if path == Path::new("-") {
            return Ok(Self { reader: Box::new(BufReader::new(io::stdin())), length: None });
        }
        let cannot_read = || format!("cannot read {}", path.display());
        let file = File::open(path).with_context(cannot_read)?;
        let metadata = file.metadata().with_context(cannot_read)?;
        if metadata.is_dir() {
            bail!("cannot read {}: it is a directory", path.display());
        }
        let mut reader = BufReader::with_capacity(BUFFER_SIZE, file);
        // The length of a pipe is not known, and its first bytes may come late.
        let length = match metadata.is_file() {
            true if reader.fill_buf().with_context(cannot_read)?.starts_with(GZIP_MAGIC) => None,
            true => Some(metadata.len()),
            false => None,
        };
        Ok(Self { reader: Box::new(reader), length })
    }

    /// The length of the text in bytes, if it is known in advance.
    pub(super) fn length(&self) -> Option<u64> {
        self.length
    }

    /// Decompresses the input and skips the byte order mark. Waits for the first bytes.
    ///
    /// # Errors
    /// If these cannot be read, or are UTF-16.
    pub(super) fn into_text(self) -> io::Result<Box<dyn BufRead + Send>> {
        let mut reader = self.reader;
        let prefix = take_prefix(&mut reader, &[GZIP_MAGIC])?;
        let is_gzip = prefix == GZIP_MAGIC;
        let reader = Cursor::new(prefix).chain(reader);
        match is_gzip {
            true => {
                let text = GzipReader(MultiGzDecoder::new(reader));
                without_bom(BufReader::with_capacity(BUFFER_SIZE, text))
            }
            false => without_bom(reader),
        }
    }
}

fn without_bom(mut text: impl BufRead + Send + 'static) -> io::Result<Box<dyn BufRead + Send>> {
    let [little_endian, big_endian] = UTF_16_BOMS;
    let prefix = take_prefix(&mut text, &[UTF_8_BOM, little_endian, big_endian])?;
    if UTF_16_BOMS.contains(&prefix.as_slice()) {
        return Err(io::Error::new(
            ErrorKind::InvalidData,
            "the input is UTF-16, but must be UTF-8; convert it, as with iconv -f UTF-16 -t UTF-8",
        ));
    }
    match prefix == UTF_8_BOM {
        true => Ok(Box::new(text)),
        false => Ok(Box::new(Cursor::new(prefix).chain(text))),
    }
}

/// Takes bytes while they are the start of one of these prefixes, so that it waits for no more bytes than needed.
fn take_prefix(reader: &mut impl BufRead, prefixes: &[&[u8]]) -> io::Result<Vec<u8>> {
    let mut taken = Vec::new();
    while prefixes.iter().any(|prefix| prefix.len() > taken.len() && prefix.starts_with(&taken)) {
        match reader.by_ref().bytes().next() {
            Some(byte) => taken.push(byte?),
            None => break,
        }
    }
    Ok(taken)
}

/// Decompresses gzip, with error messages for people.
struct GzipReader<R>(R);

impl<R: Read> Read for GzipReader<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.read(buffer).map_err(|error| match error.kind() {
            // One message for all three, because they cannot always be told apart: a few bytes of garbage look like
            // the start of another gzip member.
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

    fn read(bytes: &[u8]) -> io::Result<Vec<u8>> {
        let reader = Box::new(BufReader::new(SlowReader(Cursor::new(bytes.to_owned()))));
        let mut text = Vec::new();
        Input { reader, length: None }.into_text()?.read_to_end(&mut text)?;
        Ok(text)
    }

    #[track_caller]
    fn check(bytes: &[u8], text: &[u8]) {
        assert_eq!(read(bytes).unwrap(), text);
    }

    #[track_caller]
    fn check_error(bytes: &[u8], message: &str) {
        let error = read(bytes).unwrap_err().to_string();
        assert!(error.contains(message), "{error}");
    }

    #[test]
    fn text_is_read_unchanged() {
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
        for mark in UTF_16_BOMS {
            check_error(&[mark, b"{\0"].concat(), "UTF-16");
            check_error(&gzip(mark), "UTF-16");
        }
    }

    #[test]
    fn gzip_may_have_several_members() {
        check(&[gzip(b"a\n"), gzip(b"b\n")].concat(), b"a\nb\n");
    }

    #[test]
    fn damaged_gzip_is_an_error() {
        let whole = gzip(b"some text");
        for length in 2..whole.len() {
            check_error(&whole[..length], "gzip data");
        }
        for garbage in [&b"\0"[..], b"garbage", b"a lot of garbage", GZIP_MAGIC] {
            check_error(&[&whole[..], garbage].concat(), "gzip data");
        }
        let mut damaged = whole.clone();
        damaged[12] ^= 0xff;
        check_error(&damaged, "gzip data");
    }
}
