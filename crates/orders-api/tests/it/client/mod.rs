//! The commands `export` and `import`, as somebody at a terminal or a script meets them.

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpListener;
use std::process::{Child, ChildStderr, ChildStdin, ChildStdout, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use diesel::connection::SimpleConnection as _;
use diesel::prelude::*;
use diesel::sql_types::BigInt;
use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::app::{App, MANY, STALL_TIMEOUT};
use crate::faults::waits_for_a_lock;
use crate::framework::break_database;
use crate::samples::{ids, lines, order, order_in, time};

/// What the program did.
struct Done {
    status: Option<i32>,
    out: String,
    said: String,
}

/// The program, told to talk to this service.
fn program(app: &App, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_orders-api"));
    command.args(arguments).env("ORDERS_URL", format!("http://{}", app.address()));
    command
}

fn run(app: &App, arguments: &[&str]) -> Done {
    run_with(app, arguments, "")
}

fn run_with(app: &App, arguments: &[&str], input: impl AsRef<[u8]>) -> Done {
    let mut child = program(app, arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let input = input.as_ref().to_owned();
    let feeder = thread::spawn(move || drop(stdin.write_all(&input)));
    let output = child.wait_with_output().unwrap();
    feeder.join().unwrap();
    Done {
        status: output.status.code(),
        out: String::from_utf8(output.stdout).unwrap(),
        said: String::from_utf8(output.stderr).unwrap(),
    }
}

fn values(text: &str) -> Vec<Value> {
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn an_export_writes_what_is_wanted() {
    let app = App::start().with_calendars(["roof"]);
    let mut orders: Vec<_> = (0..10).map(|n| order(format!("d{n}"), n * 3)).collect();
    orders.push(order_in("roof", "r", 4));
    app.place_all(&orders);
    let (from, to) = (time(6), time(18));
    for (arguments, query) in [
        (vec![], String::new()),
        (vec!["--order", "desc"], "?order=desc".to_owned()),
        (vec!["--calendar", "roof", "--service", "123"], "?calendar=roof&service=123".to_owned()),
        (vec!["--service", "456"], "?service=456".to_owned()),
        (vec!["--from", &from, "--to", &to], format!("?from={from}&to={to}")),
        (vec!["--from", "2030-01-01T10:00:00+01:00"], format!("?from={}", time(9))),
    ] {
        let done = run(&app, &[&["export"], arguments.as_slice()].concat());
        assert_eq!((done.status, done.said.as_str()), (Some(0), ""), "{arguments:?}");
        assert_eq!(values(&done.out), app.walk(&format!("/orders{query}")), "{arguments:?}");
    }
}

#[test]
fn an_export_of_an_unknown_calendar_or_service_fails() {
    let app = App::start().with_calendars(["roof"]);
    app.place_all(&[order("1", 0)]);
    let directory = TempDir::new().unwrap();
    let file = directory.path().join("orders.ndjson");
    for (option, what) in [("--calendar", "calendar nosuch"), ("--service", "service nosuch")] {
        for output in [&[][..], &["-o", file.to_str().unwrap()]] {
            let done = run(&app, &[&["export", option, "nosuch"], output].concat());
            assert_eq!((done.status, done.out.as_str()), (Some(2), ""), "{option}");
            assert!(done.said.contains(what), "{}", done.said);
        }
    }
    assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 0);
    let empty = run(&app, &["export", "--calendar", "roof"]);
    assert_eq!((empty.status, empty.out.as_str(), empty.said.as_str()), (Some(0), "", ""));
}

#[test]
fn an_export_into_a_file_is_there_only_when_it_is_whole() {
    let app = App::start();
    app.place_all(&[order("1", 0), order("2", 3)]);
    let directory = TempDir::new().unwrap();
    let file = directory.path().join("orders.ndjson");
    let name = file.to_str().unwrap();
    for arguments in [&["export", "-o", name][..], &["export", "-o", name, "--force"]] {
        let done = run(&app, arguments);
        assert_eq!((done.status, done.out.as_str(), done.said.as_str()), (Some(0), "", ""));
        assert_eq!(ids(&values(&fs::read_to_string(&file).unwrap())), ["1", "2"]);
    }
    let before = fs::read(&file).unwrap();
    let nobody = ["export", "-o", name, "--force", "--url", "http://127.0.0.1:1"];
    assert_eq!(run(&app, &nobody).status, Some(2));
    assert_eq!(fs::read(&file).unwrap(), before);
    assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 1, "something was left behind");
    assert_eq!(run(&app, &["export", "-o", "/dev/null"]).status, Some(0));
    let nowhere = run(&app, &["export", "-o", "/nonexistent/orders"]);
    assert!(nowhere.status == Some(2) && nowhere.said.contains("/nonexistent/orders"));
}

#[test]
fn a_file_that_exists_is_not_overwritten_without_force() {
    let app = App::start();
    let directory = TempDir::new().unwrap();
    let file = directory.path().join("mine");
    fs::write(&file, "mine").unwrap();
    let name = file.to_str().unwrap();
    // That is told before the service is asked for anything.
    let nobody = ["--url", "http://127.0.0.1:1"];
    for command in [&["export", "-o", name][..], &["import", "-", "--refused", name]] {
        for done in [run(&app, command), run(&app, &[command, &nobody].concat())] {
            assert_eq!(done.status, Some(2), "{command:?}");
            assert!(done.said.contains(name) && done.said.contains("--force"), "{}", done.said);
        }
        assert_eq!(fs::read_to_string(&file).unwrap(), "mine");
        let done = run_with(&app, &[command, &["--force"]].concat(), "nonsense");
        assert_ne!(done.status, Some(2), "{}", done.said);
        assert_ne!(fs::read_to_string(&file).unwrap(), "mine");
        fs::write(&file, "mine").unwrap();
    }
    assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 1, "something was left behind");
}

