//! How much clients may do at once: [`LimitArgs`].

use std::num::NonZeroUsize;
use std::time::Duration;

use clap::Args;

use super::duration::wait;
use crate::places::Limits;

/// How much clients may do at once.
#[derive(Debug, Clone, Copy, Args)]
#[command(next_help_heading = "Limits")]
pub struct LimitArgs {
    /// How many event streams, and requests that wait for changes, may be open
    #[arg(
        long,
        env = "ORDERS_MAX_STREAMS",
        default_value = "1000",
        global = true,
        value_name = "NUMBER"
    )]
    pub max_streams: NonZeroUsize,
    /// How many of them a client may have open
    #[arg(
        long,
        env = "ORDERS_MAX_STREAMS_PER_CLIENT",
        default_value = "100",
        global = true,
        value_name = "NUMBER"
    )]
    pub max_streams_per_client: NonZeroUsize,
    /// How many imports may run
    #[arg(
        long,
        env = "ORDERS_MAX_IMPORTS",
        default_value = "16",
        global = true,
        value_name = "NUMBER"
    )]
    pub max_imports: NonZeroUsize,
    /// How many of them a client may run
    #[arg(
        long,
        env = "ORDERS_MAX_IMPORTS_PER_CLIENT",
        default_value = "2",
        global = true,
        value_name = "NUMBER"
    )]
    pub max_imports_per_client: NonZeroUsize,
    /// How many exports of all orders as lines may run; each has a database connection of its own
    #[arg(
        long,
        env = "ORDERS_MAX_EXPORTS",
        default_value = "4",
        global = true,
        value_name = "NUMBER"
    )]
    pub max_exports: NonZeroUsize,
    /// How many of them a client may run
    #[arg(
        long,
        env = "ORDERS_MAX_EXPORTS_PER_CLIENT",
        default_value = "1",
        global = true,
        value_name = "NUMBER"
    )]
    pub max_exports_per_client: NonZeroUsize,
    /// How long an export may take in total; its snapshot keeps the database from removing dead rows
    #[arg(
        long, env = "ORDERS_EXPORT_TIMEOUT", default_value = "15m", value_parser = wait, global = true,
        value_name = "TIME"
    )]
    pub export_timeout: Duration,
}

impl LimitArgs {
    /// How many may follow the changes.
    pub(crate) fn streams(&self) -> Limits {
        Limits { all: self.max_streams, per_client: self.max_streams_per_client }
    }

    /// How many imports run.
    pub(crate) fn imports(&self) -> Limits {
        Limits { all: self.max_imports, per_client: self.max_imports_per_client }
    }

    /// How many exports run.
    pub(crate) fn exports(&self) -> Limits {
        Limits { all: self.max_exports, per_client: self.max_exports_per_client }
    }

    /// How many database connections there are for long work: one for each export, and one for new gaps of calendars.
    pub(crate) fn long_connections(&self) -> u32 {
        u32::try_from(self.max_exports.get()).unwrap_or(u32::MAX).saturating_add(1)
    }
}
