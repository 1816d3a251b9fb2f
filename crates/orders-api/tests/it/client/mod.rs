//! The commands of the program that use a running service, run by a user or a script.

mod listen;

use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::process::{Child, Command, Stdio};
use std::thread;

use crate::app::App;

/// How a program ended, and what it printed.
pub(crate) struct Finished {
    pub(crate) status: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

/// The program as a client of this service.
pub(crate) fn program(app: &App, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_orders-api"));
    command.args(arguments).env("ORDERS_URL", format!("http://{}", app.address()));
    command
}

fn run(app: &App, arguments: &[&str]) -> Finished {
    finish(program(app, arguments), "")
}

/// Runs the program with this input until it ends.
pub(crate) fn finish(mut program: Command, input: impl AsRef<[u8]>) -> Finished {
    let mut child = program
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let input = input.as_ref().to_owned();
    let writer = thread::spawn(move || drop(stdin.write_all(&input)));
    let finished = wait(child);
    writer.join().unwrap();
    finished
}

fn wait(child: Child) -> Finished {
    let output = child.wait_with_output().unwrap();
    Finished {
        status: output.status.code(),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}

fn signal(child: &Child, name: &str) {
    let id = child.id().to_string();
    assert!(Command::new("kill").args([name, &id]).status().unwrap().success());
}

#[test]
fn a_command_that_fails_says_why() {
    let app = App::start();
    let other = TcpListener::bind("127.0.0.1:0").unwrap();
    let elsewhere = format!("http://{}", other.local_addr().unwrap());
    thread::spawn(move || {
        for stream in other.incoming() {
            let mut stream = stream.unwrap();
            let _ = stream.read(&mut [0; 1000]);
            let _ = stream.write_all(b"HTTP/1.1 404 Not Found\r\nContent-Length: 2\r\n\r\nno");
        }
    });
    for (url, status, message) in [
        ("http://127.0.0.1:1", 1, "http://127.0.0.1:1"),
        (elsewhere.as_str(), 1, "404"),
        ("https://127.0.0.1", 2, "proxy or tunnel"),
        ("localhost:3000", 2, "http://HOST:PORT"),
    ] {
        let done = run(&app, &["webhooks", "listen", "--url", url]);
        assert_eq!(done.status, Some(status), "{url}");
        assert!(done.stderr.contains(message), "{}", done.stderr);
    }
}
