//! Tables in Markdown: [`Table`], and how figures are written.

use std::fmt;

/// A table whose first column is text and whose others are figures.
#[derive(Debug, Clone)]
pub struct Table {
    head: Vec<String>,
    rows: Vec<Vec<String>>,
}

impl Table {
    /// A table with these columns and no rows.
    #[must_use]
    pub fn new(head: &[&str]) -> Self {
        Self { head: head.iter().map(ToString::to_string).collect(), rows: Vec::new() }
    }

    /// Adds a row.
    pub fn row(&mut self, cells: impl IntoIterator<Item = String>) {
        self.rows.push(cells.into_iter().collect());
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let lines = || std::iter::once(&self.head).chain(&self.rows);
        let width = |column: usize| {
            lines().filter_map(|line| Some(line.get(column)?.chars().count())).max()
        };
        let widths: Vec<_> =
            (0..self.head.len()).map(|column| width(column).unwrap_or(0)).collect();
        for (number, line) in lines().enumerate() {
            for (column, (cell, width)) in line.iter().zip(&widths).enumerate() {
                match column {
                    0 => write!(f, "| {cell:<width$} ")?,
                    _ => write!(f, "| {cell:>width$} ")?,
                }
            }
            writeln!(f, "|")?;
            if number == 0 {
                for (column, width) in widths.iter().enumerate() {
                    let end = if column == 0 { '-' } else { ':' };
                    write!(f, "|{}{end}", "-".repeat(width + 1))?;
                }
                writeln!(f, "|")?;
            }
        }
        Ok(())
    }
}

/// A figure with as many digits as say something: three, and all before the point.
#[must_use]
pub fn figure(value: f64) -> String {
    match value.abs() {
        _ if !value.is_finite() => "–".to_owned(),
        0.0 => "0".to_owned(),
        size if size >= 99.5 => grouped(value),
        size if size >= 9.95 => format!("{value:.1}"),
        size if size >= 0.0995 => format!("{value:.2}"),
        _ => format!("{value:.3}"),
    }
}

/// Rounded to a whole number, with commas.
fn grouped(value: f64) -> String {
    let digits = format!("{:.0}", value.abs());
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place) % 3 == 0 {
            text.push(',');
        }
        text.push(digit);
    }
    if value < 0.0 { format!("-{text}") } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_as_wide_as_their_widest_cell() {
        let mut table = Table::new(&["row", "a"]);
        table.row(["get".to_owned(), "1,234".to_owned()]);
        assert_eq!(table.to_string(), "| row |     a |\n|-----|------:|\n| get | 1,234 |\n");
    }

    #[test]
    fn figures_have_three_digits() {
        let written = [0.0, 0.0123, 0.5, 1.234, 12.34, 123.4, 1234.5, 1_234_567.0, -1500.0];
        assert_eq!(
            written.map(figure),
            ["0", "0.012", "0.50", "1.23", "12.3", "123", "1,234", "1,234,567", "-1,500"]
        );
        assert_eq!(figure(f64::NAN), "–");
    }
}
