use std::path::{Path, PathBuf};

use crate::Error;

/// The paths inside the directory of a private PostgreSQL.
#[derive(Debug, Clone)]
pub(crate) struct Layout {
    root: PathBuf,
}

impl Layout {
    /// The layout of this directory, which need not exist.
    pub(crate) fn new(directory: &Path) -> Result<Self, Error> {
        // Absolute, because the server has another current directory.
        let root = std::path::absolute(directory).map_err(Error::file("find", directory))?;
        Ok(Self { root })
    }

    /// The directory itself.
    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    /// The file that the owner of the directory has locked.
    pub(crate) fn lock(&self) -> PathBuf {
        self.root.join("owner.lock")
    }

    /// The data directory of PostgreSQL.
    pub(crate) fn data(&self) -> PathBuf {
        self.root.join("postgres")
    }

    /// The directory of the unix socket, unless its path is too long.
    pub(crate) fn socket(&self) -> PathBuf {
        self.root.join("socket")
    }

    /// The file that contains the path of the directory of the unix socket if that is elsewhere.
    pub(crate) fn socket_record(&self) -> PathBuf {
        self.root.join("socket-directory")
    }

    /// The log of the server.
    pub(crate) fn log(&self) -> PathBuf {
        self.root.join("log").join("postgres.log")
    }
}
