//! The statements that the service sends: [`record`] sends each workload's request and reads them in PostgreSQL's log.

use std::collections::HashMap;
use std::fs::File;
use std::io::Read as _;
use std::path::Path;
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use serde::Deserialize;

use crate::bench::Bench;
use crate::dataset::Dataset;
use crate::load;
use crate::postgres::Database;
use crate::schedule::Schedule;
use crate::workload::{Value, Values, Workload};

/// Logs every statement, and its parse tree when it is prepared.
const SETTINGS: [(&str, &str); 5] = [
    ("logging_collector", "on"),
    ("log_destination", "jsonlog"),
    ("log_rotation_size", "0"),
    ("log_statement", "all"),
    ("debug_print_parse", "on"),
];

/// The statements of workloads.
pub(crate) struct Recording(Vec<(Workload, Vec<Statement>)>);

/// A statement, with `$1` for its first parameter.
#[derive(Debug)]
pub(crate) struct Statement {
    pub(crate) text: String,
    pub(crate) parameters: Vec<Parameter>,
}

/// A parameter of a statement.
#[derive(Debug, PartialEq)]
pub(crate) struct Parameter {
    pub(crate) sql_type: String,
    pub(crate) argument: Argument,
}

/// What a parameter is set to.
#[derive(Debug, PartialEq)]
pub(crate) enum Argument {
    /// The value of the request with this name.
    Variable(&'static str),
    /// The same text in each request.
    Constant(String),
    /// An array of these.
    Array(Vec<Self>),
    Null,
}

impl Recording {
    /// The statements of a workload.
    pub(crate) fn of(&self, workload: Workload) -> Result<&[Statement]> {
        let found = self.0.iter().find(|(recorded, _)| *recorded == workload);
        found.map(|(_, statements)| &statements[..]).context("its statements are not recorded")
    }
}

/// Records the statements of these workloads, on a server of its own.
pub(crate) fn record(program: &Path, workloads: &[Workload]) -> Result<Recording> {
    let dataset = Dataset { orders: 4000, calendars: 100 };
    let mut bench = Bench::start(program, Database::start(&SETTINGS)?, dataset, 1)?;
    bench.database.add_orders_to_delete(&dataset, 100)?;
    let mut log = Log::open(&bench.database)?;
    let mut recorded = Vec::new();
    for &workload in workloads {
        // An import is compared with creating its orders one by one, and an export with `COPY`.
        let sent = match workload {
            Workload::Export => continue,
            Workload::Import => Workload::Create,
            _ => workload,
        };
        let requests = [log.request(&mut bench, sent)?, log.request(&mut bench, sent)?];
        let statements = log.statements(&requests).with_context(|| format!("{sent:?}"))?;
        recorded.push((workload, statements));
    }
    Ok(Recording(recorded))
}

/// A request and the statements that it led to.
struct Request {
    values: Values<u64>,
    sent: Vec<Sent>,
}

/// A statement that was sent, and its parameters as text.
struct Sent {
    /// The session of PostgreSQL.
    session: String,
    text: String,
    parameters: Vec<Option<String>>,
}

/// PostgreSQL's log.
struct Log {
    /// At the first entry that was not read yet.
    file: File,
    /// The parse trees of the statements by their texts.
    trees: HashMap<String, String>,
    /// The names of types by their object ids.
    types: HashMap<String, String>,
}

/// A line of the log.
#[derive(Deserialize, Default)]
#[serde(default)]
struct Entry {
    message: String,
    detail: String,
    statement: String,
    session_id: String,
}

impl Log {
    fn open(database: &Database) -> Result<Self> {
        let path =
            "SELECT current_setting('data_directory') || '/' || pg_current_logfile('jsonlog')";
        let file = File::open(database.sql(path)?.trim())?;
        let types = database.sql("SELECT oid, format_type(oid, NULL) FROM pg_type")?;
        let types = types.lines().filter_map(|line| line.split_once('|'));
        let types = types.map(|(id, name)| (id.to_owned(), name.to_owned())).collect();
        Ok(Self { file, trees: HashMap::new(), types })
    }

