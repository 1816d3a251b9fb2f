#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::PathBuf;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use private_postgres::{Installation, Options, PrivatePostgres, Supervisor};
use rustix::process::{Pid, Signal, kill_process};

use crate::support::{ask_at, eventually};

/// A supervised server, with the means to query it and to kill it.
struct Supervised {
    supervisor: Supervisor,
    installation: Installation,
    url: String,
    data: PathBuf,
    log: PathBuf,
}

impl Supervised {
    fn start() -> Self {
        let postgres = PrivatePostgres::start(Options::temporary().durable(true)).unwrap();
        Self {
            installation: postgres.installation().clone(),
            url: postgres.url("orders"),
            data: postgres.directory().join("postgres"),
            log: postgres.log_file(),
            supervisor: postgres.supervise().unwrap(),
        }
    }

    fn ask(&self, statement: &str) -> Result<String, String> {
        ask_at(&self.installation, &self.url, statement)
    }

    /// Kills the postmaster that runs now.
    fn kill(&self) {
        let file = fs::read_to_string(self.data.join("postmaster.pid")).unwrap();
        let number = file.lines().next().unwrap().parse().unwrap();
        kill_process(Pid::from_raw(number).unwrap(), Signal::KILL).unwrap();
    }

    /// How often the log contains this text.
    fn logged(&self, what: &str) -> usize {
        fs::read_to_string(&self.log).unwrap().matches(what).count()
    }

    fn append_to_configuration(&self, line: &str) {
        let path = self.data.join("postgresql.conf");
        let mut file = OpenOptions::new().append(true).open(path).unwrap();
        writeln!(file, "{line}").unwrap();
    }
}

#[test]
fn a_server_that_was_killed_answers_again_at_the_same_url_with_its_data() {
    let server = Supervised::start();
    server.ask("CREATE TABLE entry (n integer)").unwrap();
    for round in 1..=2 {
        server.ask(&format!("INSERT INTO entry VALUES ({round})")).unwrap();
        server.kill();
        eventually("the server recovers", || server.logged("not properly shut down") == round);
        eventually("the server answers", || server.ask("SELECT 1").is_ok());
        assert_eq!(server.ask("SELECT count(*) FROM entry").unwrap(), round.to_string());
    }
}

#[test]
fn a_server_that_cannot_start_is_tried_again_until_it_can() {
    let server = Supervised::start();
    let path = server.data.join("postgresql.conf");
    let good = fs::read(&path).unwrap();
    server.append_to_configuration("no_such_setting = 1");
    server.kill();
    eventually("two starts have failed", || {
        server.logged("configuration file \"") >= 2 && server.logged("no_such_setting") >= 2
    });
    assert!(server.ask("SELECT 1").is_err());
    fs::write(path, good).unwrap();
    eventually("the server answers", || server.ask("SELECT 1").is_ok());
}

#[test]
fn a_stop_cancels_a_restart_that_hangs() {
    let server = Supervised::start();
    // The next start waits for this program before it recovers, and does not accept connections.
    server.append_to_configuration("restore_command = 'sleep 60'");
    let signal = server.data.join("recovery.signal");
    // The server makes the file, so that it may also open it.
    server.ask(&format!("COPY (SELECT WHERE false) TO '{}'", signal.display())).unwrap();
    server.kill();
    eventually("the restart hangs", || server.logged("database system was interrupted") == 1);
    let Supervised { mut supervisor, .. } = server;
    let (tell, told) = mpsc::channel();
    thread::spawn(move || tell.send(supervisor.stop()));
    told.recv_timeout(Duration::from_secs(30)).expect("it stops").unwrap();
}

#[test]
fn a_server_that_was_stopped_stays_stopped() {
    let mut server = Supervised::start();
    server.supervisor.stop().unwrap();
    assert!(!server.data.join("postmaster.pid").exists());
    server.supervisor.stop().unwrap();
    assert!(server.ask("SELECT 1").is_err());
}
