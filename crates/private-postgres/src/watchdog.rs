use std::fs;
use std::io::Write;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Mutex, PoisonError};

use crate::Error;
use crate::account::Account;
use crate::files::set_mode;
use crate::socket::short_temporary_directory;

/// The start of the names of temporary directories.
const PREFIX: &str = "orders-postgres-";

/// Waits for the end of its input, then kills the last process group named there and removes the
/// directory. The children of a postmaster have groups of their own, and it ends after them.
/// Init may be slow to bury it, or never do so in a container, hence the look at its state.
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

/// Makes sure that temporary servers and directories disappear with this process.
///
/// Destructors do not run for statics, nor when a process is killed. A small shell does the work
/// instead: it notices our end because the kernel closes the pipe between us.
#[derive(Debug)]
pub(crate) struct Guard {
    watchdog: Option<Mutex<Child>>,
    directory: PathBuf,
}

impl Guard {
    /// Guards nothing, for a directory that is to be kept.
    pub(crate) fn none() -> Self {
        Self { watchdog: None, directory: PathBuf::new() }
    }

    /// Creates a temporary directory, and the watchdog that will remove it.
    pub(crate) fn of_new_directory(account: &Account) -> Result<Self, Error> {
        let random = 6;
        let parent = short_temporary_directory(PREFIX.len() + random + "/socket".len());
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
            // Whoever reads our output waits for the end of everybody who could write to it.
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

    /// From now on this process, which leads its group, dies with us.
    pub(crate) fn watch(&self, process: u32) {
        self.tell(process);
    }

    /// The process has ended, and its number may be given to somebody else.
    pub(crate) fn watch_nothing(&self) {
        self.tell(0);
    }

    fn tell(&self, process: u32) {
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

impl Drop for Guard {
    fn drop(&mut self) {
        let Some(watchdog) = &mut self.watchdog else {
            return;
        };
        // Waiting also closes the pipe, which is what the watchdog waits for.
        let _ = watchdog.get_mut().unwrap_or_else(PoisonError::into_inner).wait();
        // This is its work, unless somebody has killed it.
        let _ = fs::remove_dir_all(&self.directory);
    }
}
