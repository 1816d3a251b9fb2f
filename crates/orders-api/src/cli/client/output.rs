//! Where orders and refused lines are written to: [`Output`].

use std::fs::{File, Permissions};
use std::io::{self, ErrorKind, Write};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

/// Standard output, or a file. A new file has its name only when it is whole.
pub(super) enum Output {
    Standard,
    /// Something that exists and is no regular file: a pipe, a device.
    Special(File),
    New {
        file: NamedTempFile,
        path: PathBuf,
        existing: Existing,
    },
}

/// What happens to a file that has the name already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Existing {
    Refuse,
    Overwrite,
}

impl Existing {
    pub(super) fn forced(force: bool) -> Self {
        if force { Self::Overwrite } else { Self::Refuse }
    }
}

impl Output {
    /// # Errors
    /// When nothing can be written there, or when the file exists and must not be overwritten.
    pub(super) fn open(path: &Path, existing: Existing) -> io::Result<Self> {
        if path.metadata().is_ok_and(|metadata| !metadata.is_file()) {
            return File::options().write(true).open(path).map(Self::Special);
        }
        // Not following a link: one that leads nowhere would be replaced, too.
        if existing == Existing::Refuse && path.symlink_metadata().is_ok() {
            return Err(io::Error::new(
                ErrorKind::AlreadyExists,
                "the file exists; use --force to overwrite it",
            ));
        }
        let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty());
        // What the process's mask leaves of it, as for any new file.
        let permissions = Permissions::from_mode(0o666);
        let file = tempfile::Builder::new()
            .prefix(".orders-")
            .permissions(permissions)
            .tempfile_in(parent.unwrap_or(Path::new(".")))?;
        Ok(Self::New { file, path: path.to_owned(), existing })
    }

    /// Gives the file its name, now that everything was written.
    ///
    /// # Errors
    /// When that is not possible. If a file of that name appeared after [`Output::open`] and must not be overwritten,
    /// what was written is kept under the name that the error tells.
    pub(super) fn finish(self) -> io::Result<()> {
        match self {
            Self::Standard => io::stdout().flush(),
            Self::Special(_) => Ok(()),
            Self::New { file, path, existing: Existing::Overwrite } => {
                file.persist(path).map(drop).map_err(|error| error.error)
            }
            Self::New { file, path, existing: Existing::Refuse } => {
                match file.persist_noclobber(path) {
                    Ok(_) => Ok(()),
                    Err(error) if error.error.kind() == ErrorKind::AlreadyExists => {
                        let (_, kept) = error.file.keep().map_err(|error| error.error)?;
                        Err(io::Error::new(
                            ErrorKind::AlreadyExists,
                            format!(
                                "another file has that name by now; what was written is in {}",
                                kept.display()
                            ),
                        ))
                    }
                    Err(error) => Err(error.error),
                }
            }
        }
    }
}

impl Write for Output {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Standard => io::stdout().write(bytes),
            Self::Special(file) => file.write(bytes),
            Self::New { file, .. } => file.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Standard => io::stdout().flush(),
            Self::Special(file) => file.flush(),
            Self::New { file, .. } => file.flush(),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use tempfile::TempDir;

    use super::*;

    /// Writes `new` to a file, and what is in it in the end. Another one writes `theirs` meanwhile.
    fn write(existing: Existing, theirs: Option<&str>) -> (TempDir, io::Result<()>, String) {
        let directory = TempDir::new().unwrap();
        let path = directory.path().join("orders");
        let mut output = Output::open(&path, existing).unwrap();
        output.write_all(b"new").unwrap();
        if let Some(theirs) = theirs {
            fs::write(&path, theirs).unwrap();
        }
        let finished = output.finish();
        let content = fs::read_to_string(path).unwrap();
        (directory, finished, content)
    }

    #[test]
    fn a_file_that_appears_meanwhile_is_not_overwritten() {
        let (directory, finished, content) = write(Existing::Refuse, Some("theirs"));
        assert_eq!(content, "theirs");
        let said = finished.unwrap_err().to_string();
        let (_, kept) = said.split_once("what was written is in ").unwrap();
        assert_eq!(fs::read_to_string(kept).unwrap(), "new");
        assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 2);
    }

    #[test]
    fn a_new_file_gets_its_name_in_the_end() {
        for (existing, theirs) in [
            (Existing::Refuse, None),
            (Existing::Overwrite, None),
            (Existing::Overwrite, Some("theirs")),
        ] {
            let (directory, finished, content) = write(existing, theirs);
            finished.unwrap();
            assert_eq!(content, "new");
            assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 1);
        }
    }

    #[test]
    fn a_link_that_leads_nowhere_exists() {
        let directory = TempDir::new().unwrap();
        let path = directory.path().join("orders");
        std::os::unix::fs::symlink("/nonexistent/orders", &path).unwrap();
        let refused = Output::open(&path, Existing::Refuse).err().unwrap();
        assert_eq!(refused.kind(), ErrorKind::AlreadyExists);
    }
}
