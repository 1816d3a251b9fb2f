//! The directory of a private PostgreSQL: what is where in it, who owns it, and who may enter it.

mod files;
mod layout;
mod owner;

pub(crate) use files::{create_accessible, create_private, set_mode, sync_directory};
pub(crate) use layout::Layout;
pub(crate) use owner::OwnerLock;
