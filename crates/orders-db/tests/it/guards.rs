//! The schema: its history, its names, and what the code believes of it.

use std::thread;

use orders_core::{OrderDraft, Orders};
use orders_db::migrations::{self, MigrationError};
use orders_db::requirements::Unsuitable;

use crate::database::Database;
use crate::samples::*;

/// All that the schema consists of, as text.
fn schema(database: &Database) -> Vec<String> {
    let mut psql = database.psql();
    let ours = "relnamespace = 'public'::regnamespace AND relname NOT LIKE '\\_\\_diesel%'";
    psql.lines(&format!(
        "SELECT relkind::text || ' ' || relname || ' ' || coalesce(
                    (SELECT string_agg(attname || ' ' || format_type(atttypid, atttypmod), ', ' ORDER BY attnum)
                       FROM pg_attribute WHERE attrelid = pg_class.oid AND attnum > 0), '')
           FROM pg_class WHERE {ours}
         UNION ALL
         SELECT conname || ' ' || pg_get_constraintdef(oid) FROM pg_constraint
          WHERE connamespace = 'public'::regnamespace AND conname NOT LIKE '\\_\\_diesel%'
         UNION ALL
         SELECT pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal
         UNION ALL
         SELECT proname || prosrc FROM pg_proc
          WHERE pronamespace = 'public'::regnamespace
            AND NOT EXISTS (SELECT FROM pg_depend WHERE objid = pg_proc.oid AND deptype = 'e')
          ORDER BY 1"
    ))
}

#[test]
fn migrations_run_up_and_down_and_up_again() {
    let database = Database::bare();
    let steps = migrations::run(&database.url).unwrap();
    assert!(!steps.is_empty());
    assert!(steps.is_sorted());
    let first = schema(&database);
    assert!(migrations::run(&database.url).unwrap().is_empty());
    for step in steps.iter().rev() {
        assert_eq!(migrations::revert(&database.url).unwrap().as_ref(), Some(step));
    }
    assert_eq!(schema(&database), [""; 0]);
    assert_eq!(migrations::revert(&database.url).unwrap(), None);
    assert_eq!(migrations::run(&database.url).unwrap(), steps);
    assert_eq!(schema(&database), first);
}

#[test]
fn a_schema_with_an_unknown_migration_is_left_alone() {
    let known = migrations::run(&Database::bare().url).unwrap().pop().unwrap();
    let database = Database::new();
    let add = "INSERT INTO __diesel_schema_migrations (version) VALUES ('99990101000000')";
    database.psql().run(add);
    let before = schema(&database);
    for error in [
        migrations::run(&database.url).unwrap_err(),
        migrations::revert(&database.url).unwrap_err(),
    ] {
        assert!(matches!(error, MigrationError::Newer { .. }), "{error:?}");
        let said = error.to_string();
        assert!(said.contains("99990101000000") && said.contains(&known), "{said}");
    }
    assert_eq!(schema(&database), before);
}

#[test]
fn a_read_only_server_is_said_to_be_one() {
    let database = Database::new();
    let url = format!("{}&options=-c%20default_transaction_read_only%3Don", database.url);
    for error in [migrations::run(&url).unwrap_err(), migrations::revert(&url).unwrap_err()] {
        assert!(matches!(error, MigrationError::Unsuitable(Unsuitable::ReadOnly)), "{error:?}");
    }
}

#[test]
fn migrations_can_be_taken_back_with_orders_in_the_database() {
    let database = Database::new();
    let store = database.store();
    add_services(&store);
    let requested = OrderDraft {
        reference: Some(reference("PO-1")),
        metadata: metadata(&[("gate", "B")]),
        ..draft("223", noon_plus(0))
    };
    store.place_idempotent(requested, &key("k")).unwrap();
    drop(store);
    while migrations::revert(&database.url).unwrap().is_some() {}
    assert_eq!(schema(&database), [""; 0]);
}

#[test]
fn of_four_who_migrate_at_once_one_works_and_the_others_find_it_done() {
    let database = Database::bare();
    let answers: Vec<_> = thread::scope(|scope| {
        let migrate = || migrations::run(&database.url).unwrap();
        let workers: Vec<_> = (0..4).map(|_| scope.spawn(migrate)).collect();
        workers.into_iter().map(|worker| worker.join().unwrap()).collect()
    });
    assert_eq!(answers.iter().filter(|steps| !steps.is_empty()).count(), 1, "{answers:?}");
    let store = database.store();
    add_services(&store);
    place_all(&store, &[("223", 0)]);
}

