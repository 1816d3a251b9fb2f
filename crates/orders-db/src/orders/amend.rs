//! Changing a part of an order.

use diesel::prelude::*;
use orders_core::{Mode, Order, OrderId, OrderPatch, Precondition, StoreError};

use super::{refusal, replace};
use crate::error::Failure;

/// Replaces an order by itself with the patch applied, as it stood when it was read: when somebody was
/// faster it is read again.
pub(super) fn amend(
    conn: &mut PgConnection,
    id: &OrderId,
    condition: &Precondition,
    patch: &OrderPatch,
    mode: Mode,
) -> Result<Order, Failure> {
    refusal::until_settled(|| {
        let standing = replace::standing(conn, id, condition)?;
        let draft = patch.applied_to(&standing);
        let as_read = Precondition::VersionIn(vec![standing.version]);
        let amended = match mode {
            Mode::Write => replace::replace(conn, id, &as_read, &draft),
            Mode::DryRun => replace::rehearse(conn, id, &as_read, &draft),
        };
        match amended {
            Err(Failure::Refused(StoreError::VersionMismatch { .. })) => Ok(None),
            amended => amended.map(Some),
        }
    })
}
