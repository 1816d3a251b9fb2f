use std::env;
use std::ffi::{OsStr, OsString};
use std::fs;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::fs::MetadataExt;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};

use crate::Error;
use crate::account::Account;
use crate::files::{create_private, set_mode};
use crate::layout::Layout;

/// The port, which for a unix socket is only a part of its file name.
pub(crate) const PORT: u16 = 5432;

/// The longest path of a socket that every system accepts: macOS has room for 104 bytes with the
/// final zero, Linux for 108.
const LONGEST: usize = 103;

/// The start of the name of a socket directory outside the data directory.
const PREFIX: &str = "orders-socket-";

/// Makes the directory for the socket and returns its path.
///
/// It is inside the data directory if the path is short enough, otherwise in the directory for
/// temporary files, and then its name is recorded for [`remove_elsewhere`].
pub(crate) fn create_directory(layout: &Layout, account: &Account) -> Result<PathBuf, Error> {
    remove_elsewhere(layout, account);
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
    account.give(elsewhere.path())?;
    let record = layout.socket_record();
    fs::write(&record, elsewhere.path().as_os_str().as_bytes())
        .map_err(Error::file("write", &record))?;
    Ok(elsewhere.keep())
}

/// Removes the socket directory outside the data directory, if there is one.
pub(crate) fn remove_elsewhere(layout: &Layout, account: &Account) {
    let record = layout.socket_record();
    let Ok(bytes) = fs::read(&record) else { return };
    let path = PathBuf::from(OsString::from_vec(bytes));
    let is_named_so =
        path.file_name().is_some_and(|name| name.as_bytes().starts_with(PREFIX.as_bytes()));
    // Somebody else may have made a directory of this name since, for example after a reboot.
    let is_ours = fs::symlink_metadata(&path)
        .is_ok_and(|metadata| metadata.is_dir() && metadata.uid() == account.uid());
    if is_named_so && is_ours {
        // What remains is an empty directory at worst.
        let _ = fs::remove_dir_all(&path);
    }
    let _ = fs::remove_file(&record);
}

/// Whether a socket can be made in this directory and named in a URL.
pub(crate) fn is_usable(directory: &Path) -> bool {
    let socket = path_in(directory);
    let bytes = socket.as_os_str().as_bytes();
    // libpq takes a comma for the end of one host and the start of the next.
    bytes.len() <= LONGEST && !bytes.contains(&b',')
}

/// The directory for temporary files, or `/tmp` if sockets in a directory with a name of this
/// length would have too long a path there.
pub(crate) fn short_temporary_directory(name_length: usize) -> PathBuf {
    let directory = std::path::absolute(env::temp_dir()).unwrap_or_else(|_| PathBuf::from("/tmp"));
    if is_usable(&directory.join("x".repeat(name_length))) { directory } else { "/tmp".into() }
}

/// The setting `unix_socket_directories`, a list in which a quoted name may contain anything.
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

/// Removes the socket of a server that has ended, and the lock that goes with it.
///
/// PostgreSQL does this itself, unless the number of the old server belongs to another process now.
pub(crate) fn remove_stale(directory: &Path) {
    let socket = path_in(directory);
    // PostgreSQL will say so if something is in its way.
    let _ = fs::remove_file(&socket);
    let _ = fs::remove_file(directory.join(format!(".s.PGSQL.{PORT}.lock")));
}

/// Whether something answers on the socket in this directory.
pub(crate) fn answers(directory: &Path) -> bool {
    UnixStream::connect(path_in(directory)).is_ok()
}

/// The socket in this directory.
fn path_in(directory: &Path) -> PathBuf {
    directory.join(format!(".s.PGSQL.{PORT}"))
}
