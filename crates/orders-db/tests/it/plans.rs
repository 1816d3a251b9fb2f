//! Every statement has one plan, whatever the statistics say, and reads no more than it needs.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicU32, Ordering};

use orders_core::{
    CalendarId, Calendars, Direction, OrderFilter, OrderPatch, OrderQuery, Orders, Position,
    Precondition, Services, StoreError, Timestamp,
};
use orders_db::PgStore;
use serde_json::Value;

use crate::database::{Database, Psql};
use crate::samples::*;

/// More rows than any call needs, and far fewer than a large calendar has.
const FEW: i64 = 1000;

/// When the first order of the calendar `default` starts; the others follow every seven hours.
const FIRST: &str = "1990-01-01T00:00:00Z";

/// The number of the order that the calls are about. It has neighbors in every database of these tests.
const MIDDLE: i64 = 1000;

/// Some hours after the order that the calls are about.
fn hours(hours: i64) -> Timestamp {
    at(FIRST).plus_micros((7 * MIDDLE + hours) * HOUR).unwrap()
}

/// A call, and its name.
type Call = (&'static str, fn(&PgStore));

/// What is tried: every kind of call, and each leaves behind what it found.
fn calls() -> Vec<Call> {
    fn middle() -> orders_core::OrderId {
        order_id(&format!("order-{MIDDLE}"))
    }
    vec![
        ("place", |store| {
            for mode in [DryRun, Write] {
                // Seven hours leave space for one more order in the middle.
                store.place(draft("new", hours(3)), mode).unwrap();
            }
            store.remove(&order_id("new")).unwrap();
        }),
        ("a conflict", |store| {
            for mode in [DryRun, Write] {
                conflict(store.place(draft("new", hours(1)), mode));
            }
        }),
        ("place_idempotent", |store| {
            conflict(store.place_idempotent(draft("new", hours(1)), &key("k")));
            static KEYS: AtomicU32 = AtomicU32::new(0);
            let key = key(&format!("key-{}", KEYS.fetch_add(1, Ordering::Relaxed)));
            for _ in 0..2 {
                store.place_idempotent(draft("new", hours(3)), &key).unwrap();
            }
            store.remove(&order_id("new")).unwrap();
        }),
        ("place_batch", |store| {
            let draft = |n: i64| draft(&format!("new-{n}"), hours(7 * n + n));
            let answers = store.place_batch((1..4).map(draft).collect()).unwrap();
            assert_eq!(answers.iter().filter(|answer| answer.is_ok()).count(), 1);
            store.remove(&order_id("new-3")).unwrap();
        }),
        ("order", |store| drop(store.order(&middle()).unwrap())),
        ("replace", |store| {
            for datetime in [hours(0), hours(1), hours(0)] {
                store.replace(&middle(), draft("-", datetime), DryRun).unwrap();
                store.replace(&middle(), draft("-", datetime), Write).unwrap();
            }
            conflict(store.replace(&middle(), draft("-", hours(8)), Write));
        }),
        ("amend", |store| {
            for datetime in [hours(1), hours(0)] {
                let patch = OrderPatch { datetime: Some(datetime), ..OrderPatch::default() };
                store.patch_if(&middle(), &Precondition::None, &patch, Write).unwrap();
            }
        }),
        ("a move between calendars", |store| {
            for calendar in ["crew", "default"] {
                store.replace(&middle(), draft_in(calendar, "-", hours(0)), Write).unwrap();
            }
        }),
        ("availability", |store| {
            let window = span(hours(0), hours(70));
            assert!(store.availability(&CalendarId::default(), window).unwrap().len() > 9);
        }),
        ("services", |store| {
            assert!(store.services().unwrap().len() > 2);
            let refused = store.remove_service(&service_id("123"));
            assert!(matches!(refused, Err(StoreError::InUse(_))));
            store.add_service(service_draft("unused")).unwrap();
            store.replace_service(&service_id("unused"), service_draft("unused")).unwrap();
            store.service(&service_id("unused")).unwrap();
            store.remove_service(&service_id("unused")).unwrap();
        }),
        ("calendars", |store| {
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
        }),
        ("a gap that is too wide", |store| {
            let draft = calendar_draft("default", "P1D");
            let refused = store.replace_calendar(&CalendarId::default(), draft);
            assert!(matches!(refused, Err(StoreError::GapTooWide(_))));
        }),
        ("lists", |store| {
            for calendar in [None, Some("default"), Some("crew")] {
                for service in [None, Some("123"), Some("789")] {
                    list(store, calendar, service);
                }
            }
        }),
    ]
}

/// Lists with these filters: in both directions, from the beginning and from a cursor, with and without a window.
fn list(store: &PgStore, calendar: Option<&str>, service: Option<&str>) {
    let filter = OrderFilter {
        calendar: calendar.map(calendar_id),
        service: service.map(service_id),
        from: None,
        to: None,
    };
    let window = OrderFilter { from: Some(hours(0)), to: Some(hours(700)), ..filter.clone() };
    let after = Some(Position { datetime: hours(70), id: order_id("x") });
    for filter in [filter, window] {
        for direction in [Direction::Ascending, Direction::Descending] {
            let (filter, after) = (filter.clone(), after.clone());
            let query = OrderQuery { filter, direction, after, limit: 10 };
            store.list(&query).unwrap();
            store.list(&OrderQuery { after: None, ..query }).unwrap();
        }
    }
}

/// Services, the calendar `crew`, and one order in it.
fn prepare(store: &PgStore) {
    add_services(store);
    store.add_calendar(calendar_draft("crew", "PT3H")).unwrap();
    placed(store, draft_in("crew", "crew", noon_plus(0)));
}

/// Where the orders of a large database are.
#[derive(Debug, Clone, Copy)]
enum Layout {
    /// All of them are in `default`.
    OneCalendar,
    /// Half of them are in a second calendar.
    FewCalendars,
    /// Half of them are each in a calendar of its own, all at one time.
    ManyCalendars,
}

/// Adds so many orders.
fn fill(psql: &mut Psql, layout: Layout, orders: usize) {
    let in_default = match layout {
        Layout::OneCalendar => orders,
        Layout::FewCalendars | Layout::ManyCalendars => orders / 2,
    };
    psql.run(&sql_orders("order", at(FIRST), "7 hours", in_default));
    match layout {
        Layout::OneCalendar => {}
        Layout::FewCalendars => psql.run(&format!(
            "INSERT INTO orders (id, calendar, minimum_gap, datetime, totalfee, services)
             SELECT 'crew-' || n, key, minimum_gap, timestamptz '{FIRST}' + n * interval '5 hours', 1, '{{456}}'
               FROM calendars, generate_series(1, {orders} / 2) AS n
              WHERE calendars.id = 'crew' AND n NOT BETWEEN {MIDDLE} AND {MIDDLE} * 2"
        )),
        Layout::ManyCalendars => psql.run(&format!(
            "INSERT INTO calendars (id, name)
             SELECT 'crowd-' || n, 'Crowd' FROM generate_series(1, {orders} / 2) AS n;
             INSERT INTO orders (id, calendar, minimum_gap, datetime, totalfee, services)
             SELECT id, key, minimum_gap, '{}', 1, '{{456}}' FROM calendars WHERE name = 'Crowd'",
            hours(1)
        )),
    }
}

/// Leaves few orders: those around the one that the calls are about.
fn empty(psql: &mut Psql) {
    psql.run(&format!(
        "DELETE FROM orders WHERE calendar = (SELECT key FROM calendars WHERE id = 'default')
            AND datetime NOT BETWEEN '{}' AND '{}';
         DELETE FROM orders WHERE calendar <> (SELECT key FROM calendars WHERE id = 'default')
            AND id <> 'crew';
         DELETE FROM calendars WHERE name = 'Crowd'",
        hours(-80),
        hours(80)
    ));
}

#[test]
fn every_statement_has_one_plan_whatever_the_statistics_say() {
    const ORDERS: usize = 2_200;
    let mut plans = Plans::default();
    for layout in [Layout::OneCalendar, Layout::FewCalendars, Layout::ManyCalendars] {
        type History = (&'static str, fn(&mut Psql, Layout));
        let histories: [History; 4] = [
            ("never analyzed", |psql, layout| fill(psql, layout, ORDERS)),
            ("analyzed while empty", |psql, layout| {
                psql.run("DELETE FROM orders");
                psql.run("VACUUM (TRUNCATE, ANALYZE)");
                fill(psql, layout, ORDERS);
                psql.run(&sql_order("crew", "crew", noon_plus(0)));
            }),
            ("analyzed while large", |psql, layout| {
                fill(psql, layout, ORDERS);
                psql.run("VACUUM ANALYZE");
            }),
            ("analyzed while large and then emptied", |psql, layout| {
                fill(psql, layout, ORDERS);
                psql.run("ANALYZE");
                empty(psql);
            }),
        ];
        for (history, make) in histories {
            let database = Database::new();
            prepare(&database.store());
            make(&mut database.psql(), layout);
            database.log_plans();
            let store = database.store_of(1);
            calls().into_iter().for_each(|(_, call)| call(&store));
            drop(store);
            database.psql().wait_until_alone();
            plans.add(&database.log(), &format!("{layout:?}, {history}"));
        }
    }
    plans.check();
}

/// The plans that were seen of each statement, and where.
#[derive(Default)]
struct Plans(BTreeMap<String, BTreeMap<String, Vec<String>>>);

impl Plans {
    /// Adds what `auto_explain` has logged.
    fn add(&mut self, log: &[String], seen: &str) {
        for record in log {
            let Some((_, json)) = record.split_once("  plan:\n") else { continue };
            let logged: Value = serde_json::from_str(json).expect("a plan");
            let statement = logged["Query Text"].as_str().expect("a text").to_owned();
            // PostgreSQL's own statements for foreign keys, and those of the tests themselves.
            if !statement.contains("ONLY") && !statement.contains("pg_stat_activity") {
                let plan = shape(&logged["Plan"]);
                self.0.entry(statement).or_default().entry(plan).or_default().push(seen.to_owned());
            }
        }
    }

    #[track_caller]
    fn check(&self) {
        assert!(self.0.len() > 30, "only {} statements were seen", self.0.len());
        let mut wrong = String::new();
        for (statement, plans) in &self.0 {
            if plans.len() > 1 {
                wrong += &format!("\n\n{statement}\nhas {} plans:", plans.len());
            }
            for (plan, seen) in plans {
                let seen: BTreeSet<_> = seen.iter().collect();
                if plans.len() > 1 {
                    wrong += &format!("\n{plan}\n  {seen:?}");
                }
                if reads_too_much(plan) {
                    wrong += &format!("\n\n{statement}\nmust not have the plan\n{plan}");
                }
            }
        }
        assert!(wrong.is_empty(), "{wrong}");
    }
}

/// Whether a plan scans a table, or may read all orders of a calendar.
fn reads_too_much(plan: &str) -> bool {
    // The constraint's own index compares the calendar alone if it is not asked for a slot.
    plan.contains("Seq Scan")
        || plan.contains("orders_keep_the_minimum_gap")
        || plan.split("orders_by_calendar_and_time (").skip(1).any(|scan| {
            let condition = scan.split(" [").next().unwrap_or_default();
            condition.matches("ROW(calendar, ").count() < 2
                && condition.matches("ROW(b.calendar, ").count() < 2
        })
}

/// A plan without its figures: the nodes, the indexes and their conditions.
fn shape(plan: &Value) -> String {
    let text = |field: &str| plan[field].as_str().unwrap_or_default();
    let mut line = text("Node Type").to_owned();
    if !text("Index Name").is_empty() {
        // Either of two unique indexes leads to the one row.
        let index = text("Index Name").replace("calendars_key_minimum_gap_key", "calendars_pkey");
        line += &format!(" {index} ({})", text("Index Cond"));
    }
    let children = plan["Plans"].as_array().into_iter().flatten();
    let children: Vec<_> = children.map(shape).collect();
    if children.is_empty() { line } else { format!("{line} [{}]", children.join(", ")) }
}

/// How many rows of tables and entries of indexes have been read so far.
fn rows_read(psql: &mut Psql) -> i64 {
    let read = psql.line(
        "SELECT (SELECT sum(seq_tup_read) FROM pg_stat_user_tables)
                + (SELECT sum(idx_tup_read) FROM pg_stat_user_indexes)",
    );
    read.parse().unwrap()
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
    prepare(&database.store());
    fill(&mut database.psql(), Layout::ManyCalendars, 20_000);
    for analyzed in [false, true] {
        if analyzed {
            database.psql().run("ANALYZE");
        }
        for (what, call) in calls() {
            // More often than PostgreSQL would make plans for certain values.
            let read = read_by(&database, |store| (0..7).for_each(|_| call(store)));
            // The lists are 72 calls of ten orders each.
            let most = if what == "lists" { 72 * FEW } else { 7 * FEW };
            assert!(read < most, "{what}, analyzed: {analyzed}, reads {read} rows in 7 calls");
        }
    }
}

#[test]
fn a_session_that_began_with_an_empty_database_reads_no_whole_calendar_later() {
    let database = Database::new();
    let store = database.store_of(1);
    prepare(&store);
    // Statements are planned now, while there is next to nothing.
    let first = |n: i64| draft(&format!("first-{n}"), hours(-8000 - 3 * n));
    (0..20).for_each(|n| drop(placed(&store, first(n))));
    conflict(store.place(draft("first", hours(-8000)), Write));
    let mut psql = database.psql();
    fill(&mut psql, Layout::OneCalendar, 20_000);
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
