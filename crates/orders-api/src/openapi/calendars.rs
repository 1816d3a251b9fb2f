//! `/calendars` in the document.

use utoipa::openapi::schema::ArrayBuilder;
use utoipa::openapi::{HttpMethod, Ref};

use super::operation::{ASKING, Answer, Described, READING, Tag, answer, describe};
use crate::problem::ProblemType;

pub(super) fn operations() -> [Described; 5] {
    [list(), add(), read(), replace(), remove()]
}

fn list() -> Described {
    describe(HttpMethod::Get, "/calendars", Tag::Calendars, "listCalendars", "All calendars, by id")
        .says("There are few, so they come at once.")
        .answers(
            200,
            answer("All of them.")
                .json(ArrayBuilder::new().items(Ref::from_schema_name("Calendar")), &["Calendars"]),
        )
        .refuses(&ASKING)
        .done()
}

fn add() -> Described {
    describe(HttpMethod::Post, "/calendars", Tag::Calendars, "addCalendar", "Add a calendar")
        .says("Without an `id` one is made. A 503 means that it may have happened: repeat it with the same id.")
        .reads(&["application/json"], "CalendarDraft", &["CalendarDraft"])
        .answers(201, then(calendar("The calendar was added.").headers(&["Location"])))
        .refuses(&READING)
        .refuses(&[ProblemType::IdTaken])
        .refuses(&ASKING)
        .done()
}

fn read() -> Described {
    describe(HttpMethod::Get, "/calendars/{id}", Tag::Calendars, "readCalendar", "Read a calendar")
        .says("Its name and its minimum gap.")
        .takes(&["CalendarId"])
        .answers(200, then(calendar("The calendar.")))
        .refuses(&[ProblemType::NotFound])
        .refuses(&ASKING)
        .done()
}

fn replace() -> Described {
    describe(HttpMethod::Put, "/calendars/{id}", Tag::Calendars, "replaceCalendar", "Replace a calendar")
        .says("The calendar must be there already. A new `minimum_gap` applies to all its orders at once, or is refused with the \
             pairs of orders that are too close for it.")
        .takes(&["CalendarId"])
        .reads(&["application/json"], "CalendarDraft", &["CalendarDraft"])
        .answers(200, then(calendar("The calendar as it is now.")))
        .refuses(&READING)
        .refuses(&[ProblemType::NotFound, ProblemType::GapTooWide])
        .refuses(&ASKING)
        .done()
}

fn remove() -> Described {
    describe(
        HttpMethod::Delete,
        "/calendars/{id}",
        Tag::Calendars,
        "removeCalendar",
        "Delete a calendar",
    )
    .says("A calendar that has orders is not deleted, nor is `default`.")
    .takes(&["CalendarId"])
    .answers(204, answer("It is gone."))
    .refuses(&[ProblemType::NotFound, ProblemType::CalendarInUse])
    .refuses(&ASKING)
    .done()
}

fn calendar(description: &str) -> Answer {
    answer(description).json(Ref::from_schema_name("Calendar"), &["Calendar"])
}

/// What can be done with a calendar that was answered.
fn then(answer: Answer) -> Answer {
    const ID: &str = "$response.body#/id";
    answer
        .leads_to("readCalendar", &[("id", ID)])
        .leads_to("replaceCalendar", &[("id", ID)])
        .leads_to("removeCalendar", &[("id", ID)])
        .leads_to("listOrders", &[("calendar", ID)])
        .leads_to("readAvailability", &[("calendar", ID)])
}
