//! No call reads more rows than it needs.

use orders_core::{CalendarId, Calendars, ListQuery, MinimumGap, Orders, Services};
use orders_db::PgStore;

use super::calls::calls;
use super::{Layout, fill, hours, prepare};
use crate::database::{Database, Psql};
use crate::samples::*;

/// More rows than any call needs, and far fewer than a large calendar has.
const FEW: i64 = 1000;

/// How many rows of tables and entries of indexes have been read so far.
fn rows_read(psql: &mut Psql) -> i64 {
    let read = psql.line(
        "SELECT (SELECT sum(seq_tup_read) FROM pg_stat_user_tables)
                + (SELECT sum(idx_tup_read) FROM pg_stat_user_indexes)",
    );
    read.parse().unwrap()
}

/// How many rows each table and each index has read so far, for the message of a failure.
fn rows_read_by_relation(psql: &mut Psql) -> Vec<String> {
    psql.lines(
        "SELECT relname || ' ' || seq_tup_read FROM pg_stat_user_tables
         UNION ALL SELECT indexrelname || ' ' || idx_tup_read FROM pg_stat_user_indexes ORDER BY 1",
    )
}

/// How many pages of the indexes of `orders` and `order_services` have been read so far. An entry that an index scan
/// skips is no row that it reads, but its page is.
fn index_pages_read(psql: &mut Psql) -> i64 {
    let read = psql.line(
        "SELECT sum(idx_blks_read + idx_blks_hit) FROM pg_statio_user_indexes
          WHERE relname IN ('orders', 'order_services')",
    );
    read.parse().unwrap()
}

/// How much some calls read, made in a session of their own, as a measure counts it.
fn measured(database: &Database, measure: fn(&mut Psql) -> i64, calls: impl Fn(&PgStore)) -> i64 {
    let mut psql = database.psql();
    // A session adds what it has read when it ends, which may be after its client has closed it.
    psql.wait_until_alone();
    let before = measure(&mut psql);
    let store = database.store_of(1);
    calls(&store);
    drop(store);
    psql.wait_until_alone();
    psql.run("SELECT pg_stat_clear_snapshot()");
    measure(&mut psql) - before
}

/// How many rows some calls read.
fn read_by(database: &Database, calls: impl Fn(&PgStore)) -> i64 {
    measured(database, rows_read, calls)
}

/// Assigns the positions of all changes. The first reader of a feed reads all of them, and the second one finds the dead
/// entries of the index.
fn assign_positions(database: &Database) {
    database.psql().run("SELECT assign_positions(NULL, NULL)");
    database.psql().run("VACUUM order_versions");
}

#[test]
fn no_call_reads_a_whole_calendar() {
    let database = Database::alone();
    prepare(&database.store());
    fill(&mut database.psql(), Layout::ManyCalendars, 20_000);
    assign_positions(&database);
    for analyzed in [false, true] {
        if analyzed {
            database.psql().run("ANALYZE");
        }
        for (what, call) in calls() {
            let before = rows_read_by_relation(&mut database.psql());
            // More often than PostgreSQL would make plans for certain values.
            let read = read_by(&database, |store| (0..7).for_each(|_| call(store)));
            // The lists are 72 calls of ten orders each.
            let most = if what.starts_with("lists") { 72 * FEW } else { 7 * FEW };
            assert!(
                read < most,
                "{what}, analyzed: {analyzed}, reads {read} rows in 7 calls; {before:?} became {:?}",
                rows_read_by_relation(&mut database.psql()),
            );
        }
    }
}

#[test]
fn no_call_reads_more_index_pages_in_a_larger_calendar() {
    let pages = [2_000, 20_000].map(|orders| {
        let database = Database::alone();
        prepare(&database.store());
        fill(&mut database.psql(), Layout::OneCalendar, orders);
        assign_positions(&database);
        database.psql().run("VACUUM ANALYZE");
        calls().into_iter().map(move |(what, call)| {
            (what, measured(&database, index_pages_read, |store| (0..7).for_each(|_| call(store))))
        })
    });
    let [few, many] = pages;
    for ((what, few), (_, many)) in few.zip(many) {
        // An index of the larger calendar has one level more, and ten times the pages.
        assert!(many <= 2 * few + 40, "{what}: {few} pages, and {many} in the larger calendar");
    }
}

