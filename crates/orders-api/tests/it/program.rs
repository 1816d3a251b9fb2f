//! The program itself as a service that runs: [`Program`].

use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use ureq::http::Request;

use crate::app::{Answer, PATIENCE};

/// The program, running.
pub(crate) struct Program {
    child: Child,
    address: String,
    log: Log,
}

/// What the program has written to standard error so far, by lines.
type Log = Arc<Mutex<Vec<String>>>;

impl Program {
    /// Starts it and waits until it says where it listens.
    pub(crate) fn start(arguments: &[&str]) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_orders-api"))
            .args(["--bind", "127.0.0.1:0", "--connections", "2"])
            .args(arguments)
            .env_remove("DATABASE_URL")
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut said = BufReader::new(child.stderr.take().unwrap()).lines();
        let mut address = None;
        for line in said.by_ref() {
            let line = line.unwrap();
            if let Some((_, rest)) = line.split_once("listening on http://") {
                address = rest.split(',').next().map(str::to_owned);
                break;
            }
        }
        let log = Log::default();
        let copy = Arc::clone(&log);
        thread::spawn(move || said.for_each(|line| copy.lock().unwrap().push(line.unwrap())));
        Self { child, address: address.expect("it listens"), log }
    }

    pub(crate) fn send(&self, method: &str, path: &str, body: impl ToString) -> Answer {
        let agent: ureq::Agent = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .timeout_global(Some(PATIENCE))
            .build()
            .into();
        let request = Request::builder()
            .method(method)
            .uri(format!("http://{}{path}", self.address))
            .header("Content-Type", "application/json")
            .body(body.to_string())
            .unwrap();
        let (head, mut body) = agent.run(request).unwrap().into_parts();
        let body = body.read_to_vec().unwrap();
        Answer { status: head.status.as_u16(), headers: head.headers, body }
    }

    /// Where it listens.
    pub(crate) fn address(&self) -> SocketAddr {
        self.address.parse().unwrap()
    }

    /// What it has logged since it listens.
    pub(crate) fn log(&self) -> Vec<String> {
        self.log.lock().unwrap().clone()
    }

    /// The first line of the log that has this part; waits for it.
    #[track_caller]
    pub(crate) fn logs(&self, part: &str) -> String {
        let began = Instant::now();
        loop {
            if let Some(line) = self.log().into_iter().find(|line| line.contains(part)) {
                return line;
            }
            assert!(began.elapsed() < PATIENCE, "no {part} in {:#?}", self.log());
            thread::sleep(Duration::from_millis(10));
        }
    }

    /// Waits until `/readyz` has this status.
    pub(crate) fn wait_for(&self, status: u16) -> Answer {
        let began = Instant::now();
        loop {
            let answer = self.send("GET", "/readyz", "");
            if answer.status == status {
                return answer;
            }
            assert!(began.elapsed() < PATIENCE, "no {status}, but {answer:?}");
            thread::sleep(Duration::from_millis(10));
        }
    }

    pub(crate) fn signal(&self, name: &str) {
        signal(name, &self.child.id().to_string());
    }

    /// Waits until it ends.
    pub(crate) fn end(mut self) -> ExitStatus {
        let began = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status;
            }
            assert!(began.elapsed() < PATIENCE, "it does not end");
            thread::sleep(Duration::from_millis(10));
        }
    }
}

/// Sends a signal to a process.
pub(crate) fn signal(name: &str, process: &str) {
    assert!(Command::new("kill").args([name, process]).status().unwrap().success());
}

/// No test leaves a program behind.
impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
