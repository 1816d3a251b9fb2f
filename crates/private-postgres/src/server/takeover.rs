use std::fs;
use std::io::Write;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use rustix::process::Pid;
use tempfile::NamedTempFile;

use crate::Error;
use crate::account::Account;
use crate::server::process::{Postmaster, ShutdownMode, stop};

/// Stops the server that a killed owner has left running on this data directory of PostgreSQL.
///
/// Afterwards a new server can be started, whatever the old one has left behind.
pub(crate) fn stop_leftover_server(data: &Path, account: &Account) -> Result<(), Error> {
    let file = data.join("postmaster.pid");
    let Ok(text) = fs::read_to_string(&file) else {
        return Ok(());
    };
    if text.trim().is_empty() {
        // A crash can leave an empty file, which PostgreSQL takes for a server that is starting.
        return fs::remove_file(&file).map_err(Error::file("remove", &file));
    }
    let first = text.lines().next().unwrap_or_default();
    let Some(pid) = first.trim().parse().ok().and_then(Pid::from_raw) else {
        return Ok(());
    };
    let mut leftover = Leftover { pid, data: data.to_owned() };
    if leftover.is_running() {
        log::info!("stopping the postgresql server {pid} that a killed process has left behind");
        return stop(&mut leftover, ShutdownMode::Fast);
    }
    // Another process may have this id now. PostgreSQL would take it for a running server and refuse to start. It
    // ignores the id of its own parent, so we write ours. By the rest of the file it still checks that no process of
    // the old server uses its shared memory.
    let rest = text.strip_prefix(first).unwrap_or_default();
    replace(&file, &format!("{}{rest}", std::process::id()), account)
}

/// Replaces the content of a file of the server: all of it, or nothing if the disk is full.
fn replace(file: &Path, content: &str, account: &Account) -> Result<(), Error> {
    let directory = file.parent().unwrap_or(file);
    let mut new =
        NamedTempFile::new_in(directory).map_err(Error::file("create a file in", directory))?;
    new.write_all(content.as_bytes()).map_err(Error::file("write", file))?;
    account.set_owner(new.path())?;
    new.persist(file).map(drop).map_err(|error| Error::file("write", file)(error.error))
}

/// A server that is not our child.
struct Leftover {
    pid: Pid,
    data: PathBuf,
}

impl Postmaster for Leftover {
    fn pid(&self) -> Pid {
        self.pid
    }

    fn is_running(&mut self) -> bool {
        // The data directory is the current directory of a postmaster, and hardly ever of another process.
        if Path::new("/proc/self/cwd").exists() {
            let current = fs::metadata(format!("/proc/{}/cwd", self.pid));
            let (Ok(current), Ok(data)) = (current, fs::metadata(&self.data)) else {
                return false;
            };
            return (current.dev(), current.ino()) == (data.dev(), data.ino());
        }
        let output = Command::new("ps")
            .args(["-ww", "-o", "command=", "-p", &self.pid.to_string()])
            .output();
        output.is_ok_and(|output| {
            let command = String::from_utf8_lossy(&output.stdout).into_owned();
            command.contains(&*self.data.to_string_lossy())
        })
    }
}