#[test]
fn a_session_that_began_with_an_empty_database_reads_no_whole_calendar_later() {
    let database = Database::alone();
    let store = database.store_of(1);
    prepare(&store);
    // Statements are planned now, while there is next to nothing.
    let first = |n: i64| draft(&format!("first-{n}"), hours(-8000 - 3 * n));
    (0..20).for_each(|n| drop(placed(&store, first(n))));
    conflict(store.place(draft("first", hours(-8000)), Write));
    fill(&mut database.psql(), Layout::OneCalendar, 20_000);
    let mut psql = database.psql();
    psql.wait_until_beside(1);
    let before = rows_read(&mut psql);
    for n in 0..10 {
        placed(&store, draft(&format!("new-{n}"), hours(7 * n + 3)));
        conflict(store.place(draft("refused", hours(7 * n + 3)), Write));
    }
    drop(store);
    psql.wait_until_alone();
    psql.run("SELECT pg_stat_clear_snapshot()");
    let read = rows_read(&mut psql) - before;
    assert!(read < 20 * FEW, "20 calls read {read} rows");
}

#[test]
fn a_page_of_services_or_calendars_costs_the_same_everywhere() {
    let database = Database::alone();
    let mut psql = database.psql();
    psql.run("INSERT INTO services (id, name) SELECT 's' || n, 'x' FROM generate_series(10000, 19999) AS n");
    psql.run("INSERT INTO calendars (id, name) SELECT 'c' || n, 'x' FROM generate_series(10000, 19999) AS n");
    psql.run("ANALYZE");
    drop(psql);
    for id in ["10000", "15000", "19950"] {
        let (service, calendar) = (format!("s{id}"), format!("c{id}"));
        let read = read_by(&database, |store| {
            // More often than PostgreSQL would make plans for certain values.
            for _ in 0..7 {
                let after = Some(service_id(&service));
                assert!(!store.services(&ListQuery { after, limit: 20 }).unwrap().items.is_empty());
                let after = Some(calendar_id(&calendar));
                assert!(
                    !store.calendars(&ListQuery { after, limit: 20 }).unwrap().items.is_empty()
                );
            }
        });
        assert!(read < FEW, "14 pages after {id} read {read} rows");
    }
}

#[test]
fn a_wider_gap_reads_an_order_a_few_times_and_no_other_calendar() {
    const ORDERS: i64 = 2_000;
    let database = Database::alone();
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

#[test]
fn a_calendar_without_a_gap_is_not_read() {
    let database = Database::alone();
    let store = database.store();
    add_services(&store);
    set_gap(&store, "PT0S");
    placed(&store, draft("first", noon_plus(0)));
    database.psql().run(&sql_orders("order", noon_plus(0), "1 microsecond", 5_000));
    drop(store);
    let read = read_by(&database, |store| {
        for mode in [DryRun, Write] {
            store.place(draft("new", noon_plus(0)), mode).unwrap();
        }
        store.replace(&order_id("first"), draft("-", micros_after_noon(1)), Write).unwrap();
        let window = span(noon_plus(-1), noon_plus(1));
        let free = store.availability(&CalendarId::default(), window).unwrap();
        assert_eq!(free, [window]);
        assert_eq!(store.calendar(&CalendarId::default()).unwrap().minimum_gap, MinimumGap::ZERO);
    });
    assert!(read < 100, "5 calls read {read} rows");
}

#[test]
fn a_search_in_a_calendar_with_a_tiny_gap_reads_a_limited_number_of_rows() {
    const LIMIT: usize = 10_000;
    let database = Database::alone();
    let store = database.store();
    add_services(&store);
    set_gap(&store, "PT1S");
    let start = noon_plus(0);
    database.psql().run(&sql_orders("order", start, "1 second", 3 * LIMIT));
    drop(store);
    // Far from both ends, the search gives up. As far from the first order as the limit, it finds the time before it.
    let at = |n: usize| start.plus_micros(1_000_000 * n as i64).unwrap();
    for (n, before) in [(3 * LIMIT / 2, None), (LIMIT - 1, start.plus_micros(-1_000_000))] {
        let read = read_by(&database, |store| {
            let free = conflict(store.place(draft("new", at(n)), Write)).nearest_free;
            assert_eq!((free.before, free.after), (before, None), "{n}");
            let free = conflict(store.place(draft("new", at(n)), DryRun)).nearest_free;
            assert_eq!((free.before, free.after), (before, None), "{n}");
            let moved = store.replace(&order_id("order-0"), draft("-", at(n)), Write);
            assert_eq!(conflict(moved).nearest_free.after, None);
        });
        // Two directions of three calls, and one row more to see whether the last one has a neighbor.
        assert!(read < 7 * LIMIT as i64, "{n}: 3 calls read {read} rows");
    }
}
