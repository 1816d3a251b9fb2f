//! The errors of the store as problems.

use orders_core::{CalendarId, Resource, StoreError, UnknownReferences};
use serde_json::json;

use super::{FieldError, Problem, ProblemType};

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        let detail = error.to_string();
        match error {
            StoreError::NotFound(_) => Self::not_found(detail),
            StoreError::IdTaken(_) => Self::new(ProblemType::IdTaken, detail),
            StoreError::UnknownReferences(missing) => Self::invalid(unknown(missing)),
            StoreError::UnknownCalendars(unknown) => Self::invalid(unknown_calendars(unknown)),
            StoreError::TooManyEntries(_) => {
                Self::invalid(vec![FieldError { pointer: "/metadata".to_owned(), detail }])
            }
            StoreError::Conflict(conflict) => {
                Self::new(ProblemType::OrderConflict, detail).with(json!({
                    "calendar": conflict.calendar,
                    "minimum_gap": conflict.minimum_gap,
                    "conflicts_with": conflict.conflicts_with,
                    "nearest_free": conflict.nearest_free,
                }))
            }
            StoreError::InUse(Resource::Service(_)) => Self::new(ProblemType::ServiceInUse, detail),
            StoreError::InUse(Resource::Calendar(_)) => {
                Self::new(ProblemType::CalendarInUse, detail)
            }
            StoreError::InUse(
                Resource::Order(_)
                | Resource::OrderAsOf(..)
                | Resource::Client(_)
                | Resource::Webhook(_)
                | Resource::CalendarFeed(_),
            ) => Self::internal(detail),
            StoreError::GapTooWide(gap) => Self::new(ProblemType::GapTooWide, detail).with(json!({
                "calendar": gap.calendar,
                "minimum_gap": gap.minimum_gap,
                "too_close": gap.too_close,
            })),
            StoreError::VersionMismatch { .. } => Self::new(ProblemType::VersionMismatch, detail),
            StoreError::CursorGone(_) => Self::new(ProblemType::CursorGone, detail),
            StoreError::VersionGone(_) => Self::new(ProblemType::VersionGone, detail),
            StoreError::NotPermitted(_) => Self::new(ProblemType::NotPermitted, detail)
                .challenge(", error=\"insufficient_scope\""),
            StoreError::KeyReused(_) => Self::new(ProblemType::KeyReused, detail),
            StoreError::KeyInUse(_) => Self::new(ProblemType::KeyInUse, detail),
            StoreError::RotationOpen(_) => Self::new(ProblemType::RotationOpen, detail),
            StoreError::TooManyWebhooks(_) => Self::new(ProblemType::TooManyWebhooks, detail),
            StoreError::TooManyFeeds(_) => Self::new(ProblemType::TooManyFeeds, detail),
            StoreError::Busy => Self::unavailable(detail),
            StoreError::Unavailable(cause) => {
                Self::unavailable("the database cannot answer now").with_source(cause)
            }
            StoreError::Bug(cause) => Self::internal(cause),
        }
    }
}

/// The fields of an order that refer to what does not exist.
fn unknown(missing: UnknownReferences) -> Vec<FieldError> {
    let calendar = missing.calendar.map(|id| FieldError {
        pointer: "/calendar".to_owned(),
        detail: format!("there is no calendar {id}"),
    });
    let services = missing.services.into_iter().map(|(index, id)| FieldError {
        pointer: format!("/services/{index}/id"),
        detail: format!("there is no service {id}"),
    });
    calendar.into_iter().chain(services).collect()
}

/// The calendars of a feed that do not exist.
fn unknown_calendars(unknown: Vec<(usize, CalendarId)>) -> Vec<FieldError> {
    let errors = unknown.into_iter().map(|(index, id)| FieldError {
        pointer: format!("/calendars/{index}"),
        detail: format!("there is no calendar {id}"),
    });
    errors.collect()
}

#[cfg(test)]
mod tests {
    use orders_core::{Booking, Conflict, MinimumGap, NearestFree, OrderId, ServiceId, Timestamp};

    use super::*;
    use crate::problem::tests::document;

    #[test]
    fn a_conflict_says_what_to_do_next() {
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        let conflict = Conflict {
            datetime: at("2022-11-01T12:00:00Z"),
            calendar: CalendarId::default(),
            minimum_gap: MinimumGap::default(),
            conflicts_with: vec![Booking {
                id: OrderId::new("223").unwrap(),
                datetime: at("2022-11-01T11:11:11.111Z"),
            }],
            nearest_free: NearestFree { before: None, after: Some(at("2022-11-01T14:11:11.111Z")) },
        };
        let problem = Problem::from(StoreError::Conflict(Box::new(conflict)));
        assert_eq!(
            document(&problem),
            json!({
                "type": "/problems/order-conflict",
                "title": "Another order is too close",
                "status": 409,
                "detail": "2022-11-01T12:00:00Z is less than 3 hours from order 223 at 2022-11-01T11:11:11.111Z",
                "calendar": "default",
                "minimum_gap": "PT3H",
                "conflicts_with": [{ "id": "223", "datetime": "2022-11-01T11:11:11.111Z" }],
                "nearest_free": { "before": null, "after": "2022-11-01T14:11:11.111Z" },
            })
        );
    }

    #[test]
    fn unknown_references_stand_at_their_pointers() {
        let missing = UnknownReferences {
            calendar: Some(CalendarId::new("roof").unwrap()),
            services: vec![(1, ServiceId::new("789").unwrap())],
        };
        assert_eq!(
            document(&StoreError::UnknownReferences(missing).into())["errors"],
            json!([
                { "pointer": "/calendar", "detail": "there is no calendar roof" },
                { "pointer": "/services/1/id", "detail": "there is no service 789" },
            ])
        );
    }
}
