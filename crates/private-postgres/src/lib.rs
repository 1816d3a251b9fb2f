//! A PostgreSQL server that belongs to this process.
//!
//! [`PrivatePostgres`] creates a database cluster in a directory, starts the PostgreSQL found on
//! this machine on it, and stops it again when the value is dropped. Clients reach it only through
//! a unix socket that no other user can open; there is no TCP port and no password.
//!
//! A directory has one owner at a time. When the owner is killed, the next one takes the directory
//! over, whether the old server still runs or not, and no committed transaction is lost.
//!
//! ```no_run
//! use private_postgres::{Options, PrivatePostgres};
//!
//! # fn main() -> Result<(), private_postgres::Error> {
//! let mut postgres = PrivatePostgres::start(Options::at("/var/lib/orders").database("orders"))?;
//! println!("connect to {}", postgres.url("orders"));
//! postgres.stop()?;
//! # Ok(())
//! # }
//! ```
//!
//! [`PrivatePostgres::supervise`] keeps it running: a server that dies is started again.
//!
//! For tests there are temporary clusters, which are quick to create and leave nothing behind, however the
//! process ends:
//!
//! ```no_run
//! # fn main() -> Result<(), private_postgres::Error> {
//! let postgres = private_postgres::PrivatePostgres::temporary()?;
//! println!("connect to {}", postgres.url("orders"));
//! # Ok(())
//! # }
//! ```
//!
//! The layout of the directory:
//!
//! | path               | content                                                      |
//! |--------------------|--------------------------------------------------------------|
//! | `owner.lock`       | locked by the process that owns the directory                |
//! | `postgres/`        | the data directory of PostgreSQL                             |
//! | `socket/`          | the unix socket, if its path is short enough                 |
//! | `socket-directory` | the directory of the socket, if that path would be too long  |
//! | `log/postgres.log` | the log of the server                                        |

mod account;
mod cluster;
mod directory;
mod error;
mod installation;
mod options;
mod postgres;
mod server;
mod supervisor;
mod url;
mod watchdog;

pub use error::Error;
pub use installation::Installation;
pub use options::Options;
pub use postgres::PrivatePostgres;
pub use supervisor::Supervisor;
