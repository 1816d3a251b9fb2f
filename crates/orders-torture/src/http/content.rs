//! What an operation writes, so that an order says who wrote it.

use orders_core::{Metadata, MetadataKey, MetadataValue, OrderedServices, Reference, ServiceId};

use crate::history::OperationId;

/// The services that orders contain.
pub const SERVICES: [&str; 4] = ["inspection", "repair", "survey", "training"];

/// The services in the order that an operation writes: one to four, which depend on its id.
#[must_use]
pub fn services_of(operation: OperationId) -> OrderedServices {
    let index = operation.0 as usize;
    let count = 1 + index / SERVICES.len() % SERVICES.len();
    let names = SERVICES.iter().cycle().skip(index % SERVICES.len()).take(count);
    // OK because an order may have one to four different services.
    let ids = names.map(|name| ServiceId::new(name).expect("an id"));
    OrderedServices::new(ids).expect("one to four services")
}

/// The reference of the order that an operation writes; every third one has none.
#[must_use]
pub fn reference_of(operation: OperationId) -> Option<Reference> {
    let is_set = !operation.0.is_multiple_of(3);
    // OK because letters and digits are a reference.
    is_set.then(|| Reference::new(format!("PO-{}", operation.0)).expect("a reference"))
}

/// The metadata of the order that an operation writes: no entries up to three, which depend on its id.
#[must_use]
pub fn metadata_of(operation: OperationId) -> Metadata {
    let entries = (0..operation.0 % 4).map(|n| {
        // OK because letters and digits are a key and a value.
        let key = MetadataKey::new(format!("key-{n}")).expect("a key");
        (key, MetadataValue::new(format!("{}", operation.0)).expect("a value"))
    });
    Metadata::new(entries.collect()).expect("few entries")
}
