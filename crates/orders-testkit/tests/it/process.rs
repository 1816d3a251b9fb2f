use std::env;
use std::io::{BufRead as _, BufReader};
use std::os::unix::process::ExitStatusExt as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use orders_testkit::{Process, Signal};

const TIMEOUT: Duration = Duration::from_secs(30);

fn sleep() -> Process {
    Process::spawn(Command::new("sleep").arg("300").stdout(Stdio::null())).unwrap()
}

/// Whether a process runs; one that has ended but was not yet asked for its status does not.
fn runs(id: &str) -> bool {
    let state = Command::new("ps").args(["-o", "state=", "-p", id]).output().unwrap();
    let state = String::from_utf8(state.stdout).unwrap();
    !state.trim().is_empty() && !state.starts_with('Z')
}

#[test]
fn a_process_ends_with_its_value() {
    let process = sleep();
    let id = process.id().to_string();
    assert!(runs(&id));
    drop(process);
    assert!(!runs(&id));
}

#[test]
fn the_exit_status_of_a_process_that_ended_by_itself_is_known() {
    let mut process = sleep();
    assert_eq!(process.wait(Duration::ZERO).unwrap(), None);
    process.signal(Signal::TERM).unwrap();
    let status = process.wait(TIMEOUT).unwrap().unwrap();
    assert_eq!(status.signal(), Some(15));
    assert_eq!(process.kill().unwrap(), Some(status));
}

#[test]
fn a_process_ends_when_its_owner_is_killed() {
    const OWNER: &str = "ORDERS_TESTKIT_OWNER";
    if env::var_os(OWNER).is_some() {
        // This is the owner: it starts two processes, says so, and waits for its end.
        let processes = [sleep(), sleep()];
        println!("\nowned {} {}", processes[0].id(), processes[1].id());
        thread::sleep(TIMEOUT * 2);
        return;
    }
    for signal in [Signal::TERM, Signal::KILL] {
        let test: &Path = &env::current_exe().unwrap();
        let mut owner = Command::new(test)
            .args(["--exact", "process::a_process_ends_when_its_owner_is_killed", "--nocapture"])
            .env(OWNER, "1")
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(owner.stdout.take().unwrap()).lines();
        let said = lines.map(Result::unwrap).find(|line| line.starts_with("owned ")).unwrap();
        let ids: Vec<_> = said.split(' ').skip(1).collect();
        assert!(ids.iter().all(|id| runs(id)));
        let id = rustix::process::Pid::from_child(&owner);
        rustix::process::kill_process(id, signal).unwrap();
        owner.wait().unwrap();
        let start = Instant::now();
        while ids.iter().any(|id| runs(id)) {
            assert!(start.elapsed() < TIMEOUT, "{ids:?} still run after {signal:?}");
            thread::sleep(Duration::from_millis(10));
        }
    }
}
