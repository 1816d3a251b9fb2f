//! Times as people write and read them, in a time zone: [`Zone`], [`TimeText`].

mod text;
mod zone;

pub(crate) use self::text::{Day, InvalidTime, TimeText};
pub(crate) use self::zone::{InvalidZone, Zone};
