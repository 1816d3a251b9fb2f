//! What the schema promises holds for anyone with `psql`.

mod reference_and_metadata;

use orders_core::{Calendars, Orders};

use crate::database::Database;
use crate::samples::*;

/// A database with an order at noon in `default`, and a calendar `crew` with one at noon too.
fn database() -> Database {
    let database = Database::new();
    let store = database.store();
    add_services(&store);
    store.add_calendar(calendar_draft("crew", "PT1H")).unwrap();
    place_all(&store, &[("223", 0)]);
    placed(&store, draft_in("crew", "224", noon_plus(0)));
    database
}

/// Asserts that a statement breaks the constraint of this name, and changes nothing.
#[track_caller]
fn check(database: &Database, statement: &str, constraint: &str) {
    let mut psql = database.psql();
    let before = psql.dump();
    assert_eq!(psql.broken_constraint(statement), constraint, "{statement}");
    assert_eq!(psql.dump(), before, "{statement}");
}

/// Asserts that a statement is refused, whatever by, and changes nothing.
#[track_caller]
fn check_refused(database: &Database, statement: &str) {
    let mut psql = database.psql();
    let before = psql.dump();
    assert!(psql.try_run(statement).is_err(), "{statement}");
    assert_eq!(psql.dump(), before, "{statement}");
}

/// SQL that inserts an order into `default` with other values than the usual ones.
fn order_with(column: &str, value: &str) -> String {
    let usual = [
        ("id", "'new'"),
        ("calendar", "calendars.key"),
        ("minimum_gap", "calendars.minimum_gap"),
        ("datetime", "'2030-01-01T00:00:00Z'"),
        ("totalfee", "1"),
        ("services", "'{123}'"),
        ("reference", "NULL"),
        ("metadata", "NULL"),
        ("version", "1"),
        ("created_at", "now()"),
        ("updated_at", "now()"),
    ];
    let columns: Vec<_> = usual.iter().map(|(column, _)| *column).collect();
    let values: Vec<_> =
        usual.iter().map(|(name, usual)| if *name == column { value } else { usual }).collect();
    format!(
        "INSERT INTO orders ({}) SELECT {} FROM calendars WHERE id = 'default'",
        columns.join(", "),
        values.join(", ")
    )
}

#[test]
fn an_order_as_it_should_be_is_taken() {
    let database = database();
    database.psql().run(&order_with("", ""));
    database.check_promises();
}

#[test]
fn orders_never_come_too_close() {
    let database = database();
    let rule = "orders_keep_the_minimum_gap";
    check(&database, &sql_order("new", "default", noon_plus(2)), rule);
    check(&database, &sql_order("new", "default", micros_after_noon(1 - 3 * HOUR)), rule);
    check(&database, &sql_orders("new", noon_plus(10), "1 hour", 2), rule);
    let mut psql = database.psql();
    psql.run(&sql_order("later", "default", noon_plus(3)));
    check(
        &database,
        "UPDATE orders SET datetime = datetime - interval '1 s' WHERE id = 'later'",
        rule,
    );
    check(
        &database,
        "UPDATE orders SET (calendar, minimum_gap) =
                (SELECT key, minimum_gap FROM calendars WHERE id = 'default') WHERE id = '224'",
        rule,
    );
    check(&database, "UPDATE calendars SET minimum_gap = '04:00:00' WHERE id = 'default'", rule);
    psql.run("UPDATE orders SET datetime = datetime + interval '1 s' WHERE id = 'later'");
    psql.run("UPDATE calendars SET minimum_gap = '03:00:01' WHERE id = 'default'");
    database.check_promises();
}

#[test]
fn an_order_has_its_calendars_gap_and_the_slot_that_follows() {
    let database = database();
    let key = "orders_calendar_fkey";
    check(&database, &order_with("minimum_gap", "interval '00:00:00'"), key);
    check(&database, &order_with("minimum_gap", "interval '02:59:59.999999'"), key);
    check(&database, "UPDATE orders SET minimum_gap = '00:00:01'", key);
    check(&database, &order_with("calendar", "7777"), key);
    check(&database, "UPDATE orders SET calendar = 7777 WHERE id = '223'", key);
    // As long as 3 hours by some counts, but not by all.
    check(
        &database,
        &order_with("minimum_gap", "interval '1 day -21:00:00'"),
        "orders_minimum_gap_is_a_length",
    );
    check_refused(
        &database,
        "INSERT INTO orders (id, calendar, minimum_gap, datetime, slot, totalfee, services)
         SELECT 'new', key, minimum_gap, now(), 'empty', 1, '{123}' FROM calendars",
    );
    check_refused(&database, "UPDATE orders SET slot = 'empty'");
    for column in ["calendar", "minimum_gap", "datetime", "totalfee", "services", "version"] {
        check_refused(&database, &order_with(column, "NULL"));
    }
}

