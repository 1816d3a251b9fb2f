//! No service outlives the harness: [`Watchdog`].

use std::io::{self, Write as _};
use std::process::{Child, ChildStdin, Command, Stdio};

/// Waits for the end of its input, and then kills the processes that were named last.
const SCRIPT: &str = "trap '' HUP INT TERM; while read -r line; do pids=$line; done; \
                      [ -z \"$pids\" ] || kill -s KILL $pids";

/// A small shell that notices our end, however it comes, because the kernel closes the pipe between us.
pub(crate) struct Watchdog {
    shell: Child,
    pipe: Option<ChildStdin>,
}

impl Watchdog {
    pub(crate) fn start() -> io::Result<Self> {
        let mut shell = Command::new("/bin/sh")
            .args(["-c", SCRIPT, "orders-torture-watchdog"])
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()?;
        let pipe = shell.stdin.take();
        Ok(Self { shell, pipe })
    }

    /// From now on these processes, and no others, die with us.
    pub(crate) fn watch(&mut self, processes: impl Iterator<Item = u32>) -> io::Result<()> {
        let numbers: Vec<_> = processes.map(|process| process.to_string()).collect();
        match &mut self.pipe {
            Some(pipe) => writeln!(pipe, "{}", numbers.join(" ")),
            None => Ok(()),
        }
    }
}

impl Drop for Watchdog {
    fn drop(&mut self) {
        // The shell ends when the pipe is closed; there is nothing left to try if not.
        self.pipe = None;
        let _ = self.shell.wait();
    }
}
