//! The file with the keys of the identity provider: [`KeyFile`].

use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use super::jwks::Jwks;

/// A file with a JWK Set, which can be replaced at any time.
pub(super) struct KeyFile {
    path: PathBuf,
    keys: RwLock<Arc<Jwks>>,
    /// The file that was read last, or none if it was missing.
    seen: Mutex<Option<Version>>,
}

/// The keys cannot be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum UnusableKeys {
    #[error("cannot read {}: {cause}", path.display())]
    Unreadable { path: PathBuf, cause: io::Error },
    #[error("{} is not a JWK Set: {cause}", path.display())]
    NotAJwkSet { path: PathBuf, cause: serde_json::Error },
}

/// What differs between a file and its replacement.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Version {
    inode: u64,
    size: u64,
    modified: (i64, i64),
    changed: (i64, i64),
}

impl KeyFile {
    /// Reads the file.
    ///
    /// # Errors
    /// If it cannot be read or is not a JWK Set.
    pub(super) fn open(path: PathBuf) -> Result<Self, UnusableKeys> {
        let seen = Mutex::new(Version::of(&path));
        let keys = RwLock::new(Arc::new(read(&path)?));
        Ok(Self { path, keys, seen })
    }

    /// The keys that are valid now.
    pub(super) fn current(&self) -> Arc<Jwks> {
        Arc::clone(&self.keys.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Reads the file again if it is another one than the last time. The old keys stay in use until there is a file with
    /// new ones.
    ///
    /// # Errors
    /// If the new file cannot be read or is not a JWK Set.
    pub(super) fn reload(&self) -> Result<(), UnusableKeys> {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        // Before the file is read: if it is replaced meanwhile, it is read once more the next time.
        let found = Version::of(&self.path);
        if *seen != found {
            *seen = found;
            let keys = Arc::new(read(&self.path)?);
            *self.keys.write().unwrap_or_else(PoisonError::into_inner) = keys;
        }
        Ok(())
    }
}

/// The keys in the file.
fn read(path: &Path) -> Result<Jwks, UnusableKeys> {
    let json = fs::read(path)
        .map_err(|cause| UnusableKeys::Unreadable { path: path.to_owned(), cause })?;
    let keys = Jwks::parse(&json)
        .map_err(|cause| UnusableKeys::NotAJwkSet { path: path.to_owned(), cause })?;
    log::info!("usable keys of the identity provider in {}: {}", path.display(), keys.len());
    Ok(keys)
}

impl Version {
    /// The version of the file, if it exists.
    fn of(path: &Path) -> Option<Self> {
        let file = fs::metadata(path).ok()?;
        Some(Self {
            inode: file.ino(),
            size: file.size(),
            modified: (file.mtime(), file.mtime_nsec()),
            changed: (file.ctime(), file.ctime_nsec()),
        })
    }
}