#[test]
fn gaps_are_hours_minutes_and_seconds_from_none_to_31_days() {
    let database = database();
    for gap in
        ["-00:00:00.000001", "744:00:00.000001", "1 day", "31 days", "1 month", "1 day -21:00:00"]
    {
        for statement in [
            format!("INSERT INTO calendars (id, name, minimum_gap) VALUES ('new', 'New', '{gap}')"),
            format!("UPDATE calendars SET minimum_gap = '{gap}' WHERE id = 'default'"),
        ] {
            check(&database, &statement, "calendars_minimum_gap_is_a_length");
        }
    }
    check_refused(&database, "UPDATE calendars SET minimum_gap = NULL");
}

#[test]
fn orders_name_1_to_32_different_services_that_exist() {
    let database = database();
    let shape = "orders_services_are_1_to_32";
    check(&database, &order_with("services", "'{}'"), shape);
    check(&database, &order_with("services", "'{NULL}'"), shape);
    check(&database, &order_with("services", "'{123,NULL}'"), shape);
    check(&database, &order_with("services", "'{{123},{456}}'"), shape);
    let many = "array(SELECT n::text FROM generate_series(1, 33) AS n)";
    check(&database, &order_with("services", many), shape);
    check(&database, &order_with("services", "'{no}'"), "order_services_service_fkey");
    check(&database, &order_with("services", "'{123,no}'"), "order_services_service_fkey");
    check(&database, &order_with("services", "'{123,123}'"), "order_services_pkey");
    check(&database, "UPDATE orders SET services = '{123,456,123}'", "order_services_pkey");
    check(&database, "UPDATE orders SET services = '{no}'", "order_services_service_fkey");
}

#[test]
fn services_and_calendars_in_use_stay() {
    let database = database();
    let key = "order_services_service_fkey";
    check(&database, "DELETE FROM services WHERE id = '123'", key);
    check(&database, "UPDATE services SET id = 'other' WHERE id = '123'", key);
    check(&database, "DELETE FROM calendars WHERE id = 'crew'", "orders_calendar_fkey");
    check_refused(&database, "TRUNCATE services");
    check_refused(&database, "TRUNCATE calendars");
    let mut psql = database.psql();
    psql.run("DELETE FROM services WHERE id = '456'; DELETE FROM orders WHERE id = '224'");
    psql.run("DELETE FROM calendars WHERE id = 'crew'");
    database.check_promises();
}

#[test]
fn what_mirrors_the_services_of_orders_is_written_by_nobody_else() {
    let database = database();
    let mirror = "order_services_follow_orders";
    check(&database, "DELETE FROM order_services", mirror);
    check(&database, "UPDATE order_services SET service = '456'", mirror);
    check(&database, "TRUNCATE order_services", mirror);
    check(&database, "TRUNCATE services CASCADE", mirror);
    check(
        &database,
        "INSERT INTO order_services (service, datetime, order_id, calendar)
         SELECT '456', datetime, id, calendar FROM orders",
        mirror,
    );
}

#[test]
fn default_always_exists() {
    let database = Database::new();
    let name = "calendars_default_exists";
    check(&database, "DELETE FROM calendars", name);
    check(&database, "DELETE FROM calendars WHERE id = 'default'", name);
    check(&database, "UPDATE calendars SET id = 'other' WHERE id = 'default'", name);
    check(&database, "TRUNCATE calendars CASCADE", name);
    database.psql().run("UPDATE calendars SET name = 'Another' WHERE id = 'default'");
    database.check_promises();
}

#[test]
fn fees_are_0_to_9999999999_99() {
    let database = database();
    let range = "orders_totalfee_is_in_range";
    for fee in ["-0.01", "'NaN'"] {
        check(&database, &order_with("totalfee", fee), range);
    }
    for fee in ["10000000000", "9999999999.995", "'Infinity'"] {
        check_refused(&database, &order_with("totalfee", fee));
    }
    // A third decimal is rounded, as PostgreSQL does it.
    database.psql().run(&order_with("totalfee", "99.945"));
    assert_eq!(database.psql().line("SELECT totalfee FROM orders WHERE id = 'new'"), "99.95");
}

