//! What can be ordered: [`Service`], and the [`ServiceDraft`] it is made from.

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

/// A service as a client wishes it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct ServiceDraft {
    /// The client's own id, or none to have one made.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Option::is_none"))]
    pub id: Option<ServiceId>,
    /// What people are to call it.
    pub name: Name,
}
