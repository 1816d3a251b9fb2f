//! The page for people, its files, and how browsers get there. `tests/page` drives a browser through it.

use std::collections::BTreeSet;
use std::fs;

use crate::app::App;

const FILES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/assets/schedule");

/// The names of the page's files in the repository.
fn file_names() -> BTreeSet<String> {
    let names = fs::read_dir(FILES).unwrap();
    names.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}

#[test]
fn the_page_may_load_its_own_files_and_use_the_service_and_nothing_else() {
    let page = App::start().get("/schedule");
    assert_eq!((page.status, page.header("Content-Type")), (200, "text/html; charset=utf-8"));
    assert_eq!(
        page.header("Content-Security-Policy"),
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; \
         base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; \
         trusted-types 'none'"
    );
    assert_eq!(page.header("Referrer-Policy"), "no-referrer");
    let page = String::from_utf8(page.body).unwrap();
    assert!(!page.contains("//"), "{page}");
    // Otherwise the browser would find the modules one after another.
    for name in file_names().iter().filter(|name| *name != "index.html") {
        assert!(page.contains(&format!("\"/schedule/{name}\"")), "the page does not load {name}");
    }
}

#[test]
fn every_file_of_the_page_is_served() {
    let app = App::start();
    for name in file_names().iter().filter(|name| *name != "index.html") {
        let file = app.get(&format!("/schedule/{name}"));
        let kind = match name.rsplit_once('.').unwrap().1 {
            "js" => "text/javascript",
            "css" => "text/css",
            "svg" => "image/svg+xml",
            other => panic!("{name} has the unexpected type {other}"),
        };
        assert_eq!((file.status, file.header("Content-Type")), (200, kind), "{name}");
        assert_eq!(file.header("X-Content-Type-Options"), "nosniff");
        assert_eq!(file.body, fs::read(format!("{FILES}/{name}")).unwrap(), "{name}");
    }
    app.get("/schedule/index.html").is_problem(404, "not-found");
    app.get("/schedule/nothing.js").is_problem(404, "not-found");
    app.get("/schedule?day=2026-11-24").is_problem(400, "malformed-request");
}

#[test]
fn a_page_or_file_that_the_browser_has_is_not_sent_again() {
    let app = App::start();
    for path in ["/schedule", "/schedule/main.js", "/docs", "/docs/openapi-explorer.min.js"] {
        let first = app.get(path);
        assert_eq!(first.header("Cache-Control"), "no-cache");
        let tag = first.header("ETag");
        assert!(tag.starts_with("W/\""), "{tag}");
        for gzip in ["identity", "gzip"] {
            let headers = [("If-None-Match", tag), ("Accept-Encoding", gzip)];
            let again = app.send("GET", path, &headers);
            assert_eq!((again.status, again.body.len()), (304, 0), "{path}");
            assert_eq!((again.header("ETag"), again.header("Cache-Control")), (tag, "no-cache"));
            assert_eq!(again.header("Vary"), "Accept-Encoding");
            assert!(!again.headers.contains_key("Content-Encoding"));
        }
        assert_eq!(app.send("GET", path, &[("If-None-Match", "\"other\"")]).status, 200);
    }
}

#[test]
fn the_page_and_its_files_are_compressed_if_the_browser_accepts_that() {
    let app = App::start();
    for path in
        ["/schedule", "/schedule/base.css", "/schedule/zone.js", "/docs/openapi-explorer.min.js"]
    {
        for accept in ["identity", "br", "gzip;q=0, br", "gzip;q=0.1, identity"] {
            let answer = app.send("GET", path, &[("Accept-Encoding", accept)]);
            assert_eq!(answer.status, 200);
            assert!(!answer.headers.contains_key("Content-Encoding"), "{path}: {accept}");
        }
        let plain = app.get(path);
        let packed = app.send("GET", path, &[("Accept-Encoding", "gzip")]);
        assert_eq!(packed.header("Content-Encoding"), "gzip", "{path}");
        assert!(packed.body.len() < plain.body.len() / 2, "{path}");
        assert!(!plain.headers.contains_key("Content-Encoding"));
        for answer in [plain, packed] {
            let vary: Vec<_> = answer.headers.get_all("Vary").iter().collect();
            assert_eq!(vary, ["Accept-Encoding"], "{path}");
        }
    }
}

#[test]
fn a_client_that_prefers_html_is_led_to_the_schedule_and_others_get_the_index() {
    let app = App::start();
    let browser = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8";
    for (accept, is_led) in [
        (browser, true),
        ("text/html", true),
        ("text/*, application/json;q=0.9", true),
        ("application/json;q=0.5, text/html;q=0.6", true),
        ("*/*", false),
        ("application/json", false),
        ("application/json, text/html", false),
        ("text/html;q=0.5, application/json;q=0.6", false),
        ("image/png", false),
    ] {
        for method in ["GET", "HEAD"] {
            let answer = app.send(method, "/", &[("Accept", accept)]);
            assert_eq!(answer.status, if is_led { 303 } else { 200 }, "{accept}");
            assert_eq!(answer.header("Vary"), "Accept");
            match is_led {
                true => assert_eq!(answer.header("Location"), "/schedule"),
                false => assert_eq!(answer.header("Content-Type"), "application/json"),
            }
        }
    }
    let index = app.get("/").is(200);
    assert_eq!(index["schedule"], "/schedule");
    app.send("GET", "/?day=1", &[("Accept", "text/html")]).is_problem(400, "malformed-request");
}
