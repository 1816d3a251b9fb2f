//! What is printed, and written into docs/performance.md: [`Section`], [`Table`], [`figure`].
#![expect(clippy::print_stdout, reason = "the figures are what the program is for")]

use std::fmt;
use std::time::SystemTime;

use anyhow::{Context, Result};
use chrono::{DateTime, Utc};

const PAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/performance.md");

/// What a mode has measured.
#[derive(Debug)]
pub(crate) struct Section {
    /// Its name on the page.
    pub(crate) name: &'static str,
    /// Tables and remarks, in Markdown.
    pub(crate) text: String,
    /// The bounds that were missed.
    pub(crate) missed: Vec<String>,
}

impl Section {
    /// A section without a text.
    pub(crate) fn new(name: &'static str) -> Self {
        Self { name, text: String::new(), missed: Vec::new() }
    }

    /// Checks an upper bound.
    pub(crate) fn at_most(&mut self, what: impl fmt::Display, value: f64, bound: f64) {
        if value > bound {
            let (value, bound) = (figure(value), figure(bound));
            self.missed.push(format!("{what}: {value} is more than {bound}"));
        }
    }

    /// Checks a lower bound.
    pub(crate) fn at_least(&mut self, what: impl fmt::Display, value: f64, bound: f64) {
        if value < bound {
            let (value, bound) = (figure(value), figure(bound));
            self.missed.push(format!("{what}: {value} is less than {bound}"));
        }
    }

    /// Prints it.
    pub(crate) fn print(&self) {
        println!("## {}\n\n{}", self.name, self.text);
        for missed in &self.missed {
            println!("MISSED: {missed}");
        }
    }

    /// Writes it into its place on the page.
    pub(crate) fn write(&self) -> Result<()> {
        let page = std::fs::read_to_string(PAGE).with_context(|| format!("cannot read {PAGE}"))?;
        let arguments: Vec<_> = std::env::args().skip(1).collect();
        let page = replaced(&page, self.name, &self.block(&arguments, SystemTime::now()))?;
        std::fs::write(PAGE, page).with_context(|| format!("cannot write {PAGE}"))
    }

    /// What was measured, when, and with which command.
    fn block(&self, arguments: &[String], now: SystemTime) -> String {
        let command = [&["just bench".to_owned()], arguments].concat().join(" ");
        let date = DateTime::<Utc>::from(now).format("%Y-%m-%d");
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let missed: String =
            self.missed.iter().map(|missed| format!("\nMissed: {missed}\n")).collect();
        format!("`{command}`, {date}, {cores} cores.\n\n{}{missed}", self.text)
    }
}

/// The page with a block in its place.
fn replaced(page: &str, name: &str, block: &str) -> Result<String> {
    let (begin, end) = (format!("<!-- begin {name} -->"), format!("<!-- end {name} -->"));
    let missing = || format!("docs/performance.md has no {begin} .. {end}");
    let (before, rest) = page.split_once(&begin).with_context(missing)?;
    let (_, after) = rest.split_once(&end).with_context(missing)?;
    Ok(format!("{before}{begin}\n\n{}\n\n{end}{after}", block.trim_end()))
}

/// A table in Markdown whose first column is text and whose others are figures.
#[derive(Debug)]
pub(crate) struct Table(Vec<Vec<String>>);

impl Table {
    /// A table with these columns, which `|` separates, and no rows.
    pub(crate) fn new(columns: &str) -> Self {
        Self(vec![columns.split('|').map(|column| column.trim().to_owned()).collect()])
    }

    /// Adds a row.
    pub(crate) fn row(&mut self, title: impl Into<String>, figures: &[f64]) {
        let title = [title.into()].into_iter();
        self.0.push(title.chain(figures.iter().map(|value| figure(*value))).collect());
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let width = |column: usize| {
            self.0.iter().filter_map(|row| Some(row.get(column)?.chars().count())).max()
        };
        for (number, row) in self.0.iter().enumerate() {
            for (column, cell) in row.iter().enumerate() {
                let width = width(column).unwrap_or(0);
                match column {
                    0 => write!(f, "| {cell:<width$} ")?,
                    _ => write!(f, "| {cell:>width$} ")?,
                }
            }
            writeln!(f, "|")?;
            if number == 0 {
                for column in 0..row.len() {
                    let end = if column == 0 { '-' } else { ':' };
                    write!(f, "|{}{end}", "-".repeat(width(column).unwrap_or(0) + 1))?;
                }
                writeln!(f, "|")?;
            }
        }
        Ok(())
    }
}

/// A figure with three digits, or with all that stand before the point; a count from 10 on has no point.
pub(crate) fn figure(value: f64) -> String {
    match value.abs() {
        _ if !value.is_finite() => "–".to_owned(),
        0.0 => "0".to_owned(),
        size if size >= 99.5 || (size >= 9.95 && size.fract() == 0.0) => grouped(value),
        size if size >= 9.95 => format!("{value:.1}"),
        size if size >= 0.0995 => format!("{value:.2}"),
        _ => format!("{value:.3}"),
    }
}

/// Rounded to a whole number, with commas.
fn grouped(value: f64) -> String {
    let digits = format!("{:.0}", value.abs());
    let groups: Vec<_> = digits.as_bytes().rchunks(3).rev().map(String::from_utf8_lossy).collect();
    format!("{}{}", if value < 0.0 { "-" } else { "" }, groups.join(","))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_block_is_replaced_and_the_rest_stays() {
        let page = "# A\n<!-- begin x -->\nold\n<!-- end x -->\nend\n";
        let once = replaced(page, "x", "new\n").unwrap();
        assert_eq!(once, "# A\n<!-- begin x -->\n\nnew\n\n<!-- end x -->\nend\n");
        assert_eq!(replaced(&once, "x", "new\n").unwrap(), once);
        assert!(replaced(page, "y", "new").is_err());
    }

    #[test]
    fn a_block_names_its_command_and_the_missed_bounds() {
        let mut section = Section::new("x");
        section.text = "text\n".to_owned();
        section.at_most("a", 2.0, 2.0);
        section.at_least("b", 1.0, 2.0);
        section.at_most("c", 3.0, 2.0);
        let block = section.block(&["--quick".to_owned()], SystemTime::UNIX_EPOCH);
        assert!(block.starts_with("`just bench --quick`, 1970-01-01, "), "{block}");
        let missed =
            "\n\ntext\n\nMissed: b: 1.00 is less than 2.00\n\nMissed: c: 3.00 is more than 2.00\n";
        assert!(block.ends_with(missed), "{block}");
    }

    #[test]
    fn the_page_has_a_place_for_every_section() {
        let page = std::fs::read_to_string(PAGE).unwrap();
        let names =
            "table idle single fair overload growth contended solid bulk fresh feed soak webhooks";
        for name in names.split(' ') {
            assert!(replaced(&page, name, "").is_ok(), "{name}");
        }
    }

    #[test]
    fn columns_are_as_wide_as_their_widest_cell() {
        let mut table = Table::new("row | a");
        table.row("get", &[1234.0]);
        assert_eq!(table.to_string(), "| row |     a |\n|-----|------:|\n| get | 1,234 |\n");
    }

    #[test]
    fn figures_have_three_digits() {
        let written = [0.0, 0.0123, 0.5, 1.234, 12.34, 123.4, 1234.5, 1_234_567.0, -1500.0];
        assert_eq!(
            written.map(figure),
            ["0", "0.012", "0.50", "1.23", "12.3", "123", "1,234", "1,234,567", "-1,500"]
        );
        assert_eq!([f64::NAN, 10.0].map(figure), ["–", "10"]);
    }
}
