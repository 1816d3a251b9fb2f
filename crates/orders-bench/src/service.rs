//! The service under measurement: [`Service`].

use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use crate::client::Client;
use crate::database::Database;
use crate::usage::Process;

/// How long a service may take until it answers.
const READY: Duration = Duration::from_secs(60);

/// One starts at a time: a port that is free may be found by another until it is used.
static STARTING: Mutex<()> = Mutex::new(());

/// A running service, which ends with this value.
pub struct Service {
    child: Child,
    /// Where it answers.
    pub address: SocketAddr,
    /// How long it took from its start to its first answer.
    pub first_answer: Duration,
}

/// The service program: the one that was given, or the one beside this program.
///
/// # Errors
/// When there is none.
pub fn program(given: Option<&Path>) -> Result<PathBuf> {
    let program = match given {
        Some(program) => program.to_owned(),
        None => std::env::current_exe()?.with_file_name("orders-api"),
    };
    program.canonicalize().with_context(|| {
        format!(
            "there is no {}; build it with `cargo build --release -p orders-api` or give --orders-api",
            program.display()
        )
    })
}

impl Service {
    /// Starts the service with its usual settings on a database, and waits for its first answer. `ORDERS_LOG=warn`
    /// shows why it answers 503.
    ///
    /// # Errors
    /// When it does not answer.
    pub fn start(program: &Path, database: &Database) -> Result<Self> {
        let _alone = STARTING.lock().unwrap_or_else(PoisonError::into_inner);
        let address = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?;
        let began = Instant::now();
        let child = Command::new(program)
            .env("DATABASE_URL", &database.url)
            .env("ORDERS_BIND", address.to_string())
            .env("ORDERS_LOG", std::env::var_os("ORDERS_LOG").unwrap_or_else(|| "error".into()))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .spawn()
            .with_context(|| format!("cannot run {}", program.display()))?;
        let mut service = Self { child, address, first_answer: Duration::ZERO };
        loop {
            if let Ok(mut client) = Client::connect(address) {
                let answer = client.send("GET", "/readyz", None)?;
                if answer.status == 200 {
                    service.first_answer = began.elapsed();
                    return Ok(service);
                }
            }
            if let Some(status) = service.child.try_wait()? {
                bail!("the service ended with {status}");
            }
            if began.elapsed() > READY {
                bail!("the service did not answer within {READY:?}");
            }
            thread::sleep(Duration::from_millis(1));
        }
    }

    /// Its process.
    #[must_use]
    pub fn process(&self) -> Process {
        Process(self.child.id())
    }

    /// A connection to it.
    ///
    /// # Errors
    /// When it does not listen any longer.
    pub fn client(&self) -> Result<Client> {
        Client::connect(self.address).context("the service does not listen")
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        // There is nothing left to try.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
