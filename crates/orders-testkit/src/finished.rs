//! A program that has ended: [`Finished`].

use std::io::{self, Write as _};
use std::process::{Child, Command, Stdio};
use std::thread;

/// How a program ended, and what it printed. Bytes that are not UTF-8 are replaced.
#[derive(Debug)]
pub struct Finished {
    /// The exit status; `None` if a signal ended the program.
    pub status: Option<i32>,
    /// What it wrote to standard output.
    pub stdout: String,
    /// What it wrote to standard error.
    pub stderr: String,
}

impl Finished {
    /// Runs a program with this input until it ends.
    ///
    /// # Errors
    /// If the program cannot be run.
    pub fn run(program: &mut Command, input: impl AsRef<[u8]>) -> io::Result<Self> {
        program.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = program.spawn()?;
        let (stdin, input) = (child.stdin.take(), input.as_ref());
        thread::scope(|scope| {
            // The program may end before it has read all.
            scope.spawn(|| stdin.map(|mut stdin| stdin.write_all(input)));
            Self::wait(child)
        })
    }

    /// Waits until a program ends, and reads what it prints as far as that is piped.
    ///
    /// # Errors
    /// If its output cannot be read.
    pub fn wait(child: Child) -> io::Result<Self> {
        let output = child.wait_with_output()?;
        let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
        let (stdout, stderr) = (text(output.stdout), text(output.stderr));
        Ok(Self { status: output.status.code(), stdout, stderr })
    }

    /// Checks the status, and that standard error contains a text.
    ///
    /// # Panics
    /// If the program ended otherwise.
    #[track_caller]
    pub fn fails(&self, status: i32, text: &str) {
        assert_eq!(self.status, Some(status), "{}", self.stderr);
        assert!(self.stderr.contains(text), "{}", self.stderr);
    }
}
