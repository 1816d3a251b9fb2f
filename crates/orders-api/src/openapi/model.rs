//! The schemas and examples of the resources, as responses contain them.

use orders_core::{
    Booking, Calendar, Change, ChangeType, Fee, Interval, MAX_SERVICES, Metadata, MinimumGap, Name,
    NearestFree, Order, OrderedServices, Reference, Service, Timestamp, TooClose,
};
use serde_json::{Value, json};

use super::components::{Components, Example, Model, described, example, object, with_optional};
use super::schema::{cursor, id, read_only};

impl Model for Order {
    const LINKS: &'static [(&'static str, &'static str)] =
        &[("getOrder", "id"), ("replaceOrder", "id"), ("patchOrder", "id"), ("deleteOrder", "id")];

    fn schema(components: &mut Components) -> Value {
        let instant = Timestamp::schema(components);
        let version = json!({
            "type": "integer", "format": "int64", "minimum": 1,
            "description": "Counts the states of the order, from 1."
        });
        let properties = [
            ("id", id(components)),
            ("calendar", described(id(components), "The calendar whose time it takes.")),
            ("datetime", described(instant.clone(), "When it starts.")),
            ("totalfee", described(Fee::schema(components), "What it costs.")),
            ("services", OrderedServices::schema(components)),
            ("reference", Reference::schema(components)),
            ("metadata", Metadata::schema(components)),
            ("version", read_only(version)),
            ("created_at", read_only(described(instant.clone(), "When it was created."))),
            ("updated_at", read_only(described(instant, "When it was last written."))),
        ];
        let description =
            "A booked appointment. It has no `reference` and no `metadata` if they were not set.";
        let order = with_optional(&["reference", "metadata"], object(description, properties));
        components.schema("Order", order)
    }

    fn examples() -> Vec<Example> {
        let order = json!({
            "id": "223", "calendar": "default", "datetime": "2022-11-01T11:11:11.111Z", "totalfee": 100,
            "services": [{ "id": "123" }], "reference": "PO-4711", "metadata": { "gate": "B", "lang": "de" },
            "version": 1, "created_at": "2022-10-30T08:00:00.123456Z", "updated_at": "2022-10-30T08:00:00.123456Z"
        });
        vec![example("Order", "An order", order)]
    }
}

impl Model for Change {
    fn schema(components: &mut Components) -> Value {
        let names = ChangeType::ALL.map(ChangeType::as_str);
        let change_type =
            json!({ "type": "string", "enum": names, "description": "What was done." });
        let instant = Timestamp::schema(components);
        let order = described(
            Order::schema(components),
            "The order after the change; after a deletion as it last was, with the version of the deletion.",
        );
        let client = json!({
            "type": "string",
            "description": "Who did it: a client, or `db:` and a role of the database. Absent if the request needed no \
                            credentials."
        });
        let change = object(
            "A creation, replacement or deletion of an order.",
            [
                ("cursor", cursor(components)),
                ("type", change_type),
                (
                    "timestamp",
                    described(
                        instant,
                        "When its transaction began; changes are in the order of their cursors.",
                    ),
                ),
                ("client", client),
                ("data", order),
            ],
        );
        let change = with_optional(&["client"], change);
        components.schema("Change", change)
    }

    fn examples() -> Vec<Example> {
        let order = Order::examples().into_iter().next().map(|example| example.value);
        let change = json!({
            "cursor": "42_1667124180123456", "type": "order.created", "timestamp": "2022-10-30T08:00:00.123456Z",
            "client": "web-shop", "data": order
        });
        vec![example("Change", "The creation of an order", change)]
    }
}

impl Model for OrderedServices {
    fn schema(components: &mut Components) -> Value {
        ordered_services(object("An ordered service.", [("id", id(components))]))
    }
}

/// A list of ordered services, each as `item` says.
pub(crate) fn ordered_services(item: Value) -> Value {
    json!({
        "type": "array", "items": item, "minItems": 1, "maxItems": MAX_SERVICES, "uniqueItems": true,
        "description": "What is ordered: different services, in the client's order."
    })
}

impl Model for Service {
    const LINKS: &'static [(&'static str, &'static str)] = &[
        ("getService", "id"),
        ("replaceService", "id"),
        ("deleteService", "id"),
        ("listOrders", "service"),
    ];

    fn schema(components: &mut Components) -> Value {
        let properties = [("id", id(components)), ("name", Name::schema(components))];
        components.schema("Service", object("Something that can be ordered.", properties))
    }

    fn examples() -> Vec<Example> {
        vec![example("Service", "A service", json!({ "id": "123", "name": "Inspection" }))]
    }
}

impl Model for Calendar {
    const LINKS: &'static [(&'static str, &'static str)] = &[
        ("getCalendar", "id"),
        ("replaceCalendar", "id"),
        ("deleteCalendar", "id"),
        ("listOrders", "calendar"),
        ("getAvailability", "calendar"),
    ];

    fn schema(components: &mut Components) -> Value {
        let properties = [
            ("id", id(components)),
            ("name", Name::schema(components)),
            ("minimum_gap", MinimumGap::schema(components)),
        ];
        let description =
            "A resource that serves one order at a time: an inspector, a crew, a site.";
        components.schema("Calendar", object(description, properties))
    }

    fn examples() -> Vec<Example> {
        let crew = json!({ "id": "roof", "name": "Roof crew", "minimum_gap": "PT3H" });
        vec![example("Calendar", "A crew", crew)]
    }
}

impl Model for Interval {
    fn schema(components: &mut Components) -> Value {
        let instant = Timestamp::schema(components);
        let properties = [
            ("from", described(instant.clone(), "The first instant of the span.")),
            ("to", described(instant, "The first instant after the span.")),
        ];
        let description = "A half-open span of time in which an order could start. If an order follows, the span ends \
                           one microsecond after the last free instant.";
        components.schema("Interval", object(description, properties))
    }

    fn examples() -> Vec<Example> {
        let interval =
            json!({ "from": "2022-11-01T00:00:00Z", "to": "2022-11-01T08:11:11.111001Z" });
        vec![example("Interval", "Free until three hours before an order", interval)]
    }
}

impl Model for Booking {
    fn schema(components: &mut Components) -> Value {
        let properties = [("id", id(components)), ("datetime", Timestamp::schema(components))];
        components.schema("Booking", object("An order's id and time.", properties))
    }
}

impl Model for TooClose {
    fn schema(components: &mut Components) -> Value {
        let booking = Booking::schema(components);
        let description = "Two orders that are too close for a wider gap, the earlier one first.";
        object(description, [("first", booking.clone()), ("second", booking)])
    }
}

impl Model for NearestFree {
    fn schema(components: &mut Components) -> Value {
        let instant = Timestamp::schema(components);
        let or_null = |description: &str| json!({ "anyOf": [instant, { "type": "null" }], "description": description });
        let properties = [
            (
                "before",
                or_null("The latest free time before; null if there is none within 366 days."),
            ),
            (
                "after",
                or_null("The earliest free time after; null if there is none within 366 days."),
            ),
        ];
        object(
            "The times to take instead. Booking one of them right away succeeds unless another client was faster.",
            properties,
        )
    }
}
