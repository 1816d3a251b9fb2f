use std::path::PathBuf;
use std::time::Duration;

/// How to run a private PostgreSQL. Start with [`Options::at`] or [`Options::temporary`].
#[derive(Debug, Clone)]
pub struct Options {
    pub(crate) directory: Option<PathBuf>,
    pub(crate) durable: bool,
    pub(crate) database: Option<String>,
    pub(crate) settings: Vec<(String, String)>,
    pub(crate) startup_timeout: Duration,
}

impl Options {
    /// A durable server with its data in this directory, which is created if needed.
    pub fn at(directory: impl Into<PathBuf>) -> Self {
        Self {
            directory: Some(directory.into()),
            durable: true,
            database: None,
            settings: Vec::new(),
            startup_timeout: Duration::from_secs(120),
        }
    }

    /// A server that is not durable, with a database `orders`. Its directory is removed when this process ends, however
    /// it ends. Unless it is made durable, its files are in memory if there is space and `TMPDIR` is not set.
    pub fn temporary() -> Self {
        Self { directory: None, ..Self::at("").durable(false).database("orders") }
    }

    /// Whether a committed transaction survives a crash of the server and of the machine.
    ///
    /// Without durability a power failure can destroy the whole cluster. Use it only for tests.
    #[must_use]
    pub fn durable(mut self, durable: bool) -> Self {
        self.durable = durable;
        self
    }

    /// Creates this database together with the cluster; an existing cluster is left as it is.
    #[must_use]
    pub fn database(mut self, name: impl Into<String>) -> Self {
        self.database = Some(name.into());
        self
    }

    /// Adds a server setting, as in `postgresql.conf`. It overrides the default settings of this crate.
    #[must_use]
    pub fn setting(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.settings.push((name.into(), value.into()));
        self
    }

    /// How long a start may take, including the recovery after a crash; two minutes by default.
    #[must_use]
    pub fn startup_timeout(mut self, timeout: Duration) -> Self {
        self.startup_timeout = timeout;
        self
    }
}
