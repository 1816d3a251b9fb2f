//! `/services` in the document.

use utoipa::openapi::schema::ArrayBuilder;
use utoipa::openapi::{HttpMethod, Ref};

use super::operation::{ASKING, Answer, Described, READING, Tag, answer, describe};
use crate::problem::ProblemType;

pub(super) fn operations() -> [Described; 5] {
    [list(), add(), read(), replace(), remove()]
}

fn list() -> Described {
    describe(HttpMethod::Get, "/services", Tag::Services, "listServices", "All services, by id")
        .says("There are few, so they come at once.")
        .answers(
            200,
            answer("All of them.")
                .json(ArrayBuilder::new().items(Ref::from_schema_name("Service")), &["Services"]),
        )
        .refuses(&ASKING)
        .done()
}

fn add() -> Described {
    describe(HttpMethod::Post, "/services", Tag::Services, "addService", "Add a service")
        .says("Without an `id` one is made. A 503 means that it may have happened: repeat it with the same id.")
        .reads(&["application/json"], "ServiceDraft", &["ServiceDraft"])
        .answers(201, then(service("The service was added.").headers(&["Location"])))
        .refuses(&READING)
        .refuses(&[ProblemType::IdTaken])
        .refuses(&ASKING)
        .done()
}

fn read() -> Described {
    describe(HttpMethod::Get, "/services/{id}", Tag::Services, "readService", "Read a service")
        .says("Its name.")
        .takes(&["ServiceId"])
        .answers(200, then(service("The service.")))
        .refuses(&[ProblemType::NotFound])
        .refuses(&ASKING)
        .done()
}

fn replace() -> Described {
    describe(
        HttpMethod::Put,
        "/services/{id}",
        Tag::Services,
        "replaceService",
        "Replace a service",
    )
    .says("The service must be there already.")
    .takes(&["ServiceId"])
    .reads(&["application/json"], "ServiceDraft", &["ServiceDraft"])
    .answers(200, then(service("The service as it is now.")))
    .refuses(&READING)
    .refuses(&[ProblemType::NotFound])
    .refuses(&ASKING)
    .done()
}

fn remove() -> Described {
    describe(
        HttpMethod::Delete,
        "/services/{id}",
        Tag::Services,
        "removeService",
        "Delete a service",
    )
    .says("A service that orders name is not deleted.")
    .takes(&["ServiceId"])
    .answers(204, answer("It is gone."))
    .refuses(&[ProblemType::NotFound, ProblemType::ServiceInUse])
    .refuses(&ASKING)
    .done()
}

fn service(description: &str) -> Answer {
    answer(description).json(Ref::from_schema_name("Service"), &["Service"])
}

/// What can be done with a service that was answered.
fn then(answer: Answer) -> Answer {
    const ID: &str = "$response.body#/id";
    answer
        .leads_to("readService", &[("id", ID)])
        .leads_to("replaceService", &[("id", ID)])
        .leads_to("removeService", &[("id", ID)])
        .leads_to("listOrders", &[("service", ID)])
}
