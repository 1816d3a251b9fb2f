//! How results are printed: [`Printer`].

use std::io::{self, IsTerminal as _, Write as _};

use orders_core::{Change, ChangeType, Order};
use serde::Serialize;

use crate::arguments::CommonArgs;
use crate::printable::{json_line, printable};
use crate::time::{InvalidZone, Zone};

/// Prints results for people on a terminal, and as JSON otherwise.
#[derive(Debug, Clone)]
pub(crate) struct Printer {
    is_json: bool,
    /// The program, with the options that lead to the same service.
    program: Vec<String>,
    pub(crate) zone: Zone,
}

impl Printer {
    /// # Errors
    /// If the system's time zone is not known.
    pub(crate) fn new(arguments: &CommonArgs) -> Result<Self, InvalidZone> {
        Ok(Self {
            is_json: arguments.json || !io::stdout().is_terminal(),
            program: arguments.program(),
            zone: arguments.tz.clone().map_or_else(Zone::system, Ok)?,
        })
    }

    /// Whether results are printed as JSON.
    pub(crate) fn is_json(&self) -> bool {
        self.is_json
    }

    /// The first words of a command that the user can copy.
    pub(crate) fn command(&self, name: &str) -> Vec<String> {
        [self.program.as_slice(), &[name.to_owned()]].concat()
    }

    /// Prints a value as a line of JSON, or a text for people.
    ///
    /// # Errors
    /// If standard output takes no more.
    pub(crate) fn print(
        &self,
        value: &impl Serialize,
        text: impl FnOnce() -> String,
    ) -> io::Result<()> {
        let line = if self.is_json { json_line(value)? } else { format!("{}\n", text()) };
        io::stdout().write_all(line.as_bytes())
    }

    /// Prints values as lines of JSON, or as the rows of a table with these titles.
    ///
    /// # Errors
    /// If standard output takes no more.
    pub(crate) fn print_all<T: Serialize, const N: usize>(
        &self,
        values: &[T],
        titles: [&str; N],
        row: impl Fn(&T) -> [String; N],
    ) -> io::Result<()> {
        let mut out = io::stdout().lock();
        if self.is_json {
            for value in values {
                out.write_all(json_line(value)?.as_bytes())?;
            }
            return Ok(());
        }
        match values.is_empty() {
            true => Ok(()),
            false => write!(out, "{}", table(titles, values.iter().map(row))),
        }
    }

    /// Prints orders.
    ///
    /// # Errors
    /// If standard output takes no more.
    pub(crate) fn print_orders(&self, orders: &[Order]) -> io::Result<()> {
        let titles = ["TIME", "ID", "CALENDAR", "SERVICES", "FEE", "REFERENCE"];
        self.print_all(orders, titles, |order| {
            [
                self.zone.format_with_weekday(order.datetime),
                order.id.to_string(),
                order.calendar.to_string(),
                services(order),
                order.totalfee.to_string(),
                reference(order),
            ]
        })
    }

    /// An order in one line.
    pub(crate) fn summary(&self, order: &Order) -> String {
        let time = self.zone.format_with_weekday(order.datetime);
        format!("order {} in {} at {time}: {}", order.id, order.calendar, services(order))
    }

    /// A change in one line.
    pub(crate) fn change(&self, change: &Change) -> String {
        let by = change.client.as_deref().map(printable);
        let by = by.map(|client| format!(" by {client}")).unwrap_or_default();
        format!(
            "{}  {:9}  {}{by}",
            self.zone.format(change.timestamp),
            what_happened(change.change_type),
            self.summary(&change.data),
        )
    }
}

/// The titles and the rows, with aligned columns.
fn table<const N: usize>(titles: [&str; N], rows: impl Iterator<Item = [String; N]>) -> String {
    let rows = rows.map(|row| row.map(|cell| printable(&cell).into_owned()));
    let rows: Vec<_> = std::iter::once(titles.map(str::to_owned)).chain(rows).collect();
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max();
    let widths: [usize; N] = std::array::from_fn(|column| width(column).unwrap_or_default());
    let line = |row: &[String; N]| {
        let cells = row.iter().zip(widths).map(|(cell, width)| format!("{cell:width$}"));
        format!("{}\n", cells.collect::<Vec<_>>().join("  ").trim_end())
    };
    rows.iter().map(line).collect()
}

/// What a change did, in a word.
pub(crate) fn what_happened(change_type: ChangeType) -> &'static str {
    match change_type {
        ChangeType::Created => "booked",
        ChangeType::Updated => "changed",
        ChangeType::Deleted => "cancelled",
    }
}

/// The services of an order.
pub(crate) fn services(order: &Order) -> String {
    order.services.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

/// The reference of an order; empty if it has none.
pub(crate) fn reference(order: &Order) -> String {
    order.reference.as_ref().map(ToString::to_string).unwrap_or_default()
}

/// Prints a message on standard error, and unlike `eprintln!` does not panic if that is closed.
pub(crate) fn print_message(message: &str) {
    for line in message.lines() {
        let _ = writeln!(io::stderr(), "{}", printable(line));
    }
}

#[cfg(test)]
impl Printer {
    /// Prints for people in UTC.
    pub(crate) fn for_people() -> Self {
        let zone = "UTC".parse().unwrap();
        Self { is_json: false, program: vec!["orders".to_owned()], zone }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_does_not_control_the_terminal() {
        let rows = [["\u{1b}[2J\n", "\u{202e}"].map(str::to_owned)].into_iter();
        assert_eq!(
            table(["ID", "NAME"], rows),
            "ID              NAME\n\\u{1b}[2J\\u{a}  \\u{202e}\n"
        );
    }

    #[test]
    fn columns_are_aligned_by_characters() {
        let rows = [["1", "Prüfung", "99.95"], ["4711", "Test", ""]];
        let rows = rows.map(|row| row.map(str::to_owned));
        let table = table(["ID", "NAME", "FEE"], rows.into_iter());
        assert_eq!(table, "ID    NAME     FEE\n1     Prüfung  99.95\n4711  Test\n");
    }
}
