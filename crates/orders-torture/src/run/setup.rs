//! Creates what the workload needs: [`create_services_and_calendars`].

use std::io;

use orders_client::wire::{CreateCalendar, CreateService, Operation, ReplaceCalendar};
use orders_core::{Calendar, CalendarDraft, CalendarId, MinimumGap, Name, ServiceDraft, ServiceId};

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
        let draft = ServiceDraft { id: Some(id), name };
        send(&connection, &CreateService { draft })?;
    }
    let mut calendars = Vec::new();
    for id in CALENDARS {
        let (id, name) = (CalendarId::new(id).expect("an id"), Name::new(id).expect("a name"));
        let minimum_gap = Some(MinimumGap::default());
        let draft = CalendarDraft { id: Some(id.clone()), name, minimum_gap };
        calendars.push(match id.is_default() {
            true => send(&connection, &ReplaceCalendar { id, draft })?,
            false => send(&connection, &CreateCalendar { draft })?,
        });
    }
    Ok(calendars)
}

fn send<O: Operation>(connection: &Connection, operation: &O) -> Result<O::Output, RunError> {
    let request = operation.request();
    let path = request.uri().to_string();
    let failed = |response| RunError::Setup { path, response };
    match connection.send(request) {
        Ok(response) => operation.read(&response).map_err(|failure| failed(failure.to_string())),
        Err(error) => Err(failed(error.to_string())),
    }
}
