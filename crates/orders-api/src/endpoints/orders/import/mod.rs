//! `POST /orders/import`: orders as lines of JSON, with a line in the response for each.
//!
//! Orders are placed in batches, see [`Batch`]. An import holds one batch and, up to [`CAPACITY`], results that wait for
//! the client; both are limited in bytes, so its memory is too. A batch
//! waits until the client's rate allows so many orders. If the database is unavailable or the client
//! has lost its access, the import ends, because the next batches would fail too. If the service stops, it ends when it would
//! have to wait for lines.

mod batch;

use std::sync::Arc;

use orders_core::{Order, OrderDraft, OrderId, Orders as _};
use serde::Serialize;
use serde_json::{Value, json};

use self::batch::{Batch, Response};
use crate::Store;
use crate::access::Authorization;
use crate::http::body::NdjsonBody;
use crate::http::channel::{ClientGone, Sender, channel, holding};
use crate::http::endpoint::{Endpoint, Reply, endpoint};
use crate::http::log_text::LogText;
use crate::http::ndjson::{self, NdjsonStream};
use crate::http::query::Query;
use crate::openapi::{Components, Example, Model, any_problem, described, example, id, object};
use crate::openapi::{problem_example, problem_schema};
use crate::places::Place;
use crate::problem::{Problem, ProblemType};
use crate::shutdown::Shutdown;
use crate::transfers::Transfers;

/// How many bytes of results may wait for a client that sends all its lines before it reads. Then no further
/// lines are read until it does.
const CAPACITY: usize = 2 << 20;

pub(crate) fn import() -> Endpoint {
    let description = "One order a line, any number of them, streamed both ways: for each line there is a line in the \
                       response, in the same order, with the id of the order or with the problem that a POST of that \
                       line would have had. Each line succeeds or fails on its own, and the rule holds among the lines \
                       too: the first wins. Blank lines are ignored. Repeated with the same ids, it reports which \
                       orders exist already. If the database becomes unavailable, the client loses its access or the service \
                       stops, the import ends: one more line, the problem `import-stopped`, follows, and the remaining lines are \
                       not read. Each order counts as a request for the rate of the client; the import waits until the \
                       rate allows it. Imports are limited in number, for each client and in all: one too many is 503.";
    endpoint(import_orders, "importOrders", "orders", "Create many orders", description)
        // The status is sent before the database is used.
        .never(&[ProblemType::InternalError])
}

async fn import_orders(
    store: Store,
    _: Query<()>,
    authorization: Authorization,
    transfers: Transfers,
    shutdown: Shutdown,
    orders: NdjsonBody<OrderDraft>,
) -> Reply<NdjsonStream<ImportResult>> {
    let place = Arc::new(transfers.import(&store)?);
    let (sender, body) = channel(CAPACITY);
    // Held by whoever needs memory for longer: the work, or the results that wait.
    let body = holding(body, Arc::clone(&place));
    actix_web::rt::spawn(async move {
        // If the client has gone, the log learns it from the end of the body.
        let _ = place_all(store, authorization, shutdown, orders, place, sender).await;
    });
    Ok(NdjsonStream::new(body))
}

async fn place_all(
    store: Store,
    authorization: Authorization,
    shutdown: Shutdown,
    mut orders: NdjsonBody<OrderDraft>,
    place: Arc<Place>,
    mut sender: Sender,
) -> Result<(), ClientGone> {
    let share = authorization.import_share();
    loop {
        let read = tokio::select! {
            biased;
            batch = Batch::read(&mut orders, share) => Some(batch),
            () = shutdown.stopping() => None,
        };
        let (mut lines, stops) = match read {
            Some(Some(batch)) => {
                let BatchResults { lines, is_last } =
                    place_batch(&store, &authorization, batch).await;
                let stops = is_last && !orders.has_ended();
                (lines, stops.then_some("the database is unavailable or access has ended"))
            }
            Some(None) => break,
            None => (Vec::new(), Some("the service stops")),
        };
        if let Some(reason) = stops {
            write(&mut lines, &Problem::import_stopped(reason).document());
        }
        sender.send(&lines).await?;
        if stops.is_some() {
            break;
        }
    }
    // Before the body ends, so that a client may begin with the next import at once.
    drop(place);
    sender.end();
    Ok(())
}

struct BatchResults {
    /// A line for each line of the batch.
    lines: Vec<u8>,
    /// Whether the next batches would fail too.
    is_last: bool,
}

/// Places the orders of a batch.
async fn place_batch(store: &Store, authorization: &Authorization, batch: Batch) -> BatchResults {
    let Batch { orders, responses, .. } = batch;
    let count = orders.len();
    let placed = match orders.is_empty() {
        true => Ok(Vec::new()),
        false => match authorization.check_import(count).await {
            Ok(caller) => store.acting_as(caller).import(|store| store.place_batch(orders)).await,
            Err(problem) => Err(problem),
        },
    };
    let is_last = placed.as_ref().is_err_and(|problem| {
        log::warn!("an import cannot place {count} orders: {}", with_cause(problem));
        problem.problem_type() != ProblemType::InternalError
    });
    let mut placed = placed.map(Vec::into_iter);
    let mut lines = Vec::with_capacity(responses.len() * 64);
    for response in responses {
        match (response, &mut placed) {
            (Response::Rejected(line), _) => lines.extend(line),
            (Response::OfOrder, Ok(placed)) => {
                // OK because there is one result for each order.
                let result = placed.next().expect("a result for each order");
                write_result(&mut lines, result.map_err(Problem::from));
            }
            (Response::OfOrder, Err(problem)) => write(&mut lines, &problem.document()),
        }
    }
    BatchResults { lines, is_last }
}

fn with_cause(problem: &Problem) -> String {
    let text = problem.to_string();
    match problem.cause().map(ToString::to_string) {
        Some(cause) => format!("{}: {}", LogText(&text), LogText(&cause)),
        None => LogText(&text).to_string(),
    }
}

fn write_result(lines: &mut Vec<u8>, result: Result<Order, Problem>) {
    match &result {
        Ok(order) => write(lines, &Placed { id: &order.id }),
        Err(problem) => {
            if problem.cause().is_some() {
                log::error!("an import cannot place a line: {}", with_cause(problem));
            }
            write(lines, &problem.document());
        }
    }
}

fn write(lines: &mut Vec<u8>, line: &impl Serialize) {
    // OK because results can be written as JSON, and there is memory for them.
    ndjson::push(lines, line).expect("a line of JSON");
}

#[derive(Serialize)]
struct Placed<'a> {
    id: &'a OrderId,
}

/// A line of the response.
struct ImportResult;

impl Model for ImportResult {
    fn schema(components: &mut Components) -> Value {
        let id = described(id(components), "The order's id, its own or the new one.");
        let placed = object("The result of a line whose order was placed.", [("id", id)]);
        json!({ "anyOf": [
            components.schema("Placed", placed),
            any_problem(components),
            problem_schema(components, ProblemType::ImportStopped),
        ] })
    }

    fn examples() -> Vec<Example> {
        let conflict = problem_example(ProblemType::OrderConflict);
        vec![
            example("ImportResult", "Placed", json!({ "id": "223" })),
            example("ImportResultConflict", "Rejected", conflict),
        ]
    }
}
