//! A database that fails is unavailable, which is neither a bug nor for ever.

use std::fmt::Debug;
use std::ops::ControlFlow;
use std::thread;
use std::time::Duration;

use orders_core::{
    CalendarId, Calendars, Direction, OrderFilter, OrderPatch, OrderQuery, Orders, Precondition,
    Services, StoreError,
};
use orders_db::{PgStore, Settings, migrations};
use private_postgres::{Options, PrivatePostgres};

use crate::database::Database;
use crate::samples::*;

/// Makes every call there is; what comes of each.
fn every_call(store: &PgStore) -> Vec<(&'static str, Result<(), StoreError>)> {
    fn only<T>(answer: Result<T, StoreError>) -> Result<(), StoreError> {
        answer.map(drop)
    }
    let id = order_id("223");
    let requested = || draft("223", noon_plus(0));
    let any = Precondition::None;
    let query = OrderQuery {
        filter: OrderFilter::default(),
        direction: Direction::Ascending,
        after: None,
        limit: 10,
    };
    let window = span(noon_plus(0), noon_plus(1));
    vec![
        ("order", only(store.order(&id))),
        ("orders", only(store.orders())),
        ("list", only(store.list(&query))),
        ("availability", only(store.availability(&CalendarId::default(), window))),
        ("service", only(store.service(&service_id("123")))),
        ("services", only(store.all_services())),
        ("calendar", only(store.calendar(&CalendarId::default()))),
        ("calendars", only(store.all_calendars())),
        ("try", only(store.place(draft("228", noon_plus(200)), DryRun))),
        ("place", only(store.place(draft("224", noon_plus(100)), Write))),
        ("place_idempotent", only(store.place_idempotent(draft("225", noon_plus(103)), &key("k")))),
        ("place_batch", only(store.place_batch(vec![draft("226", noon_plus(106))]))),
        ("replace", only(store.replace(&id, requested(), Write))),
        ("move", only(store.replace(&id, draft("223", noon_plus(1)), Write))),
        ("patch", only(store.patch_if(&id, &any, &OrderPatch::default(), Write))),
        ("remove", store.remove(&order_id("227"))),
        ("add_service", only(store.add_service(service_draft("new")))),
        ("replace_service", only(store.replace_service(&service_id("123"), service_draft("x")))),
        ("remove_service", store.remove_service(&service_id("456"))),
        ("add_calendar", only(store.add_calendar(calendar_draft("new", "PT1H")))),
        (
            "replace_calendar",
            only(store.replace_calendar(&CalendarId::default(), calendar_draft("default", "PT2H"))),
        ),
        ("remove_calendar", store.remove_calendar(&calendar_id("crew"))),
    ]
}

/// The calls that only read.
const READS: [&str; 9] = [
    "order",
    "orders",
    "list",
    "availability",
    "service",
    "services",
    "calendar",
    "calendars",
    "try",
];

#[track_caller]
fn check_unavailable<T: Debug>(what: &str, answer: &Result<T, StoreError>) {
    assert!(matches!(answer, Err(StoreError::Unavailable(_))), "{what}: {answer:?}");
}

/// What every call finds in its way, or nothing.
fn prepare(store: &PgStore) {
    add_services(store);
    store.add_calendar(calendar_draft("crew", "PT1H")).unwrap();
    place_all(store, &[("223", 0), ("227", 50)]);
}

#[test]
fn a_stopped_database_is_unavailable_until_it_runs_again() {
    let options = Options::temporary().setting("synchronous_commit", "on");
    let mut server = PrivatePostgres::start(options).unwrap();
    let url = server.url("orders");
    migrations::run(&url).unwrap();
    let impatient = |connections| Settings {
        connect_wait: Duration::from_millis(100),
        ..Settings::new(&url, connections)
    };
    let patient = PgStore::connect(&Settings::new(&url, 4)).unwrap();
    prepare(&patient);
    // On a busy machine, one attempt may take longer than it may.
    let mut attempts = std::iter::repeat_with(|| PgStore::connect(&impatient(1)));
    let store = attempts.find_map(Result::ok).unwrap();

    server.stop_immediately().unwrap();
    for (call, answer) in every_call(&store) {
        check_unavailable(call, &answer);
    }
    check_unavailable("connect", &PgStore::connect(&impatient(1)).map(drop));
    check_unavailable("with several connections", &patient.all_services());
    assert!(migrations::run(&url).is_err());

    server.start_again().unwrap();
    // As many at once as there are connections, so that each is used.
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| patient.order(&order_id("223")).unwrap());
        }
    });
    let patient_again = PgStore::connect(&Settings::new(&url, 1)).unwrap();
    for (call, answer) in every_call(&patient_again) {
        assert!(answer.is_ok(), "{call}: {answer:?}");
    }
}

