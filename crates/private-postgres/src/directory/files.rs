use std::ffi::OsStr;
use std::fs::{self, DirBuilder, File, Permissions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

use crate::Error;
use crate::account::Account;

/// Creates a directory and its missing parents so that the server's user can enter them. An existing directory is opened
/// to that user only if it belongs to the user of this process.
pub(crate) fn create_accessible(directory: &Path, account: &Account) -> Result<(), Error> {
    check_reachable(directory, account)?;
    let mut missing: Vec<&Path> = directory.ancestors().take_while(|path| !path.exists()).collect();
    missing.reverse();
    let mode = if account.is_other() { 0o711 } else { 0o700 };
    for path in missing {
        fs::create_dir(path).map_err(Error::file("create", path))?;
        set_mode(path, mode)?;
    }
    let existing = fs::metadata(directory).map_err(Error::file("look at", directory))?;
    let mode = existing.permissions().mode();
    if !account.is_other() || existing.uid() == account.uid() || mode & 0o001 != 0 {
        return Ok(());
    }
    // We may open root's own directory, such as one of `mktemp -d`, but not one that another user has closed.
    if existing.uid() != rustix::process::geteuid().as_raw() {
        return Err(Error::Closed {
            directory: directory.to_owned(),
            account: account.name().to_owned(),
        });
    }
    set_mode(directory, (mode & 0o7777) | 0o001)?;
    Ok(())
}

/// Creates a directory, if it is missing, that only the server's user and root can enter.
pub(crate) fn create_private(directory: &Path, account: &Account) -> Result<(), Error> {
    match DirBuilder::new().mode(0o700).create(directory) {
        Err(reason) if reason.kind() != io::ErrorKind::AlreadyExists => {
            return Err(Error::file("create", directory)(reason));
        }
        _ => {}
    }
    set_mode(directory, 0o700)?;
    account.set_owner(directory)
}

/// Sets the permission bits of a file or directory.
pub(crate) fn set_mode(path: &Path, mode: u32) -> Result<(), Error> {
    fs::set_permissions(path, Permissions::from_mode(mode))
        .map_err(Error::file("change the permissions of", path))
}

/// Writes the entries of a directory to disk, so that they survive a power failure.
pub(crate) fn sync_directory(directory: &Path) -> Result<(), Error> {
    File::open(directory)
        .and_then(|directory| directory.sync_all())
        .map_err(Error::file("write", directory))
}

/// Checks that the server's user can enter the existing parents of a directory.
fn check_reachable(directory: &Path, account: &Account) -> Result<(), Error> {
    if !account.is_other() {
        return Ok(());
    }
    let mut parents: Vec<&OsStr> =
        directory.ancestors().skip(1).filter(|path| path.exists()).map(Path::as_os_str).collect();
    parents.reverse();
    // Trying it also covers access control lists, which the permission bits do not show.
    let script = r#"for d do cd "$d" 2>/dev/null || { printf %s "$d"; exit 1; }; done"#;
    let shell = Path::new("/bin/sh");
    let output = account
        .command(shell)
        .args(["-c", script, "sh"])
        .args(parents)
        .output()
        .map_err(account.run_error(shell))?;
    if output.status.success() {
        return Ok(());
    }
    Err(Error::Unreachable {
        directory: directory.to_owned(),
        barrier: PathBuf::from(String::from_utf8_lossy(&output.stdout).into_owned()),
        account: account.name().to_owned(),
    })
}
