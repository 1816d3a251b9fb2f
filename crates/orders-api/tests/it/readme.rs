//! What the README says, put to the test: its examples run as they stand.

use std::collections::HashSet;
use std::path::Path;
use std::process::Command;

use clap::CommandFactory as _;
use orders_api::cli::arguments::Cli;
use orders_core::Timestamp;
use uuid::Uuid;

use crate::app::App;

const README: &str = include_str!("../../../../README.md");
const ARCHITECTURE: &str = include_str!("../../../../ARCHITECTURE.md");
const README_OF_CORE: &str = include_str!("../../../orders-core/README.md");

/// Where the README's service listens.
const THERE: &str = "127.0.0.1:3000";

/// A fenced block: what stands behind the fence, and the lines inside.
struct Block {
    language: &'static str,
    text: String,
}

#[test]
fn every_example_answers_as_it_says() {
    let app = App::start();
    let here = app.address().to_string();
    let mut blocks = blocks(README).into_iter();
    let mut examples = 0;
    while let Some(example) = blocks.find(|block| block.language == "bash") {
        let answer = run(&example.text.replace(THERE, &here));
        let expected = blocks.next().expect("an answer after the last example");
        compare(&expected, &answer, &example.text);
        examples += 1;
    }
    assert!(examples > 0, "no examples were found");
}

#[test]
fn the_rust_example_is_one_that_orders_core_tests() {
    let rust = blocks(README).into_iter().find(|block| block.language == "rust");
    let rust = rust.expect("an example in Rust").text;
    assert!(README_OF_CORE.contains(&rust), "{rust}");
}

#[test]
fn every_setting_is_listed_with_its_default() {
    let program = Cli::command();
    let commands = std::iter::once(&program).chain(program.get_subcommands());
    let settings = commands.flat_map(clap::Command::get_arguments);
    let mut seen = HashSet::new();
    for setting in settings.filter(|setting| setting.get_env().is_some()) {
        let flag = setting.get_long().unwrap();
        let environment = setting.get_env().unwrap().to_str().unwrap();
        let default = setting.get_default_values().first();
        let default =
            default.map_or(String::new(), |text| format!("`{}` |", text.to_str().unwrap()));
        let row = format!("| `--{flag}` | `{environment}` | {default}");
        assert!(README.contains(&row), "no row {row}");
        seen.insert(flag);
    }
    let rows = README.lines().filter(|line| line.starts_with("| `--"));
    assert_eq!(rows.count(), seen.len());
}

#[test]
fn every_link_to_a_file_leads_to_one() {
    let top = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    for text in [README, ARCHITECTURE] {
        for rest in text.split("](").skip(1) {
            let target = rest.split([')', '#']).next().unwrap();
            if !target.contains("://") {
                assert!(top.join(target).exists(), "{target}");
            }
        }
    }
}

/// What a shell prints for an example that succeeds.
#[track_caller]
fn run(example: &str) -> String {
    let output = Command::new("bash")
        .args(["-euo", "pipefail", "-c", example])
        // The machine's own settings for curl are not the reader's.
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
fn compare(expected: &Block, answer: &str, example: &str) {
    match expected.language {
        "json" => assert_eq!(comparable(answer), comparable(&expected.text), "{example}"),
        "http" => {
            let (head, body) = parts(answer);
            let (expected_head, expected_body) = parts(&expected.text);
            for line in expected_head.lines() {
                let found = head.lines().any(|field| field == line);
                assert!(found, "no {line} in\n{head}\n{example}");
            }
            assert_eq!(comparable(body), comparable(expected_body), "{example}");
        }
        other => panic!("{other:?} is no answer to\n{example}"),
    }
}

/// The head and the body of an answer.
fn parts(answer: &str) -> (&str, &str) {
    let parts = answer.split_once("\r\n\r\n");
    let parts = parts.or_else(|| answer.split_once("\n\n"));
    parts.unwrap_or((answer, ""))
}

/// JSON without blanks between its tokens, and without what differs from run to run.
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
    for field in ["created_at", "updated_at"] {
        text = mask(&text, field, |value| value.parse::<Timestamp>().is_ok());
    }
    mask(&text, "id", |value| Uuid::parse_str(value).is_ok())
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

/// The fenced blocks of a Markdown text, in order.
fn blocks(markdown: &'static str) -> Vec<Block> {
    let mut blocks = Vec::new();
    let mut lines = markdown.lines();
    while let Some(line) = lines.next() {
        if let Some(language) = line.strip_prefix("```") {
            let inside = lines.by_ref().take_while(|line| *line != "```");
            let text = inside.flat_map(|line| [line, "\n"]).collect();
            blocks.push(Block { language, text });
        }
    }
    blocks
}
