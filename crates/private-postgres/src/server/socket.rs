use std::env;
use std::ffi::{OsStr, OsString};
use std::fs;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::fs::MetadataExt;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};

use crate::Error;
use crate::account::Account;
use crate::directory::{Layout, create_private, set_mode};

/// The port, which for a unix socket is only a part of its file name.
pub(crate) const PORT: u16 = 5432;

/// The longest path of a socket that every system accepts, in bytes: with the final zero, macOS has room for 104 and
/// Linux for 108.
const MAX_PATH: usize = 103;

/// The prefix of a socket directory outside the data directory.
const PREFIX: &str = "orders-socket-";

/// Creates the directory for the socket and returns its path.
///
/// It is inside the data directory if that path is short enough. Otherwise it is in the directory for temporary files,
/// and its path is recorded for [`remove_external`].
pub(crate) fn create_directory(layout: &Layout, account: &Account) -> Result<PathBuf, Error> {
    remove_external(layout, account);
    let inside = layout.socket();
    if is_usable(&inside) {
        create_private(&inside, account)?;
        return Ok(inside);
    }
    let elsewhere = tempfile::Builder::new()
        .prefix(PREFIX)
        .tempdir_in(short_temporary_directory(PREFIX.len() + 6))
        .map_err(Error::file("create a directory for a socket in", &env::temp_dir()))?;
    set_mode(elsewhere.path(), 0o700)?;
    account.set_owner(elsewhere.path())?;
    let record = layout.socket_record();
    fs::write(&record, elsewhere.path().as_os_str().as_bytes())
        .map_err(Error::file("write", &record))?;
    Ok(elsewhere.keep())
}

/// The directory of the socket of a server that runs.
pub(crate) fn directory(layout: &Layout) -> PathBuf {
    recorded(layout).unwrap_or_else(|| layout.socket())
}

/// Removes the socket directory outside the data directory, if there is one.
pub(crate) fn remove_external(layout: &Layout, account: &Account) {
    let Some(path) = recorded(layout) else { return };
    let has_our_prefix =
        path.file_name().is_some_and(|name| name.as_bytes().starts_with(PREFIX.as_bytes()));
    // Somebody else may have created a directory of this name since then, for example after a reboot.
    let is_ours = fs::symlink_metadata(&path)
        .is_ok_and(|metadata| metadata.is_dir() && metadata.uid() == account.uid());
    if has_our_prefix && is_ours {
        // If this fails, an empty directory remains.
        let _ = fs::remove_dir_all(&path);
    }
    let _ = fs::remove_file(layout.socket_record());
}

/// The socket directory outside the data directory, if there is one.
fn recorded(layout: &Layout) -> Option<PathBuf> {
    fs::read(layout.socket_record()).ok().map(OsString::from_vec).map(PathBuf::from)
}

/// Whether a socket in this directory can be created and be named in a URL.
pub(crate) fn is_usable(directory: &Path) -> bool {
    let socket = path_in(directory);
    let bytes = socket.as_os_str().as_bytes();
    // In a URL, libpq takes a comma as a separator of hosts.
    bytes.len() <= MAX_PATH && !bytes.contains(&b',')
}

/// The directory for temporary files, or `/tmp` if the path of a socket would be too long there, in a directory whose
/// name has this length.
pub(crate) fn short_temporary_directory(name_length: usize) -> PathBuf {
    let directory = std::path::absolute(env::temp_dir()).unwrap_or_else(|_| PathBuf::from("/tmp"));
    if is_usable(&directory.join("x".repeat(name_length))) { directory } else { "/tmp".into() }
}

/// The setting `unix_socket_directories`. The path is quoted, because the value is a list.
pub(crate) fn setting(directory: &Path) -> OsString {
    let mut value = b"unix_socket_directories=\"".to_vec();
    for &byte in directory.as_os_str().as_bytes() {
        if byte == b'"' {
            value.push(byte);
        }
        value.push(byte);
    }
    value.push(b'"');
    OsStr::from_bytes(&value).to_owned()
}

/// Removes the socket of a server that has ended, and its lock file.
///
/// PostgreSQL does so itself, unless another process has the process id of the old server now.
pub(crate) fn remove_stale(directory: &Path) {
    let socket = path_in(directory);
    // If this fails, PostgreSQL reports it.
    let _ = fs::remove_file(&socket);
    let _ = fs::remove_file(directory.join(format!(".s.PGSQL.{PORT}.lock")));
}

/// Whether a server accepts connections on the socket in this directory.
pub(crate) fn accepts_connections(directory: &Path) -> bool {
    UnixStream::connect(path_in(directory)).is_ok()
}

/// The socket in this directory.
fn path_in(directory: &Path) -> PathBuf {
    directory.join(format!(".s.PGSQL.{PORT}"))
}
