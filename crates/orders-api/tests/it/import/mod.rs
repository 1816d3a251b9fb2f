//! `POST /orders/import`: each line of the request is answered by a line of the response.

mod concurrency;
mod lines;
mod streaming;

use serde_json::Value;

/// The outcome of each line: the id of the placed order, or the last segment of the problem's type.
fn outcomes(answers: &[Value]) -> Vec<&str> {
    answers
        .iter()
        .map(|answer| match answer["id"].as_str() {
            Some(id) => id,
            None => answer["type"].as_str().unwrap().strip_prefix("/problems/").unwrap(),
        })
        .collect()
}
