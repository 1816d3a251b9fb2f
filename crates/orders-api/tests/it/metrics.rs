//! The metrics: what they count, who may read them, and what they do not tell.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::thread;
use std::time::{Duration, Instant};

use serde_json::json;

use crate::access::bearer;
use crate::app::{App, STALL_TIMEOUT};
use crate::framework::break_database;
use crate::program::Program;
use crate::samples::order;
use crate::wire::Wire;

/// The values of the series, by name and labels as they are written.
type Series = BTreeMap<String, f64>;

const MEDIA_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

fn text(app: &App, headers: &[(&str, &str)]) -> String {
    let answer = app.send("GET", "/metrics", headers);
    assert_eq!((answer.status, answer.header("Content-Type")), (200, MEDIA_TYPE));
    String::from_utf8(answer.body).unwrap()
}

fn parse(text: &str) -> Series {
    let samples = text.lines().filter(|line| !line.starts_with('#'));
    let samples = samples.map(|line| {
        let (series, value) = line.rsplit_once(' ').unwrap();
        (series.to_owned(), value.parse().unwrap())
    });
    samples.collect()
}

/// The present value of a series without labels.
pub(crate) fn value(app: &App, series: &str) -> f64 {
    parse(&text(app, &[]))[series]
}

/// Waits until the metrics are as they should be: a request counts after its response.
#[track_caller]
fn wait_until(app: &App, headers: &[(&str, &str)], is_right: impl Fn(&Series) -> bool) {
    let began = Instant::now();
    loop {
        let text = text(app, headers);
        if is_right(&parse(&text)) {
            return;
        }
        assert!(began.elapsed() < STALL_TIMEOUT, "{text}");
        thread::sleep(Duration::from_millis(10));
    }
}

/// Waits until a series has this value.
#[track_caller]
pub(crate) fn wait_for(app: &App, series: &str, value: f64) {
    wait_until(app, &[], |all| all.get(series) == Some(&value));
}

fn duration_count(method: &str, route: &str, status: u16) -> String {
    format!(
        "http_server_request_duration_seconds_count{{http_request_method=\"{method}\",\
         http_route=\"{route}\",http_response_status_code=\"{status}\"}}"
    )
}

#[test]
fn requests_count_under_their_route_and_never_under_their_path() {
    let app = App::start();
    app.post("/orders", order("secret", 0)).is(201);
    app.get("/orders/secret").is(200);
    app.get("/orders/secret").is(200);
    app.send("HEAD", "/orders/secret", &[]);
    app.send("SECRET", "/orders/secret", &[]).is_problem(405, "method-not-allowed");
    app.get("/secret/of/nobody").is_problem(404, "not-found");
    app.get("/orders/secret?secret=1").is_problem(400, "malformed-request");
    app.get("/orders/import").is_problem(404, "not-found");
    for (method, route, status, count) in [
        ("POST", "/orders", 201, 1.0),
        ("GET", "/orders/{id}", 200, 2.0),
        ("GET", "/orders/{id}", 400, 1.0),
        ("HEAD", "/orders/{id}", 200, 1.0),
        ("_OTHER", "/orders/{id}", 405, 1.0),
        ("GET", "_OTHER", 404, 1.0),
        ("GET", "/orders/import", 404, 1.0),
    ] {
        wait_for(&app, &duration_count(method, route, status), count);
    }
    let text = text(&app, &[]);
    assert!(!text.to_lowercase().contains("secret"), "{text}");
}

#[test]
fn problems_count_by_their_type() {
    let app = App::start();
    wait_for(&app, "orders_problems_total{problem=\"order-conflict\"}", 0.0);
    app.post("/orders", order("1", 0)).is(201);
    app.post("/orders", order("2", 0)).is_problem(409, "order-conflict");
    app.post("/orders", order("1", 9)).is_problem(409, "id-taken");
    app.get("/orders/9").is_problem(404, "not-found");
    app.get("/nowhere").is_problem(404, "not-found");
    for (problem, count) in
        [("order-conflict", 1.0), ("id-taken", 1.0), ("not-found", 2.0), ("unavailable", 0.0)]
    {
        wait_for(&app, &format!("orders_problems_total{{problem=\"{problem}\"}}"), count);
    }
}

