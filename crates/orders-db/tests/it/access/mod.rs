//! Clients, their keys, and what is done on their behalf.

mod actor;
mod clients;
mod restricted;

use std::sync::Arc;

use orders_core::{Client, ClientId, Scope};
use orders_db::{Heartbeat, Settings};

use crate::database::Database;
use crate::samples::*;

fn client_id(id: &str) -> ClientId {
    ClientId::new(id).unwrap()
}

/// A client that may use these calendars, or all.
fn client(id: &str, calendars: Option<&[&str]>) -> Client {
    let calendars = calendars.map(|ids| ids.iter().map(|id| calendar_id(id)).collect());
    Client { id: client_id(id), scope: Scope::Write, calendars, rate: None, subject: None }
}

pub(crate) fn acting(id: &str, calendars: Option<&[&str]>) -> Option<Arc<Client>> {
    Some(Arc::new(client(id, calendars)))
}

fn heartbeat(database: &Database) -> Heartbeat {
    Heartbeat::new(&Settings::new(&database.url, 1))
}
