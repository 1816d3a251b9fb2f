//! Every statement has one plan, whatever the statistics say, and reads no more than it needs.

mod calls;
mod reads;
mod statements;

use std::collections::{BTreeMap, BTreeSet};

use orders_core::{Calendars, Timestamp};
use orders_db::PgStore;
use serde_json::Value;

use crate::database::{Database, Psql};
use crate::samples::*;
use calls::calls;

/// When the first order of the calendar `default` starts; the others follow every seven hours.
const FIRST: &str = "1990-01-01T00:00:00Z";

/// The number of the order that the calls are about. It has neighbors in every database of these tests.
const MIDDLE: i64 = 1000;

/// Some hours after the order that the calls are about.
fn hours(hours: i64) -> Timestamp {
    at(FIRST).plus_micros((7 * MIDDLE + hours) * HOUR).unwrap()
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
                if reads_too_much(statement, plan) {
                    wrong += &format!("\n\n{statement}\nmust not have the plan\n{plan}");
                }
            }
        }
        assert!(wrong.is_empty(), "{wrong}");
    }
}

/// Whether a plan scans a table, or may read all orders of a calendar.
fn reads_too_much(statement: &str, plan: &str) -> bool {
    // Only a new gap reads a calendar, and only the deletion of a calendar asks for any of its orders.
    let reads_a_calendar = statement.contains("lead(datetime) OVER (ORDER BY datetime, id)")
        || statement.starts_with("DELETE FROM calendars");

    // What has one row is scanned.
    plan.replace("Seq Scan change_feed", "").replace("Seq Scan order_versions_sequence", "").contains("Seq Scan")
        // The constraint's own index compares the calendar alone if it is not asked for a slot.
        || plan.contains("orders_keep_the_minimum_gap")
        || plan.split("orders_by_calendar_and_time (").skip(1).any(|scan| {
            let condition = scan.split(" [").next().unwrap_or_default();
            // Either both bounds of the time, or one bound of the whole key under a limit.
            let times = condition.contains("datetime >") && condition.contains("datetime <");
            !times && !condition.contains("ROW(") && !reads_a_calendar
        })
}

/// A plan without its figures: the nodes, the indexes and their conditions.
fn shape(plan: &Value) -> String {
    let text = |field: &str| plan[field].as_str().unwrap_or_default();
    let mut line = text("Node Type").to_owned();
    if line == "Seq Scan" {
        line += &format!(" {}", text("Relation Name"));
    }
    if !text("Index Name").is_empty() {
        // Either of two unique indexes leads to the one row.
        let index = text("Index Name").replace("calendars_key_minimum_gap_key", "calendars_pkey");
        line += &format!(" {index} ({})", text("Index Cond"));
    }
    let children = plan["Plans"].as_array().into_iter().flatten();
    let children: Vec<_> = children.map(shape).collect();
    if children.is_empty() { line } else { format!("{line} [{}]", children.join(", ")) }
}
