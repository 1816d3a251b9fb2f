//! The objects of the API.

use orders_core::MAX_SERVICES;
use utoipa::openapi::schema::{
    AdditionalProperties, AnyOfBuilder, ArrayBuilder, KnownFormat, ObjectBuilder, Schema,
    SchemaFormat, SchemaType, Type,
};
use utoipa::openapi::{Ref, RefOr};

use super::value::text;
use crate::http::body::READ_ONLY_FIELDS;
use crate::http::ndjson::NDJSON;
use crate::problem::ProblemType;

pub(super) fn all() -> Vec<(&'static str, Schema)> {
    vec![
        ("Order", order().into()),
        ("OrderedService", ordered_service().into()),
        ("ServiceChoice", service_choice().into()),
        ("OrderDraft", order_draft().into()),
        ("OrderPatch", order_patch().into()),
        ("Service", service().into()),
        ("ServiceDraft", service_draft().into()),
        ("Calendar", calendar().into()),
        ("CalendarDraft", calendar_draft().into()),
        ("Interval", interval().into()),
        ("Booking", booking().into()),
        ("Placed", placed().into()),
        ("OrderLines", lines("One order a line.", Ref::from_schema_name("Order")).into()),
        ("OrderDraftLines", lines("One order a line.", Ref::from_schema_name("OrderDraft")).into()),
        ("ImportLines", lines("One result a line.", import_result()).into()),
        ("Explanation", explanation().into()),
    ]
}

fn described(schema: &str, description: &str) -> Ref {
    let mut reference = Ref::from_schema_name(schema);
    reference.description = description.to_owned();
    reference
}

fn order() -> ObjectBuilder {
    let version = ObjectBuilder::new()
        .schema_type(Type::Integer)
        .format(Some(SchemaFormat::KnownFormat(KnownFormat::Int64)))
        .minimum(Some(1))
        .description(Some("Counts the states of the order, from 1."));
    object("A booked appointment.")
        .property("id", Ref::from_schema_name("Id"))
        .property("calendar", described("Id", "The calendar whose time it takes."))
        .property("datetime", described("Instant", "When it starts."))
        .property("totalfee", described("Fee", "What it costs."))
        .property("services", ordered_services("OrderedService"))
        .property("version", version)
        .property("created_at", described("Instant", "When it was placed."))
        .property("updated_at", described("Instant", "When it was last written."))
        .all_required()
}

fn ordered_services(item: &str) -> ArrayBuilder {
    ArrayBuilder::new()
        .items(Ref::from_schema_name(item))
        .min_items(Some(1))
        .max_items(Some(MAX_SERVICES))
        .unique_items(true)
        .description(Some("What is ordered: different services, in the client's order."))
}

fn ordered_service() -> ObjectBuilder {
    object("A service that is ordered.").property("id", Ref::from_schema_name("Id")).all_required()
}

fn service_choice() -> ObjectBuilder {
    object("A service to order.")
        .property("id", Ref::from_schema_name("AnyId"))
        .property(
            "name",
            ignored("Read past, so that an answer of `GET /services` can be ordered."),
        )
        .required("id")
        .closed()
}

fn order_draft() -> ObjectBuilder {
    let calendar = "The calendar to book in. Left out, it is `default` for a new order; an order that stands \
                    stays in its calendar.";
    object("An order as a client wishes it.")
        .property(
            "id",
            described("AnyId", "An id of the client's own; left out, one is made. In a PUT it must be that of the path."),
        )
        .property("calendar", described("AnyId", calendar))
        .property("datetime", described("DateTime", "When it is to start."))
        .property("totalfee", described("Fee", "What it is to cost."))
        .property("services", ordered_services("ServiceChoice"))
        .required("datetime")
        .required("totalfee")
        .required("services")
        .read_past()
        .closed()
}

fn order_patch() -> ObjectBuilder {
    object(
        "What to change about an order (RFC 7396): what is given replaces what stands, the rest stays. `services` is \
         replaced as a whole.",
    )
    .property("id", or_nothing("AnyId", "Must be that of the path; null is as if it were left out."))
    .property("calendar", or_nothing("AnyId", "Another calendar; null is as if it were left out."))
    .property("datetime", described("DateTime", "Another time."))
    .property("totalfee", described("Fee", "Another fee."))
    .property("services", ordered_services("ServiceChoice"))
    .read_past()
    .closed()
}