#[test]
fn an_export_may_pause_as_long_as_the_settings_say() {
    let database = Database::new();
    prepare(&database.store());
    let export = |export_pause| {
        let settings = Settings {
            statement_timeout: Duration::from_millis(100),
            export_pause,
            ..Settings::new(&database.url, 1)
        };
        let store = PgStore::connect(&settings).unwrap();
        store.export(&OrderFilter::default(), Direction::Ascending, &mut |_, _| {
            thread::sleep(Duration::from_millis(300));
            ControlFlow::Continue(())
        })
    };
    export(Duration::from_secs(60)).unwrap();
    check_unavailable("export", &export(Duration::from_millis(100)));
}

#[test]
fn a_stopped_database_hides_no_connection_that_was_just_used() {
    let options = Options::temporary().setting("synchronous_commit", "on");
    let mut server = PrivatePostgres::start(options).unwrap();
    let url = server.url("orders");
    migrations::run(&url).unwrap();
    let store = PgStore::connect(&Settings::new(&url, 4)).unwrap();
    add_services(&store);
    for round in 0..2 {
        server.stop_immediately().unwrap();
        thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| check_unavailable("services", &store.all_services()));
            }
        });
        server.start_again().unwrap();
        thread::scope(|scope| {
            for n in 0..4 {
                let requested =
                    draft(&format!("order-{round}-{n}"), noon_plus(100 * round + 3 * n));
                let store = &store;
                scope.spawn(move || store.place(requested, Write).unwrap());
            }
        });
    }
}

#[test]
fn a_read_only_database_is_unavailable_for_writes_only() {
    let database = Database::new();
    prepare(&database.store());
    let before = database.psql().dump();
    let url = format!("{}&options=-c%20default_transaction_read_only%3Don", database.url);
    let store = PgStore::connect(&Settings::new(&url, 1)).unwrap();
    for (call, answer) in every_call(&store) {
        if READS.contains(&call) {
            assert!(answer.is_ok(), "{call}: {answer:?}");
        } else {
            check_unavailable(call, &answer);
        }
    }
    assert_eq!(database.psql().dump(), before);
}

#[test]
fn a_terminated_session_costs_at_most_one_call() {
    let database = Database::new();
    let store = database.store_of(1);
    prepare(&store);
    let mut psql = database.psql();
    for _ in 0..5 {
        store.all_services().unwrap();
        psql.run(
            "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity
              WHERE datname = current_database() AND pid <> pg_backend_pid()",
        );
        let answer = store.order(&order_id("223"));
        if answer.is_err() {
            check_unavailable("order", &answer);
        }
        store.order(&order_id("223")).unwrap();
    }
}

#[test]
fn a_session_terminated_in_the_middle_of_a_call_is_unavailable() {
    let database = Database::new();
    let store = database.store_of(1);
    prepare(&store);
    let mut psql = database.psql();
    let mut holder = database.psql();
    holder.run("BEGIN; LOCK TABLE orders");
    thread::scope(|scope| {
        let call = scope.spawn(|| store.order(&order_id("223")));
        psql.wait_for_a_waiter();
        psql.run(
            "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity
              WHERE datname = current_database() AND wait_event_type = 'Lock'",
        );
        check_unavailable("order", &call.join().unwrap());
    });
    holder.run("ROLLBACK");
    store.order(&order_id("223")).unwrap();
}

#[test]
fn a_call_that_waits_too_long_for_a_lock_is_unavailable() {
    let database = Database::new();
    prepare(&database.store());
    let settings = Settings {
        statement_timeout: Duration::from_millis(30),
        ..Settings::new(&database.url, 1)
    };
    let store = PgStore::connect(&settings).unwrap();
    let mut holder = database.psql();
    holder.run("BEGIN; LOCK TABLE orders, order_services, services, calendars, idempotency_keys");
    for (call, answer) in every_call(&store) {
        check_unavailable(call, &answer);
    }
    holder.run("ROLLBACK; BEGIN; SELECT FROM orders WHERE id = '223' FOR UPDATE");
    store.order(&order_id("223")).unwrap();
    let rewritten = store.replace(&order_id("223"), draft("223", noon_plus(0)), Write);
    check_unavailable("replace", &rewritten);
    let moved = store.replace(&order_id("223"), draft("223", noon_plus(1)), Write);
    check_unavailable("move", &moved);
    check_unavailable("remove", &store.remove(&order_id("223")));
    holder.run("ROLLBACK");
    store.remove(&order_id("223")).unwrap();
    for _ in 0..3 {
        store.all_services().unwrap();
    }
}

