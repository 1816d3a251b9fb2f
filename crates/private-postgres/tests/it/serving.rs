use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt, chown};

use private_postgres::{Error, Installation, Options, PrivatePostgres};

use crate::support::{ask, empty_directory, is_alive, mode, psql, quick};

/// The size of the server's cache in MiB.
const CACHE: &str = "SELECT pg_size_bytes(current_setting('shared_buffers')) >> 20";

/// The expected size: an eighth of this machine's memory, or of the container's, within bounds.
fn cache() -> u64 {
    let read = |path: &str| fs::read_to_string(path).unwrap_or_default();
    let meminfo = read("/proc/meminfo");
    let machine = meminfo.split_whitespace().nth(1).and_then(|kib| kib.parse::<u64>().ok());
    let machine = machine.map(|kib| kib << 10);
    let container = read("/sys/fs/cgroup/memory.max").trim().parse().ok();
    machine.into_iter().chain(container).min().map_or(128, |bytes| (bytes >> 23).clamp(128, 4096))
}

#[test]
fn a_server_that_is_not_durable_has_the_smallest_cache_and_log() {
    let postgres = PrivatePostgres::temporary().unwrap();
    assert_eq!(ask(&postgres, CACHE).unwrap(), "128");
    assert_eq!(ask(&postgres, "SHOW max_wal_size").unwrap(), "1GB");
}

#[test]
fn a_durable_server_has_the_settings_that_matter() {
    let directory = empty_directory();
    let options = Options::at(directory.path().join("a/b")).database("orders");
    let postgres = PrivatePostgres::start(options.setting("work_mem", "5MB")).unwrap();
    let show = |name: &str| ask(&postgres, &format!("SHOW {name}")).unwrap();
    assert_eq!(show("fsync"), "on");
    assert_eq!(show("synchronous_commit"), "on");
    assert_eq!(show("full_page_writes"), "on");
    assert_eq!(show("max_wal_size"), "4GB");
    assert_eq!(show("listen_addresses"), "");
    assert_eq!(show("max_connections"), "100");
    assert_eq!(show("work_mem"), "5MB");
    assert_eq!(ask(&postgres, CACHE).unwrap(), cache().to_string());
    assert_eq!(show("server_encoding"), "UTF8");
    assert_eq!(ask(&postgres, "SELECT current_user").unwrap(), "orders");
    assert_eq!(ask(&postgres, "SELECT 'B' < 'a'").unwrap(), "t");
    assert_eq!(mode(postgres.socket_directory()), 0o700);
    assert_eq!(mode(&postgres.directory().join("postgres")), 0o700);
}

#[test]
fn data_survives_stop_and_start() {
    let directory = empty_directory();
    let mut postgres = PrivatePostgres::start(quick(directory.path())).unwrap();
    ask(&postgres, "CREATE TABLE kept AS SELECT 42 AS answer").unwrap();
    postgres.stop().unwrap();
    assert!(!postgres.is_running());
    assert!(ask(&postgres, "SELECT 1").is_err());
    postgres.stop().unwrap();
    drop(postgres);
    let postgres = PrivatePostgres::start(quick(directory.path())).unwrap();
    assert_eq!(ask(&postgres, "SELECT answer FROM kept").unwrap(), "42");
}

#[test]
fn dropping_stops_the_server() {
    let directory = empty_directory();
    let mut postgres = PrivatePostgres::start(quick(directory.path())).unwrap();
    assert!(postgres.is_running());
    let server = postgres.process_id().unwrap();
    drop(postgres);
    assert!(!is_alive(server));
    assert!(!directory.path().join("postgres/postmaster.pid").exists());
}

#[test]
fn a_directory_whose_path_is_too_long_for_a_socket_works() {
    let directory = empty_directory();
    let long = directory.path().join("long".repeat(30)).join("with, comma");
    let postgres = PrivatePostgres::start(quick(&long)).unwrap();
    assert_eq!(ask(&postgres, "SELECT 1").unwrap(), "1");
    let socket = postgres.socket_directory().to_owned();
    assert!(!socket.starts_with(&long));
    assert_eq!(mode(&socket), 0o700);
    drop(postgres);
    assert!(!socket.exists());
}

