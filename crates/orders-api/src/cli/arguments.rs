//! The command line and its environment variables: [`Cli`].

use std::num::{NonZeroU32, NonZeroUsize};
use std::path::PathBuf;
use std::thread::available_parallelism;
use std::time::Duration;

use clap::{
    Arg, Args, Command as Program, CommandFactory as _, FromArgMatches as _, Parser, Subcommand,
    ValueEnum,
};
use log::LevelFilter;

use crate::access::AuthMode;
use crate::cli::bind_address::BindAddress;
use crate::cli::clients::ClientsCommand;
use crate::cli::duration::{pause, retention, wait};
use crate::cli::identity_provider::IdentityProviderArgs;
use crate::cli::keys::KeysCommand;
use crate::cli::limits::LimitArgs;
use crate::cli::listen::WebhooksCommand;
use crate::cli::webhooks::WebhookArgs;
use crate::db_threads::Limits;
use crate::http::cross_origin::Origin;
use crate::http::public_url::PublicUrl;
use crate::server::Timeouts;

/// How many requests may wait for each database thread in a short burst.
const BURST_PER_THREAD: usize = 1024;

/// How many may wait for each database thread under a lasting overload, when the queue never gets empty. It bounds
/// the latency of the requests that are served; the others are rejected at once.
const BACKLOG_PER_THREAD: usize = 64;

/// The default data directory of the private PostgreSQL, relative to the working directory.
pub const DATA_DIR: &str = ".orders";

/// Orders as appointments: two orders of a calendar are never less than its minimum gap apart
#[derive(Debug, Parser)]
#[command(
    name = "orders-api",
    version,
    after_help = "Example:\n  orders-api --bind 127.0.0.1:3001"
)]
pub struct Cli {
    /// The command; `serve` if there is none.
    #[command(subcommand)]
    pub command: Option<Command>,
    /// Which database is used.
    #[command(flatten)]
    pub database: DatabaseArgs,
    /// How requests are served.
    #[command(flatten)]
    pub server: ServerArgs,
    /// What is logged to standard error: off, error, warn, info, debug or trace, or a list of module=level
    #[arg(
        long, env = "ORDERS_LOG", default_value = "info", value_parser = log_filter, global = true,
        value_name = "FILTER", help_heading = "Log"
    )]
    pub log: String,
    /// How a record is written: as text, or as a JSON object
    #[arg(
        long,
        env = "ORDERS_LOG_FORMAT",
        value_enum,
        default_value = "text",
        global = true,
        value_name = "FORMAT",
        help_heading = "Log"
    )]
    pub log_format: LogFormat,
}

/// How a record of the log is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// For people
    Text,
    /// For programs: one object per line
    Json,
}

/// The commands of the program.
#[derive(Debug, Clone, PartialEq, Eq, Subcommand)]
pub enum Command {
    /// Bring the database up to date and answer requests (the default)
    #[command(after_help = "Example:\n  orders-api serve --bind 127.0.0.1:3001")]
    Serve,
    /// Bring the database up to date
    #[command(
        after_help = "Example:\n  orders-api migrate --database-url postgres://db.example.com/orders"
    )]
    Migrate {
        /// Revert the newest migration instead
        #[arg(long)]
        revert: bool,
    },
    /// Add the sample services, calendars and orders; what exists already stays as it is. Works while the service runs
    #[command(after_help = "Example:\n  orders-api seed")]
    Seed,
    /// Manage the clients of the service; works while it runs
    #[command(subcommand, after_help = "Example:\n  orders-api clients add web-shop --scope write")]
    Clients(ClientsCommand),
    /// Manage the API keys of clients; works while the service runs
    #[command(subcommand, after_help = "Example:\n  orders-api keys create web-shop --expires 90d")]
    Keys(KeysCommand),
    /// Print the OpenAPI document
    #[command(after_help = "Example:\n  orders-api openapi > openapi.json")]
    Openapi,
    /// Build the receiver of a webhook
    #[command(
        subcommand,
        after_help = "Example:\n  orders-api webhooks listen --type order.created"
    )]
    Webhooks(WebhooksCommand),
}

/// Which database is used.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Database")]
pub struct DatabaseArgs {
    /// The PostgreSQL database, as postgres://USER:PASSWORD@HOST/NAME; without it the service runs a private
    /// PostgreSQL in the data directory
    #[arg(long, env = "DATABASE_URL", global = true, value_name = "URL")]
    pub database_url: Option<String>,
    /// The data directory of the private PostgreSQL
    #[arg(
        long,
        env = "ORDERS_DATA_DIR",
        default_value = DATA_DIR,
        global = true,
        value_name = "DIR"
    )]
    pub data_dir: PathBuf,
    /// Whether the schema is updated, or only checked, before the database is used
    #[arg(
        long,
        env = "ORDERS_MIGRATE",
        value_enum,
        default_value = "auto",
        global = true,
        value_name = "MODE"
    )]
    pub migrate: MigrateMode,
    /// The number of database connections, and of requests that are processed at a time; twice the number of cores
    /// by default
    #[arg(long, env = "ORDERS_CONNECTIONS", global = true, value_name = "NUMBER")]
    pub connections: Option<NonZeroU32>,
    /// How long a request may take in total, as 500ms, 10s or 1m
    #[arg(
        long, env = "ORDERS_REQUEST_TIMEOUT", default_value = "10s", value_parser = wait,
        global = true, value_name = "TIME"
    )]
    pub request_timeout: Duration,
}

