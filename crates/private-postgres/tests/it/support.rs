use std::env;
use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use private_postgres::{Installation, Options, PrivatePostgres};
use tempfile::TempDir;

/// The variable with the file to which an owner in another process writes its report.
const REPORT: &str = "PRIVATE_POSTGRES_TEST_REPORT";

/// The variable with the directory of an owner in another process, unless it is temporary.
const DIRECTORY: &str = "PRIVATE_POSTGRES_TEST_DIRECTORY";

/// A server that is quick to create, in a directory that is kept.
pub(crate) fn quick(directory: &Path) -> Options {
    Options::at(directory).durable(false).database("orders")
}

/// An empty directory for a test.
pub(crate) fn empty_directory() -> TempDir {
    tempfile::tempdir().expect("a temporary directory")
}

/// The `psql` of the server's installation, or else the one in the PATH.
pub(crate) fn psql(postgres: &PrivatePostgres) -> Command {
    psql_of(postgres.installation())
}

fn psql_of(installation: &Installation) -> Command {
    let psql = installation.bin_directory().join("psql");
    let mut command = Command::new(if psql.exists() { psql } else { PathBuf::from("psql") });
    command.arg("--no-psqlrc").stdin(Stdio::null());
    command
}

/// The server's answer to a statement, or the error of `psql`.
pub(crate) fn ask(postgres: &PrivatePostgres, statement: &str) -> Result<String, String> {
    ask_at(postgres.installation(), &postgres.url("orders"), statement)
}

/// The answer of the server at this URL, or the error of `psql`.
pub(crate) fn ask_at(
    installation: &Installation,
    url: &str,
    statement: &str,
) -> Result<String, String> {
    let output = psql_of(installation)
        .args(["-v", "ON_ERROR_STOP=1", "-Atqc", statement, url])
        .output()
        .expect("psql can be run");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim_end().to_owned();
    if output.status.success() { Ok(text(&output.stdout)) } else { Err(text(&output.stderr)) }
}

/// Whether a process exists and is not a zombie.
pub(crate) fn is_alive(process: u32) -> bool {
    let output = Command::new("ps")
        .args(["-o", "stat=", "-p", &process.to_string()])
        .output()
        .expect("ps can be run");
    let state = String::from_utf8_lossy(&output.stdout);
    !state.trim().is_empty() && !state.trim().starts_with('Z')
}

/// Waits up to 30 s until a condition is true.
pub(crate) fn eventually(what: &str, mut condition: impl FnMut() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(30);
    while !condition() {
        assert!(Instant::now() < deadline, "timeout; expected: {what}");
        thread::sleep(Duration::from_millis(20));
    }
}

/// A process other than ours that owns a server.
pub(crate) struct OtherOwner {
    process: Child,
    pub(crate) server: u32,
    pub(crate) directory: PathBuf,
    _report: TempDir,
}

impl OtherOwner {
    /// Starts a process that owns a server in this directory, or a temporary one if there is none.
    pub(crate) fn start(directory: Option<&Path>) -> Self {
        let report = empty_directory();
        let file = report.path().join("report");
        let process = Self::spawn(directory, &file);
        eventually("the other owner has started", || file.exists());
        let text = fs::read_to_string(file).expect("a report");
        let (server, directory) = text.split_once(' ').expect("two words");
        Self {
            process,
            server: server.parse().expect("a process id"),
            directory: PathBuf::from(directory),
            _report: report,
        }
    }

    /// Starts an owner of this directory, and kills it with SIGKILL after this delay.
    pub(crate) fn start_and_kill_after(directory: &Path, delay: Duration) {
        let report = empty_directory();
        let mut process = Self::spawn(Some(directory), &report.path().join("report"));
        thread::sleep(delay);
        process.kill().expect("the owner can be killed");
        process.wait().expect("the owner ends");
    }

    fn spawn(directory: Option<&Path>, report: &Path) -> Child {
        let mut command = Command::new(env::current_exe().expect("the test program"));
        command
            .args(["--exact", "support::another_process_owns_a_server_until_it_is_killed"])
            .env(REPORT, report)
            .stdin(Stdio::null())
            .stdout(Stdio::null());
        if let Some(directory) = directory {
            command.env(DIRECTORY, directory);
        }
        command.spawn().expect("the test program can be run")
    }

    /// Kills the owner with SIGKILL, but not the server.
    pub(crate) fn kill(mut self) {
        self.process.kill().expect("the owner can be killed");
        self.process.wait().expect("the owner ends");
    }
}

/// Starts a process that is not PostgreSQL, as the user who owns this file.
pub(crate) fn unrelated_process_of_owner_of(path: &Path) -> Child {
    let metadata = fs::metadata(path).expect("the file exists");
    let mut command = Command::new("sleep");
    command.arg("60").current_dir("/").stdin(Stdio::null());
    if rustix::process::geteuid().is_root() {
        command.uid(metadata.uid()).gid(metadata.gid());
    }
    command.spawn().expect("sleep can be run")
}

/// The permission bits of a file.
pub(crate) fn mode(path: &Path) -> u32 {
    fs::metadata(path).expect("the file exists").permissions().mode() & 0o777
}

/// Does nothing unless it is run by [`OtherOwner::start`].
#[test]
fn another_process_owns_a_server_until_it_is_killed() {
    let Some(report) = env::var_os(REPORT).map(PathBuf::from) else {
        return;
    };
    let options = match env::var_os(DIRECTORY) {
        Some(directory) => quick(directory.as_ref()),
        None => Options::temporary(),
    };
    let postgres = PrivatePostgres::start(options).unwrap();
    let server = postgres.process_id().unwrap();
    let unfinished = report.with_extension("unfinished");
    fs::write(&unfinished, format!("{server} {}", postgres.directory().display())).unwrap();
    fs::rename(unfinished, report).unwrap();
    loop {
        thread::park();
    }
}
