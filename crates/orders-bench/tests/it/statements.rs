//! The ceiling is measured with what the service sends.

use std::collections::BTreeSet;
use std::time::Duration;

use orders_bench::database::{Database, Server};
use orders_bench::dataset::Dataset;
use orders_bench::pgbench::Run;
use orders_bench::row::Row;
use orders_core::{
    Direction, Interval, Mode, OrderDraft, OrderFilter, OrderId, OrderQuery, OrderedServices,
    Orders, ServiceId, Timestamp,
};
use orders_db::{PgStore, Settings, migrations};
use private_postgres::Options;

const DATASET: Dataset = Dataset { orders: 4000, calendars: 10 };

#[test]
fn pgbench_sends_what_the_store_sends() {
    let options = Options::temporary().setting("shared_preload_libraries", "pg_stat_statements");
    let server = Server::with(options).unwrap();
    let database = server.database();
    migrations::run(&database.url).unwrap();
    database.fill(&DATASET).unwrap();
    database.stock(&DATASET, 100).unwrap();
    database.sql("CREATE EXTENSION pg_stat_statements", &[]).unwrap();
    let store = PgStore::connect(&Settings::new(&database.url, 1)).unwrap();
    for row in Row::ALL.into_iter().filter(|row| !row.is_bulk()) {
        let sent = seen(&database, || send(&store, row));
        let first = if row == Row::Delete { 50 } else { 1000 };
        let run = Run {
            script: row.script(),
            clients: 1,
            threads: 1,
            duration: Duration::from_secs(1),
            rate: None,
            first,
        };
        let measured = seen(&database, || {
            run.on(&database, &DATASET).unwrap();
        });
        assert_eq!(
            measured,
            sent,
            "pgbench's statements and the store's differ for: {}",
            row.name()
        );
    }
}

/// What the service asks of its store for a request of this row.
fn send(store: &PgStore, row: Row) {
    let at = |text: &str| text.parse::<Timestamp>().unwrap();
    let id = |text: &str| OrderId::new(text).unwrap();
    let draft = |id: &str, day: &str| OrderDraft {
        id: Some(OrderId::new(id).unwrap()),
        calendar: Some("1".parse().unwrap()),
        datetime: at(day),
        totalfee: "1".parse().unwrap(),
        services: OrderedServices::new([ServiceId::new("1").unwrap()]).unwrap(),
    };
    let query =
        |filter| OrderQuery { filter, direction: Direction::Ascending, after: None, limit: 100 };
    match row {
        Row::GetOne => drop(store.order(&id("50000000")).unwrap()),
        Row::Create => {
            let draft = draft("1", "2900-01-01T00:00:00Z");
            drop(store.place(draft, Mode::Write).unwrap());
        }
        Row::Replace => {
            let mut draft = draft("50000000", "2000-01-01T00:00:00Z");
            draft.calendar = None;
            drop(store.replace(&id("50000000"), draft, Mode::Write).unwrap());
        }
        Row::Delete => store.remove(&id("2000000001")).unwrap(),
        Row::Refused => {
            let draft = draft("2", "2000-01-01T00:00:00Z");
            drop(store.place(draft, Mode::Write).unwrap_err());
        }
        Row::List => {
            let from = Some(at("2000-01-01T00:00:00Z"));
            drop(store.list(&query(OrderFilter { from, ..OrderFilter::default() })).unwrap());
        }
        Row::Filtered => {
            let filter = OrderFilter {
                calendar: Some("1".parse().unwrap()),
                service: Some("1".parse().unwrap()),
                from: Some(at("2000-01-01T00:00:00Z")),
                to: Some(at("2000-02-01T00:00:00Z")),
            };
            drop(store.list(&query(filter)).unwrap());
        }
        Row::Availability => {
            let (from, to) = (at("2000-01-01T00:00:00Z"), at("2000-02-01T00:00:00Z"));
            drop(store.availability(&"1".parse().unwrap(), Interval { from, to }).unwrap());
        }
        Row::Export | Row::Import => {}
    }
}

/// The statements that PostgreSQL saw meanwhile, as [`plain`] text.
fn seen(database: &Database, work: impl FnOnce()) -> BTreeSet<String> {
    database.sql("SELECT pg_stat_statements_reset()", &[]).unwrap();
    work();
    let all = database.sql(
        "SELECT replace(query, E'\\n', ' ') FROM pg_stat_statements WHERE toplevel ORDER BY query",
        &[],
    );
    let all = all.unwrap();
    let ours = |line: &&str| !line.contains("pg_stat_statements") && !line.starts_with("SET ");
    // The bare `SELECT 1` tests a session that was idle, which none is under load.
    all.lines().filter(ours).map(plain).filter(|text| text != "SELECT $").collect()
}

/// A statement without what makes no difference: spaces, the numbers of parameters, and the types that
/// pgbench has to name and Diesel does not.
fn plain(statement: &str) -> String {
    let spaced = statement.replace(['(', ')', ',', '"', ';'], " ");
    let words = spaced.split_whitespace().map(|word| match word.split_once("::") {
        Some((parameter, _)) if parameter.starts_with('$') => "$",
        _ if word.starts_with('$') => "$",
        _ => word,
    });
    // A number that is there when the statement is planned again may be left in its text.
    words.collect::<Vec<_>>().join(" ").replace("OFFSET 0", "OFFSET $")
}

#[test]
fn plain_statements_differ_in_nothing_but_parameters_and_spaces() {
    assert_eq!(
        plain("SELECT a  FROM b WHERE (c = $1)"),
        plain("SELECT a FROM b WHERE c = $7::text;")
    );
    assert_ne!(plain("SELECT a FROM b"), plain("SELECT a FROM c"));
}