#[test]
fn clients_and_failed_authentications_count() {
    let app = App::start();
    wait_for(&app, "orders_authentication_required", 0.0);
    app.get("/orders").is(200);
    wait_until(&app, &[], |all| all["orders_client_requests_total{client=\"(none)\"}"] >= 2.0);
    let key = app.new_key("monitor", "read");
    let headers = [("Authorization", &*bearer(&key))];
    wait_until(&app, &headers, |all| all["orders_authentication_required"] == 1.0);

    let failures = |reason: &str| {
        parse(&text(&app, &headers))
            [&format!("orders_authentication_failures_total{{reason=\"{reason}\"}}")]
    };
    assert_eq!(["missing", "invalid", "unknown"].map(failures), [0.0; 3]);
    app.get("/metrics").is_problem(401, "authentication-required");
    app.get_with("x", "/metrics").is_problem(401, "authentication-required");
    app.get_with("x", "/metrics").is_problem(401, "authentication-required");
    let unknown = "ordk_0000000000000000000000000000003bJUkV";
    app.get_with(unknown, "/metrics").is_problem(401, "authentication-required");
    assert_eq!(["missing", "invalid", "unknown"].map(failures), [1.0, 2.0, 1.0]);

    let before = parse(&text(&app, &headers))["orders_client_requests_total{client=\"monitor\"}"];
    app.get_with(&key, "/services").is(200);
    let expected = before + 2.0;
    wait_until(&app, &headers, |all| {
        all["orders_client_requests_total{client=\"monitor\"}"] >= expected
    });
}

#[test]
fn a_client_that_was_removed_is_forgotten() {
    let app = App::start();
    let [monitor, gone] = ["monitor", "gone"].map(|client| app.new_key(client, "read"));
    let headers = [("Authorization", &*bearer(&monitor))];
    let has_gone = |all: &Series| all.contains_key("orders_client_requests_total{client=\"gone\"}");
    app.get_with(&gone, "/services").is(200);
    wait_until(&app, &headers, has_gone);
    app.command("clients remove gone");
    wait_until(&app, &headers, |all| !has_gone(all));
}

#[test]
fn the_work_of_the_database_threads_counts() {
    let app = App::start_with(&["--connections", "3"]);
    app.post("/orders", order("1", 0)).is(201);
    app.get("/orders/1").is(200);
    app.get("/services").is(200);
    app.place_all(&[order("2", 9)]);
    for kind in ["create", "get", "single", "import"] {
        wait_for(&app, &format!("orders_batch_size_count{{kind=\"{kind}\"}}"), 1.0);
        wait_for(&app, &format!("orders_batch_size_sum{{kind=\"{kind}\"}}"), 1.0);
    }
    wait_for(&app, "orders_batch_size_count{kind=\"delete\"}", 0.0);
    wait_for(&app, "orders_queue_wait_seconds_count", 4.0);
    wait_for(&app, "orders_queue_length", 0.0);
    wait_for(&app, "orders_queue_limit", 3.0 * 64.0);
    wait_for(&app, "db_client_connection_count{state=\"idle\"}", 3.0);
    wait_for(&app, "db_client_connection_count{state=\"used\"}", 0.0);
}

#[test]
fn an_event_stream_is_an_active_request_until_it_ends() {
    let app = App::start();
    // The request for the metrics is one too.
    wait_for(&app, "http_server_active_requests", 1.0);
    let mut wire = Wire::open(&app, "GET /changes HTTP/1.1\nAccept: text/event-stream");
    wire.reading.head();
    wait_for(&app, "http_server_active_requests", 2.0);
    drop(wire);
    // The service notices when it sends something.
    (0..5).for_each(|n| drop(app.post("/orders", order(n, 3 * n)).is(201)));
    wait_for(&app, "http_server_active_requests", 1.0);
}

