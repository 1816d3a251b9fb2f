//! Tables on standard output: [`print_table`].

use std::io::{self, Write as _};

use anyhow::{Context as _, Result};

/// Prints a title for each column, and the rows, aligned.
pub(super) fn print_table<const N: usize>(
    titles: [&str; N],
    rows: impl Iterator<Item = [String; N]>,
) -> Result<()> {
    let rows: Vec<_> = std::iter::once(titles.map(str::to_owned)).chain(rows).collect();
    let width = |column: usize| rows.iter().map(|row| row[column].len()).max().unwrap_or(0);
    let widths: [usize; N] = std::array::from_fn(width);
    let lines = rows.iter().map(|row| {
        let cells = row.iter().zip(widths).map(|(cell, width)| format!("{cell:width$}"));
        cells.collect::<Vec<_>>().join("  ").trim_end().to_owned()
    });
    let text = lines.collect::<Vec<_>>().join("\n");
    writeln!(io::stdout(), "{text}").context("cannot print the table")
}
