//! `orders-api openapi`

use std::io::{self, Write as _};

use anyhow::{Context as _, Result};

use crate::openapi;

/// Prints the OpenAPI document.
///
/// # Errors
/// If standard output cannot be written.
pub fn openapi() -> Result<()> {
    io::stdout().write_all(openapi::JSON.as_bytes()).context("cannot print the document")
}
