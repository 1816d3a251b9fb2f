//! Delivery of changes to other systems, signed as the [Standard Webhooks](https://www.standardwebhooks.com)
//! specification says.

mod networks;
mod seal;
mod sender;
mod shared;
mod signature;
mod target;

pub(crate) use self::networks::Networks;
pub(crate) use self::seal::{InvalidSecretKey, KEY_VARIABLE, OpenError, SecretKey, open, seal};
pub(crate) use self::sender::{Attempt, Message, NotAllowed, Outcome, Sender};
pub(crate) use self::shared::Webhooks;
pub(crate) use self::signature::Secret;
pub(crate) use self::target::Target;