#[test]
fn what_the_schema_does_not_know_is_a_bug_and_not_an_outage() {
    let database = Database::new();
    let store = database.store_of(1);
    prepare(&store);
    database.psql().run("ALTER TABLE services RENAME TO something_else");
    let answer = store.all_services();
    assert!(matches!(answer, Err(StoreError::Bug(_))), "{answer:?}");
    let answer = store.place(draft("new", noon_plus(200)), DryRun);
    assert!(matches!(answer, Err(StoreError::Bug(_))), "{answer:?}");
    // And the session is as good as before.
    store.order(&order_id("223")).unwrap();
}

#[test]
fn a_full_disk_is_an_outage_whatever_was_to_be_written() {
    let database = Database::new();
    let store = database.store_of(1);
    prepare(&store);
    let mut psql = database.psql();
    for action in
        ["extend file \"base/1\"", "create file \"base/pgsql_tmp/1\"", "write to file \"base/2\""]
    {
        psql.run(&format!(
            "CREATE OR REPLACE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS $$
             BEGIN RAISE EXCEPTION 'could not {action}: No space left on device' USING ERRCODE = '53100'; END $$;
             CREATE OR REPLACE TRIGGER fail BEFORE INSERT ON orders FOR EACH ROW EXECUTE FUNCTION fail()"
        ));
        check_unavailable(action, &store.place(draft("new", noon_plus(200)), Write));
    }
}

#[test]
fn an_idle_session_is_kept_and_used_again() {
    let database = Database::new();
    let store = database.store_of(1);
    let mut psql = database.psql();
    let mut sessions = || {
        psql.lines(
            "SELECT pid FROM pg_stat_activity
              WHERE datname = current_database() AND pid <> pg_backend_pid()",
        )
    };
    let before = sessions();
    assert_eq!(before.len(), 1);
    for _ in 0..3 {
        // Longer than a session is trusted without a question.
        thread::sleep(Duration::from_millis(80));
        store.all_services().unwrap();
    }
    assert_eq!(sessions(), before);
}

#[test]
fn an_unreachable_database_is_unavailable() {
    for url in [
        "postgres:///orders?host=/nowhere/at/all",
        "host=/nowhere/at/all dbname=orders",
        "postgres://nobody@127.0.0.1:1/orders",
        "this is not a url",
    ] {
        let settings =
            Settings { connect_wait: Duration::from_millis(50), ..Settings::new(url, 1) };
        check_unavailable(url, &PgStore::connect(&settings).map(drop));
        assert!(migrations::run(url).is_err());
    }
    let database = Database::new();
    let url = database.url.replace("/test_", "/missing_");
    let settings = Settings { connect_wait: Duration::from_millis(50), ..Settings::new(url, 1) };
    check_unavailable("a database that is missing", &PgStore::connect(&settings).map(drop));
}

#[test]
fn a_search_for_free_time_waits_for_no_other_transaction() {
    let database = Database::new();
    let store = database.store_of(1);
    add_services(&store);
    let mut holder = database.psql();
    holder.run(&sql_orders("solid", noon_plus(0), "3 hours", 500));
    for lock in ["SELECT FROM calendars FOR UPDATE", "DELETE FROM orders WHERE id = 'solid-3'"] {
        holder.run(&format!("BEGIN; {lock}"));
        let conflict = conflict(store.place(draft("new", noon_plus(1)), Write));
        assert_eq!(conflict.nearest_free.after, Some(noon_plus(1500)));
        holder.run("ROLLBACK");
    }
    holder.run("DELETE FROM orders WHERE id = 'solid-3'");
    let conflict = conflict(store.place(draft("new", noon_plus(1)), Write));
    assert_eq!(conflict.nearest_free.after, Some(noon_plus(9)));
    database.check_promises();
}
