use private_postgres::{Options, PrivatePostgres};

use crate::support::{OtherOwner, ask, eventually, is_alive};

#[test]
fn two_temporary_servers_run_at_once_and_are_removed_when_dropped() {
    let first = PrivatePostgres::temporary().unwrap();
    let second = PrivatePostgres::temporary().unwrap();
    ask(&first, "CREATE TABLE here ()").unwrap();
    assert_eq!(ask(&first, "SELECT count(*) FROM here").unwrap(), "0");
    assert!(ask(&second, "SELECT count(*) FROM here").is_err());
    let traces = [&first, &second].map(|it| (it.directory().to_owned(), it.process_id().unwrap()));
    drop((first, second));
    for (directory, server) in traces {
        assert!(!directory.exists());
        assert!(!is_alive(server));
    }
}

#[test]
fn a_temporary_server_disappears_after_its_owner_was_killed() {
    let other = OtherOwner::start(None);
    let (server, directory) = (other.server, other.directory.clone());
    assert!(directory.exists() && is_alive(server));
    other.kill();
    eventually("the server has ended", || !is_alive(server));
    eventually("the directory is removed", || !directory.exists());
}

#[test]
fn committed_data_survives_a_crash_of_a_durable_temporary_server() {
    let mut postgres = PrivatePostgres::start(Options::temporary().durable(true)).unwrap();
    let url = postgres.url("orders");
    ask(&postgres, "CREATE TABLE entry (n integer)").unwrap();
    for round in 1..=3 {
        ask(&postgres, &format!("INSERT INTO entry VALUES ({round})")).unwrap();
        postgres.stop_immediately().unwrap();
        assert!(!postgres.is_running());
        assert!(ask(&postgres, "SELECT 1").is_err());
        postgres.start_again().unwrap();
        assert_eq!(postgres.url("orders"), url);
        assert_eq!(ask(&postgres, "SELECT count(*) FROM entry").unwrap(), round.to_string());
    }
    let log = std::fs::read_to_string(postgres.log_file()).unwrap();
    assert!(log.contains("not properly shut down"), "{log}");
}

#[test]
fn a_server_that_was_killed_can_be_started_again() {
    let mut postgres = PrivatePostgres::start(Options::temporary().durable(true)).unwrap();
    let server = postgres.process_id().unwrap();
    let pid = rustix::process::Pid::from_raw(i32::try_from(server).unwrap()).unwrap();
    rustix::process::kill_process(pid, rustix::process::Signal::KILL).unwrap();
    eventually("the server has ended", || !postgres.is_running());
    postgres.start_again().unwrap();
    assert_eq!(ask(&postgres, "SELECT 1").unwrap(), "1");
}
