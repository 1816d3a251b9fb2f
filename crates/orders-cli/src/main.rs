//! `orders`: the command line for people who book, move and watch orders.

mod arguments;
mod commands;
mod exit;
mod interrupt;
mod output;
mod print;
mod printable;
mod progress;
mod shell;
mod time;

use std::process::ExitCode;

use clap::Parser as _;

use crate::arguments::Cli;

fn main() -> ExitCode {
    let cli = Cli::parse();
    // OK because a runtime without threads of its own needs nothing but an event queue.
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let code = exit::code(runtime.block_on(commands::run(cli)));
    // A thread may still wait for standard input.
    runtime.shutdown_background();
    code
}