/// What is done about a schema that is older than the program.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum MigrateMode {
    /// Update it
    Auto,
    /// Fail, so that a role without the right to change it is enough
    Check,
}

/// How requests are served.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Server")]
pub struct ServerArgs {
    /// The address to listen on, as HOST:PORT; with port 0 the system chooses a free port
    #[arg(
        long,
        env = "ORDERS_BIND",
        default_value = "127.0.0.1:3000",
        global = true,
        value_name = "ADDRESS"
    )]
    pub bind: BindAddress,
    /// An address on which GET /metrics is answered without a key; with port 0 the system chooses a free port
    #[arg(long, env = "ORDERS_METRICS_BIND", global = true, value_name = "ADDRESS")]
    pub metrics_bind: Option<BindAddress>,
    /// Where clients reach the service, as `https://orders.example`, for the links that it gives away; by default what each request
    /// says, in `Host` and in what a proxy adds
    #[arg(long, env = "ORDERS_PUBLIC_URL", global = true, value_name = "URL")]
    pub(crate) public_url: Option<PublicUrl>,
    /// The largest request body, in bytes
    #[arg(
        long,
        env = "ORDERS_BODY_LIMIT",
        default_value = "65536",
        global = true,
        value_name = "BYTES"
    )]
    pub body_limit: NonZeroUsize,
    /// How long a request may wait for a database connection before it is answered with 503; under a lasting overload
    /// it is answered at once
    #[arg(
        long, env = "ORDERS_QUEUE_WAIT", default_value = "1s", value_parser = wait, global = true,
        value_name = "TIME"
    )]
    pub queue_wait: Duration,
    /// How long the client of an export, an import or an event stream may stall before it is disconnected: read
    /// nothing that is ready for it, or send no complete line
    #[arg(
        long, env = "ORDERS_STALL_TIMEOUT", default_value = "30s", value_parser = wait,
        global = true, value_name = "TIME"
    )]
    pub stall_timeout: Duration,
    /// How long the changes of orders are kept, from 1m to 3660d; the present version of an order is always kept
    #[arg(
        long, env = "ORDERS_KEEP_CHANGES", default_value = "30d", value_parser = retention, global = true,
        value_name = "TIME"
    )]
    pub keep_changes: Duration,
    /// How long connections are still accepted after SIGTERM or Ctrl-C, while the service is not ready: for load
    /// balancers, which must notice it; 5s by default, or 0s if only this machine reaches the service
    #[arg(long, env = "ORDERS_DRAIN", value_parser = pause, global = true, value_name = "TIME")]
    pub drain: Option<Duration>,
    /// How many seconds the requests in flight have to finish after that
    #[arg(
        long,
        env = "ORDERS_SHUTDOWN_TIMEOUT",
        default_value = "30",
        global = true,
        value_name = "SECONDS"
    )]
    pub shutdown_timeout: u32,
    /// How long connections may wait for requests. Only tests change it.
    #[arg(skip)]
    pub timeouts: Timeouts,
    /// Which requests need the key of a client
    #[arg(
        long,
        env = "ORDERS_AUTH",
        value_enum,
        default_value = "auto",
        global = true,
        value_name = "MODE",
        help_heading = "Access"
    )]
    pub auth: AuthMode,
    /// Whose tokens are accepted.
    #[command(flatten)]
    pub identity_provider: IdentityProviderArgs,
    /// The origin of web pages that may use the service, as `https://shop.example`, once for each
    #[arg(
        long,
        env = "ORDERS_ALLOW_ORIGIN",
        value_delimiter = ',',
        global = true,
        value_name = "ORIGIN",
        help_heading = "Access"
    )]
    pub(crate) allow_origin: Vec<Origin>,
    /// How much clients may do at once.
    #[command(flatten)]
    pub limits: LimitArgs,
    /// To where webhooks may be sent.
    #[command(flatten)]
    pub webhooks: WebhookArgs,
}

impl Cli {
    /// The command line of this process. Ends the process if it is wrong, or asks for help.
    #[must_use]
    pub fn read() -> Self {
        let mut program = Self::program();
        let matches = program.get_matches_mut();
        Self::from_arg_matches(&matches).unwrap_or_else(|error| error.format(&mut program).exit())
    }

