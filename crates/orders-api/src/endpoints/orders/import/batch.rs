//! A batch of an import: [`Batch`].

use orders_core::OrderDraft;

use super::write;
use crate::http::body::{Line, NdjsonBody};

/// The most lines in a batch.
const MAX_LINES: usize = 500;

/// A batch with so many bytes is full. Rejected lines count with their responses, which may be much longer.
const MAX_BYTES: usize = 512 << 10;

/// Some lines of an import. It ends when it is full or when no further line has arrived yet, so that a slow client gets its
/// results at once and a fast one gets large batches.
#[derive(Default)]
pub(super) struct Batch {
    pub(super) orders: Vec<OrderDraft>,
    /// The response to each line.
    pub(super) responses: Vec<Response>,
    bytes: usize,
}

/// The response to a line.
pub(super) enum Response {
    /// Depends on the next order of the batch.
    OfOrder,
    /// The line is no order. The response is this line.
    Rejected(Vec<u8>),
}

impl Batch {
    /// The next lines, with so many orders at most, as soon as there are any; none at the end of the body.
    pub(super) async fn read(body: &mut NdjsonBody<OrderDraft>, max_orders: usize) -> Option<Self> {
        let mut batch = Self::default();
        batch.add(body.next().await?);
        while batch.orders.len() < max_orders
            && !batch.is_full()
            && let Some(line) = body.ready()
        {
            batch.add(line);
        }
        Some(batch)
    }

    fn add(&mut self, line: Line<OrderDraft>) {
        let (response, bytes) = match line.value {
            Ok(order) => {
                self.orders.push(order);
                (Response::OfOrder, line.bytes)
            }
            Err(problem) => {
                let mut rejected = Vec::new();
                write(&mut rejected, &problem.document());
                let bytes = rejected.len();
                (Response::Rejected(rejected), bytes)
            }
        };
        self.responses.push(response);
        self.bytes += bytes;
    }

    fn is_full(&self) -> bool {
        self.responses.len() >= MAX_LINES || self.bytes >= MAX_BYTES
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use actix_web::dev::Payload;
    use actix_web::web::Bytes;
    use futures_util::StreamExt as _;
    use futures_util::stream;
    use serde_json::{Map, Value, json};

    use super::*;
    use crate::http::body::BodyLimits;

    /// All batches of a body of so many equal lines, which arrive at once.
    async fn batches(line: &str, count: usize, max_orders: usize) -> Vec<Batch> {
        let lines = format!("{line}\n").repeat(count);
        let stall_timeout = Duration::from_secs(30);
        let limits = BodyLimits { bytes: 65_536, arrival: stall_timeout, stall_timeout };
        let chunks = stream::iter([Ok(Bytes::from(lines))]);
        let mut body = NdjsonBody::new(Payload::Stream { payload: chunks.boxed_local() }, limits);
        let mut batches = Vec::new();
        while let Some(batch) = Batch::read(&mut body, max_orders).await {
            batches.push(batch);
        }
        let lines: usize = batches.iter().map(|batch| batch.responses.len()).sum();
        assert_eq!(lines, count);
        batches
    }

    #[actix_web::test]
    async fn a_batch_has_a_limited_number_of_lines() {
        let order =
            json!({ "datetime": "2030-01-01T00:00:00Z", "totalfee": 1, "services": [{ "id": 1 }] });
        for line in ["x", &order.to_string()] {
            let batches = batches(line, 1300, usize::MAX).await;
            let lines: Vec<_> = batches.iter().map(|batch| batch.responses.len()).collect();
            assert_eq!(lines, [MAX_LINES, MAX_LINES, 300]);
        }
    }

    #[actix_web::test]
    async fn a_batch_has_at_most_as_many_orders_as_requested() {
        let order =
            json!({ "datetime": "2030-01-01T00:00:00Z", "totalfee": 1, "services": [{ "id": 1 }] });
        let batches = batches(&order.to_string(), 10, 4).await;
        let orders: Vec<_> = batches.iter().map(|batch| batch.orders.len()).collect();
        assert_eq!(orders, [4, 4, 2]);
    }

    #[actix_web::test]
    async fn a_batch_has_a_limited_number_of_bytes() {
        let note = |n| (format!("note-{n}"), "x".repeat(500).into());
        let metadata: Map<String, Value> = (0..20).map(note).collect();
        let order = json!({
            "datetime": "2030-01-01T00:00:00Z", "totalfee": 1, "services": [{ "id": 1 }], "metadata": metadata
        });
        let unknown: Map<String, Value> = (0..100).map(|n| (n.to_string(), 1.into())).collect();
        for line in [order.to_string(), Value::from(unknown).to_string()] {
            for batch in batches(&line, 400, usize::MAX).await {
                assert!(batch.responses.len() < MAX_LINES);
                assert!(batch.bytes < MAX_BYTES + 65_536, "{} bytes", batch.bytes);
            }
        }
    }
}