    /// Sends a request, and reads which statements it led to.
    fn request(&mut self, bench: &mut Bench, workload: Workload) -> Result<Request> {
        self.entries(bench)?;
        let values = workload.values(&bench.dataset, &mut bench.numbers);
        let write = |_, out: &mut Vec<u8>| workload.write(&values, out);
        let status = Some(workload.spec().status);
        load::run(bench.service.address(), Schedule::once(), 1, status, write)?;
        let entries = self.entries(bench)?.into_iter();
        let mut sent: Vec<_> = entries.filter_map(|entry| self.sent(entry)).collect();
        // One session has served the request; what others sent meanwhile has nothing to do with it.
        let is_value =
            |seen: &Option<String>| values.iter().any(|(_, value)| as_logged(value) == *seen);
        let served = sent.iter().find(|sent| sent.parameters.iter().any(is_value));
        let session = served.context("no statement has a value of the request")?.session.clone();
        sent.retain(|sent| sent.session == session);
        Ok(Request { values, sent })
    }

    /// The entries since the last call.
    fn entries(&mut self, bench: &Bench) -> Result<Vec<Entry>> {
        // The server logs in the background, but in order.
        const LAST: &str = "SELECT 'the last entry'";
        bench.database.sql(LAST)?;
        let mut text = String::new();
        while !(text.contains(LAST) && text.ends_with('\n')) {
            self.file.read_to_string(&mut text)?;
            thread::sleep(Duration::from_millis(1));
        }
        Ok(text.lines().map(serde_json::from_str).collect::<Result<_, _>>()?)
    }

    /// The statement that was sent, if this entry says so.
    fn sent(&mut self, entry: Entry) -> Option<Sent> {
        if entry.message == "parse tree:" {
            // The trees that follow the first are of statements within functions.
            self.trees.entry(entry.statement).or_insert(entry.detail);
            return None;
        }
        let executed = entry.message.strip_prefix("execute ");
        let executed = executed.and_then(|rest| Some(rest.split_once(": ")?.1));
        let text = executed.or(entry.message.strip_prefix("statement: "))?;
        // A session that was idle is tested.
        let (text, parameters) = (text.to_owned(), parameters(&entry.detail));
        (text != "SELECT 1").then_some(Sent { session: entry.session_id, text, parameters })
    }

    /// The statements of two requests, which must differ in their parameters only.
    fn statements(&self, [first, second]: &[Request; 2]) -> Result<Vec<Statement>> {
        let texts = [first, second].map(|one| one.sent.iter().map(|sent| &sent.text));
        ensure!(texts[0].clone().eq(texts[1].clone()), "it does not always send the same ones");
        let statement = |(one, two): (&Sent, &Sent)| {
            let seen = one.parameters.iter().zip(&two.parameters).enumerate();
            let parameters = seen.map(|(index, (seen_one, seen_two))| {
                let what = || format!("parameter ${} of {}", index + 1, one.text);
                let argument = argument([&first.values, &second.values], [seen_one, seen_two]);
                let sql_type = self.sql_type(&one.text, index + 1).with_context(what)?;
                Ok(Parameter { sql_type, argument: argument.with_context(what)? })
            });
            Ok(Statement { parameters: parameters.collect::<Result<_>>()?, text: one.text.clone() })
        };
        first.sent.iter().zip(&second.sent).map(statement).collect()
    }

    /// The type of a parameter, from the tree: `{PARAM :paramkind 0 :paramid 1 :paramtype 25 ..}`.
    fn sql_type(&self, statement: &str, parameter: usize) -> Option<String> {
        let tree = self.trees.get(statement)?.split_whitespace().collect::<Vec<_>>().join(" ");
        let (_, rest) = tree.split_once(&format!(":paramid {parameter} :paramtype "))?;
        self.types.get(rest.split(' ').next()?).cloned()
    }
}

/// What a parameter is set to that was seen like this in requests with these values.
fn argument(values: [&Values<u64>; 2], seen: [&Option<String>; 2]) -> Result<Argument> {
    for ((name, one), (_, two)) in values[0].iter().zip(values[1]) {
        if [one, two].map(as_logged).each_ref() == seen {
            return Ok(Argument::Variable(name));
        }
    }
    if seen[0] == seen[1] {
        return Ok(seen[0].clone().map_or(Argument::Null, Argument::Constant));
    }
    let no_value = || format!("{seen:?} are no values of the requests");
    let [one, two] = seen.map(|text| elements(text.as_deref()?));
    let (one, two) = one.zip(two).with_context(no_value)?;
    ensure!(one.len() == two.len(), no_value());
    let elements = one.iter().zip(&two).map(|(one, two)| argument(values, [one, two]));
    Ok(Argument::Array(elements.collect::<Result<_>>()?))
}

/// The elements of an array of plain values: `{1,6}`.
fn elements(array: &str) -> Option<Vec<Option<String>>> {
    let list = array.strip_prefix('{')?.strip_suffix('}')?;
    Some(list.split(',').map(|element| Some(element.to_owned())).collect())
}

/// A value of a request as PostgreSQL logs it.
fn as_logged(value: &Value<u64>) -> Option<String> {
    Some(value.text(" ", "+00"))
}

/// The parameters in the detail of an entry: `parameters: $1 = '5', $2 = NULL`.
fn parameters(detail: &str) -> Vec<Option<String>> {
    let Some((_, list)) = detail.split_once(": $") else { return Vec::new() };
    let value = |parameter: &str| {
        let quoted = parameter.split_once(" = '")?.1.strip_suffix('\'')?;
        Some(quoted.replace("''", "'"))
    };
    list.split(", $").map(value).collect()
}

#[cfg(test)]
mod tests {
    use clap::ValueEnum as _;
    use orders_testkit::program;

