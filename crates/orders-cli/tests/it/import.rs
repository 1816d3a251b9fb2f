//! `orders import`

use std::fs;
use std::io::Write as _;

use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::json;
use tempfile::TempDir;

use crate::service::{Calendar, RunningImport, Service, lines, order, shared, values};

#[test]
fn an_import_books_all_orders_and_says_so() {
    let calendar = Calendar::new();
    let orders: Vec<_> = (0..1500).map(|n| calendar.order(n, n * 3)).collect();
    let directory = TempDir::new().unwrap();
    let file = directory.path().join("orders.ndjson");
    fs::write(&file, lines(&orders)).unwrap();
    let done = shared().run(&["import", file.to_str().unwrap()]);
    assert_eq!((done.status, done.stderr.as_str()), (Some(0), "booked 1500 of 1500 orders\n"));
    assert_eq!(done.stdout, "");
    assert_eq!(calendar.ids().len(), 1500);
    let again = shared().run_with(&["import", "-"], lines(&orders));
    again.fails(1, "booked 0 of 1500 orders; the other 1500: 1500 id-taken\n");
    assert!(again.stderr.ends_with("and 1490 more\n"), "{}", again.stderr);
}

#[test]
fn an_import_says_which_lines_were_rejected_and_why() {
    let calendar = Calendar::new();
    let directory = TempDir::new().unwrap();
    let file = directory.path().join("rejected.ndjson");
    let [good, close, last] = [(1, 0), (2, 1), (3, 6)].map(|(id, hour)| calendar.order(id, hour));
    let input = format!("\n{good}\r\n\n nonsense \n{close}\n{{\"totalfee\":-1}}\n\n{last}");
    let rejected = ["import", "-", "--rejected", file.to_str().unwrap()];
    let done = shared().run_with(&rejected, input);
    assert_eq!(done.status, Some(1), "{}", done.stderr);
    let printed: Vec<_> = done.stderr.lines().collect();
    let kinds = "1 invalid-request, 1 malformed-request, 1 order-conflict";
    assert_eq!(printed[0], format!("booked 2 of 5 orders; the other 3: {kinds}"));
    for (line, start) in printed[1..].iter().zip([
        "line 4: malformed-request: ",
        "line 5: order-conflict: ",
        "line 6: invalid-request: ",
    ]) {
        assert!(line.trim_start().starts_with(start), "{line}");
    }
    let rejected = values(&fs::read_to_string(file).unwrap());
    assert_eq!(rejected.len(), 3);
    assert_eq!((&rejected[0]["line"], &rejected[0]["text"]), (&json!(4), &json!("nonsense")));
    assert_eq!((&rejected[1]["line"], &rejected[1]["order"]), (&json!(5), &close));
    assert_eq!(rejected[1]["problem"], "order-conflict");
    assert_eq!(rejected[1]["conflicts_with"][0]["id"], good["id"]);
    assert_eq!(rejected[1]["nearest_free"]["after"], "2030-01-01T03:00:00Z");
    assert_eq!(rejected[2]["order"], json!({ "totalfee": -1 }));
    assert_eq!(calendar.ids().len(), 2);
}

#[test]
fn an_import_that_cannot_write_the_rejected_lines_is_not_complete() {
    let calendar = Calendar::new();
    let orders: Vec<_> = (0..300).map(|n| calendar.order(n, 0)).collect();
    let done = shared().run_with(&["import", "-", "--rejected", "/dev/full"], lines(&orders));
    done.fails(2, "cannot write the rejected lines");
    done.fails(2, "Import them again");
}

#[test]
fn an_import_without_answers_leaves_no_file_of_rejected_lines() {
    let directory = TempDir::new().unwrap();
    let file = directory.path().join("rejected.ndjson");
    let rejected = ["import", "-", "--rejected", file.to_str().unwrap()];
    let done = shared().run(&[&rejected[..], &["--url", "http://127.0.0.1:1"]].concat());
    assert_eq!(done.status, Some(2), "{}", done.stderr);
    assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 0);
    assert_eq!(shared().run_with(&rejected, "nonsense").status, Some(1));
    assert_eq!(values(&fs::read_to_string(&file).unwrap()).len(), 1);
}

fn gzip(text: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(text).unwrap();
    encoder.finish().unwrap()
}