#[test]
fn an_import_that_was_not_answered_leaves_no_file_of_refused_lines() {
    let app = App::start();
    let directory = TempDir::new().unwrap();
    let file = directory.path().join("refused.ndjson");
    let refused = ["import", "-", "--refused", file.to_str().unwrap()];
    let done = run(&app, &[&refused[..], &["--url", "http://127.0.0.1:1"]].concat());
    assert_eq!(done.status, Some(2), "{}", done.said);
    assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 0);
    assert_eq!(run_with(&app, &refused, "nonsense").status, Some(1));
    assert_eq!(values(&fs::read_to_string(&file).unwrap()).len(), 1);
}

/// An export whose first line was read.
fn begin_export(app: &App) -> (Child, BufReader<ChildStdout>) {
    let mut child =
        program(app, &["export"]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut out = BufReader::new(child.stdout.take().unwrap());
    out.read_line(&mut String::new()).unwrap();
    (child, out)
}

#[test]
fn whoever_reads_an_export_may_stop() {
    let app = App::start_full(&[]);
    let (child, out) = begin_export(&app);
    drop(out);
    let done = child.wait_with_output().unwrap();
    assert_eq!((done.status.code(), done.stderr.as_slice()), (Some(0), &b""[..]));
}

#[test]
fn an_export_that_is_cut_off_fails() {
    let app = App::start_full(&[]);
    let (child, mut out) = begin_export(&app);
    break_database(&app);
    let mut rest = String::new();
    out.read_to_string(&mut rest).unwrap();
    let done = child.wait_with_output().unwrap();
    let said = String::from_utf8(done.stderr).unwrap();
    assert_eq!(done.status.code(), Some(2), "{said}");
    assert!(said.contains("not all orders"), "{said}");
    assert!(rest.lines().count() < MANY - 1);
}

#[test]
fn an_import_places_all_and_says_so() {
    let app = App::start();
    let orders: Vec<_> = (0..1500).map(|n| order(n, n * 3)).collect();
    let directory = TempDir::new().unwrap();
    let file = directory.path().join("orders.ndjson");
    fs::write(&file, lines(&orders)).unwrap();
    let done = run(&app, &["import", file.to_str().unwrap()]);
    assert_eq!((done.status, done.said.as_str()), (Some(0), "placed 1500 of 1500 orders\n"));
    assert_eq!(done.out, "");
    assert_eq!(app.walk("/orders?limit=1000").len(), 1500);
    let again = run_with(&app, &["import", "-"], lines(&orders));
    assert_eq!(again.status, Some(1));
    assert!(again.said.starts_with("placed 0 of 1500 orders; refused 1500: 1500 id-taken\n"));
    assert!(again.said.ends_with("and 1490 more\n"), "{}", again.said);
}

#[test]
fn an_import_tells_what_was_refused_and_where() {
    let app = App::start();
    let directory = TempDir::new().unwrap();
    let file = directory.path().join("refused.ndjson");
    let [good, close, last] = [order("1", 0), order("2", 1), order("3", 6)];
    let input = format!("\n{good}\r\n\n nonsense \n{close}\n{{\"totalfee\":-1}}\n\n{last}");
    let done = run_with(&app, &["import", "-", "--refused", file.to_str().unwrap()], input);
    assert_eq!(done.status, Some(1), "{}", done.said);
    let said: Vec<_> = done.said.lines().collect();
    let kinds = "1 invalid-request, 1 malformed-request, 1 order-conflict";
    assert_eq!(said[0], format!("placed 2 of 5 orders; refused 3: {kinds}"));
    for (line, start) in said[1..].iter().zip([
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
            assert_eq!((done.status, done.said.as_str()), (Some(0), "placed 700 of 700 orders\n"));
            app.execute("DELETE FROM orders");
        }
    }
}

#[test]
fn input_that_is_no_text_is_told_once() {
    let app = App::start();
    let utf_16: Vec<u8> = "\u{feff}{}\n{}\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
    let done = run_with(&app, &["import", "-"], utf_16);
    assert_eq!((done.status, done.said.lines().count()), (Some(2), 1), "{}", done.said);
    assert!(done.said.contains("UTF-16") && done.said.contains("UTF-8"), "{}", done.said);

    let packed = gzip(lines(&[order("1", 0), order("2", 3)]).as_bytes());
    for input in [packed[..packed.len() - 1].to_vec(), [&packed[..], b"garbage"].concat()] {
        let done = run_with(&app, &["import", "-"], input);
        assert_eq!(done.status, Some(2), "{}", done.said);
        assert!(done.said.starts_with("placed 2 of 2 orders\n"), "{}", done.said);
        assert!(done.said.contains("the gzip data is cut short"), "{}", done.said);
        app.execute("DELETE FROM orders");
    }
}

#[test]
fn nothing_is_an_import_too() {
    let app = App::start();
    for input in ["", "\n", "\n \r\n"] {
        let done = run_with(&app, &["import", "-"], input);
        assert_eq!((done.status, done.said.as_str()), (Some(0), "placed 0 of 0 orders\n"));
    }
}

#[test]
fn what_one_service_exports_another_imports() {
    let (app, other) = (App::start(), App::start());
    app.place_all(&(0..300).map(|n| order(n, n * 3)).collect::<Vec<_>>());
    let exported = run(&app, &["export"]).out;
    let done = run_with(&other, &["import", "-"], exported);
    assert_eq!((done.status, done.said.as_str()), (Some(0), "placed 300 of 300 orders\n"));
    assert_eq!(ids(&other.walk("/orders?limit=1000")), ids(&app.walk("/orders?limit=1000")));
}

#[test]
fn input_that_comes_slowly_is_placed_as_it_comes() {
    let app = App::start_with(&["--stall-timeout", "20s"]);
    let mut child = program(&app, &["import", "-"])
        .stdin(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    for n in 0..3 {
        writeln!(stdin, "{}", order(n, n * 3)).unwrap();
        while app.get(&format!("/orders/{n}")).status != 200 {
            thread::sleep(Duration::from_millis(10));
        }
    }
    drop(stdin);
    let done = child.wait_with_output().unwrap();
    assert_eq!(done.status.code(), Some(0));
}

#[test]
fn an_import_that_the_service_gives_up_tells_what_was_placed_and_what_to_do() {
    let app = App::start();
    let mut child = program(&app, &["import", "-"])
        .stdin(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(lines(&[order("1", 0), order("2", 3)]).as_bytes()).unwrap();
    while app.get("/orders/2").status != 200 {
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
    break_database(&app);
    writeln!(stdin, "{}", order("3", 6)).unwrap();
    // The input goes on, but the program ends.
    let began = Instant::now();
    while child.try_wait().unwrap().is_none() && began.elapsed() < STALL_TIMEOUT {
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
    drop(stdin);
    let done = child.wait_with_output().unwrap();
    let said = String::from_utf8(done.stderr).unwrap();
    assert_eq!(done.status.code(), Some(2), "{said}");
    assert!(said.starts_with("placed 2 of 3 orders; refused 1: 1 unavailable\n"), "{said}");
    assert!(said.contains("the service gave up: the database is unavailable"), "{said}");
    assert!(said.contains("Import everything again"), "{said}");
}

#[test]
fn what_cannot_be_done_is_said_and_ends_with_2() {
    let app = App::start();
    let other = TcpListener::bind("127.0.0.1:0").unwrap();
    let elsewhere = format!("http://{}", other.local_addr().unwrap());
    thread::spawn(move || {
        for stream in other.incoming() {
            let mut stream = stream.unwrap();
            let _ = stream.read(&mut [0; 1000]);
            let _ = stream.write_all(b"HTTP/1.1 404 Not Found\r\nContent-Length: 2\r\n\r\nno");
        }
    });
    for command in [&["export"][..], &["import", "-"]] {
        for (url, said) in [
            ("http://127.0.0.1:1", "http://127.0.0.1:1"),
            ("https://127.0.0.1", "proxy or tunnel"),
            ("localhost:3000", "http://HOST:PORT"),
            (elsewhere.as_str(), "404"),
        ] {
            let done = run(&app, &[command, &["--url", url]].concat());
            assert_eq!(done.status, Some(2), "{command:?} {url}");
            assert!(done.said.contains(said) && !done.said.contains("placed"), "{}", done.said);
        }
    }
    for (arguments, said) in [
        (&["import"][..], "FILE"),
        (&["import", "/nonexistent"], "/nonexistent"),
        (&["import", "/"], "directory"),
        (&["import", "-", "--refused", "/nonexistent/x"], "/nonexistent/x"),
        (&["export", "--from", "yesterday"], "--from"),
        (&["export", "--order", "up"], "--order"),
        (&["export", "--calendar", "a b"], "--calendar"),
    ] {
        let done = run(&app, arguments);
        assert_eq!(done.status, Some(2), "{arguments:?}");
        assert!(done.said.contains(said), "{arguments:?}: {}", done.said);
    }
    let long =
        run_with(&app, &["import", "-"], [lines(&[order("1", 0)]), "x".repeat(2 << 20)].concat());
    assert_eq!(long.status, Some(2), "{}", long.said);
    assert!(long.said.starts_with("placed 1 of 1 orders\n"), "{}", long.said);
    assert!(long.said.contains("line 2 has more than"), "{}", long.said);
}

#[test]
fn a_service_that_ends_in_the_middle_of_an_import_is_said() {
    let app = App::start();
    let mut child = program(&app, &["import", "-"])
        .stdin(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    writeln!(stdin, "{}", order("1", 0)).unwrap();
    while app.get("/orders/1").status != 200 {
        thread::sleep(Duration::from_millis(10));
    }
    drop(app);
    let done = child.wait_with_output().unwrap();
    let said = String::from_utf8(done.stderr).unwrap();
    assert_eq!(done.status.code(), Some(2), "{said}");
    assert!(said.starts_with("placed 1 of 1 orders\n") && said.contains("id-taken"), "{said}");
}

/// An import from standard input that has sent these orders.
struct Importing {
    child: Child,
    /// Standard input, which stays open.
    _input: ChildStdin,
    said: BufReader<ChildStderr>,
}

impl Importing {
    fn begin(app: &App, input: impl AsRef<[u8]>) -> Self {
        let mut child = program(app, &["import", "-"])
            .stdin(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut stdin = child.stdin.take().unwrap();
        stdin.write_all(input.as_ref()).unwrap();
        let said = BufReader::new(child.stderr.take().unwrap());
        Self { child, _input: stdin, said }
    }

    fn signal(&self, name: &str) {
        signal(&self.child, name);
    }

    /// The next line that it says.
    fn line(&mut self) -> String {
        let mut line = String::new();
        self.said.read_line(&mut line).unwrap();
        line
    }

    /// Waits for its end; its status and what it has said since.
    fn end(mut self) -> (Option<i32>, String) {
        let mut said = String::new();
        self.said.read_to_string(&mut said).unwrap();
        (self.child.wait().unwrap().code(), said)
    }
}

/// No test leaves a program behind.
impl Drop for Importing {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn signal(child: &Child, name: &str) {
    let id = child.id().to_string();
    assert!(Command::new("kill").args([name, &id]).status().unwrap().success());
}

fn wait_for_order(app: &App, id: &str) {
    while app.get(&format!("/orders/{id}")).status != 200 {
        thread::sleep(Duration::from_millis(10));
    }
}

#[test]
fn an_import_that_is_interrupted_tells_what_was_placed() {
    let app = App::start();
    for name in ["-INT", "-TERM"] {
        let import = Importing::begin(&app, lines(&[order("1", 0), order("2", 3)]));
        wait_for_order(&app, "2");
        import.signal(name);
        let (status, said) = import.end();
        assert_eq!(status, Some(130), "{said}");
        let said: Vec<_> =
            said.lines().filter(|line| !line.starts_with("interrupted; waiting")).collect();
        let end = "interrupted; all lines up to line 2 are answered; no others were sent";
        assert_eq!(said, ["placed 2 of 2 orders", end]);
        app.execute("DELETE FROM orders");
    }
}

#[test]
fn an_interrupted_import_takes_the_answers_that_still_come() {
    let app = App::start();
    let mut lock = app.sql();
    lock.batch_execute("BEGIN; SELECT FROM calendars WHERE id = 'default' FOR UPDATE").unwrap();
    let mut import = Importing::begin(&app, lines(&[order("1", 0), order("2", 1), order("3", 3)]));
    while !waits_for_a_lock(&app) {
        thread::sleep(Duration::from_millis(10));
    }
    import.signal("-INT");
    let note = import.line();
    assert!(note.contains("waiting") && note.contains("3 lines"), "{note}");
    lock.batch_execute("COMMIT").unwrap();
    let (status, said) = import.end();
    assert_eq!(status, Some(130), "{said}");
    assert!(said.starts_with("placed 2 of 3 orders; refused 1: 1 order-conflict\n"), "{said}");
    assert!(said.contains("all lines up to line 3 are answered"), "{said}");
}

#[test]
fn a_second_interrupt_ends_an_import_at_once() {
    let app = App::start();
    let mut lock = app.sql();
    lock.batch_execute("BEGIN; SELECT FROM calendars WHERE id = 'default' FOR UPDATE").unwrap();
    let mut import = Importing::begin(&app, lines(&[order("1", 0), order("2", 3)]));
    while !waits_for_a_lock(&app) {
        thread::sleep(Duration::from_millis(10));
    }
    import.signal("-INT");
    import.line();
    import.signal("-INT");
    let (status, said) = import.end();
    assert_eq!(status, Some(130), "{said}");
    assert!(said.starts_with("placed 0 of 0 orders\n"), "{said}");
    let unanswered = "2 lines that were sent, from line 1 to line 2, are not answered";
    assert!(said.contains(unanswered) && said.contains("may be placed"), "{said}");
    lock.batch_execute("COMMIT").unwrap();
    wait_for_order(&app, "2");
}

#[test]
fn an_interrupted_import_stops_in_the_middle_of_its_input() {
    // More than fits into the buffers of the connection.
    const ORDERS: usize = 200_000;
    let app = App::start();
    let orders: String = (0..ORDERS).map(|n| format!("{}\n", order(n, n * 3))).collect();
    let directory = TempDir::new().unwrap();
    let file = directory.path().join("orders.ndjson");
    fs::write(&file, orders).unwrap();
    let child =
        program(&app, &["import", file.to_str().unwrap()]).stderr(Stdio::piped()).spawn().unwrap();
    wait_for_order(&app, "999");
    signal(&child, "-INT");
    let done = child.wait_with_output().unwrap();
    let said = String::from_utf8(done.stderr).unwrap();
    assert_eq!(done.status.code(), Some(130), "{said}");
    let number = |before: &str, after: &str| -> usize {
        let (_, rest) = said.split_once(before).unwrap_or_else(|| panic!("no {before:?}: {said}"));
        rest.split_once(after).unwrap().0.parse().unwrap()
    };
    let placed = number("placed ", " of ");
    assert!((1000..ORDERS).contains(&placed), "{said}");
    let sent = match said.contains("are not answered") {
        true => number(" to line ", ", are not answered"),
        false => number("all lines up to line ", " are answered"),
    };
    // The service may place lines that it has not answered.
    let stored = stored(&app);
    assert!((placed..=sent).contains(&stored), "{stored} are stored: {said}");
    assert!(sent < ORDERS, "{said}");
}

fn stored(app: &App) -> usize {
    let count = diesel::select(diesel::dsl::sql::<BigInt>("(SELECT count(*) FROM orders)"));
    let count: i64 = count.get_result(&mut app.sql()).unwrap();
    count.try_into().unwrap()
}

#[test]
fn an_interrupted_export_leaves_no_file_behind() {
    let app = App::start_full(&[]);
    let directory = TempDir::new().unwrap();
    let file = directory.path().join("orders.ndjson");
    let mut lock = app.sql();
    lock.batch_execute("BEGIN; LOCK TABLE orders").unwrap();
    let child = program(&app, &["export", "-o", file.to_str().unwrap()])
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    while !waits_for_a_lock(&app) {
        thread::sleep(Duration::from_millis(10));
    }
    assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 1);
    signal(&child, "-INT");
    let done = child.wait_with_output().unwrap();
    let said = String::from_utf8(done.stderr).unwrap();
    assert_eq!(done.status.code(), Some(130), "{said}");
    assert!(said.starts_with("interrupted; "), "{said}");
    assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 0);
}
