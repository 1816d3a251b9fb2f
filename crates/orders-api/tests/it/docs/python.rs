//! The consumer in Python keeps a copy in sync, however often it is killed.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use diesel::connection::SimpleConnection as _;
use serde_json::Value;

use super::Page;
use crate::access::eventually;
use crate::app::App;
use crate::database::maintenance;
use crate::samples::order;

/// Prints the orders of a copy, by time, as a JSON array.
const PRINT: &str = "import json, sqlite3, sys
orders = [json.loads(content) for content, in sqlite3.connect(sys.argv[1]).execute('SELECT content FROM orders')]
print(json.dumps(sorted(orders, key=lambda order: order['datetime'])))";

/// How long the last consumer may take to have everything.
const LIMIT: Duration = Duration::from_secs(60);

#[test]
fn the_consumer_in_python_ends_with_exactly_the_table() {
    let directory = tempfile::tempdir().unwrap();
    let Some((script, copy)) = write_script(directory.path()) else { return };
    let app = App::start();
    (0..50).for_each(|n| drop(app.post("/orders", order(format!("first-{n}"), 3 * n)).is(201)));
    let stop = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| {
            // Limited, so that this ends if the test fails.
            for n in 0..50_000 {
                if stop.load(Ordering::Relaxed) {
                    break;
                }
                let id = format!("{}", n % 40);
                match n % 3 {
                    0 => app.post("/orders", order(&id, 150 + 3 * (n % 100))),
                    1 => app.put(&format!("/orders/{id}"), order(&id, 150 + 3 * (n % 90))),
                    _ => app.delete(&format!("/orders/{id}")),
                };
            }
        });
        for n in 0..12 {
            let mut consumer = start_consumer(&script, &app, &copy);
            thread::sleep(Duration::from_millis(100 + 137 * n % 700));
            consumer.kill().unwrap();
            consumer.wait().unwrap();
        }
        stop.store(true, Ordering::Relaxed);
    });
    let table = app.walk("/orders?limit=1000");
    assert!(table.len() > 50, "{} orders", table.len());
    let consumer = start_consumer(&script, &app, &copy);
    check_copy(consumer, &copy, &table);
}

#[test]
fn the_consumer_in_python_waits_while_the_database_is_read_only() {
    let directory = tempfile::tempdir().unwrap();
    let Some((script, copy)) = write_script(directory.path()) else { return };
    let app = App::start();
    app.post("/orders", order("1", 0)).is(201);
    let name = app.database();
    // Only new sessions notice the setting.
    app.execute(&format!(
        "ALTER DATABASE {name} SET default_transaction_read_only = on;
         SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity
          WHERE datname = current_database() AND pid <> pg_backend_pid()"
    ));
    eventually(503, || app.get("/readyz"));
    let mut consumer = start_consumer(&script, &app, &copy);
    thread::sleep(Duration::from_secs(1));
    assert_eq!(consumer.try_wait().unwrap(), None, "the consumer has ended");
    assert_eq!(orders_in(&copy), [] as [Value; 0]);
    maintenance()
        .batch_execute(&format!("ALTER DATABASE {name} RESET default_transaction_read_only"))
        .unwrap();
    check_copy(consumer, &copy, &app.walk("/orders?limit=1000"));
}

/// Waits until the copy has exactly these orders, and kills the consumer.
#[track_caller]
fn check_copy(mut consumer: Child, copy: &Path, orders: &[Value]) {
    let started = Instant::now();
    while orders_in(copy) != orders && started.elapsed() < LIMIT {
        thread::sleep(Duration::from_millis(100));
    }
    consumer.kill().unwrap();
    consumer.wait().unwrap();
    assert_eq!(orders_in(copy), orders);
}

/// Writes the program of the page into this directory. Returns its path, and that of its copy; `None` if there is no
/// Python to run it.
fn write_script(directory: &Path) -> Option<(PathBuf, PathBuf)> {
    if Command::new("python3").arg("--version").output().is_err() {
        eprintln!("skipped: there is no python3");
        return None;
    }
    let page = Page::read("docs/api.md");
    let start = page.text.find("```python\n").expect("a consumer in Python") + "```python\n".len();
    let program = page.text[start..].split("```").next().unwrap();
    let script = directory.join("follow.py");
    std::fs::write(&script, program).unwrap();
    Some((script, directory.join("copy.db")))
}

fn start_consumer(script: &Path, app: &App, copy: &Path) -> Child {
    let service = format!("http://{}", app.address());
    let mut command = Command::new("python3");
    command.arg(script).arg(service).arg(copy).env("NO_PROXY", "*").stderr(Stdio::null());
    command.spawn().unwrap()
}

fn orders_in(copy: &Path) -> Vec<Value> {
    let output = Command::new("python3").args(["-c", PRINT]).arg(copy).output().unwrap();
    // There may be no copy yet.
    serde_json::from_slice(&output.stdout).unwrap_or_default()
}
