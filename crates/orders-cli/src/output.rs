//! The destination of exported orders and of rejected lines: [`Output`].

use std::fs::{File, Permissions};
use std::io::{self, ErrorKind, Write};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

/// Standard output or a file. A regular file gets its name only when it is complete.
pub(crate) enum Output {
    /// Standard output, a pipe or a device.
    Stream(Box<dyn Write>),
    File {
        file: NamedTempFile,
        path: PathBuf,
        overwrite: bool,
    },
}

impl Output {
    pub(crate) fn stdout() -> Self {
        Self::Stream(Box::new(io::stdout()))
    }

    /// # Errors
    /// If nothing can be written there, or if the file exists and must not be overwritten.
    pub(crate) fn open(path: &Path, overwrite: bool) -> io::Result<Self> {
        if path.metadata().is_ok_and(|metadata| !metadata.is_file()) {
            let special = File::options().write(true).open(path)?;
            return Ok(Self::Stream(Box::new(special)));
        }
        // Does not follow links, because a dangling link would be replaced, too.
        if !overwrite && path.symlink_metadata().is_ok() {
            return Err(io::Error::new(
                ErrorKind::AlreadyExists,
                "the file exists; use --force to overwrite it",
            ));
        }
        let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty());
        let file = tempfile::Builder::new()
            .prefix(".orders-")
            // The process's umask applies, as to any new file.
            .permissions(Permissions::from_mode(0o666))
            .tempfile_in(parent.unwrap_or(Path::new(".")))?;
        Ok(Self::File { file, path: path.to_owned(), overwrite })
    }

    /// Gives the file its name, now that it is complete.
    ///
    /// # Errors
    /// If that is not possible. If another file with the name has been created since [`Output::open`] and must not be
    /// overwritten, the file is kept under a name that the error contains.
    pub(crate) fn finish(self) -> io::Result<()> {
        match self {
            Self::Stream(mut stream) => stream.flush(),
            Self::File { file, path, overwrite: true } => Ok(file.persist(path).map(drop)?),
            Self::File { file, path, overwrite: false } => match file.persist_noclobber(path) {
                Err(error) if error.error.kind() == ErrorKind::AlreadyExists => {
                    let (_, path) = error.file.keep()?;
                    let path = path.display();
                    let message =
                        format!("another file has that name by now; what was written is in {path}");
                    Err(io::Error::new(ErrorKind::AlreadyExists, message))
                }
                persisted => Ok(persisted.map(drop)?),
            },
        }
    }
}

impl Write for Output {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Stream(stream) => stream.write(bytes),
            Self::File { file, .. } => file.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Stream(stream) => stream.flush(),
            Self::File { file, .. } => file.flush(),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use tempfile::TempDir;

    use super::*;

    /// Writes "new" to a file while somebody else may write to it, too. Returns the final content.
    fn write(overwrite: bool, somebody_else: Option<&str>) -> (TempDir, io::Result<()>, String) {
        let directory = TempDir::new().unwrap();
        let path = directory.path().join("orders");
        let mut output = Output::open(&path, overwrite).unwrap();
        output.write_all(b"new").unwrap();
        if let Some(text) = somebody_else {
            fs::write(&path, text).unwrap();
        }
        let finished = output.finish();
        let content = fs::read_to_string(path).unwrap();
        (directory, finished, content)
    }

    #[test]
    fn a_file_that_appears_meanwhile_is_not_overwritten() {
        let (directory, finished, content) = write(false, Some("theirs"));
        assert_eq!(content, "theirs");
        let message = finished.unwrap_err().to_string();
        let (_, kept) = message.split_once("what was written is in ").unwrap();
        assert_eq!(fs::read_to_string(kept).unwrap(), "new");
        assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 2);
    }

    #[test]
    fn a_new_file_gets_its_name_in_the_end() {
        for (overwrite, somebody_else) in [(false, None), (true, None), (true, Some("theirs"))] {
            let (directory, finished, content) = write(overwrite, somebody_else);
            finished.unwrap();
            assert_eq!(content, "new");
            assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 1);
        }
    }

    #[test]
    fn a_dangling_link_counts_as_a_file() {
        let directory = TempDir::new().unwrap();
        let path = directory.path().join("orders");
        std::os::unix::fs::symlink("/nonexistent/orders", &path).unwrap();
        let rejected = Output::open(&path, false).err().unwrap();
        assert_eq!(rejected.kind(), ErrorKind::AlreadyExists);
    }
}
