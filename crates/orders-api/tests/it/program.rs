//! The program as a running service: [`Program`].

use std::fs;
use std::net::SocketAddr;
use std::process::{Command, ExitStatus};
use std::thread;
use std::time::{Duration, Instant};

use orders_testkit::{Service, Signal};
use tempfile::TempDir;
use ureq::http::Request;

use crate::app::{Answer, STALL_TIMEOUT};

const PROGRAM: &str = env!("CARGO_BIN_EXE_orders-api");

/// A running service in a process of its own.
pub(crate) struct Program {
    service: Service,
    directory: TempDir,
}

impl Program {
    /// Starts it and waits until it is ready.
    pub(crate) fn start(arguments: &[&str]) -> Self {
        Self::start_logging("info", arguments)
    }

    /// Starts it with this log level, and waits until it is ready.
    pub(crate) fn start_logging(level: &str, arguments: &[&str]) -> Self {
        Self::run(Command::new(PROGRAM), level, arguments)
    }

    /// Starts it with these environment variables, and waits until it is ready.
    pub(crate) fn start_with_environment(variables: &[(&str, &str)], arguments: &[&str]) -> Self {
        let mut command = Command::new(PROGRAM);
        command.envs(variables.iter().copied());
        Self::run(command, "info", arguments)
    }

    /// Starts it with a limit of open files, and waits until it is ready.
    pub(crate) fn start_with_files(files: usize, arguments: &[&str]) -> Self {
        let mut command = Command::new("sh");
        command.args(["-c", &format!("ulimit -n {files}; exec \"$0\" \"$@\""), PROGRAM]);
        Self::run(command, "info", arguments)
    }

    fn run(mut command: Command, level: &str, arguments: &[&str]) -> Self {
        command.args(["--connections", "2"]).args(arguments).env_remove("DATABASE_URL");
        let directory = tempfile::tempdir().unwrap();
        let log = directory.path().join("log");
        let service = Service::start(&mut command, level, &log).unwrap();
        Self { service, directory }
    }

    pub(crate) fn send(&self, method: &str, path: &str, body: impl ToString) -> Answer {
        self.send_with(method, path, &[], body)
    }

    pub(crate) fn send_with(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: impl ToString,
    ) -> Answer {
        let agent: ureq::Agent = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .timeout_global(Some(STALL_TIMEOUT))
            .build()
            .into();
        let request = Request::builder()
            .method(method)
            .uri(format!("http://{}{path}", self.address()))
            .header("Content-Type", "application/json");
        let request =
            headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
        let request = request.body(body.to_string()).unwrap();
        let (head, mut body) = agent.run(request).unwrap().into_parts();
        let body = body.read_to_vec().unwrap();
        Answer { status: head.status.as_u16(), headers: head.headers, body }
    }

    /// Where it listens.
    pub(crate) fn address(&self) -> SocketAddr {
        self.service.address()
    }

    /// Where it answers with the metrics alone.
    pub(crate) fn metrics_address(&self) -> SocketAddr {
        let log = self.whole_log();
        let (_, rest) = log.split_once("metrics without a key on http://").unwrap();
        rest.split_once("/metrics").unwrap().0.parse().unwrap()
    }

    /// All that it has logged.
    pub(crate) fn whole_log(&self) -> String {
        fs::read_to_string(self.directory.path().join("log")).unwrap()
    }

    /// The lines that it has logged since it listens, except those of `GET /readyz`, which the start sends.
    pub(crate) fn log(&self) -> Vec<String> {
        let log = self.whole_log();
        log.split_inclusive('\n')
            .filter_map(|line| line.strip_suffix('\n'))
            .skip_while(|line| !line.contains("listening on http://"))
            .skip(1)
            .filter(|line| !line.contains(" GET /readyz "))
            .map(str::to_owned)
            .collect()
    }

    /// Waits until a line of the log contains this part, and returns it.
    #[track_caller]
    pub(crate) fn logs(&self, part: &str) -> String {
        let began = Instant::now();
        loop {
            if let Some(line) = self.log().into_iter().find(|line| line.contains(part)) {
                return line;
            }
            assert!(began.elapsed() < STALL_TIMEOUT, "no {part} in {:#?}", self.log());
            thread::sleep(Duration::from_millis(10));
        }
    }

    /// Waits until `GET /readyz` has this status.
    pub(crate) fn wait_for(&self, status: u16) -> Answer {
        let began = Instant::now();
        loop {
            let answer = self.send("GET", "/readyz", "");
            if answer.status == status {
                return answer;
            }
            assert!(began.elapsed() < STALL_TIMEOUT, "no {status}, but {answer:?}");
            thread::sleep(Duration::from_millis(10));
        }
    }

    pub(crate) fn signal(&self, signal: Signal) {
        self.service.signal(signal).unwrap();
    }

    /// Waits until it ends.
    pub(crate) fn end(mut self) -> ExitStatus {
        self.service.wait(STALL_TIMEOUT).unwrap().expect("it ends")
    }
}

/// Sends a signal to a process.
pub(crate) fn signal(name: &str, process: &str) {
    assert!(Command::new("kill").args([name, process]).status().unwrap().success());
}
