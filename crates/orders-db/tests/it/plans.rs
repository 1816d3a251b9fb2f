//! No call reads more of a large calendar than it needs.

use orders_core::{
    CalendarId, Calendars, Direction, OrderFilter, OrderPatch, OrderQuery, Orders, Position,
    Precondition, Services, StoreError,
};
use orders_db::PgStore;

use crate::database::{Database, Psql};
use crate::samples::*;

/// As many rows as no call needs, and far fewer than the calendar has.
const FEW: i64 = 1000;

/// How many rows of tables and entries of indexes have been read so far.
fn rows_read(psql: &mut Psql) -> i64 {
    let read = psql.line(
        "SELECT (SELECT sum(seq_tup_read) FROM pg_stat_user_tables)
                + (SELECT sum(idx_tup_read) FROM pg_stat_user_indexes)",
    );
    read.parse().unwrap()
}

/// Makes some calls in a session of their own, and asserts that they read little.
#[track_caller]
fn check(database: &Database, what: &str, calls: impl Fn(&PgStore)) {
    // More often than PostgreSQL would make plans for certain values.
    let read = read_by(database, |store| (0..7).for_each(|_| calls(store)));
    assert!(read < 7 * FEW, "{what} reads {read} rows in 7 calls");
}

/// How many rows some calls read, made in a session of their own.
fn read_by(database: &Database, calls: impl Fn(&PgStore)) -> i64 {
    let mut psql = database.psql();
    let before = rows_read(&mut psql);
    let store = database.store_of(1);
    calls(&store);
    drop(store);
    psql.wait_until_alone();
    psql.run("SELECT pg_stat_clear_snapshot()");
    rows_read(&mut psql) - before
}

