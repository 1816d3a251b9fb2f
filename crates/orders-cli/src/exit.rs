//! The exit status: [`code`].

use std::io::{self, ErrorKind};
use std::process::ExitCode;

use anyhow::Result;
use orders_client::Error;

use crate::interrupt::Interrupted;
use crate::print::print_message;

/// The service rejected what was requested, or some of it. Nothing of that was changed.
const REJECTED: u8 = 1;

/// The command failed, as clap's status for a wrong command line. It may or may not have been done.
const FAILED: u8 = 2;

/// As a shell's for a command that Ctrl-C ended.
const INTERRUPTED: u8 = 130;

/// The service rejected something, which has been printed.
#[derive(Debug, thiserror::Error)]
#[error("rejected")]
pub(crate) struct Rejected;

/// Prints why a command failed, and returns its exit status.
pub(crate) fn code(result: Result<()>) -> ExitCode {
    let Err(error) = result else { return ExitCode::SUCCESS };
    if error.is::<Rejected>() {
        return ExitCode::from(REJECTED);
    }
    if let Some(interrupted) = error.downcast_ref::<Interrupted>() {
        print_message(&interrupted.to_string());
        return ExitCode::from(INTERRUPTED);
    }
    // The reader of our output, such as `head`, needs no more of it.
    let is_broken_pipe = |error: &io::Error| error.kind() == ErrorKind::BrokenPipe;
    if error.downcast_ref::<io::Error>().is_some_and(is_broken_pipe) {
        return ExitCode::SUCCESS;
    }
    print_message(&format!("error: {error:#}"));
    let is_rejection = error.downcast_ref::<Error>().is_some_and(Error::is_rejection);
    ExitCode::from(if is_rejection { REJECTED } else { FAILED })
}
