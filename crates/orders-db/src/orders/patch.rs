//! Changing an order that depends on what it is now.

use diesel::prelude::*;
use orders_core::{Mode, Order, OrderDraft, OrderId, Precondition, StoreError};

use super::find::find_if;
use super::replace::replace;
use crate::caller::Caller;
use crate::error::Failure;
use crate::retry::retry_until_resolved;

/// Reads an order and replaces it by a draft that depends on it, if it still has the version that was read. Otherwise it
/// reads the order again.
pub(super) fn patch(
    conn: &mut PgConnection,
    id: &OrderId,
    condition: &Precondition,
    draft: impl Fn(&Order) -> OrderDraft,
    mode: Mode,
    caller: &Caller,
) -> Result<Order, Failure> {
    retry_until_resolved(|| {
        let current = find_if(conn, id, condition, caller)?;
        let unchanged = Precondition::VersionIn(vec![current.version]);
        match replace(conn, id, &unchanged, &draft(&current), mode, caller) {
            Err(Failure::Rejected(StoreError::VersionMismatch { .. })) => Ok(None),
            patched => patched.map(Some),
        }
    })
}
