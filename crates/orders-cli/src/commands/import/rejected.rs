//! The file of the lines that an import rejected: [`RejectedFile`].

use std::borrow::Cow;
use std::io::{self, BufWriter, Write as _};
use std::path::Path;

use orders_client::Error;
use orders_core::{Booking, NearestFree};
use serde::Serialize;
use serde_json::value::RawValue;

use super::lines::Line;
use crate::output::Output;

/// A file with one JSON object for each rejected line.
pub(super) struct RejectedFile(BufWriter<Output>);

#[derive(Serialize)]
struct RejectedLine<'a> {
    line: u64,
    /// The type of the problem, such as `order-conflict`.
    problem: &'a str,
    detail: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    conflicts_with: Option<&'a [Booking]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    nearest_free: Option<NearestFree>,
    #[serde(skip_serializing_if = "Option::is_none")]
    order: Option<&'a RawValue>,
    /// The line if it is not JSON.
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<Cow<'a, str>>,
}

impl RejectedFile {
    /// # Errors
    /// As [`Output::open`].
    pub(super) fn create(path: &Path, overwrite: bool) -> io::Result<Self> {
        Output::open(path, overwrite).map(BufWriter::new).map(Self)
    }

    /// Adds a line and why it was rejected.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub(super) fn write(&mut self, line: &Line, error: &Error) -> io::Result<()> {
        let order = serde_json::from_slice(&line.text).ok();
        let text = order.is_none().then(|| String::from_utf8_lossy(&line.text));
        let conflict = match error {
            Error::Conflict(conflict) => Some(conflict),
            _ => None,
        };
        let rejected = RejectedLine {
            line: line.number,
            problem: error.problem_type(),
            detail: error.to_string(),
            conflicts_with: conflict.map(|it| it.conflicts_with.as_slice()),
            nearest_free: conflict.map(|it| it.nearest_free),
            order,
            text,
        };
        serde_json::to_writer(&mut self.0, &rejected)?;
        self.0.write_all(b"\n")
    }

    /// # Errors
    /// As [`Output::finish`].
    pub(super) fn finish(self) -> io::Result<()> {
        self.0.into_inner().map_err(io::IntoInnerError::into_error)?.finish()
    }
}
