//! Creates what the workload needs: [`create_services_and_calendars`].

use std::io;

use orders_core::{Calendar, CalendarDraft, CalendarId, MinimumGap, Name, ServiceDraft, ServiceId};
use serde::Serialize;

use crate::cluster::{Cluster, ClusterError};
use crate::http::{Connection, SERVICES};
use crate::workload::CALENDARS;

use super::RunError;

/// Creates the services and calendars of the workload, and returns the calendars.
pub(super) fn create_services_and_calendars(cluster: &Cluster) -> Result<Vec<Calendar>, RunError> {
    let address = cluster.endpoints().iter().find_map(|endpoint| endpoint.location().address);
    let not_running = || ClusterError::Io(io::ErrorKind::NotConnected.into());
    let connection = Connection::new(address.ok_or_else(not_running)?, cluster.key());
    // OK because the constants are valid ids and names.
    for id in SERVICES {
        let (id, name) = (ServiceId::new(id).expect("an id"), Name::new(id).expect("a name"));
        send(&connection, "POST", "/services", &ServiceDraft { id: Some(id), name })?;
    }
    let mut calendars = Vec::new();
    for id in CALENDARS {
        let (id, name) = (CalendarId::new(id).expect("an id"), Name::new(id).expect("a name"));
        let minimum_gap = MinimumGap::default();
        let draft = CalendarDraft {
            id: Some(id.clone()),
            name: name.clone(),
            minimum_gap: Some(minimum_gap),
        };
        if id.is_default() {
            send(&connection, "PUT", "/calendars/default", &draft)?;
        } else {
            send(&connection, "POST", "/calendars", &draft)?;
        }
        calendars.push(Calendar { id, name, minimum_gap });
    }
    Ok(calendars)
}

fn send(
    connection: &Connection,
    method: &str,
    path: &str,
    draft: &impl Serialize,
) -> Result<(), RunError> {
    let failed = |response| RunError::Setup { path: path.to_owned(), response };
    let body = serde_json::to_string(draft).map_err(|error| failed(error.to_string()))?;
    match connection.send(method, path, Some(body)) {
        Ok(response) if matches!(response.status, 200 | 201) => Ok(()),
        Ok(response) => Err(failed(format!("{} {}", response.status, response.body))),
        Err(error) => Err(failed(error.to_string())),
    }
}
