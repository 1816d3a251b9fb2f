use std::env;
use std::fs;
use std::io::Write;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Mutex, PoisonError};

use rustix::fs::Access;

use crate::Error;
use crate::account::Account;
use crate::directory::set_mode;
use crate::server::socket::short_temporary_directory;

/// The prefix of temporary directories.
const PREFIX: &str = "orders-postgres-";

/// The file system in memory on Linux. Elsewhere it does not exist, and in a container it may be too small.
const MEMORY: &str = "/dev/shm";

/// How many bytes must be free there: some times what a large test needs.
const ENOUGH_MEMORY: u64 = 2 << 30;

/// Waits for the end of its input, then kills the process group in its last line and removes the directory.
///
/// The children of a postmaster have process groups of their own, but the postmaster ends after them. A zombie counts
/// as ended, because init may reap it late, or in a container never.
const SCRIPT: &str = r#"
trap '' HUP INT TERM
alive() {
    kill -s 0 -- "-$group" 2>/dev/null || return 1
    read -r id name state rest 2>/dev/null <"/proc/$group/stat" || return 0
    [ "$state" != Z ]
}
group=0
while read -r line; do group=$line; done
if [ "$group" -gt 0 ]; then
    kill -s QUIT -- "-$group" 2>/dev/null
    tries=0
    while alive && [ "$tries" -lt 100 ]; do
        sleep 0.1
        tries=$((tries + 1))
    done
    kill -s KILL -- "-$group" 2>/dev/null
fi
rm -rf -- "$1" || { sleep 1; rm -rf -- "$1"; }
"#;

/// Removes a temporary server and its directory when this process ends, however it ends.
///
/// Destructors do not run for statics, nor if the process is killed. So a shell does the work: it notices our end
/// because the kernel closes the pipe to it.
#[derive(Debug)]
pub(crate) struct Guard {
    watchdog: Option<Mutex<Child>>,
    directory: PathBuf,
}

impl Guard {
    /// For a directory that is kept.
    pub(crate) fn none() -> Self {
        Self { watchdog: None, directory: PathBuf::new() }
    }

    /// Creates a temporary directory, and the watchdog that will remove it. What must not survive a crash of the machine
    /// is kept in memory if there is space.
    pub(crate) fn of_new_directory(account: &Account, durable: bool) -> Result<Self, Error> {
        let random = 6;
        let in_memory = if durable { None } else { memory_directory() };
        let parent = in_memory
            .unwrap_or_else(|| short_temporary_directory(PREFIX.len() + random + "/socket".len()));
        let temporary = tempfile::Builder::new()
            .prefix(PREFIX)
            .rand_bytes(random)
            .tempdir_in(&parent)
            .map_err(Error::file("create a temporary directory in", &parent))?;
        let directory = temporary.path().to_owned();
        set_mode(&directory, if account.is_other() { 0o711 } else { 0o700 })?;
        let shell = Path::new("/bin/sh");
        let watchdog = Command::new(shell)
            .args(["-c", SCRIPT, "orders-postgres-watchdog"])
            .arg(&directory)
            .current_dir("/")
            .stdin(Stdio::piped())
            // Otherwise a reader of our output would wait for the end of the watchdog, too.
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .process_group(0)
            .spawn()
            .map_err(Account::Own.run_error(shell))?;
        let _ = temporary.keep();
        Ok(Self { watchdog: Some(Mutex::new(watchdog)), directory })
    }

    /// The temporary directory.
    pub(crate) fn directory(&self) -> &Path {
        &self.directory
    }

    /// Kills this process, the leader of its group, when our process ends.
    pub(crate) fn watch(&self, process: u32) {
        self.send(process);
    }

    /// Kills no process, because the watched one has ended and its id may be reused.
    pub(crate) fn watch_nothing(&self) {
        self.send(0);
    }

    fn send(&self, process: u32) {
        let Some(watchdog) = &self.watchdog else {
            return;
        };
        let mut watchdog = watchdog.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(stdin) = &mut watchdog.stdin
            && let Err(reason) = stdin.write_all(format!("{process}\n").as_bytes())
        {
            log::warn!("the watchdog of {} is gone: {reason}", self.directory.display());
        }
    }
}

/// A directory whose files are in memory, if there is one with enough space, and nobody has chosen another directory.
///
/// A database has about 300 files. On some file systems, such as ext4 without a journal, the time to create so many grows
/// with the number of those that were removed a moment ago.
fn memory_directory() -> Option<PathBuf> {
    let directory = Path::new(MEMORY);
    let space = rustix::fs::statvfs(directory).ok()?;
    let is_large = space.f_bavail.saturating_mul(space.f_frsize) >= ENOUGH_MEMORY;
    let is_ours = rustix::fs::access(directory, Access::WRITE_OK | Access::EXEC_OK).is_ok();
    (is_large && is_ours && env::var_os("TMPDIR").is_none()).then(|| directory.to_owned())
}

impl Drop for Guard {
    fn drop(&mut self) {
        let Some(watchdog) = &mut self.watchdog else {
            return;
        };
        // `wait` closes the pipe first, and the watchdog then does its work.
        let _ = watchdog.get_mut().unwrap_or_else(PoisonError::into_inner).wait();
        // Only needed if the watchdog was killed.
        let _ = fs::remove_dir_all(&self.directory);
    }
}
