use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{Read, Seek, SeekFrom};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use crate::Error;

/// A log with more bytes than this is renamed at the next start.
const MAX_SIZE: u64 = 16 * 1024 * 1024;

/// How many lines of the log an error quotes.
const QUOTED_LINES: usize = 15;

/// How many bytes of the log an error quotes at most.
const QUOTED_BYTES: u64 = 16 * 1024;

/// The log file of a server, from its start on.
#[derive(Debug)]
pub(crate) struct ServerLog {
    path: PathBuf,
    start: u64,
}

impl ServerLog {
    /// Opens the log for appending. The server writes to the returned file.
    pub(crate) fn open(path: PathBuf) -> Result<(Self, File), Error> {
        if let Some(parent) = path.parent() {
            // Only for the server's user, because statements in the log may contain data.
            DirBuilder::new()
                .recursive(true)
                .mode(0o700)
                .create(parent)
                .map_err(Error::file("create", parent))?;
        }
        if fs::metadata(&path).is_ok_and(|metadata| metadata.len() > MAX_SIZE) {
            let old = path.with_extension("log.old");
            fs::rename(&path, &old).map_err(Error::file("rename", &path))?;
        }
        let file = OpenOptions::new()
            .append(true)
            .create(true)
            .mode(0o600)
            .open(&path)
            .map_err(Error::file("open", &path))?;
        let start = file.metadata().map_err(Error::file("look at", &path))?.len();
        Ok((Self { path, start }, file))
    }

    /// The path of the file.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// The last lines that were written since the log was opened.
    pub(crate) fn last_lines(&self) -> String {
        let mut bytes = Vec::new();
        // If the log cannot be read, the error that it would explain is still reported.
        let _ = File::open(&self.path).and_then(|mut file| {
            let end = file.metadata()?.len();
            file.seek(SeekFrom::Start(self.start.max(end.saturating_sub(QUOTED_BYTES))))?;
            file.read_to_end(&mut bytes)
        });
        let text = String::from_utf8_lossy(&bytes);
        let lines: Vec<&str> = text.lines().collect();
        lines[lines.len().saturating_sub(QUOTED_LINES)..].join("\n")
    }
}
