//! The log as lines of JSON: [`write_json`].

use std::io::{self, Write as _};

use env_logger::fmt::Formatter;
use log::Record;
use log::kv::{Error, Key, Value, VisitSource, VisitValue};
use serde_json::Map;

/// Writes a record as an object on one line: `timestamp`, `level`, `target` and `message`, and then its own fields.
///
/// # Errors
/// If the log cannot be written.
pub fn write_json(log: &mut Formatter, record: &Record<'_>) -> io::Result<()> {
    let mut line = Line(Map::new());
    line.set("timestamp", log.timestamp_micros().to_string());
    line.set("level", record.level().as_str());
    line.set("target", record.target());
    line.set("message", record.args().to_string());
    record.key_values().visit(&mut line).map_err(io::Error::other)?;
    serde_json::to_writer(&mut *log, &line.0)?;
    writeln!(log)
}

struct Line(Map<String, serde_json::Value>);

impl Line {
    fn set(&mut self, name: &str, value: impl Into<serde_json::Value>) {
        self.0.insert(name.to_owned(), value.into());
    }
}

impl<'kvs> VisitSource<'kvs> for Line {
    fn visit_pair(&mut self, name: Key<'kvs>, value: Value<'kvs>) -> Result<(), Error> {
        value.visit(Field(self, name.as_str()))
    }
}

/// A field of a line. Without a value it is left out.
struct Field<'a>(&'a mut Line, &'a str);

impl<'v> VisitValue<'v> for Field<'_> {
    fn visit_any(&mut self, value: Value<'_>) -> Result<(), Error> {
        self.0.set(self.1, value.to_string());
        Ok(())
    }

    fn visit_null(&mut self) -> Result<(), Error> {
        Ok(())
    }

    fn visit_u64(&mut self, value: u64) -> Result<(), Error> {
        self.0.set(self.1, value);
        Ok(())
    }

    fn visit_f64(&mut self, value: f64) -> Result<(), Error> {
        self.0.set(self.1, value);
        Ok(())
    }
}
