//! Kills the processes that are still running when this one ends.
//!
//! Destructors do not run when a process is killed, so a small shell does the work: it notices the end of our process
//! because the kernel closes the pipe between the two.

use std::collections::BTreeSet;
use std::io::{self, Write as _};
use std::os::unix::process::CommandExt as _;
use std::process::{Child, Command, Stdio};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Waits for the end of its input, then kills the processes on the last line.
const SCRIPT: &str = "trap '' HUP INT TERM; while read -r line; do processes=$line; done; \
                      [ -z \"$processes\" ] || kill -s KILL $processes";

static WATCHDOG: Mutex<Option<Watchdog>> = Mutex::new(None);

struct Watchdog {
    shell: Child,
    processes: BTreeSet<u32>,
}

/// From now on, the process is killed when our own ends.
///
/// # Errors
/// If the shell cannot be run.
pub(crate) fn watch(process: u32) -> io::Result<()> {
    let mut watchdog = lock();
    if watchdog.is_none() {
        *watchdog = Some(Watchdog { shell: start()?, processes: BTreeSet::new() });
    }
    watchdog.as_mut().map_or(Ok(()), |watchdog| {
        watchdog.processes.insert(process);
        watchdog.tell()
    })
}

/// The process has ended or is about to, so its id may be given to another one.
pub(crate) fn release(process: u32) {
    if let Some(watchdog) = &mut *lock() {
        watchdog.processes.remove(&process);
        // Without the shell there is nothing to be told.
        let _ = watchdog.tell();
    }
}

impl Watchdog {
    fn tell(&mut self) -> io::Result<()> {
        let numbers: Vec<_> = self.processes.iter().map(u32::to_string).collect();
        let line = numbers.join(" ") + "\n";
        self.shell.stdin.as_mut().map_or(Ok(()), |pipe| pipe.write_all(line.as_bytes()))
    }
}

fn start() -> io::Result<Child> {
    Command::new("/bin/sh")
        .args(["-c", SCRIPT, "orders-testkit-watchdog"])
        .stdin(Stdio::piped())
        // Whatever reads our output until its end must not wait for the shell.
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        // Ctrl-C at the terminal must not reach it.
        .process_group(0)
        .spawn()
}

fn lock() -> MutexGuard<'static, Option<Watchdog>> {
    WATCHDOG.lock().unwrap_or_else(PoisonError::into_inner)
}
