//! The examples in the documentation, run as a reader would run them.

use std::collections::HashSet;
use std::process::Command;

use clap::CommandFactory as _;
use orders_api::cli::arguments::Cli;
use orders_core::Timestamp;
use uuid::Uuid;

use super::{Page, pages};
use crate::app::App;

const README_OF_CORE: &str = include_str!("../../../../orders-core/README.md");

/// Where the service listens in the examples.
const EXAMPLE_ADDRESS: &str = "127.0.0.1:3000";

/// A fenced block: the language that its fence names, and the lines inside.
struct Block<'a> {
    language: &'a str,
    text: String,
}

#[test]
fn every_example_answers_as_it_says() {
    let app = App::start();
    let address = app.address().to_string();
    let mut pages_with_examples = Vec::new();
    for page in pages() {
        let mut blocks = blocks(&page).into_iter();
        while let Some(example) = blocks.find(|block| block.language == "bash") {
            let answer = run(&example.text.replace(EXAMPLE_ADDRESS, &address));
            let expected = blocks.next().expect("an answer after the last example");
            compare(&expected, &answer, &example.text);
            pages_with_examples.push(page.path.clone());
        }
    }
    pages_with_examples.dedup();
    let expected = [
        "README.md",
        "docs/api.md",
        "docs/calendar-feeds.md",
        "docs/operations.md",
        "docs/webhooks.md",
    ];
    assert_eq!(pages_with_examples, expected);
}

#[test]
fn the_rust_example_is_one_that_orders_core_tests() {
    let page = Page::read("docs/api.md");
    let rust = blocks(&page).into_iter().find(|block| block.language == "rust");
    let rust = rust.expect("an example in Rust").text;
    assert!(README_OF_CORE.contains(&rust), "{rust}");
}

#[test]
fn every_setting_is_listed_with_its_default() {
    let Page { text, .. } = Page::read("docs/configuration.md");
    let program = Cli::command();
    let nested = program.get_subcommands().flat_map(clap::Command::get_subcommands);
    let settings = std::iter::once(&program).chain(program.get_subcommands()).chain(nested);
    let settings = settings.flat_map(clap::Command::get_arguments);
    let mut seen = HashSet::new();
    for setting in settings.filter(|setting| setting.get_env().is_some()) {
        let flag = setting.get_long().unwrap();
        let environment = setting.get_env().unwrap().to_str().unwrap();
        let default = setting.get_default_values().first().filter(|text| !text.is_empty());
        let default =
            default.map_or(String::new(), |text| format!("`{}` |", text.to_str().unwrap()));
        let row = format!("| `--{flag}` | `{environment}` | {default}");
        assert!(text.contains(&row), "no row {row}");
        seen.insert(flag);
    }
    let rows = text.lines().filter(|line| line.starts_with("| `--"));
    assert_eq!(rows.count(), seen.len());
}

#[test]
fn every_command_is_listed() {
    let Page { text, .. } = Page::read("docs/configuration.md");
    for command in Cli::command().get_subcommands() {
        let row = format!("| `{}` |", command.get_name());
        assert!(text.contains(&row), "no row {row}");
    }
}

/// What a shell prints for an example that succeeds.
#[track_caller]
fn run(example: &str) -> String {
    let output = Command::new("bash")
        .args(["-euo", "pipefail", "-c", example])
        // No settings of this machine's curl.
        .env("CURL_HOME", "/nonexistent")
        .env("HOME", "/nonexistent")
        .env("NO_PROXY", "*")
        .output()
        .expect("bash runs");
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{example}\n{errors}");
    String::from_utf8(output.stdout).unwrap()
}

#[track_caller]
fn compare(expected: &Block<'_>, answer: &str, example: &str) {
    match expected.language {
        "json" => assert_eq!(comparable(answer), comparable(&expected.text), "{example}"),
        "text" => {
            assert_eq!(with_equal_cursors(answer), with_equal_cursors(&expected.text), "{example}");
        }
        "http" => {
            let (head, body) = parts(answer);
            let (expected_head, expected_body) = parts(&expected.text);
            let head = with_equal_cursors(head);
            for line in with_equal_cursors(expected_head).lines() {
                let found = head.lines().any(|field| field == line);
                assert!(found, "no {line} in\n{head}\n{example}");
            }
            assert_eq!(comparable(body), comparable(expected_body), "{example}");
        }
        other => panic!("{other:?} is not an answer to\n{example}"),
    }
}

/// The head and the body of an answer.
fn parts(answer: &str) -> (&str, &str) {
    let parts = answer.split_once("\r\n\r\n");
    let parts = parts.or_else(|| answer.split_once("\n\n"));
    parts.unwrap_or((answer, ""))
}

/// JSON without whitespace between its tokens, and without values that differ from run to run.
fn comparable(json: &str) -> String {
    let (mut in_string, mut escaped) = (false, false);
    let mut text: String = json
        .chars()
        .filter(|&c| {
            let keep = in_string || !c.is_ascii_whitespace();
            in_string ^= c == '"' && !escaped;
            escaped = in_string && c == '\\' && !escaped;
            keep
        })
        .collect();
    text = with_equal_cursors(&text);
    for field in ["created_at", "updated_at", "timestamp"] {
        text = mask(&text, field, |value| value.parse::<Timestamp>().is_ok());
    }
    text = mask(&text, "url", |value| value.contains("/feeds/ordf_"));
    text = mask(&text, "secret", |value| value.starts_with("whsec_"));
    mask(&text, "id", |value| Uuid::parse_str(value).is_ok())
}

/// The text without the instants in the cursors of changes: the 16 digits after a position and `_`.
fn with_equal_cursors(text: &str) -> String {
    let is_digit = |c: char| c.is_ascii_digit();
    let mut pieces = text.split('_');
    let mut equal = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        let rest = piece.trim_start_matches(is_digit);
        let is_instant = equal.ends_with(is_digit) && piece.len() - rest.len() == 16;
        equal = format!("{equal}_{}", if is_instant { rest } else { piece });
    }
    equal
}

/// The text with `...` for the values of a field that vary.
fn mask(text: &str, field: &str, varies: impl Fn(&str) -> bool) -> String {
    let start = format!("\"{field}\":\"");
    let pieces = text.split(&start).enumerate();
    let masked = pieces.map(|(index, piece)| match piece.split_once('"') {
        Some((value, rest)) if index > 0 && varies(value) => format!("...\"{rest}"),
        Some(_) | None => piece.to_owned(),
    });
    masked.collect::<Vec<_>>().join(&start)
}

/// The fenced blocks of a page, in order.
fn blocks(page: &Page) -> Vec<Block<'_>> {
    let mut blocks = Vec::new();
    let mut lines = page.text.lines();
    while let Some(line) = lines.next() {
        if let Some(language) = line.strip_prefix("```") {
            let inside = lines.by_ref().take_while(|line| *line != "```");
            let text = inside.flat_map(|line| [line, "\n"]).collect();
            blocks.push(Block { language, text });
        }
    }
    blocks
}
