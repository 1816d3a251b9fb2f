//! The commands of the program, and the settings that they take.

pub mod arguments;
pub mod bind_address;
pub mod clients;
pub mod database;
mod database_url;
mod duration;
pub mod identity_provider;
pub mod keys;
pub mod limits;
pub mod listen;
mod migrate;
mod openapi;
pub mod sample_data;
mod seed;
mod serve;
mod table;
pub mod webhooks;

pub use clients::clients;
pub use keys::keys;
pub use migrate::migrate;
pub use openapi::openapi;
pub use seed::seed;
pub use serve::serve;
