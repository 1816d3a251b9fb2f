//! Where an export is written to: [`Output`].

use std::fs::{File, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

/// Standard output, or a file. A file has its name only when it is whole.
pub(super) enum Output {
    Standard,
    /// What stands there already and is no file: a pipe, a device.
    There(File),
    New(NamedTempFile, PathBuf),
}

impl Output {
    pub(super) fn open(path: Option<&Path>) -> io::Result<Self> {
        let Some(path) = path else { return Ok(Self::Standard) };
        if path.metadata().is_ok_and(|there| !there.is_file()) {
            return File::options().write(true).open(path).map(Self::There);
        }
        let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty());
        // What the process's mask leaves of it, as for any new file.
        let permissions = Permissions::from_mode(0o666);
        let file = tempfile::Builder::new()
            .prefix(".orders-export-")
            .permissions(permissions)
            .tempfile_in(parent.unwrap_or(Path::new(".")))?;
        Ok(Self::New(file, path.to_owned()))
    }

    /// Everything was written.
    pub(super) fn finish(self) -> io::Result<()> {
        match self {
            Self::Standard => io::stdout().flush(),
            Self::There(_) => Ok(()),
            Self::New(file, path) => file.persist(path).map(drop).map_err(|error| error.error),
        }
    }

    pub(super) fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        match self {
            Self::Standard => io::stdout().write_all(bytes),
            Self::There(file) => file.write_all(bytes),
            Self::New(file, _) => file.write_all(bytes),
        }
    }
}