#[test]
fn no_call_reads_a_whole_calendar() {
    let database = Database::new();
    let store = database.store();
    add_services(&store);
    store.add_calendar(calendar_draft("crew", "PT3H")).unwrap();
    let mut psql = database.psql();
    let from = at("1990-01-01T00:00:00Z");
    psql.run(&sql_orders("order", from, "7 hours", 20_000));
    placed(&store, draft_in("crew", "crew", noon_plus(0)));
    let hours = |hours: i64| from.plus_micros(7 * HOUR * 10_000 + hours * HOUR).unwrap();
    // Many other calendars have an order at the same time.
    psql.run(&format!(
        "INSERT INTO calendars (id, name) SELECT 'crowd-' || n, 'Crowd' FROM generate_series(1, 2000) AS n;
         INSERT INTO orders (id, calendar, minimum_gap, datetime, totalfee, services)
         SELECT id, key, minimum_gap, '{}', 1, '{{456}}' FROM calendars WHERE name = 'Crowd'",
        hours(1)
    ));
    drop((store, psql));
    let id = order_id("order-10000");

    // With what PostgreSQL believes of an empty table, and with what it knows of a full one.
    for analyzed in [false, true] {
        if analyzed {
            database.psql().run("ANALYZE");
        }
        let what = |call: &str| format!("{call}, analyzed: {analyzed}");
        check(&database, &what("place"), |store| {
            for mode in [DryRun, Write] {
                // Seven hours leave room for one more order in the middle.
                store.place(draft("new", hours(3)), mode).unwrap();
            }
            store.remove(&order_id("new")).unwrap();
        });
        check(&database, &what("a conflict"), |store| {
            for mode in [DryRun, Write] {
                conflict(store.place(draft("new", hours(1)), mode));
            }
        });
        check(&database, &what("place_once"), |store| {
            let refused = store.place_once(draft("new", hours(1)), &key("k"));
            conflict(refused);
        });
        check(&database, &what("place_each"), |store| {
            let wish = |n: i64| draft(&format!("new-{n}"), hours(7 * n + 1));
            let answers = store.place_each((0..3).map(wish).collect()).unwrap();
            assert!(answers.iter().all(Result::is_err));
        });
        check(&database, &what("order"), |store| drop(store.order(&id).unwrap()));
        check(&database, &what("replace"), |store| {
            for wish in [hours(0), hours(1), hours(0)] {
                store.replace(&id, draft("-", wish), DryRun).unwrap();
                store.replace(&id, draft("-", wish), Write).unwrap();
            }
            conflict(store.replace(&id, draft("-", hours(8)), Write));
        });
        check(&database, &what("amend"), |store| {
            for datetime in [hours(1), hours(0)] {
                let patch = OrderPatch { datetime: Some(datetime), ..OrderPatch::default() };
                store.amend_if(&id, &Precondition::None, &patch, Write).unwrap();
            }
        });
        check(&database, &what("a move between calendars"), |store| {
            for calendar in ["crew", "default"] {
                store.replace(&id, draft_in(calendar, "-", hours(0)), Write).unwrap();
            }
        });
        check(&database, &what("availability"), |store| {
            let window = span(hours(0), hours(70));
            assert!(store.availability(&CalendarId::default(), window).unwrap().len() > 9);
        });
        check(&database, &what("services"), |store| {
            let refused = store.remove_service(&service_id("123"));
            assert!(matches!(refused, Err(StoreError::InUse(_))));
            store.remove_service(&service_id("789")).unwrap();
            store.add_service(service_draft("789")).unwrap();
        });
        check(&database, &what("calendars"), |store| {
            let refused = store.remove_calendar(&calendar_id("crew"));
            assert!(matches!(refused, Err(StoreError::InUse(_))));
            store.add_calendar(calendar_draft("new", "PT1H")).unwrap();
            store.replace_calendar(&calendar_id("new"), calendar_draft("new", "PT2H")).unwrap();
            store.remove_calendar(&calendar_id("new")).unwrap();
            let renamed = orders_core::CalendarDraft {
                minimum_gap: None,
                ..calendar_draft("default", "PT3H")
            };
            store.replace_calendar(&CalendarId::default(), renamed).unwrap();
        });
        check(&database, &what("a gap that is too wide"), |store| {
            let draft = calendar_draft("default", "P1D");
            let refused = store.replace_calendar(&CalendarId::default(), draft);
            assert!(matches!(refused, Err(StoreError::GapTooWide(_))));
        });
        for calendar in [None, Some("default"), Some("crew")] {
            for service in [None, Some("123"), Some("789")] {
                let filter = OrderFilter {
                    calendar: calendar.map(calendar_id),
                    service: service.map(service_id),
                    from: None,
                    to: None,
                };
                let window =
                    OrderFilter { from: Some(hours(0)), to: Some(hours(700)), ..filter.clone() };
                check(&database, &what(&format!("list {calendar:?} {service:?}")), |store| {
                    let after = Some(Position { datetime: hours(70), id: order_id("x") });
                    for filter in [&filter, &window] {
                        for direction in [Direction::Ascending, Direction::Descending] {
                            let (filter, after) = (filter.clone(), after.clone());
                            let query = OrderQuery { filter, direction, after, limit: 10 };
                            store.list(&query).unwrap();
                            store.list(&OrderQuery { after: None, ..query }).unwrap();
                        }
                    }
                });
            }
        }
    }
}

#[test]
fn a_wider_gap_reads_an_order_a_few_times_and_no_other_calendar() {
    const ORDERS: i64 = 2_000;
    let database = Database::new();
    let store = database.store();
    add_services(&store);
    for calendar in ["crew", "site"] {
        store.add_calendar(calendar_draft(calendar, "PT3H")).unwrap();
        placed(&store, draft_in(calendar, calendar, noon_plus(0)));
    }
    let mut psql = database.psql();
    psql.run(&sql_orders("order", at("1990-01-01T00:00:00Z"), "7 hours", ORDERS as usize));
    psql.run("ANALYZE");
    drop((store, psql));
    for (calendar, gap, most) in [("default", "PT5H", 20 * ORDERS), ("crew", "PT5H", FEW)] {
        let read = read_by(&database, |store| {
            store.replace_calendar(&calendar_id(calendar), calendar_draft(calendar, gap)).unwrap();
        });
        assert!(read < most, "{calendar} reads {read} rows");
    }
}
