use std::io;
use std::path::{Path, PathBuf};

/// Why a private PostgreSQL could not be started or stopped.
///
/// Every message is complete: it contains the reason and says what to do about it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// No PostgreSQL server is installed on this machine.
    #[error(
        "no postgresql server was found on this machine{found}; install version 13 or newer with \
         `./setup.sh`, `apt-get install postgresql`, `dnf install postgresql-server` or \
         `brew install postgresql@17`, or set DATABASE_URL to a postgresql of your own, or use \
         docker: `docker compose -f docker/compose.yml up`"
    )]
    NotInstalled {
        /// Empty, or the versions that were found and are too old.
        found: String,
    },

    /// The data was written by a major version which is not installed.
    #[error(
        "the data in {directory} belongs to postgresql {required}, but only {installed} is \
         installed; install postgresql {required}, or choose another directory with ORDERS_DATA_DIR"
    )]
    VersionMissing {
        /// The data directory of PostgreSQL.
        directory: PathBuf,
        /// The major version that wrote it.
        required: u32,
        /// The major versions that are installed.
        installed: String,
    },

    /// The data directory exists, but is not one of PostgreSQL.
    #[error(
        "{directory} is not a postgresql data directory (it has no valid PG_VERSION); move it \
         away, or choose another directory with ORDERS_DATA_DIR"
    )]
    NotACluster {
        /// The directory in question.
        directory: PathBuf,
    },

    /// Another living process owns the directory.
    #[error(
        "another orders service{process} is already using {directory}; stop it first, or choose \
         another directory with ORDERS_DATA_DIR"
    )]
    InUse {
        /// The directory that is taken.
        directory: PathBuf,
        /// Empty, or the process id of the owner, as ` (process 42)`.
        process: String,
    },

    /// This process is root, and there is no other user that the server could run as.
    #[error(
        "postgresql refuses to run as root and /etc/passwd has neither a user `postgres` nor \
         `nobody`; add one with `useradd --system postgres`, or run as an ordinary user"
    )]
    NoAccount,

    /// The server's user cannot enter a directory on the path to the data.
    #[error(
        "postgresql runs as {account} because it refuses to run as root, and {account} cannot \
         enter {barrier} on the way to {directory}; choose another directory with \
         ORDERS_DATA_DIR, for example /var/lib/orders"
    )]
    Unreachable {
        /// The directory that was asked for.
        directory: PathBuf,
        /// The first directory on its path that the server's user cannot enter.
        barrier: PathBuf,
        /// The server's user.
        account: String,
    },

    /// The directory belongs to another user, and the server's user cannot enter it.
    #[error(
        "{directory} belongs to another user and is closed to {account}, which postgresql runs as because it \
         refuses to run as root; choose another directory with ORDERS_DATA_DIR, or open this one with \
         `chmod o+x {directory}`"
    )]
    Closed {
        /// The directory that was asked for.
        directory: PathBuf,
        /// The server's user.
        account: String,
    },

    /// A file or directory could not be read or written.
    #[error(
        "cannot {action} {path}: {reason}; check its permissions and the free space, or choose \
         another directory with ORDERS_DATA_DIR"
    )]
    File {
        /// The action, such as `read`.
        action: &'static str,
        /// The file or directory.
        path: PathBuf,
        /// What the operating system said.
        reason: io::Error,
    },

    /// A program could not be run.
    #[error("cannot run {program} as {account}: {reason}; check that this user may execute it")]
    Run {
        /// The program.
        program: PathBuf,
        /// The user it should run as.
        account: String,
        /// What the operating system said.
        reason: io::Error,
    },

    /// `initdb` failed.
    #[error("cannot create a database cluster; fix what initdb complains about:\n{output}")]
    Initdb {
        /// What `initdb` printed.
        output: String,
    },

    /// The database could not be created in the new cluster.
    #[error("cannot create the database {name:?}; fix what postgresql complains about:\n{output}")]
    CreateDatabase {
        /// The name of the database.
        name: String,
        /// What the server printed.
        output: String,
    },

    /// The name of the database is invalid.
    #[error(
        "{name:?} cannot be the name of a database; use 1 to 63 bytes without control characters"
    )]
    DatabaseName {
        /// The name that was asked for.
        name: String,
    },

    /// The server ended during its start.
    #[error("postgresql did not start; fix what the end of its log {log} says:\n{lines}")]
    Start {
        /// The log file.
        log: PathBuf,
        /// Its last lines.
        lines: String,
    },

    /// The server did not accept connections in time.
    #[error(
        "postgresql did not accept connections within {seconds} s; try again, it may still be \
         recovering from a crash; the end of its log {log}:\n{lines}"
    )]
    StartTimeout {
        /// How long we waited.
        seconds: u64,
        /// The log file.
        log: PathBuf,
        /// Its last lines.
        lines: String,
    },

    /// The server was stopped before it accepted connections.
    #[error("the start of postgresql was cancelled because it is to be stopped")]
    Interrupted,

    /// The data of a primary could not be copied.
    #[error("pg_basebackup cannot copy the primary: {output}")]
    BaseBackup {
        /// What it printed.
        output: String,
    },

    /// The thread of a [`Supervisor`](crate::Supervisor) could not be started.
    #[error("cannot start a thread that watches postgresql: {reason}; allow more threads")]
    Supervise {
        /// What the operating system said.
        reason: io::Error,
    },

    /// The server still runs although it was killed.
    #[error("the postgresql server process {process} cannot be stopped; end it with `kill -9`")]
    Stop {
        /// The process id of the postmaster.
        process: i32,
    },
}

impl Error {
    /// Makes the error of a failed file operation, for use with `map_err`.
    pub(crate) fn file(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        move |reason| Self::File { action, path: path.to_owned(), reason }
    }
}