    /// The program with a help that shows no values of the environment, and under a command only what the command uses.
    fn program() -> Program {
        let without_values = |arg: Arg| arg.hide_env_values(true);
        let program = Self::command()
            .mut_args(without_values)
            .mut_subcommands(|command| command.mut_args(without_values));
        let of_service = |arg: &&Arg| arg.is_global_set() && arg.get_help_heading() != Some("Log");
        let hidden: Vec<_> =
            program.get_arguments().filter(of_service).map(|arg| arg.clone().hide(true)).collect();
        // It is a client of the service, so the settings mean nothing to it.
        program.mut_subcommand("webhooks", |command| {
            command.mut_subcommand("listen", |command| command.args(&hidden))
        })
    }
}

impl DatabaseArgs {
    /// The number of database connections.
    #[must_use]
    pub fn connections(&self) -> u32 {
        self.connections.map_or_else(
            || 2 * available_parallelism().map_or(1, |cores| cores.get().try_into().unwrap_or(1)),
            NonZeroU32::get,
        )
    }

    /// How long, and how many, requests wait for these connections.
    #[must_use]
    pub fn limits(&self, queue_wait: Duration) -> Limits {
        Limits {
            queue_wait,
            request_timeout: self.request_timeout,
            burst: BURST_PER_THREAD.saturating_mul(self.connections() as usize),
            backlog: BACKLOG_PER_THREAD.saturating_mul(self.connections() as usize),
        }
    }
}

/// Checks that each part of a log filter ends in a level. `env_logger` takes a misspelt level for the name of a
/// module, and then logs nothing else.
fn log_filter(text: &str) -> Result<String, &'static str> {
    let ends_in_level = |directive: &str| {
        directive
            .trim()
            .rsplit('=')
            .next()
            .is_some_and(|level| level.parse::<LevelFilter>().is_ok())
    };
    match text.split(',').all(ends_in_level) {
        true => Ok(text.to_owned()),
        false => Err("write off, error, warn, info, debug or trace, optionally after module="),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_misspelt_level_is_rejected() {
        for good in ["info", "warn,orders_api=debug", "off", "INFO"] {
            assert_eq!(log_filter(good).as_deref(), Ok(good));
        }
        for bad in ["inof", "", "info,orders_api=loud", "orders_api"] {
            assert!(log_filter(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn the_command_line_is_consistent() {
        Cli::program().debug_assert();
    }

    #[test]
    fn every_command_has_an_example_that_can_be_run() {
        let program = Cli::program();
        for command in [&program].into_iter().chain(program.get_subcommands()) {
            let help = command.get_after_help().unwrap().to_string();
            let (_, example) = help.split_once("Example:\n  ").unwrap();
            let (example, _) = example.split_once(" > ").unwrap_or((example, ""));
            let parsed = Cli::program().try_get_matches_from(example.split(' ')).unwrap();
            if command.get_name() != program.get_name() {
                assert_eq!(parsed.subcommand_name(), Some(command.get_name()));
            }
        }
    }

    #[test]
    fn a_command_that_is_a_client_lists_no_settings_of_the_service() {
        for (path, is_client) in [(&["webhooks", "listen"][..], true), (&["seed"], false)] {
            let mut program = Cli::program();
            program.build();
            let find = |program, name: &&str| Program::find_subcommand_mut(program, name).unwrap();
            let help = path.iter().fold(&mut program, find).render_long_help().to_string();
            assert!(help.contains("--log "), "{help}");
            assert_eq!(help.contains("--url "), is_client, "{help}");
            for setting in ["--bind", "--database-url", "--max-exports"] {
                assert_eq!(help.contains(setting), !is_client, "{setting} in {help}");
            }
            let before = ["orders-api", "--bind", "[::1]:0"];
            let matches = Cli::program().try_get_matches_from(before.iter().chain(path)).unwrap();
            let cli = Cli::from_arg_matches(&matches).unwrap();
            assert_eq!(cli.server.bind.to_string(), "[::1]:0");
        }
    }

    #[test]
    fn the_settings_are_grouped() {
        let program = Cli::program();
        for (id, heading) in [
            ("connections", "Database"),
            ("shutdown_timeout", "Server"),
            ("auth", "Access"),
            ("jwks", "Access"),
            ("export_timeout", "Limits"),
            ("webhook_networks", "Webhooks"),
            ("log_format", "Log"),
        ] {
            let setting = program.get_arguments().find(|arg| arg.get_id() == id).unwrap();
            assert_eq!(setting.get_help_heading(), Some(heading), "{id}");
        }
    }

    #[test]
    fn the_help_shows_no_value_of_the_environment() {
        let mut program = Cli::program();
        program.build();
        let all = [&program].into_iter().chain(program.get_subcommands());
        let with_value = all
            .flat_map(Program::get_arguments)
            .find(|arg| arg.get_env().is_some() && !arg.is_hide_env_values_set());
        assert_eq!(with_value, None);
    }

    #[test]
    fn settings_may_stand_before_and_after_the_command() {
        let before = Cli::try_parse_from(["orders-api", "--bind", "[::1]:0", "serve"]).unwrap();
        let after = Cli::try_parse_from(["orders-api", "serve", "--bind", "[::1]:0"]).unwrap();
        assert_eq!((before.server.bind, before.command), (after.server.bind, after.command));
    }
}