#[test]
fn times_are_in_the_years_1_to_9999() {
    let database = database();
    for (column, constraint) in [
        ("datetime", "orders_datetime_is_in_range"),
        ("created_at", "orders_created_at_is_in_range"),
        ("updated_at", "orders_updated_at_is_in_range"),
    ] {
        for time in [
            "'infinity'",
            "'-infinity'",
            "'0001-12-31T23:59:59.999999Z BC'",
            "'4000-01-01T00:00:00Z BC'",
            "'10000-01-01T00:00:00Z'",
        ] {
            check(&database, &order_with(column, time), constraint);
        }
    }
    let store = database.store();
    let mut psql = database.psql();
    for time in ["'0001-01-01T00:00:00Z'", "'9999-12-31T23:59:59.999999Z'"] {
        for column in ["datetime", "created_at", "updated_at"] {
            psql.run(&order_with(column, time));
            // And the store can read it.
            store.remove(&order_id("new")).unwrap();
        }
    }
}

#[test]
fn versions_count_from_1() {
    let database = database();
    for version in ["0", "-1"] {
        check(&database, &order_with("version", version), "orders_version_counts_from_1");
    }
}

#[test]
fn ids_are_1_to_64_characters_that_need_no_escaping() {
    let database = database();
    let long = format!("'{}'", "x".repeat(65));
    let ids = ["''", "'.'", "'..'", "'a b'", "'a/b'", "'ä'", "E'a\\n'", "E'\\na'", &long];
    for id in ids {
        check(&database, &order_with("id", id), "orders_id_is_an_id");
        let service = format!("INSERT INTO services VALUES ({id}, 'New')");
        check(&database, &service, "services_id_is_an_id");
        let calendar = format!("INSERT INTO calendars (id, name) VALUES ({id}, 'New')");
        check(&database, &calendar, "calendars_id_is_an_id");
    }
    let mut psql = database.psql();
    psql.run(&order_with("id", &format!("'{}'", "x".repeat(64))));
    psql.run("INSERT INTO services VALUES ('A-Z.a_z~0...', 'New')");
    check(&database, "INSERT INTO services VALUES ('123', 'New')", "services_pkey");
    check(&database, &order_with("id", "'223'"), "orders_pkey");
    let again = "INSERT INTO calendars (id, name) VALUES ('default', 'New')";
    check(&database, again, "calendars_id_key");
}

#[test]
fn names_are_what_core_takes_for_one() {
    let database = database();
    let mut psql = database.psql();
    let long = "x".repeat(201);
    let names = [
        "",
        " ",
        "\u{3000}\u{a0} \u{2003}",
        "two\nlines",
        "\t",
        "a\u{7f}",
        "a\u{85}",
        &long,
        "a",
        " a ",
        "\u{1F50D}",
        "ä\u{a0}b",
        "\u{200b}",
        "\u{202e}x",
        "\u{feff}",
    ];
    for name in names {
        let is_name = orders_core::Name::new(name).is_ok();
        for (table, constraint) in
            [("services", "services_name_is_a_name"), ("calendars", "calendars_name_is_a_name")]
        {
            let insert = format!("INSERT INTO {table} (id, name) VALUES ('new', '{name}')");
            if is_name {
                psql.run(&insert);
                psql.run(&format!("DELETE FROM {table} WHERE id = 'new'"));
            } else {
                check(&database, &insert, constraint);
            }
        }
    }
}

#[test]
fn order_services_follows_orders_through_every_statement() {
    let database = database();
    let mut psql = database.psql();
    for statement in [
        &order_with("services", "'{789,123}'"),
        &sql_orders("many", noon_plus(100), "3 hours", 50),
        "UPDATE orders SET services = '{456}' WHERE id = '223'",
        "UPDATE orders SET services = '{789,456,123}'",
        "UPDATE orders SET services = '{123,789}', datetime = datetime + interval '30 days'",
        "UPDATE orders SET id = 'renamed-' || id",
        "UPDATE orders SET totalfee = 7, version = version + 1",
        "UPDATE orders SET datetime = datetime + interval '5 hours', (calendar, minimum_gap) =
                (SELECT key, minimum_gap FROM calendars WHERE id = 'crew')
          WHERE id = 'renamed-223'",
        "UPDATE calendars SET minimum_gap = '00:00:01'",
        "UPDATE calendars SET key = DEFAULT WHERE id = 'crew'",
        "DELETE FROM orders WHERE id LIKE '%7'",
        "TRUNCATE orders",
    ] {
        psql.run(statement);
        database.check_promises();
    }
    assert_eq!(psql.line("SELECT count(*) FROM order_services"), "0");
}