#[test]
fn gzip_and_byte_order_marks_are_understood() {
    let directory = TempDir::new().unwrap();
    let file = directory.path().join("orders");
    for is_packed in [false, true] {
        for name in ["-", file.to_str().unwrap()] {
            let calendar = Calendar::new();
            let orders: Vec<_> = (0..700).map(|n| calendar.order(n, n * 3)).collect();
            let text = format!("\u{feff}{}", lines(&orders)).into_bytes();
            let input = if is_packed { gzip(&text) } else { text };
            fs::write(&file, &input).unwrap();
            let done = shared().run_with(&["import", name], &input);
            let said = (done.status, done.stderr.as_str());
            assert_eq!(said, (Some(0), "booked 700 of 700 orders\n"));
        }
    }
}

#[test]
fn input_that_is_not_text_is_reported_once() {
    let utf_16: Vec<u8> = "\u{feff}{}\n{}\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
    let done = shared().run_with(&["import", "-"], utf_16);
    done.fails(2, "UTF-16");
    assert_eq!(done.stderr.lines().count(), 1, "{}", done.stderr);

    for cut in [true, false] {
        let calendar = Calendar::new();
        let packed = gzip(lines(&[calendar.order(1, 0), calendar.order(2, 3)]).as_bytes());
        let input =
            if cut { packed[..packed.len() - 1].to_vec() } else { [&packed[..], b"junk"].concat() };
        let done = shared().run_with(&["import", "-"], input);
        done.fails(2, "the gzip data is cut short");
        assert!(done.stderr.starts_with("booked 2 of 2 orders\n"), "{}", done.stderr);
    }
    let calendar = Calendar::new();
    let long = [lines(&[calendar.order(1, 0)]), "x".repeat(2 << 20)].concat();
    let done = shared().run_with(&["import", "-"], long);
    done.fails(2, "line 2 has more than");
    assert!(done.stderr.starts_with("booked 1 of 1 orders\n"), "{}", done.stderr);
}

#[test]
fn an_empty_input_is_a_valid_import() {
    for input in ["", "\n", "\n \r\n"] {
        let done = shared().run_with(&["import", "-"], input);
        assert_eq!((done.status, done.stderr.as_str()), (Some(0), "booked 0 of 0 orders\n"));
    }
    shared().run(&["import"]).fails(2, "FILE");
    shared().run(&["import", "/nonexistent"]).fails(2, "/nonexistent");
    shared().run(&["import", "/"]).fails(2, "directory");
}

#[test]
fn an_export_can_be_imported_again() {
    let calendar = Calendar::new();
    let orders: Vec<_> = (0..300).map(|n| calendar.order(n, n * 3)).collect();
    shared().run_with(&["import", "-"], lines(&orders));
    let (exported, ids) = (calendar.run(&["export"]).stdout, calendar.ids());
    shared().execute(&format!("DELETE FROM orders WHERE id LIKE '{}.%'", calendar.0));
    let done = shared().run_with(&["import", "-"], exported);
    assert_eq!((done.status, done.stderr.as_str()), (Some(0), "booked 300 of 300 orders\n"));
    assert_eq!(calendar.ids(), ids);
}

#[test]
fn input_that_comes_slowly_is_booked_as_it_comes() {
    let calendar = Calendar::new();
    let mut import = RunningImport::start(shared());
    for n in 0..3 {
        let order = calendar.order(n, n * 3);
        import.write(std::slice::from_ref(&order));
        shared().wait_for_order(order["id"].as_str().unwrap());
    }
    assert_eq!(import.close_input().end().0, Some(0));
}

#[test]
fn an_import_that_the_service_ends_says_what_was_booked_and_what_to_do() {
    let mut service = Service::start();
    let mut import = RunningImport::start(&service);
    import.write(&[order("1", 0), order("2", 3)]);
    service.wait_for_order("2");
    service.process.kill().unwrap();
    // The program ends although its input is still open.
    let (status, stderr) = import.end();
    assert_eq!(status, Some(2), "{stderr}");
    assert!(stderr.starts_with("booked 2 of 2 orders\n"), "{stderr}");
    assert!(stderr.contains("id-taken"), "{stderr}");
}

#[test]
fn an_import_that_loses_its_database_says_what_was_booked() {
    let service = Service::start();
    let mut import = RunningImport::start(&service);
    import.write(&[order("1", 0), order("2", 3)]);
    service.wait_for_order("2");
    service.break_database();
    import.write(&[order("3", 6)]);
    let (status, stderr) = import.end();
    assert_eq!(status, Some(2), "{stderr}");
    assert!(stderr.starts_with("booked 2 of 3 orders; the other 1: 1 unknown\n"), "{stderr}");
    assert!(stderr.contains("the database is unavailable"), "{stderr}");
}
