//! Lists that are read page by page: [`List`].

use std::collections::VecDeque;
use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};

use futures_core::Stream;
use futures_core::stream::BoxStream;
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use serde::de::DeserializeOwned;

use super::Client;
use crate::Error;
use crate::wire::{GetPage, Page};

/// A list, which is a [`Stream`] of its items. A page is read when it is needed, with the repetitions of every read.
///
/// It ends with the first error.
#[must_use = "a list is read only when it is asked for items"]
pub struct List<T>(BoxStream<'static, Result<T, Error>>);

impl<T: DeserializeOwned + Send + 'static> List<T> {
    pub(super) fn new(client: &Client, first: GetPage<T>) -> Self {
        let start = (client.clone(), Some(first), VecDeque::new());
        let items = stream::try_unfold(start, async |(client, mut next, mut items)| {
            loop {
                if let Some(item) = items.pop_front() {
                    return Ok(Some((item, (client, next, items))));
                }
                let Some(page) = next.take() else { return Ok(None) };
                let page: Page<T> = client.0.run(&page).await?;
                (next, items) = (page.next, page.items.into());
            }
        });
        Self(items.boxed())
    }

    /// The next item; `None` at the end.
    ///
    /// # Errors
    /// If the next page cannot be read.
    pub async fn try_next(&mut self) -> Result<Option<T>, Error> {
        self.0.try_next().await
    }

    /// All items. Use [`List::try_next`] for a list that may be large.
    ///
    /// # Errors
    /// If a page cannot be read.
    pub async fn all(self) -> Result<Vec<T>, Error> {
        self.0.try_collect().await
    }
}

impl<T> Stream for List<T> {
    type Item = Result<T, Error>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.0.poll_next_unpin(context)
    }
}

impl<T> fmt::Debug for List<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("List").finish_non_exhaustive()
    }
}
