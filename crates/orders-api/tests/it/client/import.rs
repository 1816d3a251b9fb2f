//! `orders-api import`

use std::fs;
use std::io::Write as _;

use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::json;
use tempfile::TempDir;

use super::{RunningImport, run, run_with, values, wait_for_order};
use crate::app::App;
use crate::framework::break_database;
use crate::samples::{ids, lines, order};

#[test]
fn an_import_places_all_orders_and_says_so() {
    let app = App::start();
    let orders: Vec<_> = (0..1500).map(|n| order(n, n * 3)).collect();
    let directory = TempDir::new().unwrap();
    let file = directory.path().join("orders.ndjson");
    fs::write(&file, lines(&orders)).unwrap();
    let done = run(&app, &["import", file.to_str().unwrap()]);
    assert_eq!((done.status, done.stderr.as_str()), (Some(0), "placed 1500 of 1500 orders\n"));
    assert_eq!(done.stdout, "");
    assert_eq!(app.walk("/orders?limit=1000").len(), 1500);
    let again = run_with(&app, &["import", "-"], lines(&orders));
    assert_eq!(again.status, Some(1));
    assert!(again.stderr.starts_with("placed 0 of 1500 orders; refused 1500: 1500 id-taken\n"));
    assert!(again.stderr.ends_with("and 1490 more\n"), "{}", again.stderr);
}

#[test]
fn an_import_says_which_lines_were_rejected_and_why() {
    let app = App::start();
    let directory = TempDir::new().unwrap();
    let file = directory.path().join("refused.ndjson");
    let [good, close, last] = [order("1", 0), order("2", 1), order("3", 6)];
    let input = format!("\n{good}\r\n\n nonsense \n{close}\n{{\"totalfee\":-1}}\n\n{last}");
    let done = run_with(&app, &["import", "-", "--refused", file.to_str().unwrap()], input);
    assert_eq!(done.status, Some(1), "{}", done.stderr);
    let printed: Vec<_> = done.stderr.lines().collect();
    let kinds = "1 invalid-request, 1 malformed-request, 1 order-conflict";
    assert_eq!(printed[0], format!("placed 2 of 5 orders; refused 3: {kinds}"));
    for (line, start) in printed[1..].iter().zip([
        "line 4: malformed-request: ",
        "line 5: order-conflict: ",
        "line 6: ",
    ]) {
        assert!(line.trim_start().starts_with(start), "{line}");
    }
    let refused = values(&fs::read_to_string(file).unwrap());
    assert_eq!(refused.len(), 3);
    assert_eq!((&refused[0]["line"], &refused[0]["text"]), (&json!(4), &json!("nonsense")));
    assert_eq!((&refused[1]["line"], &refused[1]["order"]), (&json!(5), &close));
    assert_eq!(refused[1]["problem"]["conflicts_with"][0]["id"], "1");
    assert_eq!(refused[2]["order"], json!({ "totalfee": -1 }));
    assert_eq!(ids(&app.walk("/orders")), ["1", "3"]);
}
#[test]
fn an_import_without_answers_leaves_no_file_of_rejected_lines() {
    let app = App::start();
    let directory = TempDir::new().unwrap();
    let file = directory.path().join("refused.ndjson");
    let refused = ["import", "-", "--refused", file.to_str().unwrap()];
    let done = run(&app, &[&refused[..], &["--url", "http://127.0.0.1:1"]].concat());
    assert_eq!(done.status, Some(2), "{}", done.stderr);
    assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 0);
    assert_eq!(run_with(&app, &refused, "nonsense").status, Some(1));
    assert_eq!(values(&fs::read_to_string(&file).unwrap()).len(), 1);
}

fn gzip(text: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(text).unwrap();
    encoder.finish().unwrap()
}

