//! The refused lines of an import, and why they were: [`RefusedFile`].

use std::borrow::Cow;
use std::io::{self, BufWriter, Write as _};
use std::path::Path;

use serde::Serialize;
use serde_json::value::RawValue;

use super::lines::Line;
use super::output::{Existing, Output};

/// A file with one JSON object for each refused line.
pub(super) struct RefusedFile(BufWriter<Output>);

#[derive(Serialize)]
struct Refused<'a> {
    line: u64,
    problem: &'a RawValue,
    #[serde(skip_serializing_if = "Option::is_none")]
    order: Option<&'a RawValue>,
    /// The line when it is not JSON.
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<Cow<'a, str>>,
}

impl RefusedFile {
    /// # Errors
    /// As [`Output::open`].
    pub(super) fn create(path: &Path, existing: Existing) -> io::Result<Self> {
        Output::open(path, existing).map(BufWriter::new).map(Self)
    }

    /// Adds a line and the problem that it was answered with.
    ///
    /// # Errors
    /// When the file cannot be written, or the problem is not JSON.
    pub(super) fn write(&mut self, line: &Line, problem: &[u8]) -> io::Result<()> {
        let order = serde_json::from_slice(&line.text).ok();
        let text = order.is_none().then(|| String::from_utf8_lossy(&line.text));
        let problem = serde_json::from_slice(problem)?;
        let refused = Refused { line: line.number, problem, order, text };
        serde_json::to_writer(&mut self.0, &refused)?;
        self.0.write_all(b"\n")
    }

    /// # Errors
    /// As [`Output::finish`].
    pub(super) fn finish(self) -> io::Result<()> {
        self.0.into_inner().map_err(io::IntoInnerError::into_error)?.finish()
    }
}
