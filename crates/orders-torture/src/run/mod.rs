//! A whole run: [`run`].

mod setup;

use std::fs;
use std::io;
use std::panic;
use std::path::{Path, PathBuf};
use std::thread::{self, ScopedJoinHandle};
use std::time::Duration;

use crate::checks::{CheckResult, check};
use crate::cluster::{Cluster, ClusterError};
use crate::database::{
    DatabaseError, Rows, drop_exclusion_constraint, lose_versions, wait_for_transactions,
};
use crate::faults::FaultInjector;
use crate::followers::{Followed, Followers};
use crate::history::{Clock, History, Moment};
use crate::workload::{Clients, Generator};

/// The parameters of a run.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The service program.
    pub orders_api: PathBuf,
    /// How long the clients send requests.
    pub duration: Duration,
    /// Determines the operations and the faults.
    pub seed: u64,
    /// The number of service processes.
    pub processes: usize,
    /// The number of clients.
    pub clients: usize,
    /// The highest average number of operations per second.
    pub rate: u32,
    /// The highest number of operations.
    pub operations: u32,
    /// The mean time between two kills of service processes.
    pub kill_every: Duration,
    /// The number of PostgreSQL crashes.
    pub database_crashes: u32,
    /// Whether PostgreSQL has a standby, and each of its crashes is a failover.
    pub failover: bool,
    /// What is broken on purpose.
    pub sabotage: Option<Sabotage>,
    /// Where the history and the logs are saved.
    pub output_directory: Option<PathBuf>,
}

/// Something that is broken on purpose, to show that the checks notice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sabotage {
    /// The exclusion constraint that enforces the minimum gap is dropped.
    DropConstraint,
    /// One of twenty changes of orders is not recorded.
    LoseVersions,
}

/// The result of a run.
#[derive(Debug)]
pub struct RunResult {
    /// What happened.
    pub history: History,
    /// The rows of the database at the end.
    pub rows: Rows,
    /// The results of the checks.
    pub checks: Vec<CheckResult>,
    /// How often a database session waited for a lock for more than a second.
    pub long_lock_waits: usize,
}

impl RunResult {
    /// The number of violations that all checks found together.
    #[must_use]
    pub fn violations(&self) -> usize {
        self.checks.iter().map(|check| check.violations.len()).sum()
    }
}

/// Why a run could not be completed.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// The cluster does not work.
    #[error(transparent)]
    Cluster(#[from] ClusterError),
    /// The database cannot be read.
    #[error(transparent)]
    Database(#[from] DatabaseError),
    /// The services and calendars that orders need cannot be created.
    #[error("cannot create {path}: {response}")]
    Setup {
        /// The path of the request.
        path: String,
        /// What the service responded, or why there is no response.
        response: String,
    },
    /// The history or the logs cannot be saved.
    #[error("cannot save the history: {0}")]
    Save(#[from] io::Error),
}

/// Starts a cluster, sends requests while faults are injected, and checks the history.
///
/// # Errors
/// If the run cannot be completed. A violation of an invariant is not an error.
pub fn run(settings: &Settings) -> Result<RunResult, RunError> {
    let mut cluster = Cluster::start(&settings.orders_api, settings.processes, settings.failover)?;
    match settings.sabotage {
        Some(Sabotage::DropConstraint) => drop_exclusion_constraint(&cluster.url())?,
        Some(Sabotage::LoseVersions) => lose_versions(&cluster.url())?,
        None => {}
    }
    let calendars = setup::create_services_and_calendars(&cluster)?;
    let mut history = History { calendars, ..History::default() };
    record(settings, &mut cluster, &mut history)?;

    cluster.kill_services()?;
    let rows = Rows::read(&cluster.url())?;
    let log = cluster.postgres_log()?;
    history.incidents = cluster.unexpected_exits().to_vec();
    history.incidents.extend(deadlocks(&log));
    if let Some(directory) = &settings.output_directory {
        save(directory, &history, &cluster)?;
    }
    let checks = check(&history, &rows);
    let long_lock_waits = log.matches(" still waiting for ").count();
    Ok(RunResult { history, rows, checks, long_lock_waits })
}

/// Lets the clients, the followers and the fault injector work at the same time, and records what they did. All
/// service processes are ready when it returns.
fn record(
    settings: &Settings,
    cluster: &mut Cluster,
    history: &mut History,
) -> Result<(), RunError> {
    let clock = Clock::start();
    let deadline = Moment(0).plus(settings.duration);
    let clients = Clients {
        generator: Generator::new(settings.seed),
        count: settings.clients,
        rate: settings.rate,
        operations: settings.operations,
        deadline,
        clock,
        endpoints: cluster.endpoints(),
        key: cluster.key().to_owned(),
    };
    let injector = FaultInjector {
        seed: settings.seed,
        kill_every: settings.kill_every,
        crashes: settings.database_crashes,
        failover: settings.failover,
        deadline,
        clock,
    };
    let followers = Followers::new(settings.seed, clock, cluster.endpoints(), cluster.key());
    let url = cluster.url();
    thread::scope(|scope| {
        let faults = scope.spawn(|| {
            let faults = injector.run(cluster)?;
            cluster.wait_until_ready()?;
            Ok::<_, ClusterError>(faults)
        });
        let followed = scope.spawn(|| followers.run());
        history.operations = clients.run();
        let faults = join(faults);
        // A killed service may have left a write that is still running.
        let quiet = wait_for_transactions(&url);
        let last = followers.finish();
        Followed {
            followings: history.followings,
            order_histories: history.order_histories,
            reads: history.reads,
        } = join(followed);
        history.reads.push(last);
        history.faults = faults?;
        Ok(quiet?)
    })
}

/// The result of a thread. A panic of it is a bug of this program.
fn join<T>(thread: ScopedJoinHandle<'_, T>) -> T {
    thread.join().unwrap_or_else(|panic| panic::resume_unwind(panic))
}

/// The deadlocks in a log of PostgreSQL, each with its details.
fn deadlocks(log: &str) -> Vec<String> {
    let lines: Vec<_> = log.lines().collect();
    let starts = (0..lines.len()).filter(|&at| lines[at].contains("deadlock detected"));
    starts.map(|at| lines[at..(at + 8).min(lines.len())].join("\n      ")).collect()
}

fn save(directory: &Path, history: &History, cluster: &Cluster) -> Result<(), RunError> {
    fs::create_dir_all(directory)?;
    fs::write(directory.join("history.log"), history.to_text())?;
    for following in &history.followings {
        let changes = following.changes.iter().map(|received| format!("{received}\n"));
        let name = following.follower.to_string().replace(' ', "-");
        fs::write(directory.join(format!("{name}.log")), changes.collect::<String>())?;
    }
    Ok(cluster.save_logs(directory)?)
}
