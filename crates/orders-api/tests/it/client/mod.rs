//! The commands `export`, `import` and `webhooks listen`, run by a user or a script.

mod export;
mod import;
mod interrupt;
mod listen;

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpListener;
use std::process::{Child, ChildStderr, ChildStdin, Command, Stdio};
use std::thread;
use std::time::Duration;

use serde_json::Value;

use crate::app::App;
use crate::samples::{lines, order};

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
    run_with(app, arguments, "")
}

fn run_with(app: &App, arguments: &[&str], input: impl AsRef<[u8]>) -> Finished {
    finish(program(app, arguments), input)
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

/// An import from standard input, which stays open until [`Self::close_input`]. It is killed when this is dropped.
struct RunningImport {
    child: Child,
    input: Option<ChildStdin>,
    stderr: BufReader<ChildStderr>,
}

impl RunningImport {
    fn start(app: &App) -> Self {
        let mut child = program(app, &["import", "-"])
            .stdin(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let input = child.stdin.take();
        let stderr = BufReader::new(child.stderr.take().unwrap());
        Self { child, input, stderr }
    }

    fn write(&mut self, orders: &[Value]) {
        self.input.as_mut().unwrap().write_all(lines(orders).as_bytes()).unwrap();
    }

    fn close_input(mut self) -> Self {
        self.input = None;
        self
    }

    fn signal(&self, name: &str) {
        signal(&self.child, name);
    }

    /// The next line that it prints on standard error.
    fn line(&mut self) -> String {
        let mut line = String::new();
        self.stderr.read_line(&mut line).unwrap();
        line
    }

    /// Waits until it ends; its exit status and the rest of its standard error.
    fn end(mut self) -> (Option<i32>, String) {
        let mut stderr = String::new();
        self.stderr.read_to_string(&mut stderr).unwrap();
        (self.child.wait().unwrap().code(), stderr)
    }
}

impl Drop for RunningImport {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn signal(child: &Child, name: &str) {
    let id = child.id().to_string();
    assert!(Command::new("kill").args([name, &id]).status().unwrap().success());
}

fn wait_for_order(app: &App, id: &str) {
    while app.get(&format!("/orders/{id}")).status != 200 {
        thread::sleep(Duration::from_millis(10));
    }
}

fn values(text: &str) -> Vec<Value> {
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn a_command_that_fails_says_why_and_exits_with_2() {
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
    for command in [&["export"][..], &["import", "-"]] {
        for (url, message) in [
            ("http://127.0.0.1:1", "http://127.0.0.1:1"),
            ("https://127.0.0.1", "proxy or tunnel"),
            ("localhost:3000", "http://HOST:PORT"),
            (elsewhere.as_str(), "404"),
        ] {
            let done = run(&app, &[command, &["--url", url]].concat());
            assert_eq!(done.status, Some(2), "{command:?} {url}");
            assert!(
                done.stderr.contains(message) && !done.stderr.contains("placed"),
                "{}",
                done.stderr
            );
        }
    }
    for (arguments, message) in [
        (&["import"][..], "FILE"),
        (&["import", "/nonexistent"], "/nonexistent"),
        (&["import", "/"], "directory"),
        (&["import", "-", "--refused", "/nonexistent/x"], "/nonexistent/x"),
        (&["export", "--from", "yesterday"], "--from"),
        (&["export", "--order", "up"], "--order"),
        (&["export", "--calendar", "a b"], "--calendar"),
    ] {
        let done = run(&app, arguments);
        assert_eq!(done.status, Some(2), "{arguments:?}");
        assert!(done.stderr.contains(message), "{arguments:?}: {}", done.stderr);
    }
    let long =
        run_with(&app, &["import", "-"], [lines(&[order("1", 0)]), "x".repeat(2 << 20)].concat());
    assert_eq!(long.status, Some(2), "{}", long.stderr);
    assert!(long.stderr.starts_with("placed 1 of 1 orders\n"), "{}", long.stderr);
    assert!(long.stderr.contains("line 2 has more than"), "{}", long.stderr);
}
