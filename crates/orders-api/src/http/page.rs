//! Pages of lists that are sorted by id: [`PageParameters`], [`Page`].

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse};
use orders_core::{ListPage, ListQuery, StoreError};
use serde::Serialize;

use super::endpoint::Response;
use super::link::{LINK, Target};
use super::path::Id;
use super::query::{FromQuery, Limit, Parameters};
use super::response::{JSON, Json};
use crate::openapi::{Model, Operation};
use crate::problem::Problem;

/// Which page of a list.
pub(crate) struct PageParameters<I> {
    limit: Option<Limit>,
    after: Option<I>,
}

impl<I: Id> FromQuery for PageParameters<I> {
    fn read(query: &mut Parameters<'_>) -> Result<Self, Problem> {
        let limit = query.optional("limit", "How many there are on a page at most.");
        let after = query.optional(
            "after",
            "Where the page begins: an opaque cursor from the `Link` of the page before.",
        );
        Ok(Self { limit: limit?, after: after? })
    }
}

impl<I: Id> PageParameters<I> {
    /// What the page contains.
    pub(crate) fn query(&self) -> ListQuery<I> {
        ListQuery { after: self.after.clone(), limit: Limit::or_default(self.limit) }
    }

    /// The response with this page of the list at `path`.
    pub(crate) fn page<T: Serialize>(
        &self,
        path: &str,
        page: ListPage<T, I>,
    ) -> Result<Page<T>, StoreError> {
        let next = page
            .next
            .map(|last| Target::new(path).with("limit", self.limit).with("after", Some(last)));
        Ok(Page { items: Json::new(&page.items)?, next })
    }
}

/// 200 with a page of a list, and a link to the next one.
pub(crate) struct Page<T> {
    pub(crate) items: Json<Vec<T>>,
    pub(crate) next: Option<Target>,
}

impl<T: Model> Response for Page<T> {
    fn respond(self, _: &HttpRequest) -> HttpResponse {
        let mut response = HttpResponse::Ok();
        if let Some(next) = self.next {
            response.insert_header(next.link("next"));
        }
        self.items.complete(response)
    }

    fn describe(operation: &mut Operation) {
        operation.response(StatusCode::OK, "A page.", &[LINK.optional()]);
        operation.content::<Vec<T>>(StatusCode::OK, JSON);
    }
}
