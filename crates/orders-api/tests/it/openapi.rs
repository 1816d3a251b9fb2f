//! The OpenAPI document and the page that shows it, compared with the service.

use std::collections::BTreeSet;
use std::process::Command;

use serde_json::{Value, json};

use crate::app::App;

const CHECKED_IN: &str = include_str!("../../../../openapi.json");

#[test]
fn the_checked_in_document_is_current() {
    let printed = Command::new(env!("CARGO_BIN_EXE_orders-api")).arg("openapi").output().unwrap();
    assert!(printed.status.success());
    let printed = String::from_utf8(printed.stdout).unwrap();
    assert!(
        printed == CHECKED_IN,
        "openapi.json is out of date; run: cargo run -- openapi > openapi.json"
    );
    let served = App::start().get("/openapi.json");
    assert_eq!(served.header("Content-Type"), "application/json");
    assert!(served.body == CHECKED_IN.as_bytes());
}

#[test]
fn every_path_allows_the_methods_of_the_document_and_head_and_options() {
    let app = App::start();
    let document: Value = serde_json::from_str(CHECKED_IN).unwrap();
    let documented = |path: &str| -> BTreeSet<_> {
        let item = document["paths"][path].as_object().unwrap();
        let head = item.get("get").map(|_| "HEAD".to_owned());
        let methods = item.keys().map(|method| method.to_uppercase());
        methods.chain(["OPTIONS".to_owned()]).chain(head).collect()
    };
    for path in document["paths"].as_object().unwrap().keys() {
        let mut methods = documented(path);
        if path == "/orders/import" {
            // It is also the path of an order with this id.
            methods.extend(documented("/orders/{id}"));
        }
        let concrete = path.replace("{id}", "1").replace("{slug}", "x").replace("{file}", "x");
        let answer = app.send("OPTIONS", &concrete, &[]);
        let allow: BTreeSet<_> = answer.header("Allow").split(", ").map(str::to_owned).collect();
        assert_eq!(allow, methods, "{path}");
    }
}

#[test]
fn every_problem_type_is_described() {
    let document: Value = serde_json::from_str(CHECKED_IN).unwrap();
    let schemas = document["components"]["schemas"].as_object().unwrap();
    let described: BTreeSet<_> = schemas
        .values()
        .filter_map(|schema| schema.pointer("/allOf/1/properties/type/const")?.as_str())
        // It is the answer to requests that are not in the document.
        .chain(["/problems/method-not-allowed"])
        .collect();
    let list = App::start().get("/problems").is(200);
    let answered: BTreeSet<_> =
        list.as_array().unwrap().iter().map(|kind| kind["type"].as_str().unwrap()).collect();
    assert_eq!(described, answered);
}

#[test]
fn the_page_loads_its_own_files_and_nothing_else() {
    let app = App::start();
    let page = app.get("/docs");
    assert_eq!(page.header("Content-Type"), "text/html; charset=utf-8");
    let policy = page.header("Content-Security-Policy");
    assert!(policy.starts_with("default-src 'none';") && !policy.contains("http"), "{policy}");
    let page = String::from_utf8(page.body).unwrap();
    assert!(!page.contains("//"), "{page}");
    for (name, kind) in
        [("docs.js", "text/javascript"), ("openapi-explorer.min.js", "text/javascript")]
    {
        let path = format!("/docs/{name}");
        assert!(page.contains(&format!("\"{path}\"")), "the page does not load {path}");
        let file = app.get(&path);
        assert_eq!((file.status, file.header("Content-Type")), (200, kind));
        assert_eq!(file.header("X-Content-Type-Options"), "nosniff");
    }
    app.get("/docs/LICENSE").is_problem(404, "not-found");
}

#[test]
fn the_examples_of_the_page_succeed_after_those_of_the_readme() {
    let app = App::start();
    let readme = json!({
        "id": "223", "datetime": "2022-11-01T11:11:11.111Z", "totalfee": 100, "services": [{ "id": "123" }]
    });
    app.post("/orders", readme).is(201);
    let document = app.get("/openapi.json").is(200);
    for example in ["OrderDraft", "OrderDraftWithAll"] {
        app.post("/orders", &document["components"]["examples"][example]["value"]).is(201);
    }
    let parameters = document["paths"]["/availability"]["get"]["parameters"].as_array().unwrap();
    let example = |name| {
        let parameter = parameters.iter().find(|it| it["name"] == name).unwrap();
        parameter["example"].as_str().unwrap()
    };
    let (from, to) = (example("from"), example("to"));
    let free = app.get(&format!("/availability?from={from}&to={to}")).is(200);
    assert_eq!(free.as_array().unwrap().len(), 2);
}

#[test]
fn the_index_leads_to_the_document_and_the_page() {
    let app = App::start();
    let index = app.get("/").is(200);
    for name in ["openapi", "documentation"] {
        assert_eq!(app.get(index[name].as_str().unwrap()).status, 200);
    }
}

#[test]
fn an_order_may_have_the_id_import() {
    let app = App::start();
    let order = json!({
        "id": "import", "datetime": "2022-11-01T11:11:11Z", "totalfee": 1, "services": [{ "id": "123" }]
    });
    assert_eq!(app.post("/orders", &order).header("Location"), "/orders/import");
    assert_eq!(app.get("/orders/import").is(200)["id"], "import");
    assert_eq!(app.put("/orders/import", &order).is(200)["version"], 2);
    assert_eq!(app.send_json("PATCH", "/orders/import", "{\"totalfee\": 2}").is(200)["version"], 3);
    app.delete("/orders/import").is(204);
    app.get("/orders/import").is_problem(404, "not-found");
}

#[test]
fn anything_but_an_entity_tag_is_malformed() {
    let app = App::start();
    let order =
        json!({ "datetime": "2022-11-01T11:11:11Z", "totalfee": 1, "services": [{ "id": "123" }] });
    let path = app.post("/orders", order).header("Location").to_owned();
    for value in ["", "1", "\"1", "\"1\", x", "\"1\" \"2\""] {
        app.send("GET", &path, &[("If-None-Match", value)]).is_problem(400, "malformed-request");
        app.send("DELETE", &path, &[("If-Match", value)]).is_problem(400, "malformed-request");
    }
    assert_eq!(app.send("GET", &path, &[("If-None-Match", "\"0\",, \"1\"")]).status, 304);
}
