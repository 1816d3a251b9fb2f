//! The running service: [`Running`].

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::Command;
use std::sync::LazyLock;
use std::time::Duration;

use orders_client::{Client, ClientBuilder};
use orders_testkit::{Service, program};
use private_postgres::PrivatePostgres;
use tempfile::TempDir;

static PROGRAM: LazyLock<PathBuf> = LazyLock::new(|| program::build().unwrap());

/// More than there are tests of imports and exports, which are all one client.
const LIMIT: &str = "20";

/// The service that most tests share. It needs no key.
static SHARED: LazyLock<Running> = LazyLock::new(|| {
    Running::start(&[
        ("ORDERS_MAX_IMPORTS", LIMIT),
        ("ORDERS_MAX_IMPORTS_PER_CLIENT", LIMIT),
        ("ORDERS_MAX_EXPORTS", LIMIT),
        ("ORDERS_MAX_EXPORTS_PER_CLIENT", LIMIT),
        ("ORDERS_WEBHOOK_NETWORKS", "127.0.0.0/8"),
        // The webhooks of the examples have no endpoints.
        ("ORDERS_NO_WEBHOOKS", "true"),
    ])
});

/// A service with a database of its own and the sample services.
pub(crate) struct Running {
    service: Service,
    command: Command,
    directory: TempDir,
    _postgres: PrivatePostgres,
}

/// The service that tests share. Each test books other times.
pub(crate) fn shared() -> &'static Running {
    &SHARED
}

/// A client of it.
pub(crate) fn client() -> Client {
    shared().client()
}

impl Running {
    /// Starts a service with these variables in its environment.
    pub(crate) fn start(variables: &[(&str, &str)]) -> Self {
        let postgres = PrivatePostgres::temporary().unwrap();
        let mut command = Command::new(&*PROGRAM);
        command.env("DATABASE_URL", postgres.url("orders")).env("ORDERS_LOG", "error");
        command.envs(variables.iter().copied());
        let directory = tempfile::tempdir().unwrap();
        let log = directory.path().join("service.log");
        let service = Service::start(&mut command, "warn", &log).unwrap();
        let running = Self { service, command, directory, _postgres: postgres };
        running.run(&["seed"]);
        running
    }

    /// Where it listens.
    pub(crate) fn address(&self) -> SocketAddr {
        self.service.address()
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address())
    }

    /// A client without a key that waits only a moment before it tries again.
    pub(crate) fn client(&self) -> Client {
        self.builder().build().unwrap()
    }

    pub(crate) fn builder(&self) -> ClientBuilder {
        impatient(&self.url())
    }

    /// Kills the service, and starts it again on the same address and database.
    pub(crate) fn restart(&mut self) {
        self.kill();
        let address = self.address();
        let log = self.directory.path().join("service.log");
        self.service = Service::start_at(address, &mut self.command, "warn", &log).unwrap();
    }

    pub(crate) fn kill(&mut self) {
        self.service.kill().unwrap();
    }

    /// Runs a command of the service on its database, and returns what it prints.
    pub(crate) fn run(&self, arguments: &[&str]) -> String {
        let mut command = Command::new(self.command.get_program());
        for (name, value) in self.command.get_envs() {
            command.env(name, value.unwrap());
        }
        let output = command.args(arguments).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    }
}

/// A client of the service at this URL that waits only a moment before it tries again.
pub(crate) fn impatient(url: &str) -> ClientBuilder {
    Client::builder(url).pauses(Duration::from_millis(1), Duration::from_millis(5))
}
