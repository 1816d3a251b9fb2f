//! What the service says at its start about a server that does not fit.

use diesel::connection::SimpleConnection as _;
use diesel::{Connection as _, PgConnection};
use private_postgres::{Options, PrivatePostgres};

use crate::app::App;
use crate::commands::fails;
use crate::database::{bare_database, maintenance};
use crate::program::Program;

/// The service and `migrate` fail on this database, with a message that contains each of these parts.
#[track_caller]
fn is_rejected(url: &str, parts: &[&str]) {
    for command in ["serve", "migrate"] {
        fails(&[command, "--database-url", url], parts);
    }
}

/// A role that may do nothing, and the URL with which it uses this database.
fn new_role(role: &str, url: &str) -> String {
    maintenance().batch_execute(&format!("CREATE ROLE {role} LOGIN")).unwrap();
    url.replace("user=orders", &format!("user={role}"))
}

#[track_caller]
fn execute(url: &str, statements: &str) {
    PgConnection::establish(url).unwrap().batch_execute(statements).unwrap();
}

/// Lets the server claim that a setting, which cannot be changed, has this value.
fn claim(app: &App, setting: &str, value: &str) -> String {
    app.execute(&format!(
        "CREATE SCHEMA claims;
         CREATE FUNCTION claims.current_setting(name text) RETURNS text LANGUAGE sql AS $$
            SELECT CASE name WHEN '{setting}' THEN '{value}' ELSE pg_catalog.current_setting(name) END $$"
    ));
    format!("{}&options=-c%20search_path%3Dclaims,pg_catalog,public", app.url())
}

#[test]
fn an_old_server_is_rejected() {
    let app = App::start();
    let url = claim(&app, "server_version_num", "120022");
    is_rejected(&url, &["PostgreSQL", "version 13 or newer", "upgrade it"]);
}

#[test]
fn a_database_that_cannot_store_every_character_is_rejected() {
    let app = App::start();
    let url = claim(&app, "server_encoding", "SQL_ASCII");
    is_rejected(&url, &["encoding is SQL_ASCII", "--encoding UTF8 --template template0"]);
}

#[test]
fn a_role_that_may_not_create_tables_is_told_what_to_grant() {
    let owner = bare_database("requirements_create");
    execute(&owner, "REVOKE CREATE ON SCHEMA public FROM PUBLIC");
    let url = new_role("cannot_create", &owner);
    let parts = ["may not create tables in the schema public", "--migrate check"];
    is_rejected(&url, &[&parts[..], &["GRANT CREATE ON SCHEMA public TO cannot_create"]].concat());
    execute(&owner, "REVOKE ALL ON SCHEMA public FROM PUBLIC");
    is_rejected(&url, &["GRANT USAGE ON SCHEMA public TO cannot_create"]);
}

#[test]
fn a_role_that_cannot_create_the_extension_is_told_who_can() {
    let owner = bare_database("requirements_extension");
    let url = new_role("cannot_extend", &owner);
    execute(&owner, "GRANT CREATE ON SCHEMA public TO cannot_extend");
    let parts = ["permission denied", "postgresql-contrib", "`CREATE EXTENSION btree_gist`"];
    is_rejected(&url, &parts);
    execute(&owner, "CREATE EXTENSION btree_gist");
    Program::start(&["--database-url", &url]);
}

#[test]
fn a_role_that_lacks_rights_is_told_which() {
    let app = App::start();
    let url = new_role("lacks_rights", &app.url());
    app.execute(
        "GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO lacks_rights;
         REVOKE UPDATE ON orders, order_versions FROM lacks_rights;
         GRANT UPDATE (position) ON order_versions TO lacks_rights",
    );
    let missing = "UPDATE on orders, UPDATE (assigned_at) on order_versions, USAGE on order_versions_sequence;";
    let parts = ["lacks_rights lacks rights: ", missing, "docs/access.md"];
    fails(&["--migrate", "check", "--database-url", &url], &parts);
}

#[test]
fn settings_that_can_lose_writes_are_warned_about() {
    let app = App::start();
    app.execute(&format!("ALTER DATABASE {} CONNECTION LIMIT 8", app.database()));
    let log = Program::start(&["--database-url", &app.url()]).whole_log();
    for part in [
        "fsync is off",
        "full_page_writes is off",
        "synchronous_commit is off: a crash of the database server loses writes",
        "accepts 8 connections of this role, and this instance alone may use 12",
    ] {
        assert!(log.contains(part), "no {part:?} in {log}");
    }

    let options = Options::temporary().durable(true).setting("synchronous_standby_names", "a");
    let postgres = PrivatePostgres::start(options).unwrap();
    let url = format!("{}&options=-c%20synchronous_commit%3Dlocal", postgres.url("orders"));
    let log = Program::start(&["--database-url", &url]).whole_log();
    let warnings: Vec<_> = log.lines().filter(|line| line.contains("WARN")).collect();
    assert_eq!(warnings.len(), 1, "{log}");
    assert!(warnings[0].contains("synchronous_commit is local: a failover to a standby loses"));
}
