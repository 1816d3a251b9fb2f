//! Orders as rows of a table (RFC 4180): [`CsvRows`].

use std::borrow::Cow;

use csv::{Terminator, WriterBuilder};
use orders_core::{Order, ServiceId};
use serde_json::{Value, json};

use crate::openapi::{Components, Example, Header, Model, example};

/// The media type.
pub(super) const CSV: &str = "text/csv";

/// The media type with its parameters.
pub(super) const CSV_CONTENT_TYPE: &str = "text/csv; charset=utf-8; header=present";

/// The header of a response that browsers save as a file.
pub(super) const CONTENT_DISPOSITION: Header = Header::new(
    "Content-Disposition",
    "The name of the file as which a browser saves the response.",
    "^attachment; filename=",
);

/// Its value.
pub(super) const AS_FILE: &str = "attachment; filename=\"orders.csv\"";

/// The first row.
const NAMES: [&str; 10] = [
    "id",
    "calendar",
    "datetime",
    "totalfee",
    "services",
    "reference",
    "metadata",
    "version",
    "created_at",
    "updated_at",
];

/// What separates the services of an order. No id contains it, and no spreadsheet takes the result for a number or a date.
const SEPARATOR: &str = "|";

/// Rows of orders, after one row of names.
#[derive(Default)]
pub(super) struct CsvRows {
    has_names: bool,
}

impl CsvRows {
    /// The rows of these orders; the first time, the row of names comes before them.
    pub(super) fn of(&mut self, orders: &[Order]) -> Result<Vec<u8>, csv::Error> {
        let buffer = Vec::with_capacity(orders.len() * 256);
        let mut rows = WriterBuilder::new().terminator(Terminator::CRLF).from_writer(buffer);
        if !self.has_names {
            rows.write_record(NAMES)?;
            self.has_names = true;
        }
        for order in orders {
            let services: Vec<_> = order.services.iter().map(ServiceId::as_str).collect();
            let reference = order.reference.as_ref().map_or("", |reference| reference.as_str());
            let metadata = match order.metadata.is_empty() {
                true => String::new(),
                // Where a semicolon separates cells, what comes after it could be a formula.
                false => serde_json::to_string(&order.metadata)
                    .map_err(std::io::Error::from)?
                    .replace(';', "\\u003b"),
            };
            rows.write_record([
                &*inert(order.id.as_str()),
                &*inert(order.calendar.as_str()),
                &order.datetime.to_string(),
                &order.totalfee.to_string(),
                &*inert(&services.join(SEPARATOR)),
                &*inert(reference),
                &metadata,
                &order.version.to_string(),
                &order.created_at.to_string(),
                &order.updated_at.to_string(),
            ])?;
        }
        rows.into_inner().map_err(|error| error.into_error().into())
    }
}

/// A text that clients have chosen, as no spreadsheet that reads commas takes it for a formula: with an apostrophe before the characters with which
/// a formula begins. An apostrophe at the beginning gets one as well, so that removing one restores every text.
fn inert(text: &str) -> Cow<'_, str> {
    match text.starts_with(['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠', '\''])
    {
        true => format!("'{text}").into(),
        false => text.into(),
    }
}

/// The model of a table of orders.
pub(super) struct OrderTable;

impl Model for OrderTable {
    fn schema(_: &mut Components) -> Value {
        json!({
            "type": "string", "contentMediaType": CSV,
            "description": "RFC 4180 in UTF-8: a row of names, and one row for each order. `services` are ids with `|` between \
                            them, `metadata` is a JSON object, and what is not set is empty. If a text begins with one of \
                            `= + - @ '`, it has an apostrophe before it, so that no spreadsheet executes it: remove one \
                            apostrophe at the beginning of `id`, `calendar`, `services` and `reference`. Let a spreadsheet read it with \
                            commas: if it takes semicolons instead, a `reference` may become several cells."
        })
    }

    fn examples() -> Vec<Example> {
        let table = "id,calendar,datetime,totalfee,services,reference,metadata,version,created_at,updated_at\r\n\
                     223,default,2022-11-01T11:11:11.111Z,100,123,PO-4711,\"{\"\"gate\"\":\"\"B\"\",\"\"lang\"\":\"\"de\"\"}\",1,\
                     2022-10-30T08:00:00.123456Z,2022-10-30T08:00:00.123456Z\r\n";
        vec![example("OrderTable", "A table of one order", table.into())]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_example_is_what_is_written_for_the_example_of_an_order() {
        let order: Order = serde_json::from_value(Order::examples().remove(0).value).unwrap();
        let table = CsvRows::default().of(&[order]).unwrap();
        assert_eq!(OrderTable::examples()[0].value, String::from_utf8(table).unwrap());
    }

    #[test]
    fn there_is_one_row_of_names() {
        let mut rows = CsvRows::default();
        assert!(rows.of(&[]).unwrap().starts_with(b"id,calendar,"));
        assert!(rows.of(&[]).unwrap().is_empty());
    }

    #[test]
    fn what_a_spreadsheet_would_execute_begins_with_an_apostrophe() {
        for formula in ["=1+1", "+1", "-1", "@sum", "＝1", "'=1", "'"] {
            assert_eq!(inert(formula), format!("'{formula}"));
        }
        for text in ["", "1-1", "a=b", "PO-4711", " =1"] {
            assert_eq!(inert(text), text);
        }
    }
}
