//! Examples, made from values that the service would answer.

use std::fmt::Debug;
use std::str::FromStr;

use orders_core::{
    Calendar, CalendarId, Interval, MinimumGap, Name, Order, OrderedServices, Service, Timestamp,
};
use serde::Serialize;
use serde_json::json;
use utoipa::openapi::example::{Example, ExampleBuilder};

use crate::problem::ProblemType;

pub(super) fn all() -> Vec<(String, Example)> {
    let draft = json!({
        "id": "223", "datetime": "2022-11-01T11:11:11.111Z", "totalfee": 100, "services": [{ "id": "123" }]
    });
    let line = |lines: &[serde_json::Value]| -> serde_json::Value {
        lines.iter().map(|line| format!("{line}\n")).collect::<String>().into()
    };
    let other = json!({
        "id": "224", "datetime": "2022-11-01T12:00:00Z", "totalfee": 99.95, "services": [{ "id": "456" }]
    });
    let conflict = super::problem::document(ProblemType::OrderConflict);
    vec![
        example("OrderDraft", "A time in the calendar default", draft.clone()),
        example(
            "OrderDraftWithoutId",
            "In another calendar, its id to be made",
            json!({
                "calendar": "roof", "datetime": "2022-11-01T14:11:11+01:00", "totalfee": 99.95,
                "services": [{ "id": "456" }, { "id": "123" }]
            }),
        ),
        example("OrderPatch", "Another time", json!({ "datetime": "2022-11-01T14:11:11.111Z" })),
        example("OrderDraftLines", "Two orders", line(&[draft, other])),
        example(
            "ImportLines",
            "One placed, one refused",
            line(&[json!({ "id": "223" }), conflict]),
        ),
        example("Order", "An order", sample_order()),
        example("Orders", "One order", [sample_order()]),
        example("OrderLines", "One order", line(&[json!(sample_order())])),
        example("Service", "A service", sample_service()),
        example("Services", "One service", [sample_service()]),
        example("ServiceDraft", "A service with an id of its own", sample_service()),
        example("Calendar", "A crew", sample_calendar()),
        example("Calendars", "One crew", [sample_calendar()]),
        example(
            "CalendarDraft",
            "A crew with the usual gap",
            json!({ "id": "roof", "name": "Roof crew" }),
        ),
        example(
            "Availability",
            "Free before and after an order",
            [
                Interval {
                    from: at("2022-11-01T00:00:00Z"),
                    to: at("2022-11-01T08:11:11.111001Z"),
                },
                Interval { from: at("2022-11-01T14:11:11.111Z"), to: at("2022-11-02T00:00:00Z") },
            ],
        ),
    ]
}

fn example(name: &str, summary: &str, value: impl Serialize) -> (String, Example) {
    // OK because examples are made to be written as JSON.
    let value = serde_json::to_value(value).expect("an example as JSON");
    (name.to_owned(), ExampleBuilder::new().summary(summary).value(Some(value)).build())
}

fn sample_order() -> Order {
    Order {
        id: sample("223"),
        calendar: CalendarId::default(),
        datetime: at("2022-11-01T11:11:11.111Z"),
        totalfee: sample("100"),
        services: OrderedServices::new([sample("123")]).expect("one service"),
        version: 1,
        created_at: at("2022-10-30T08:00:00.123456Z"),
        updated_at: at("2022-10-30T08:00:00.123456Z"),
    }
}

fn sample_service() -> Service {
    Service { id: sample("123"), name: Name::new("Inspection").expect("a name") }
}

fn sample_calendar() -> Calendar {
    Calendar {
        id: sample("roof"),
        name: Name::new("Roof crew").expect("a name"),
        minimum_gap: MinimumGap::default(),
    }
}

/// A time that is written here.
pub(super) fn at(text: &str) -> Timestamp {
    sample(text)
}

/// A value that is written here, so it can be read.
pub(super) fn sample<T: FromStr<Err: Debug>>(text: &str) -> T {
    text.parse().expect("a good value")
}
