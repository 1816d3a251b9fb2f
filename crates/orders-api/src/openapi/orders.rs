//! `/orders` in the document.

use utoipa::openapi::schema::ArrayBuilder;
use utoipa::openapi::{HttpMethod, Ref};

use super::operation::{ASKING, Answer, Described, READING, Tag, answer, describe};
use crate::http::ndjson::NDJSON;
use crate::http::resource::MERGE_PATCH;
use crate::problem::ProblemType;

pub(super) fn operations() -> [Described; 7] {
    [list(), place(), import(), read(), replace(), amend(), remove()]
}

fn list() -> Described {
    describe(HttpMethod::Get, "/orders", Tag::Orders, "listOrders", "Orders, by time")
        .says(
            "As JSON a page of orders, with a `Link` to the next one while there is more. A walk along the links sees \
             every order that stays where it is exactly once; an order that is moved across the cursor meanwhile may \
             appear at both places or at neither. With `Accept: application/x-ndjson` every matching order, one a \
             line, out of one consistent snapshot.",
        )
        .takes(&["OfCalendar", "OfService", "From", "To", "Direction", "Limit", "After"])
        .answers(
            200,
            answer("A page of orders, or all of them as lines.")
                .headers(&["Link", "Vary"])
                .json(ArrayBuilder::new().items(Ref::from_schema_name("Order")), &["Orders"])
                .body(NDJSON, Ref::from_schema_name("OrderLines"), &["OrderLines"]),
        )
        .refuses(&[ProblemType::NotAcceptable])
        .refuses(&ASKING)
        .done()
}

fn place() -> Described {
    describe(HttpMethod::Post, "/orders", Tag::Orders, "placeOrder", "Place an order")
        .says(
            "The order must start at least its calendar's minimum gap before and after every other order of the \
             calendar; a conflict names those in the way and the nearest free times. A 503 means that it may have \
             happened: repeat it with the same id or `Idempotency-Key`.",
        )
        .takes(&["DryRun", "IdempotencyKey"])
        .reads(&["application/json"], "OrderDraft", &["OrderDraft", "OrderDraftWithoutId"])
        .answers(200, answer("The order as it would be: a dry run.").json(Ref::from_schema_name("Order"), &["Order"]))
        .answers(
            201,
            then(
                answer("The order was placed.")
                    .headers(&["Location", "ETag", "Cache-Control", "Idempotency-Replayed"])
                    .json(Ref::from_schema_name("Order"), &["Order"]),
            ),
        )
        .refuses(&READING)
        .refuses(&[ProblemType::OrderConflict, ProblemType::IdTaken, ProblemType::KeyInUse, ProblemType::KeyReused])
        .refuses(&ASKING)
        .done()
}

fn import() -> Described {
    describe(HttpMethod::Post, "/orders/import", Tag::Orders, "importOrders", "Place many orders")
        .says(
            "One order a line, any number of them, streamed both ways: each line is answered, in the order of the \
             input, with the id of the order or with the problem that a POST of that line would have had. Each line \
             succeeds or fails on its own, and the rule holds among the lines too: the first wins. Blank lines are \
             passed over. Repeated with the same ids, it tells which orders were there already. When the database \
             becomes unavailable, the import ends: one more line, the problem `import-stopped`, follows the answers, \
             and the remaining lines are not read.",
        )
        .reads(&[NDJSON], "OrderDraftLines", &["OrderDraftLines"])
        .answers(
            200,
            answer("A line for each line that was read.").body(
                NDJSON,
                Ref::from_schema_name("ImportLines"),
                &["ImportLines"],
            ),
        )
        .refuses(&[ProblemType::UnsupportedMediaType])
        .done()
}

fn read() -> Described {
    describe(HttpMethod::Get, "/orders/{id}", Tag::Orders, "readOrder", "Read an order")
        .says("With `If-None-Match`, 304 when the client has it as it is.")
        .takes(&["OrderId", "IfNoneMatch"])
        .answers(200, then(order("The order.", &["ETag", "Cache-Control"])))
        .answers(304, answer("The client has it as it is.").headers(&["ETag", "Cache-Control"]))
        .refuses(&[ProblemType::NotFound])
        .refuses(&ASKING)
        .done()
}

fn replace() -> Described {
    describe(HttpMethod::Put, "/orders/{id}", Tag::Orders, "replaceOrder", "Replace an order")
        .says(
            "The order must be there already. A body without `calendar` leaves it in its calendar. A 503 means that it \
             may have happened: read the order, or repeat the request.",
        )
        .takes(&["OrderId", "DryRun", "IfMatch", "IfNone"])
        .reads(&["application/json"], "OrderDraft", &["OrderDraft"])
        .answers(200, then(order("The order as it is now.", &["ETagOfAWrite", "CacheControlOfAWrite"])))
        .refuses(&READING)
        .refuses(&[ProblemType::NotFound, ProblemType::OrderConflict, ProblemType::VersionMismatch])
        .refuses(&ASKING)
        .done()
}

fn amend() -> Described {
    describe(HttpMethod::Patch, "/orders/{id}", Tag::Orders, "amendOrder", "Change a part of an order")
        .says(
            "A JSON Merge Patch (RFC 7396), with the same checks as a PUT of the whole. A 503 means that it may have \
             happened: read the order, or repeat the request.",
        )
        .takes(&["OrderId", "DryRun", "IfMatch", "IfNone"])
        .reads(&[MERGE_PATCH, "application/json"], "OrderPatch", &["OrderPatch"])
        .answers(200, then(order("The order as it is now.", &["ETagOfAWrite", "CacheControlOfAWrite"])))
        .refuses(&READING)
        .refuses(&[ProblemType::NotFound, ProblemType::OrderConflict, ProblemType::VersionMismatch])
        .refuses(&ASKING)
        .done()
}

fn remove() -> Described {
    describe(HttpMethod::Delete, "/orders/{id}", Tag::Orders, "removeOrder", "Delete an order")
        .says("Its time is free at once. A 503 means that it may have happened: a repetition is then 404.")
        .takes(&["OrderId", "IfMatch", "IfNone"])
        .answers(204, answer("It is gone."))
        .refuses(&[ProblemType::NotFound, ProblemType::VersionMismatch])
        .refuses(&ASKING)
        .done()
}

fn order(description: &str, headers: &[&str]) -> Answer {
    answer(description).headers(headers).json(Ref::from_schema_name("Order"), &["Order"])
}

/// What can be done with an order that was answered.
fn then(answer: Answer) -> Answer {
    const ID: (&str, &str) = ("id", "$response.body#/id");
    answer
        .leads_to("readOrder", &[ID])
        .leads_to("replaceOrder", &[ID])
        .leads_to("amendOrder", &[ID])
        .leads_to("removeOrder", &[ID])
}