#[test]
fn every_constraint_index_and_trigger_has_a_name_that_was_chosen() {
    let database = Database::new();
    let mut psql = database.psql();
    let names = psql.lines(
        "SELECT conname FROM pg_constraint
          WHERE connamespace = 'public'::regnamespace AND contype NOT IN ('n', 't')
         UNION
         SELECT relname FROM pg_class
          WHERE relnamespace = 'public'::regnamespace AND relkind = 'i'
         UNION
         SELECT tgname FROM pg_trigger WHERE NOT tgisinternal",
    );
    let history = migration_texts("up.sql");
    let ours = names.iter().filter(|name| !name.starts_with("__diesel"));
    let unnamed: Vec<_> = ours
        .filter(|name| {
            !history.split(|c: char| !c.is_alphanumeric() && c != '_').any(|word| word == **name)
        })
        .collect();
    assert!(unnamed.is_empty(), "{unnamed:?}");
    assert!(names.len() > 20, "{names:?}");
}

/// The texts of all steps of the schema's history.
fn migration_texts(file: &str) -> String {
    let steps = concat!(env!("CARGO_MANIFEST_DIR"), "/../../migrations");
    let steps = std::fs::read_dir(steps).unwrap().map(|step| step.unwrap().path().join(file));
    steps.map(|path| std::fs::read_to_string(path).unwrap()).collect()
}

#[test]
fn schema_rs_agrees_with_the_migrated_database() {
    let source = include_str!("../../src/schema.rs");
    let mut believed = Vec::new();
    for table in source.split("diesel::table! {").skip(1) {
        let (head, columns) = table.trim_start().split_once(" {").unwrap();
        let name = head.split([' ', '(']).next().unwrap();
        let columns = columns.split('}').next().unwrap();
        let columns = columns.lines().filter_map(|line| line.trim().strip_suffix(','));
        let keys = head[name.len()..].trim_matches([' ', '(', ')']).to_owned();
        believed.push(format!("{name} has the key {keys}"));
        believed.extend(columns.map(|column| format!("{name}.{column}")));
    }
    believed.sort();

    let database = Database::new();
    let mut psql = database.psql();
    let actual = psql.lines(
        "WITH tables AS (
             SELECT oid, relname FROM pg_class
              WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'
                AND relname NOT IN ('__diesel_schema_migrations', 'order_versions', 'change_feed',
                                    'webhooks', 'webhook_parked_orders', 'webhook_attempts',
                                    'calendar_feeds', 'calendar_feed_calendars')),
         columns AS (
             SELECT relname, attname, attnotnull,
                    CASE typname
                        WHEN '_text' THEN 'Array<Nullable<Text>>' ELSE initcap(typname)
                    END AS type
               FROM tables
               JOIN pg_attribute ON attrelid = tables.oid AND attnum > 0 AND NOT attisdropped
               JOIN pg_type ON pg_type.oid = atttypid)
         SELECT (relname || '.' || attname || ' -> '
                 || CASE WHEN attnotnull THEN type ELSE 'Nullable<' || type || '>' END) COLLATE \"C\"
           FROM columns
         UNION ALL
         SELECT relname || ' has the key ' || string_agg(attname, ', ' ORDER BY position)
           FROM tables
           JOIN pg_constraint ON conrelid = tables.oid AND contype = 'p',
                unnest(conkey) WITH ORDINALITY AS k (attnum, position)
           JOIN pg_attribute USING (attnum)
          WHERE attrelid = tables.oid
          GROUP BY relname
          ORDER BY 1",
    );
    assert_eq!(believed, actual);
}

#[test]
fn every_foreign_key_finds_its_rows_by_an_index() {
    let database = Database::new();
    let unindexed = database.psql().lines(
        "SELECT conname FROM pg_constraint
          WHERE contype = 'f' AND NOT EXISTS (
                SELECT FROM pg_index WHERE indrelid = conrelid AND indkey[0] = ANY (conkey))",
    );
    assert_eq!(unindexed, [""; 0]);
}