fn service() -> ObjectBuilder {
    object("Something that can be ordered.")
        .property("id", Ref::from_schema_name("Id"))
        .property("name", Ref::from_schema_name("Name"))
        .all_required()
}

fn service_draft() -> ObjectBuilder {
    draft("A service as a client wishes it.").closed()
}

fn calendar() -> ObjectBuilder {
    object("Whatever can serve one order at a time: an inspector, a crew, a site.")
        .property("id", Ref::from_schema_name("Id"))
        .property("name", Ref::from_schema_name("Name"))
        .property("minimum_gap", Ref::from_schema_name("MinimumGap"))
        .all_required()
}

fn calendar_draft() -> ObjectBuilder {
    let gap = "Left out, it is PT3H for a new calendar; a calendar that stands keeps its gap. A new gap applies to all \
               orders of the calendar at once, or is refused.";
    draft("A calendar as a client wishes it.")
        .property("minimum_gap", described("GapDraft", gap))
        .closed()
}

fn draft(description: &str) -> ObjectBuilder {
    object(description)
        .property(
            "id",
            described("AnyId", "An id of the client's own; left out, one is made. In a PUT it must be that of the path."),
        )
        .property("name", Ref::from_schema_name("Name"))
        .required("name")
}

fn interval() -> ObjectBuilder {
    object(
        "A half-open span of time in which an order could start. A free instant belongs to it up to the last one; so \
         where an order stands behind, it ends one microsecond after the last free instant.",
    )
    .property("from", described("Instant", "The first instant of the span."))
    .property("to", described("Instant", "The first instant after the span."))
    .all_required()
}

fn booking() -> ObjectBuilder {
    object("An order's name and time.")
        .property("id", Ref::from_schema_name("Id"))
        .property("datetime", Ref::from_schema_name("Instant"))
        .all_required()
}

fn placed() -> ObjectBuilder {
    object("A line of an import that was placed.")
        .property("id", described("Id", "The order's id, its own or the one that was made."))
        .all_required()
}

fn import_result() -> Schema {
    AnyOfBuilder::new()
        .item(Ref::from_schema_name("Placed"))
        .item(Ref::from_schema_name("Problem"))
        .item(Ref::from_schema_name("ImportStopped"))
        .into()
}

fn lines(description: &str, line: impl Into<RefOr<Schema>>) -> ObjectBuilder {
    text().description(Some(description)).content_media_type(NDJSON).content_schema(Some(line))
}

fn explanation() -> ObjectBuilder {
    object("What one kind of problem means.")
        .property(
            "type",
            text().enum_values(Some(
                ProblemType::ALL.map(|problem_type| format!("/problems/{}", problem_type.name())),
            )),
        )
        .property("title", text())
        .property(
            "status",
            ObjectBuilder::new().schema_type(Type::Integer).minimum(Some(400)).maximum(Some(599)),
        )
        .property("meaning", text().description(Some("What it means and what to do.")))
        .all_required()
}

fn object(description: &str) -> ObjectBuilder {
    ObjectBuilder::new().description(Some(description))
}

/// A value that the service reads past, whatever it is.
fn ignored(description: &str) -> ObjectBuilder {
    ObjectBuilder::new().schema_type(SchemaType::AnyValue).description(Some(description))
}

fn or_nothing(schema: &str, description: &str) -> AnyOfBuilder {
    AnyOfBuilder::new()
        .description(Some(description))
        .item(Ref::from_schema_name(schema))
        .item(ObjectBuilder::new().schema_type(Type::Null))
}

/// What the schemas of bodies have in common.
trait Shaped {
    /// Every field so far must be there.
    fn all_required(self) -> ObjectBuilder;
    /// No other field may be there.
    fn closed(self) -> ObjectBuilder;
    /// The service's own fields may be there, so that what was read can be sent back.
    fn read_past(self) -> ObjectBuilder;
}

impl Shaped for ObjectBuilder {
    fn all_required(self) -> ObjectBuilder {
        let object = self.build();
        let names: Vec<_> = object.properties.keys().cloned().collect();
        names.into_iter().fold(object.into(), ObjectBuilder::required)
    }

    fn closed(self) -> ObjectBuilder {
        self.additional_properties(Some(AdditionalProperties::FreeForm(false)))
    }

    fn read_past(self) -> ObjectBuilder {
        let read_past = "The service's own: read past, so that what was read can be sent back.";
        READ_ONLY_FIELDS
            .into_iter()
            .fold(self, |object, name| object.property(name, ignored(read_past)))
    }
}
