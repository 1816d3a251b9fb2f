//! On whose behalf a store acts: [`Caller`].

use std::collections::BTreeSet;
use std::sync::Arc;

use orders_core::{CalendarId, Client, Order, StoreError};

/// The client on whose behalf a store acts, or none if the request had no credentials.
#[derive(Debug, Clone, Default)]
pub(crate) struct Caller(Option<Arc<Client>>);

impl Caller {
    pub(crate) fn new(client: Option<Arc<Client>>) -> Self {
        Self(client)
    }

    /// The client's id; empty if there is none.
    pub(crate) fn id(&self) -> &str {
        self.0.as_ref().map_or("", |client| client.id.as_str())
    }

    /// The value of the setting `orders.client`. It is not empty, so it distinguishes the service from `psql`; no id
    /// is blank.
    pub(crate) fn setting(&self) -> &str {
        self.0.as_ref().map_or(" ", |client| client.id.as_str())
    }

    /// Fails if the client may not use the calendar.
    pub(crate) fn permit(&self, calendar: &CalendarId) -> Result<(), StoreError> {
        match &self.0 {
            Some(client) if !client.may_use(calendar) => {
                Err(StoreError::NotPermitted(calendar.clone()))
            }
            _ => Ok(()),
        }
    }

    /// Whether the client may see the order.
    pub(crate) fn sees(&self, order: &Order) -> bool {
        self.permit(&order.calendar).is_ok()
    }

    /// The only calendars that the client may use; `None` is all.
    pub(crate) fn calendars(&self) -> Option<&BTreeSet<CalendarId>> {
        self.0.as_ref()?.calendars.as_ref()
    }

    /// The ids of these calendars.
    pub(crate) fn calendar_ids(&self) -> Option<Vec<&str>> {
        Some(self.calendars()?.iter().map(CalendarId::as_str).collect())
    }
}
