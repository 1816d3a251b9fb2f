//! The service under measurement: [`Service`].

use std::ops::Deref;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result};
use tempfile::NamedTempFile;

use crate::client::Client;
use crate::database::Database;
use crate::usage::Process;

/// A running service, which ends with this value.
pub struct Service {
    service: orders_testkit::Service,
    _log: NamedTempFile,
}

impl Service {
    /// Starts the service with its usual settings on a database, and waits until it is ready.
    ///
    /// # Errors
    /// When it does not start, with the end of its log.
    pub fn start(program: &Path, database: &Database) -> Result<Self> {
        let log = NamedTempFile::new()?;
        let mut command = Command::new(program);
        command.env("DATABASE_URL", &database.url);
        let service = orders_testkit::Service::start(&mut command, "error", log.path())?;
        Ok(Self { service, _log: log })
    }

    /// How long it took from its start until it was ready.
    #[must_use]
    pub fn first_answer(&self) -> Duration {
        self.service.startup()
    }

    /// What its process uses.
    #[must_use]
    pub fn process(&self) -> Process {
        Process(self.service.id())
    }

    /// A connection to it.
    ///
    /// # Errors
    /// When it does not listen any longer.
    pub fn client(&self) -> Result<Client> {
        Client::connect(self.service.address()).context("the service does not listen")
    }
}

impl Deref for Service {
    type Target = orders_testkit::Service;

    fn deref(&self) -> &orders_testkit::Service {
        &self.service
    }
}