#[test]
fn an_outage_shows_in_the_age_of_the_heartbeat_and_the_lag_of_the_feed() {
    let app = App::start();
    let above = |seconds: f64| {
        move |all: &Series| {
            all["orders_heartbeat_age_seconds"] > seconds
                && all["orders_feed_lag_seconds"] > seconds
        }
    };
    wait_until(&app, &[], |all| {
        all["orders_heartbeat_age_seconds"] < 2.0 && all["orders_feed_lag_seconds"] < 2.0
    });
    break_database(&app);
    wait_until(&app, &[], above(2.5));
}

#[test]
fn an_address_of_their_own_needs_no_key_and_answers_nothing_else() {
    let app = App::start();
    let url = app.url();
    let arguments = ["--database-url", &url, "--auth", "required", "--metrics-bind", "127.0.0.1:0"];
    let program = Program::start(&arguments);
    assert_eq!(program.send("GET", "/metrics", "").status, 401);
    let address = program.metrics_address();
    let get = |path: &str| {
        let config = ureq::Agent::config_builder().http_status_as_error(false);
        let agent = ureq::Agent::from(config.timeout_global(Some(STALL_TIMEOUT)).build());
        agent.get(format!("http://{address}{path}")).call().unwrap()
    };
    let mut answer = get("/metrics");
    assert_eq!(
        (answer.status().as_u16(), answer.headers()["Content-Type"].to_str().unwrap()),
        (200, MEDIA_TYPE)
    );
    let all = parse(&answer.body_mut().read_to_string().unwrap());
    assert_eq!(all["orders_authentication_required"], 1.0);
    for path in ["/orders", "/healthz", "/"] {
        assert_eq!(get(path).status(), 404, "{path}");
    }
}

#[test]
fn the_process_and_the_release_are_described() {
    let app = App::start();
    let all = parse(&text(&app, &[]));
    let release = format!("orders_build_info{{version=\"{}\"}}", env!("CARGO_PKG_VERSION"));
    assert_eq!(all[&release], 1.0);
    assert!(all["process_cpu_seconds_total"] > 0.0);
    assert!(all["process_start_time_seconds"] > 1.6e9);
    assert!(all["process_max_fds"] > 10.0);
    if cfg!(target_os = "linux") {
        assert!((4.0..all["process_max_fds"]).contains(&all["process_open_fds"]));
        assert!(all["process_resident_memory_bytes"] > 1e6);
    }
}

#[test]
fn the_documentation_lists_exactly_the_metrics_that_there_are() {
    let app = App::start_with(&["--webhook-networks", "127.0.0.0/8"]);
    // A metric with labels is there once something was counted.
    app.get("/orders").is(200);
    app.post("/webhooks", json!({ "id": "crm", "url": "http://127.0.0.1:1" })).is(201);
    app.post("/orders", order("a", 0)).is(201);
    wait_for(&app, "orders_webhook_changes_behind{webhook=\"crm\"}", 0.0);
    let failed = "orders_webhook_attempts_total{webhook=\"crm\",outcome=\"failed\"}";
    wait_until(&app, &[], |all| all.contains_key(failed));
    wait_for(&app, &duration_count("GET", "/orders", 200), 1.0);
    let text = text(&app, &[]);
    let types = text.lines().filter_map(|line| line.strip_prefix("# TYPE "));
    let actual: BTreeSet<_> = types.map(|line| line.split_once(' ').unwrap()).collect();
    let page = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/operations.md");
    let page = fs::read_to_string(page).unwrap();
    let (_, section) = page.split_once("\n## Metrics\n").unwrap();
    let (section, _) = section.split_once("\n## ").unwrap();
    let rows = section.lines().filter_map(|line| line.strip_prefix("| `"));
    let documented: BTreeSet<_> = rows
        .map(|row| {
            let (name, rest) = row.split_once("` | ").unwrap();
            (name, rest.split_once(" | ").unwrap().0)
        })
        .collect();
    assert_eq!(documented, actual);
}
