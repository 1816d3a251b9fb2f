//! The service under a database role that cannot change the schema, with the rights that the documentation lists.

use std::sync::Once;

use diesel::connection::SimpleConnection as _;
use serde_json::json;

use super::{Printed, bearer, eventually, program};
use crate::app::App;
use crate::database::maintenance;
use crate::program::Program;
use crate::samples::order;

const PAGE: &str = include_str!("../../../../../docs/access.md");

static CREATE_ROLES: Once = Once::new();

/// Grants the roles of the documentation its rights in this database.
fn grant(app: &App) {
    CREATE_ROLES.call_once(|| {
        let roles = "CREATE ROLE orders_service LOGIN; CREATE ROLE orders_access LOGIN IN ROLE orders_service";
        maintenance().batch_execute(roles).unwrap();
    });
    for block in PAGE.split("```sql\n").skip(1) {
        app.execute(block.split("```").next().unwrap());
    }
}

fn url(app: &App, role: &str) -> String {
    app.url().replace("user=orders", &format!("user={role}"))
}

#[test]
fn the_documented_rights_are_enough_for_the_service_and_its_commands() {
    let app = App::start();
    grant(&app);
    let service_url = url(&app, "orders_service");
    let service = Program::start(&["--migrate", "check", "--database-url", &service_url]);
    let access_url = url(&app, "orders_access");
    let run = |arguments: &str| {
        let settings = ["--migrate", "check", "--database-url", &access_url];
        let arguments: Vec<_> = arguments.split(' ').chain(settings).collect();
        program(&arguments, "").map_err(|printed| printed.stderr).unwrap().stdout
    };
    run("clients add shop --scope read");
    run("clients set shop --scope admin");
    let authorization = bearer(&run("keys create shop"));
    let headers = [("Authorization", authorization.as_str()), ("Idempotency-Key", "a")];
    let send =
        |method: &str, path: &str, body: String| service.send_with(method, path, &headers, body);
    send("POST", "/services", json!({ "id": "1", "name": "new" }).to_string()).is(201);
    send("PUT", "/services/1", json!({ "name": "newer" }).to_string()).is(200);
    send("DELETE", "/services/1", String::new()).is(204);
    send("POST", "/calendars", json!({ "id": "crew", "name": "new" }).to_string()).is(201);
    send("POST", "/orders", order("1", 0).to_string()).is(201);
    send("PUT", "/orders/1", order("1", 3).to_string()).is(200);
    send("PATCH", "/orders/1", json!({ "totalfee": 7 }).to_string()).is(200);
    send("PUT", "/calendars/default", json!({ "name": "x", "minimum_gap": "PT1H" }).to_string())
        .is(200);
    send("DELETE", "/orders/1", String::new()).is(204);
    send("DELETE", "/calendars/crew", String::new()).is(204);
    // Paused, because this machine has no name `crm.example`.
    let webhook = json!({ "id": "crm", "url": "https://crm.example", "state": "paused" });
    send("POST", "/webhooks", webhook.to_string()).is(201);
    send("PUT", "/webhooks/crm", webhook.to_string()).is(200);
    send("POST", "/webhooks/crm/secret", String::new()).is(200);
    send("GET", "/webhooks/crm/deliveries", String::new()).is(200);
    send("DELETE", "/webhooks/crm", String::new()).is(204);
    let draft = json!({ "name": "Crews", "calendars": ["default"] });
    let feed = send("POST", "/feeds", draft.to_string()).is(201);
    let (_, link) = feed["url"].as_str().unwrap().split_once("/feeds/").unwrap();
    assert_eq!(send("GET", &format!("/feeds/{link}"), String::new()).status, 200);
    send("DELETE", &format!("/feeds/{}", feed["id"].as_str().unwrap()), String::new()).is(204);
    for path in
        ["/changes?wait=1", "/changes?after=now&wait=1", "/orders/1/history", "/orders/1?version=1"]
    {
        send("GET", path, String::new()).is(200);
    }
    send("GET", "/readyz", String::new()).is(200);
    run("keys roll shop --overlap 0s");
    run("clients remove shop");
    eventually(401, || send("GET", "/orders", String::new()));
    let log = service.log();
    assert!(log.iter().all(|line| !line.contains("WARN") && !line.contains("ERROR")), "{log:#?}");
}

#[test]
fn a_schema_that_is_not_up_to_date_is_reported_and_not_changed() {
    let app = App::start();
    grant(&app);
    app.execute("DELETE FROM __diesel_schema_migrations WHERE version LIKE '20261126%'");
    let url = url(&app, "orders_service");
    let Err(Printed { stderr, .. }) = program(&["--migrate", "check", "--database-url", &url], "")
    else {
        panic!("the service starts");
    };
    for part in ["it lacks 20261126000000, 20261126000001", "; run `orders-api migrate`"] {
        assert!(stderr.contains(part), "{stderr}");
    }
    app.execute("INSERT INTO __diesel_schema_migrations (version) VALUES ('99990101000000')");
    let newer = program(&["--migrate", "check", "--database-url", &url], "").err().unwrap();
    assert!(newer.stderr.contains("99990101000000"), "{}", newer.stderr);
}
