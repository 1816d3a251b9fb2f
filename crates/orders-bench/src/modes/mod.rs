//! What can be measured: one file for each mode, each of which makes a [`Section`].

mod bulk;
mod contended;
mod fair;
mod feed;
mod fresh;
mod growth;
mod idle;
mod overload;
mod single;
mod soak;
mod solid;
mod webhooks;
mod workloads;

// Each mode uses these.
use std::path::Path;
use std::time::Duration;

use anyhow::Result;
use clap::ValueEnum as _;

use crate::bench::Bench;
use crate::cli::Cli;
use crate::dataset::Dataset;
use crate::load::{self, Sample};
use crate::postgres::Database;
use crate::report::{Section, Table, figure};
use crate::schedule::{Phase, Schedule};
use crate::statistics::{median, millis, percentile};
use crate::workload::{Value, Workload};

/// Measures with the service program at a path.
pub(crate) type Mode = fn(&Cli, &Path) -> Result<Section>;

/// The modes that were asked for, in the order of the page; the table and memory at rest if none was.
pub(crate) fn requested(cli: &Cli) -> Vec<Mode> {
    let modes: [(bool, Mode); 12] = [
        (cli.idle, idle::run),
        (cli.single, single::run),
        (cli.overload, overload::run),
        (cli.fair, fair::run),
        (cli.growth, growth::run),
        (cli.contended, contended::run),
        (cli.solid, solid::run),
        (cli.bulk, bulk::run),
        (cli.fresh, fresh::run),
        (cli.feed, feed::run),
        (cli.soak.is_some(), soak::run),
        (cli.webhooks, webhooks::run),
    ];
    let requested: Vec<_> =
        modes.into_iter().filter(|(requested, _)| *requested).map(|(_, mode)| mode).collect();
    if requested.is_empty() { vec![workloads::run, idle::run] } else { requested }
}
