//! `/availability` in the document.

use utoipa::openapi::schema::ArrayBuilder;
use utoipa::openapi::{HttpMethod, Ref};

use super::operation::{ASKING, Described, Tag, answer, describe};
use crate::problem::ProblemType;

pub(super) fn operations() -> [Described; 1] {
    let read = describe(
        HttpMethod::Get,
        "/availability",
        Tag::Calendars,
        "readAvailability",
        "When an order could start",
    )
    .says(
        "The free times of a calendar inside a window, as half-open intervals: `from` belongs to one, `to` does not. An \
         order stands in the way of times less than the gap before it, so the interval before it ends one microsecond \
         after the last free instant.",
    )
    .takes(&["WishedCalendar", "WindowFrom", "WindowTo"])
    .answers(
        200,
        answer("The free intervals, by time.")
            .json(ArrayBuilder::new().items(Ref::from_schema_name("Interval")), &["Availability"]),
    )
    .refuses(&[ProblemType::NotFound])
    .refuses(&ASKING);
    [read.done()]
}