    use super::*;
    use crate::dataset::FIRST_CREATED_ID;

    #[test]
    fn pgbench_can_send_what_the_service_sends() {
        let program = program::build().unwrap();
        let recording = record(&program, Workload::value_variants()).unwrap();
        let dataset = Dataset { orders: 4000, calendars: 10 };
        let mut bench = Bench::start(&program, Database::start(&[]).unwrap(), dataset, 2).unwrap();
        for workload in Workload::value_variants() {
            let ceiling =
                bench.ceiling(&recording, *workload, Duration::from_secs(1), None).unwrap();
            assert!(ceiling.transactions > 0, "{workload:?}");
            let created = bench.database.count_from(FIRST_CREATED_ID).unwrap();
            let creates = matches!(workload, Workload::Create | Workload::Import);
            assert_eq!(created, if creates { ceiling.transactions } else { 0 }, "{workload:?}");
            bench.reset(*workload).unwrap();
        }
        // The insert, and the one that finds the reason.
        assert_eq!(recording.of(Workload::Refused).unwrap().len(), 2);
        let statements = recording.of(Workload::Delete).unwrap();
        let id = Parameter { sql_type: "text".to_owned(), argument: Argument::Variable("id") };
        assert!(statements[0].text.starts_with("DELETE FROM orders"), "{statements:?}");
        assert_eq!(statements[0].parameters[0], id);
        assert_eq!(statements[0].parameters[1].argument, Argument::Null);
    }

    #[test]
    fn a_parameter_is_a_variable_a_constant_or_an_error() {
        let [one, two] =
            [5, 6].map(|id| vec![("id", Value::Plain(id)), ("from", Value::Midnight(0))]);
        let found = |seen: [&str; 2]| {
            let seen = seen.map(|text| Some(text.to_owned()));
            argument([&one, &two], seen.each_ref()).ok()
        };
        assert_eq!(found(["5", "6"]), Some(Argument::Variable("id")));
        assert_eq!(found(["2000-01-01 00:00:00+00"; 2]), Some(Argument::Variable("from")));
        assert_eq!(found(["5", "5"]), Some(Argument::Constant("5".to_owned())));
        assert_eq!(found(["5", "7"]), None);
        let array = vec![Argument::Constant("1".to_owned()), Argument::Variable("id")];
        assert_eq!(found(["{1,5}", "{1,6}"]), Some(Argument::Array(array)));
        assert_eq!(found(["{1,5}", "{1,6,6}"]), None);
        assert_eq!(found(["{5}", "{7}"]), None);
        assert_eq!(argument([&one, &two], [&None, &None]).unwrap(), Argument::Null);
    }

    #[test]
    fn parameters_and_their_types_are_read_from_the_log() {
        let some = |text: &str| Some(text.to_owned());
        let detail = "parameters: $1 = '5', $2 = NULL, $3 = '{\"a''b\"}'";
        assert_eq!(parameters(detail), [some("5"), None, some("{\"a'b\"}")]);
        assert!(parameters("").is_empty());
        let tree = "{QUERY {PARAM :paramkind 0 \n :paramid 2 :paramtype 25 :paramtypmod -1}";
        let pair = |key: &str, value: &str| [(key.to_owned(), value.to_owned())].into();
        let file = tempfile::tempfile().unwrap();
        let log = Log { file, trees: pair("SELECT", tree), types: pair("25", "text") };
        assert_eq!(log.sql_type("SELECT", 2), some("text"));
    }
}