#[test]
fn strange_names_of_directories_and_databases_are_no_problem() {
    let directory = empty_directory();
    let strange = directory.path().join("a \"b\" 'c' %20 ü?&");
    let options = Options::at(&strange).durable(false).database("my \"own\" / 100 % db");
    let postgres = PrivatePostgres::start(options).unwrap();
    let url = postgres.url("my \"own\" / 100 % db");
    let query = ["-Atqc", "SELECT current_database()"];
    let output = psql(&postgres).args(query).arg(url).output().unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stdout).trim(), "my \"own\" / 100 % db");
}

#[test]
fn a_failed_start_quotes_the_log() {
    let directory = empty_directory();
    let options = quick(directory.path()).setting("no_such_setting", "1");
    let error = PrivatePostgres::start(options).unwrap_err();
    assert!(matches!(error, Error::Start { .. }), "{error}");
    assert!(error.to_string().contains("no_such_setting"), "{error}");
    // The next attempt is not hindered by the failed one.
    PrivatePostgres::start(quick(directory.path())).unwrap();
}

#[test]
fn data_of_a_version_that_is_not_installed_is_rejected() {
    let directory = empty_directory();
    let data = directory.path().join("postgres");
    fs::create_dir(&data).unwrap();
    fs::write(data.join("PG_VERSION"), "10\n").unwrap();
    let error = PrivatePostgres::start(quick(directory.path())).unwrap_err();
    assert!(matches!(error, Error::VersionMissing { required: 10, .. }), "{error}");
    let newest = Installation::find().unwrap().major_version().to_string();
    assert!(error.to_string().contains(&newest), "{error}");
}

#[test]
fn a_directory_with_other_files_is_left_unchanged() {
    let directory = empty_directory();
    let data = directory.path().join("postgres");
    fs::create_dir(&data).unwrap();
    fs::write(data.join("diary"), "dear diary").unwrap();
    let error = PrivatePostgres::start(quick(directory.path())).unwrap_err();
    assert!(matches!(error, Error::NotACluster { .. }), "{error}");
    assert!(data.join("diary").exists());
}

#[test]
fn an_invalid_database_name_is_rejected() {
    let directory = empty_directory();
    let options = quick(directory.path()).database("two\nlines");
    let error = PrivatePostgres::start(options).unwrap_err();
    assert!(matches!(error, Error::DatabaseName { .. }), "{error}");
}

#[test]
fn root_is_told_when_the_server_cannot_reach_the_directory() {
    if !rustix::process::geteuid().is_root() {
        return;
    }
    let closed = empty_directory();
    fs::set_permissions(closed.path(), Permissions::from_mode(0o700)).unwrap();
    let error = PrivatePostgres::start(quick(&closed.path().join("a/b"))).unwrap_err();
    let Error::Unreachable { barrier, .. } = &error else { panic!("{error}") };
    assert_eq!(barrier, closed.path());
    assert!(error.to_string().contains("ORDERS_DATA_DIR"), "{error}");
    assert!(!closed.path().join("a").exists());
}

#[test]
fn root_does_not_open_a_directory_that_another_user_has_closed() {
    if !rustix::process::geteuid().is_root() {
        return;
    }
    let closed = empty_directory();
    fs::set_permissions(closed.path(), Permissions::from_mode(0o700)).unwrap();
    // Neither root nor the user that runs the server.
    chown(closed.path(), Some(12_345), None).unwrap();
    let error = PrivatePostgres::start(quick(closed.path())).unwrap_err();
    assert!(matches!(error, Error::Closed { .. }), "{error}");
    assert!(error.to_string().contains("chmod o+x"), "{error}");
    assert_eq!(mode(closed.path()), 0o700);
    assert_eq!(fs::read_dir(closed.path()).unwrap().count(), 0);
}
