//! A whole run: [`run`].

use std::fmt::Write as _;
use std::fs;
use std::io;
use std::path::PathBuf;
use std::thread;
use std::time::Duration;

use orders_core::{Calendar, CalendarDraft, CalendarId, MinimumGap, Name, ServiceDraft, ServiceId};
use serde::Serialize;

use crate::check::{self, Finding};
use crate::client::Connection;
use crate::cluster::{Cluster, ClusterError};
use crate::history::{Clock, History, Moment};
use crate::keep::{self, Keep, KeepError};
use crate::nemesis::Nemesis;
use crate::plan::{CALENDARS, Plan};
use crate::request::SERVICES;
use crate::traffic::Traffic;

/// What a run is like.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The service program.
    pub orders_api: PathBuf,
    /// How long there is traffic.
    pub duration: Duration,
    /// What is planned follows from it.
    pub seed: u64,
    /// How many service processes there are.
    pub processes: usize,
    /// How many clients there are.
    pub clients: usize,
    /// How many operations begin in a second at most.
    pub rate: u32,
    /// How many operations there are at most.
    pub operations: u32,
    /// How often a service process is killed.
    pub kill_every: Duration,
    /// How often PostgreSQL is crashed in all.
    pub database_crashes: u32,
    /// What is broken on purpose.
    pub sabotage: Option<Sabotage>,
    /// Where the history and the logs are kept.
    pub keep: Option<PathBuf>,
}

/// Something that is broken on purpose, to see that the harness notices.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sabotage {
    /// The exclusion constraint that is the rule is dropped before the traffic.
    DropConstraint,
}

/// What came of a run.
#[derive(Debug)]
pub struct Outcome {
    /// What happened.
    pub history: History,
    /// What the database keeps.
    pub keep: Keep,
    /// What the checks found.
    pub findings: Vec<Finding>,
    /// How often a database session waited for a lock for a second.
    pub long_lock_waits: usize,
}

impl Outcome {
    /// How many violations there are in all.
    #[must_use]
    pub fn violations(&self) -> usize {
        self.findings.iter().map(|finding| finding.violations.len()).sum()
    }
}

/// Why a run did not come to an end.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// The cluster does not work.
    #[error(transparent)]
    Cluster(#[from] ClusterError),
    /// The database cannot be read.
    #[error(transparent)]
    Keep(#[from] KeepError),
    /// The services and calendars for the orders cannot be made.
    #[error("cannot make {path}: {answer}")]
    Prepare {
        /// What was to be made.
        path: String,
        /// What the service said.
        answer: String,
    },
    /// The history cannot be kept.
    #[error("cannot keep the history: {0}")]
    History(#[from] io::Error),
}

/// Starts a cluster, lets clients and nemesis loose on it, and checks everything.
///
/// # Errors
/// When something fails that is no violation: the cluster does not start, say.
pub fn run(settings: &Settings) -> Result<Outcome, RunError> {
    let mut cluster = Cluster::start(&settings.orders_api, settings.processes)?;
    if settings.sabotage == Some(Sabotage::DropConstraint) {
        keep::drop_constraint(&cluster.url())?;
    }
    let calendars = prepare(&cluster)?;

    let clock = Clock::start();
    let until = Moment(0).plus(settings.duration);
    let traffic = Traffic {
        plan: Plan::new(settings.seed),
        clients: settings.clients,
        rate: settings.rate,
        operations: settings.operations,
        until,
        clock,
        doors: cluster.doors(),
    };
    let nemesis = Nemesis {
        seed: settings.seed,
        kill_every: settings.kill_every,
        crashes: settings.database_crashes,
        until,
        clock,
    };
    let (records, deeds) = thread::scope(|scope| {
        let deeds = scope.spawn(|| nemesis.run(&mut cluster));
        let records = traffic.run();
        let deeds = deeds.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        (records, deeds)
    });
    let deeds = deeds?;
    cluster.wait_until_ready()?;

    let mut incidents = deeds.incidents;
    for process in 0..settings.processes {
        if let Some(status) = cluster.kill_service(process)? {
            incidents.push(format!("service process {process} ended by itself with {status}"));
        }
    }
    let keep = Keep::read(&cluster.url())?;
    let log = cluster.postgres_log()?;
    incidents.extend(deadlocks(&log));
    let history = History { calendars, records, faults: deeds.faults, incidents };
    if let Some(directory) = &settings.keep {
        fs::create_dir_all(directory)?;
        fs::write(directory.join("history.log"), written(&history))?;
        cluster.keep_logs(directory)?;
    }
    let findings = check::all(&history, &keep);
    let long_lock_waits = log.matches(" still waiting for ").count();
    Ok(Outcome { history, keep, findings, long_lock_waits })
}

/// Makes the services and calendars that the plan names.
fn prepare(cluster: &Cluster) -> Result<Vec<Calendar>, RunError> {
    let unreachable = || ClusterError::Io(io::ErrorKind::NotConnected.into());
    let doors = cluster.doors();
    let address = doors.iter().find_map(|door| door.entrance().address).ok_or_else(unreachable)?;
    let connection = Connection::new(address);
    // OK because the names of services and calendars are ids and names.
    for id in SERVICES {
        let (id, name) = (ServiceId::new(id).expect("an id"), Name::new(id).expect("a name"));
        make(&connection, "POST", "/services", &ServiceDraft { id: Some(id), name })?;
    }
    let mut calendars = Vec::new();
    for id in CALENDARS {
        let (id, name) = (CalendarId::new(id).expect("an id"), Name::new(id).expect("a name"));
        let gap = MinimumGap::default();
        let draft =
            CalendarDraft { id: Some(id.clone()), name: name.clone(), minimum_gap: Some(gap) };
        if id.is_default() {
            make(&connection, "PUT", "/calendars/default", &draft)?;
        } else {
            make(&connection, "POST", "/calendars", &draft)?;
        }
        calendars.push(Calendar { id, name, minimum_gap: gap });
    }
    Ok(calendars)
}

fn make(
    connection: &Connection,
    method: &str,
    path: &str,
    draft: &impl Serialize,
) -> Result<(), RunError> {
    let refused = |answer| RunError::Prepare { path: path.to_owned(), answer };
    let body = serde_json::to_string(draft).map_err(|error| refused(error.to_string()))?;
    match connection.send(method, path, Some(body)) {
        Ok(raw) if matches!(raw.status, 200 | 201) => Ok(()),
        Ok(raw) => Err(refused(format!("{} {}", raw.status, raw.body))),
        Err(error) => Err(refused(error.to_string())),
    }
}

/// The deadlocks that PostgreSQL logged, each with what it said about it.
fn deadlocks(log: &str) -> impl Iterator<Item = String> {
    let lines: Vec<_> = log.lines().collect();
    let found: Vec<_> = lines
        .iter()
        .enumerate()
        .filter(|(_, line)| line.contains("deadlock detected"))
        .map(|(at, _)| lines[at..(at + 8).min(lines.len())].join("\n      "))
        .collect();
    found.into_iter()
}

/// The history as text, one request or fault a line, by their start.
fn written(history: &History) -> String {
    let records = history.records.iter().map(|record| (record.start, record.to_string()));
    let faults = history.faults.iter().map(|fault| (fault.from, fault.to_string()));
    let mut lines: Vec<_> = records.chain(faults).collect();
    lines.sort_by_key(|(start, _)| *start);
    lines.into_iter().fold(String::new(), |mut text, (_, line)| {
        // Writing to a string cannot fail.
        let _ = writeln!(text, "{line}");
        text
    })
}
