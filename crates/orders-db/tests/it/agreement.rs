//! Rust and SQL say the same about which orders conflict, to the microsecond.

use std::cell::RefCell;

use orders_core::{Calendars, MinimumGap, Slot, Timestamp};
use proptest::prelude::*;

use crate::database::{Database, Psql};
use crate::samples::*;

/// Two starts and a gap, mostly where it matters whether they conflict.
fn cases() -> impl Strategy<Value = (MinimumGap, Timestamp, Timestamp)> {
    let gaps = prop_oneof![
        Just(0),
        Just(1),
        Just(2),
        Just(MinimumGap::default().as_micros()),
        Just(24 * HOUR),
        Just(MinimumGap::MAX.as_micros()),
        0..=MinimumGap::MAX.as_micros(),
    ];
    let last = Timestamp::MAX.as_micros();
    let starts = prop_oneof![
        Just(Timestamp::MIN.as_micros()),
        Just(Timestamp::MIN.as_micros() + 1),
        Just(last),
        Just(last - 1),
        // Around the hours that summer time skips and repeats, in New York and in Berlin.
        at("2022-03-13T06:00:00Z").as_micros()..at("2022-03-13T08:00:00Z").as_micros(),
        at("2022-11-06T05:00:00Z").as_micros()..at("2022-11-06T07:00:00Z").as_micros(),
        at("2022-03-27T00:00:00Z").as_micros()..at("2022-03-27T02:00:00Z").as_micros(),
        at("2022-10-30T00:00:00Z").as_micros()..at("2022-10-30T02:00:00Z").as_micros(),
        Timestamp::MIN.as_micros()..=last,
    ];
    let offsets = prop_oneof![
        4 => (-1_i64..=1).prop_map(|micros| (1, micros)),
        1 => (-1_i64..=1).prop_map(|micros| (0, micros)),
        1 => (0..=MinimumGap::MAX.as_micros()).prop_map(|micros| (0, micros)),
    ];
    let signs = prop_oneof![Just(1), Just(-1)];
    (gaps, starts, offsets, signs).prop_filter_map(
        "within the years",
        |(gap, start, (gaps, micros), sign)| {
            let start = Timestamp::from_micros(start).ok()?;
            let other = start.plus_micros(sign * (gaps * gap + micros))?;
            Some((MinimumGap::from_micros(gap).ok()?, start, other))
        },
    )
}

/// Time zones whose days have 23 to 25 hours, and others.
const ZONES: [&str; 5] =
    ["UTC", "America/New_York", "Europe/Berlin", "Australia/Lord_Howe", "Pacific/Apia"];

fn in_rust(gap: MinimumGap, a: Timestamp, b: Timestamp) -> bool {
    Slot::new(a, gap).conflicts_with(Slot::new(b, gap))
}

fn in_sql(psql: &mut Psql, gap: MinimumGap, a: Timestamp, b: Timestamp) -> bool {
    let gap = sql_gap(gap);
    psql.line(&format!("SELECT slot_of('{a}', {gap}) && slot_of('{b}', {gap})")) == "true"
}

/// Whether the constraint refuses the second of two orders; nothing of it remains.
fn by_constraint(psql: &mut Psql, gap: MinimumGap, a: Timestamp, b: Timestamp) -> bool {
    let gap = sql_gap(gap);
    psql.run(&format!(
        "BEGIN; INSERT INTO calendars (id, name, minimum_gap) VALUES ('crew', 'Crew', {gap}); {}",
        sql_order("a", "crew", a)
    ));
    let second = sql_order("b", "crew", b);
    let refused = psql.try_run(&second).is_err();
    psql.run("ROLLBACK");
    if refused {
        psql.run(&format!(
            "BEGIN; INSERT INTO calendars (id, name, minimum_gap) VALUES ('crew', 'Crew', {gap}); {}",
            sql_order("a", "crew", a)
        ));
        assert_eq!(psql.broken_constraint(&second), "orders_keep_the_minimum_gap");
        psql.run("ROLLBACK");
    }
    refused
}

#[test]
fn rust_and_sql_and_the_constraint_agree_in_every_time_zone() {
    let database = Database::new();
    add_services(&database.store());
    let mut sessions: Vec<_> = ZONES
        .iter()
        .map(|zone| {
            let mut psql = database.psql();
            psql.run(&format!("SET TimeZone = '{zone}'"));
            psql
        })
        .collect();
    let mut turn = 0;
    let law = |(gap, a, b)| {
        turn += 1;
        let conflict = in_rust(gap, a, b);
        for psql in &mut sessions {
            prop_assert_eq!(in_sql(psql, gap, a, b), conflict);
        }
        let psql = &mut sessions[turn % ZONES.len()];
        prop_assert_eq!(by_constraint(psql, gap, a, b), conflict);
        Ok(())
    };
    let law = RefCell::new(law);
    runner(400).run(&cases(), |case| (law.borrow_mut())(case)).unwrap();
}

#[test]
fn slots_are_as_long_as_the_gap_whatever_the_clocks_do() {
    let database = Database::new();
    let mut psql = database.psql();
    for zone in ZONES {
        psql.run(&format!("SET TimeZone = '{zone}'"));
        for start in ["2022-03-12T12:00:00Z", "2022-03-26T12:00:00Z", "2022-11-05T12:00:00Z"] {
            for gap in ["'24:00:00'", "'744:00:00'", "'00:00:00.000001'"] {
                let length = psql.line(&format!(
                    "SELECT extract(epoch FROM upper(slot)) - extract(epoch FROM lower(slot))
                            = extract(epoch FROM interval {gap})
                       FROM slot_of('{start}', {gap}) AS slot"
                ));
                assert_eq!(length, "true", "{start} {gap} in {zone}");
            }
        }
    }
}

#[test]
fn an_order_stored_in_one_time_zone_is_the_same_in_another() {
    let database = Database::new();
    let store = database.store();
    add_services(&store);
    store.add_calendar(calendar_draft("day", "P1D")).unwrap();
    let mut psql = database.psql();
    psql.run("SET TimeZone = 'America/New_York'");
    psql.run(&sql_order("a", "day", at("2022-11-05T12:00:00Z")));
    // By the clocks of New York this is exactly one day later, but it is 25 hours.
    psql.run(&sql_order("b", "day", at("2022-11-06T13:00:00Z")));
    assert_eq!(
        psql.broken_constraint(&sql_order("c", "day", at("2022-11-07T12:59:59.999999Z"))),
        "orders_keep_the_minimum_gap"
    );
    psql.run(&sql_order("c", "day", at("2022-11-07T13:00:00Z")));
    database.check_promises();
}
