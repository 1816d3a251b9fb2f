//! What can be ordered: [`Service`], and the [`ServiceDraft`] that creates it.

use crate::{Name, ServiceId};

/// Something that can be ordered.
///
/// ```
/// use orders_core::{Name, Service, ServiceId};
/// let inspection = Service { id: ServiceId::new("123")?, name: Name::new("Inspection")? };
/// assert!(Name::new("").is_err());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Service {
    /// Its id.
    pub id: ServiceId,
    /// What people call it.
    pub name: Name,
}

/// The fields that a client gives to create or replace a service.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct ServiceDraft {
    /// The id of a new service; generated if `None`.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Option::is_none"))]
    pub id: Option<ServiceId>,
    /// What people call it.
    pub name: Name,
}
