//! The file of the lines that an import rejected: [`RejectedFile`].

use std::borrow::Cow;
use std::io::{self, BufWriter, Write as _};
use std::path::Path;

use serde::Serialize;
use serde_json::value::RawValue;

use super::lines::Line;
use crate::cli::client::output::Output;

/// A file with one JSON object for each rejected line.
pub(super) struct RejectedFile(BufWriter<Output>);

#[derive(Serialize)]
struct RejectedLine<'a> {
    line: u64,
    problem: &'a RawValue,
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

    /// Adds a line and the problem that the service answered it with.
    ///
    /// # Errors
    /// If the file cannot be written, or the problem is not JSON.
    pub(super) fn write(&mut self, line: &Line, problem: &str) -> io::Result<()> {
        let order = serde_json::from_slice(&line.text).ok();
        let text = order.is_none().then(|| String::from_utf8_lossy(&line.text));
        let problem = serde_json::from_str(problem)?;
        let rejected = RejectedLine { line: line.number, problem, order, text };
        serde_json::to_writer(&mut self.0, &rejected)?;
        self.0.write_all(b"\n")
    }

    /// # Errors
    /// As [`Output::finish`].
    pub(super) fn finish(self) -> io::Result<()> {
        self.0.into_inner().map_err(io::IntoInnerError::into_error)?.finish()
    }
}
