//! A page of changes.

use orders_core::{ChangePage, Changes as _, Cursor};

use super::{ChangeParameters, ChangesResponse, changes_after};
use crate::Store;
use crate::http::endpoint::Reply;
use crate::http::link::Target;
use crate::http::response::Json;

pub(super) async fn answer(store: Store, parameters: ChangeParameters) -> Reply<ChangesResponse> {
    let query = parameters.query(parameters.after);
    let (changes, next) = store
        .run(move |orders| {
            let ChangePage { changes, next, .. } = orders.changes(&query)?;
            Ok((Json::new(&changes)?, next))
        })
        .await?;
    Ok(ChangesResponse::Page { changes, next: parameters.next_page(next) })
}

impl ChangeParameters {
    /// The same page after this cursor.
    fn next_page(&self, cursor: Cursor) -> Target {
        changes_after(cursor, &self.filter).with("limit", self.limit)
    }
}
