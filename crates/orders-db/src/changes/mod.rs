//! The port `Changes`: every version of every order, as a feed and as the history of one order.
//!
//! Triggers store the versions, so those of `psql` are there too. [`positions`] tells how a version gets its position.

mod expiry;
mod feed;
mod history;
mod positions;

pub(crate) use expiry::expire;
pub(crate) use feed::{changes_of, is_assigned, known_cursor};
pub(crate) use positions::{assign_briefly, cursor, head_of};

use orders_core::{
    After, AsOf, ChangePage, ChangeQuery, Changes, HistoryPage, Order, OrderId, RecordedChange,
    StoreError,
};

use crate::PgStore;

impl Changes for PgStore {
    fn changes(&self, query: &ChangeQuery) -> Result<ChangePage, StoreError> {
        if let Some(calendar) = &query.filter.calendar {
            self.caller.permit(calendar)?;
        }
        self.assign_positions()?;
        self.with(|conn| feed::filtered(conn, query, &self.caller))
    }

    fn history(&self, id: &OrderId, after: u64, limit: usize) -> Result<HistoryPage, StoreError> {
        self.assign_positions()?;
        self.with(|conn| history::history(conn, id, after, limit, &self.caller))
    }

    fn order_as_of(&self, id: &OrderId, as_of: AsOf) -> Result<Order, StoreError> {
        self.with(|conn| history::order_as_of(conn, id, as_of, &self.caller))
    }
}

impl PgStore {
    /// A page of the feed with all changes and what is needed to decide who sees them, whatever the client may use. It
    /// uses a connection that no other call uses.
    ///
    /// # Errors
    /// [`StoreError::CursorGone`].
    pub fn feed(
        &self,
        after: After,
        limit: usize,
    ) -> Result<ChangePage<RecordedChange>, StoreError> {
        self.with_feed(|conn| {
            positions::assign(conn)?;
            feed::page(conn, after, limit, true)
        })
    }

    fn assign_positions(&self) -> Result<(), StoreError> {
        self.with(positions::assign)
    }
}