#[test]
fn gzip_and_byte_order_marks_are_understood() {
    let app = App::start();
    let orders: Vec<_> = (0..700).map(|n| order(n, n * 3)).collect();
    let text = format!("\u{feff}{}", lines(&orders));
    let directory = TempDir::new().unwrap();
    let file = directory.path().join("orders");
    for input in [text.as_bytes().to_owned(), gzip(text.as_bytes())] {
        fs::write(&file, &input).unwrap();
        for name in ["-", file.to_str().unwrap()] {
            let done = run_with(&app, &["import", name], &input);
            assert_eq!(
                (done.status, done.stderr.as_str()),
                (Some(0), "placed 700 of 700 orders\n")
            );
            app.execute("DELETE FROM orders");
        }
    }
}

#[test]
fn input_that_is_not_text_is_reported_once() {
    let app = App::start();
    let utf_16: Vec<u8> = "\u{feff}{}\n{}\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
    let done = run_with(&app, &["import", "-"], utf_16);
    assert_eq!((done.status, done.stderr.lines().count()), (Some(2), 1), "{}", done.stderr);
    assert!(done.stderr.contains("UTF-16") && done.stderr.contains("UTF-8"), "{}", done.stderr);

    let packed = gzip(lines(&[order("1", 0), order("2", 3)]).as_bytes());
    for input in [packed[..packed.len() - 1].to_vec(), [&packed[..], b"garbage"].concat()] {
        let done = run_with(&app, &["import", "-"], input);
        assert_eq!(done.status, Some(2), "{}", done.stderr);
        assert!(done.stderr.starts_with("placed 2 of 2 orders\n"), "{}", done.stderr);
        assert!(done.stderr.contains("the gzip data is cut short"), "{}", done.stderr);
        app.execute("DELETE FROM orders");
    }
}

#[test]
fn an_empty_input_is_a_valid_import() {
    let app = App::start();
    for input in ["", "\n", "\n \r\n"] {
        let done = run_with(&app, &["import", "-"], input);
        assert_eq!((done.status, done.stderr.as_str()), (Some(0), "placed 0 of 0 orders\n"));
    }
}

#[test]
fn an_export_of_one_service_can_be_imported_into_another() {
    let (app, other) = (App::start(), App::start());
    app.place_all(&(0..300).map(|n| order(n, n * 3)).collect::<Vec<_>>());
    let exported = run(&app, &["export"]).stdout;
    let done = run_with(&other, &["import", "-"], exported);
    assert_eq!((done.status, done.stderr.as_str()), (Some(0), "placed 300 of 300 orders\n"));
    assert_eq!(ids(&other.walk("/orders?limit=1000")), ids(&app.walk("/orders?limit=1000")));
}

#[test]
fn input_that_comes_slowly_is_placed_as_it_comes() {
    let app = App::start_with(&["--stall-timeout", "20s"]);
    let mut import = RunningImport::start(&app);
    for n in 0..3 {
        import.write(&[order(n, n * 3)]);
        wait_for_order(&app, &n.to_string());
    }
    let (status, _) = import.close_input().end();
    assert_eq!(status, Some(0));
}

#[test]
fn an_import_that_the_service_stops_says_what_was_placed_and_what_to_do() {
    let app = App::start();
    let mut import = RunningImport::start(&app);
    import.write(&[order("1", 0), order("2", 3)]);
    wait_for_order(&app, "2");
    break_database(&app);
    import.write(&[order("3", 6)]);
    // The program ends although its input is still open.
    let (status, stderr) = import.end();
    assert_eq!(status, Some(2), "{stderr}");
    assert!(stderr.starts_with("placed 2 of 3 orders; refused 1: 1 unavailable\n"), "{stderr}");
    assert!(stderr.contains("the service gave up: the database is unavailable"), "{stderr}");
    assert!(stderr.contains("Import everything again"), "{stderr}");
}

#[test]
fn an_import_from_a_service_that_ends_says_what_was_placed() {
    let app = App::start();
    let mut import = RunningImport::start(&app);
    import.write(&[order("1", 0)]);
    wait_for_order(&app, "1");
    drop(app);
    let (status, stderr) = import.end();
    assert_eq!(status, Some(2), "{stderr}");
    assert!(
        stderr.starts_with("placed 1 of 1 orders\n") && stderr.contains("id-taken"),
        "{stderr}"
    );
}
