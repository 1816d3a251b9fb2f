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
        "the data in {directory} belongs to postgresql {wanted}, but only {installed} is \
         installed; install postgresql {wanted}, or choose another directory with ORDERS_DATA_DIR"
    )]
    VersionMissing {
        /// The data directory of PostgreSQL.
        directory: PathBuf,
        /// The major version that wrote it.
        wanted: u32,
        /// The major versions that are installed.
        installed: String,
    },

    /// Something that is not a PostgreSQL data directory is where ours should be.
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
        /// Empty, or the process id of the owner in words.
        process: String,
    },

    /// We are root and there is no other user to run the server as.
    #[error(
        "postgresql refuses to run as root and /etc/passwd has neither a user `postgres` nor \
         `nobody`; add one with `useradd --system postgres`, or run as an ordinary user"
    )]
    NoAccount,

    /// The user that runs the server cannot enter a directory on the way to the data.
    #[error(
        "postgresql runs as {account} because it refuses to run as root, and {account} cannot \
         enter {barrier} on the way to {directory}; choose another directory with \
         ORDERS_DATA_DIR, for example /var/lib/orders"
    )]
    Unreachable {
        /// The directory that was asked for.
        directory: PathBuf,
        /// The first directory on its path that is closed.
        barrier: PathBuf,
        /// The user that runs the server.
        account: String,
    },

    /// The directory belongs to another user, who has closed it to the user that runs the server.
    #[error(
        "{directory} belongs to another user and is closed to {account}, which postgresql runs as because it \
         refuses to run as root; choose another directory with ORDERS_DATA_DIR, or open this one with \
         `chmod o+x {directory}`"
    )]
    Closed {
        /// The directory that was asked for.
        directory: PathBuf,
        /// The user that runs the server.
        account: String,
    },

    /// A file or directory could not be read or written.
    #[error(
        "cannot {action} {path}: {reason}; check its permissions and the free space, or choose \
         another directory with ORDERS_DATA_DIR"
    )]
    File {
        /// What was tried.
        action: &'static str,
        /// The file or directory.
        path: PathBuf,
        /// What the operating system said.
        reason: io::Error,
    },

    /// A program could not be run at all.
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

    /// This cannot be the name of a database.
    #[error(
        "{name:?} cannot be the name of a database; use 1 to 63 bytes without control characters"
    )]
    DatabaseName {
        /// The name that was asked for.
        name: String,
    },

    /// The server ended while it was starting.
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

    /// The server was told to stop before it accepted connections.
    #[error("the start of postgresql was broken off because it is to stop")]
    Interrupted,

    /// There is no thread for a [`Supervisor`](crate::Supervisor).
    #[error("cannot start a thread that watches postgresql: {reason}; allow more threads")]
    Supervise {
        /// What the operating system said.
        reason: io::Error,
    },

    /// The server is still there after everything was tried to stop it.
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
