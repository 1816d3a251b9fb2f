use std::fs;
use std::time::Duration;

use private_postgres::{Error, PrivatePostgres};
use rustix::process::{Pid, Signal, kill_process};

use crate::support::{
    OtherOwner, ask, empty_directory, eventually, is_alive, quick, unrelated_process_of_owner_of,
};

fn signal(process: u32, signal: Signal) {
    let pid = Pid::from_raw(i32::try_from(process).expect("a process id")).expect("not zero");
    kill_process(pid, signal).expect("the process can be signalled");
}

#[test]
fn a_second_owner_in_the_same_process_is_rejected() {
    let directory = empty_directory();
    let first = PrivatePostgres::start(quick(directory.path())).unwrap();
    let error = PrivatePostgres::start(quick(directory.path())).unwrap_err();
    assert!(matches!(error, Error::InUse { .. }), "{error}");
    assert_eq!(ask(&first, "SELECT 1").unwrap(), "1");
}

#[test]
fn a_second_owner_in_another_process_is_rejected_with_the_process_id_of_the_first() {
    let directory = empty_directory();
    let other = OtherOwner::start(Some(directory.path()));
    let error = PrivatePostgres::start(quick(directory.path())).unwrap_err();
    let path = directory.path().display().to_string();
    let message = error.to_string();
    assert!(message.starts_with("another orders service (process "), "{message}");
    assert!(message.contains(&path), "{message}");
    let server = other.server;
    other.kill();
    // The server must end before its directory is removed.
    signal(server, Signal::QUIT);
    eventually("the server has ended", || !is_alive(server));
}

#[test]
fn a_running_server_is_found_by_its_directory() {
    let parent = empty_directory();
    // In the second, the path of the socket would be too long.
    for directory in [parent.path().join("short"), parent.path().join("x".repeat(100))] {
        let find = || PrivatePostgres::url_of_running(&directory, "orders").unwrap();
        assert_eq!(find(), None);
        let postgres = PrivatePostgres::start(quick(&directory)).unwrap();
        assert_eq!(find(), Some(postgres.url("orders")));
        drop(postgres);
        assert_eq!(find(), None);
    }
}

#[test]
fn a_directory_is_taken_over_while_the_server_of_a_killed_owner_still_runs() {
    let directory = empty_directory();
    let other = OtherOwner::start(Some(directory.path()));
    let server = other.server;
    other.kill();
    assert!(is_alive(server));
    let postgres = PrivatePostgres::start(quick(directory.path())).unwrap();
    assert!(!is_alive(server));
    assert_ne!(postgres.process_id(), Some(server));
    assert_eq!(ask(&postgres, "SELECT 1").unwrap(), "1");
}

#[test]
fn a_directory_is_taken_over_after_the_owner_and_its_server_were_killed() {
    let directory = empty_directory();
    let other = OtherOwner::start(Some(directory.path()));
    let server = other.server;
    other.kill();
    signal(server, Signal::KILL);
    let postgres = PrivatePostgres::start(quick(directory.path())).unwrap();
    assert_eq!(ask(&postgres, "SELECT 1").unwrap(), "1");
}

#[test]
fn an_unrelated_process_with_the_id_of_the_old_server_is_not_touched() {
    let directory = empty_directory();
    let mut postgres = PrivatePostgres::start(quick(directory.path())).unwrap();
    let data = directory.path().join("postgres");
    let (file, lock) = (data.join("postmaster.pid"), ".s.PGSQL.5432.lock");
    let lock = postgres.socket_directory().join(lock);
    let (text, lock_text) =
        (fs::read_to_string(&file).unwrap(), fs::read_to_string(&lock).unwrap());
    postgres.stop_immediately().unwrap();
    drop(postgres);
    let mut unrelated = unrelated_process_of_owner_of(&data);
    let with_unrelated_id = |text: &str| {
        let rest = text.split_once('\n').expect("several lines").1;
        format!("{}\n{rest}", unrelated.id())
    };
    fs::write(&file, with_unrelated_id(&text)).unwrap();
    fs::write(&lock, with_unrelated_id(&lock_text)).unwrap();
    if rustix::process::geteuid().is_root() {
        use std::os::unix::fs::{MetadataExt, chown};
        let metadata = fs::metadata(&data).unwrap();
        for path in [&file, &lock] {
            chown(path, Some(metadata.uid()), Some(metadata.gid())).unwrap();
        }
    }
    let postgres = PrivatePostgres::start(quick(directory.path()));
    let survived = unrelated.try_wait().unwrap().is_none();
    unrelated.kill().unwrap();
    unrelated.wait().unwrap();
    assert!(survived);
    assert_eq!(ask(&postgres.unwrap(), "SELECT 1").unwrap(), "1");
}

#[test]
fn an_empty_process_file_is_no_obstacle() {
    let mut postgres = PrivatePostgres::temporary().unwrap();
    postgres.stop_immediately().unwrap();
    fs::write(postgres.directory().join("postgres/postmaster.pid"), "").unwrap();
    postgres.start_again().unwrap();
    assert_eq!(ask(&postgres, "SELECT 1").unwrap(), "1");
}

#[test]
fn the_remains_of_an_interrupted_initdb_are_no_obstacle() {
    let directory = empty_directory();
    let leftover = directory.path().join("initdb-abc123");
    fs::create_dir_all(leftover.join("base/1")).unwrap();
    fs::write(leftover.join("PG_VERSION"), "15\n").unwrap();
    let postgres = PrivatePostgres::start(quick(directory.path())).unwrap();
    assert_eq!(ask(&postgres, "SELECT 1").unwrap(), "1");
    assert!(!leftover.exists());
}

#[test]
fn an_owner_may_be_killed_at_any_moment_of_the_first_start() {
    let directory = empty_directory();
    for delay in [100, 300, 500, 700, 900, 1100] {
        OtherOwner::start_and_kill_after(directory.path(), Duration::from_millis(delay));
    }
    let postgres = PrivatePostgres::start(quick(directory.path())).unwrap();
    assert_eq!(ask(&postgres, "SELECT 1").unwrap(), "1");
}
