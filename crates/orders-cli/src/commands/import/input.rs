//! The input of an import: [`Input`].

use std::fs::File;
use std::io::{self, BufRead, BufReader, Cursor, ErrorKind, Read};
use std::path::Path;

use anyhow::{Context as _, Result, bail};
use flate2::bufread::MultiGzDecoder;

/// How many bytes are read at a time.
const BUFFER_SIZE: usize = 64 << 10;

/// The first bytes of a gzip file (RFC 1952).
const GZIP_MAGIC: &[u8] = b"\x1f\x8b";

/// A file or standard input, which may be compressed with gzip.
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

    /// The length of the decompressed input in bytes, if it is known in advance.
    pub(super) fn length(&self) -> Option<u64> {
        self.length
    }

    /// The decompressed input. Waits for its first bytes.
    ///
    /// # Errors
    /// If these cannot be read.
    pub(super) fn decompress(mut self) -> io::Result<Box<dyn BufRead + Send>> {
        let mut start = Vec::new();
        self.reader.by_ref().take(GZIP_MAGIC.len() as u64).read_to_end(&mut start)?;
        let is_gzip = start == GZIP_MAGIC;
        let whole = Cursor::new(start).chain(self.reader);
        Ok(match is_gzip {
            true => {
                let decoder = GzipReader(MultiGzDecoder::new(whole));
                Box::new(BufReader::with_capacity(BUFFER_SIZE, decoder))
            }
            false => Box::new(whole),
        })
    }
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
impl Input {
    pub(super) fn from_reader(reader: impl Read + Send + 'static) -> Self {
        Self { reader: Box::new(BufReader::new(reader)), length: None }
    }
}
