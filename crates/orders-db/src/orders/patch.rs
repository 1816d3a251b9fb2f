//! Changing some fields of an order.

use diesel::prelude::*;
use orders_core::{Mode, Order, OrderId, OrderPatch, Precondition, StoreError};

use super::find::find_if;
use super::replace::replace;
use crate::caller::Caller;
use crate::error::Failure;
use crate::retry::retry_until_resolved;

/// Reads an order and replaces it by itself with the patch applied, if it still has the version that was read.
/// Otherwise it reads the order again.
pub(super) fn patch(
    conn: &mut PgConnection,
    id: &OrderId,
    condition: &Precondition,
    patch: &OrderPatch,
    mode: Mode,
    caller: &Caller,
) -> Result<Order, Failure> {
    retry_until_resolved(|| {
        let current = find_if(conn, id, condition, caller)?;
        let unchanged = Precondition::VersionIn(vec![current.version]);
        let draft = patch.applied_to(&current).map_err(StoreError::from)?;
        match replace(conn, id, &unchanged, &draft, mode, caller) {
            Err(Failure::Rejected(StoreError::VersionMismatch { .. })) => Ok(None),
            patched => patched.map(Some),
        }
    })
}
