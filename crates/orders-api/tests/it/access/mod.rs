//! Access control: keys, scopes, calendars, and who needs none of them.

mod database_role;
mod defaults;
mod imports;
mod keys;
mod own;
mod routes;
mod secrets;
mod snapshot;
mod tokens;

use std::io::Write as _;
use std::process::{Command, Stdio};

use crate::app::{Answer, App};

/// What a command of the program printed.
pub(crate) struct Printed {
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

/// Runs the program with these arguments, gives it this input, and returns what it printed, or the same as an error if
/// it failed.
pub(crate) fn program(arguments: &[&str], input: &str) -> Result<Printed, Printed> {
    let mut child = Command::new(env!("CARGO_BIN_EXE_orders-api"))
        .args(arguments)
        .env_remove("DATABASE_URL")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap().trim_end().to_owned();
    let printed = Printed { stdout: text(output.stdout), stderr: text(output.stderr) };
    if output.status.success() { Ok(printed) } else { Err(printed) }
}

impl App {
    /// Runs a command on the app's database, and returns its output.
    #[track_caller]
    pub(crate) fn command(&self, arguments: &str) -> String {
        let url = self.url();
        let arguments: Vec<_> = arguments.split(' ').chain(["--database-url", &url]).collect();
        program(&arguments, "").map_err(|printed| printed.stderr).unwrap().stdout
    }

    /// The key of a new client with this scope, and with these other arguments.
    #[track_caller]
    pub(crate) fn new_key(&self, client: &str, scope: &str) -> String {
        self.command(&format!("clients add {client} --scope {scope}"));
        self.command(&format!("keys create {client}"))
    }

    /// `GET` with this key.
    pub(crate) fn get_with(&self, key: &str, path: &str) -> Answer {
        self.send("GET", path, &[("Authorization", &bearer(key))])
    }
}

/// The value of `Authorization`.
pub(crate) fn bearer(key: &str) -> String {
    format!("Bearer {key}")
}

/// Repeats a request until it is answered with this status. Other instances notice a change within two seconds.
#[track_caller]
pub(crate) fn eventually(status: u16, request: impl Fn() -> Answer) -> Answer {
    for _ in 0..100 {
        let answer = request();
        if answer.status == status {
            return answer;
        }
        std::thread::sleep(std::time::Duration::from_millis(100));
    }
    panic!("no {status}, but {:?}", request())
}
