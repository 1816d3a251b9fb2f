//! What was requested, answered and broken, and when: [`History`].

use std::fmt;
use std::time::{Duration, Instant};

use orders_core::Calendar;

use crate::answer::Answer;
use crate::mark::Mark;
use crate::request::Request;

/// Microseconds since the run began, by the one clock of the harness.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Moment(pub u64);

impl Moment {
    /// A moment that never comes.
    pub const NEVER: Moment = Moment(u64::MAX);

    /// So much later.
    #[must_use]
    pub fn plus(self, duration: Duration) -> Self {
        Self(self.0.saturating_add(duration.as_micros().try_into().unwrap_or(u64::MAX)))
    }
}

impl fmt::Display for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if *self == Self::NEVER {
            return f.write_str("never");
        }
        write!(f, "{}.{:06}", self.0 / 1_000_000, self.0 % 1_000_000)
    }
}

/// The clock of a run.
#[derive(Debug, Clone, Copy)]
pub struct Clock(Instant);

impl Clock {
    /// A clock that begins now.
    #[must_use]
    pub fn start() -> Self {
        Self(Instant::now())
    }

    /// The present moment.
    #[must_use]
    pub fn now(self) -> Moment {
        Moment(0).plus(self.0.elapsed())
    }

    /// Sleeps until this moment.
    pub fn sleep_until(self, moment: Moment) {
        let left = moment.0.saturating_sub(self.now().0);
        if left > 0 {
            std::thread::sleep(Duration::from_micros(left));
        }
    }
}

/// One request and its outcome.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// The operation, which also marks what it wrote.
    pub mark: Mark,
    /// Which client sent it.
    pub client: usize,
    /// Which service process it was sent to.
    pub process: usize,
    /// Just before it was sent.
    pub start: Moment,
    /// Just after the answer had come.
    pub end: Moment,
    /// What was asked.
    pub request: Request,
    /// What was answered.
    pub answer: Answer,
}

impl fmt::Display for Record {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { mark: Mark(mark), client, process, start, end, request, answer } = self;
        write!(
            f,
            "{start} to {end} s, operation {mark}, client {client}, process {process}: \
             {request} -> {answer}"
        )
    }
}

/// What the nemesis did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FaultKind {
    /// SIGKILL to this service process.
    Kill(usize),
    /// An immediate stop of PostgreSQL.
    Crash,
}

/// A fault, from just before it until everything works again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fault {
    /// What was done.
    pub kind: FaultKind,
    /// Just before it.
    pub from: Moment,
    /// When what was broken answered again.
    pub until: Moment,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { kind, from, until } = self;
        match kind {
            FaultKind::Kill(process) => write!(f, "{from} to {until} s: killed process {process}"),
            FaultKind::Crash => write!(f, "{from} to {until} s: crashed PostgreSQL"),
        }
    }
}

/// Everything that is known of a run.
#[derive(Debug, Clone, Default)]
pub struct History {
    /// The calendars as they were before the first request.
    pub calendars: Vec<Calendar>,
    /// All requests, by their start.
    pub records: Vec<Record>,
    /// All faults, by their start.
    pub faults: Vec<Fault>,
    /// What happened that nobody asked for: a process that ended by itself.
    pub incidents: Vec<String>,
}

impl History {
    /// A moment after every request.
    #[must_use]
    pub fn end(&self) -> Moment {
        let last = self.records.iter().map(|record| record.end).max();
        last.unwrap_or(Moment(0)).plus(Duration::from_secs(1))
    }
}
