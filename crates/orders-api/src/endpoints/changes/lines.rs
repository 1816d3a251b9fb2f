//! All changes up to now as lines, in constant memory.
//!
//! They are read page by page while the client takes them, and no connection is held between two pages.

use std::future::ready;

use actix_web::web::Bytes;
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use orders_core::{After, ChangeFilter, ChangePage, ChangeQuery, Changes as _, Cursor, StoreError};
use orders_db::PgStore;

use super::{ChangeParameters, ChangesResponse, changes_after};
use crate::Store;
use crate::http::channel::{Chunks, CutOff};
use crate::http::endpoint::Reply;
use crate::http::ndjson::{self, NdjsonStream};
use crate::problem::Problem;

/// How many changes are read at once.
const PAGE: usize = 500;

pub(super) async fn answer(store: Store, parameters: ChangeParameters) -> Reply<ChangesResponse> {
    parameters.check_no_page()?;
    let ChangeParameters { after, filter, .. } = parameters;
    let (now, first, filter) = store
        .run(move |orders| {
            // The header with the link comes before the lines, so the end is fixed now, even if writers are faster
            // than the client.
            let now = end(orders, &filter)?;
            let after = if after == After::Now { After::Cursor(now) } else { after };
            Ok((now, read(orders, after, now, &filter)?, filter))
        })
        .await?;
    let next = changes_after(now, &filter);
    let lines = NdjsonStream::new(lines(Reader { store, filter, end: now }, first));
    Ok(ChangesResponse::Lines { lines, next })
}

/// The changes between two cursors.
struct Reader {
    store: Store,
    filter: ChangeFilter,
    end: Cursor,
}

/// Lines, and the cursor up to which changes were read.
struct Part {
    lines: Vec<u8>,
    next: Cursor,
}

fn lines(reader: Reader, first: Part) -> Chunks {
    let start = (reader, first.next);
    let rest = stream::try_unfold(start, |(reader, after)| async move {
        if after.position >= reader.end.position {
            return Ok(None);
        }
        let Part { lines, next } = reader.read(after).await?;
        Ok(Some((Bytes::from(lines), (reader, next))))
    });
    let chunks = stream::once(ready(Ok(Bytes::from(first.lines)))).chain(rest);
    // An empty chunk would end the body.
    chunks.try_filter(|chunk| ready(!chunk.is_empty())).boxed().peekable()
}

impl Reader {
    async fn read(&self, after: Cursor) -> Result<Part, CutOff> {
        let (end, filter) = (self.end, self.filter.clone());
        let read = move |orders: &PgStore| read(orders, After::Cursor(after), end, &filter);
        match self.store.run(read).await {
            Ok(part) if part.next == after => Err(CutOff::new("the database lost changes")),
            Ok(part) => Ok(part),
            Err(problem) => Err(CutOff::new(describe(&problem))),
        }
    }
}

fn describe(problem: &Problem) -> String {
    problem.cause().map_or_else(|| problem.to_string(), ToString::to_string)
}

/// A position that no change that was made before this call is after.
fn end(orders: &PgStore, filter: &ChangeFilter) -> Result<Cursor, StoreError> {
    let now = ChangeQuery { after: After::Now, filter: filter.clone(), limit: 1 };
    orders.changes(&now).map(|page| page.next)
}

/// Some of the changes from `after` to `end`.
fn read(
    orders: &PgStore,
    after: After,
    end: Cursor,
    filter: &ChangeFilter,
) -> Result<Part, StoreError> {
    let query = ChangeQuery { after, filter: filter.clone(), limit: PAGE };
    let ChangePage { changes, next, .. } = orders.changes(&query)?;
    let mut lines = Vec::with_capacity(changes.len() * 512);
    for change in changes.iter().take_while(|change| change.cursor.position <= end.position) {
        ndjson::push(&mut lines, change).map_err(|error| StoreError::Bug(error.into()))?;
    }
    Ok(Part { lines, next })
}
