//! What the documentation names exists in the repository.

use std::fs;
use std::path::Path;

use super::{Page, prose, top};

#[test]
fn every_path_named_in_the_developer_pages_exists() {
    for page in ["ARCHITECTURE.md", "CONTRIBUTING.md"].map(Page::read) {
        for path in prose(&page.text).flat_map(code_spans).filter(|code| is_path(code)) {
            let exists = ["", "crates"].iter().any(|root| top().join(root).join(path).exists());
            assert!(exists, "{}: there is no {path}", page.path);
        }
    }
}

#[test]
fn the_architecture_names_every_table() {
    let Page { text, .. } = Page::read("ARCHITECTURE.md");
    let schema = Page::read("crates/orders-db/src/schema.rs").text;
    let tables = schema.lines().filter_map(|line| line.strip_suffix(") {")?.split('(').next());
    for table in tables.map(str::trim) {
        assert!(text.contains(&format!("| `{table}` |")), "the table {table} is missing");
    }
}

#[test]
fn every_message_in_the_troubleshooting_table_is_one_of_ours() {
    let sources = sources();
    let page = Page::read("docs/operations.md");
    let (_, table) = page.text.split_once("## Troubleshooting").unwrap();
    let symptoms = table.lines().filter_map(|line| line.strip_prefix("| ")?.split(" | ").next());
    let messages: Vec<_> =
        symptoms.flat_map(code_spans).filter(|code| code.contains(' ')).collect();
    assert!(messages.len() > 5, "{messages:?}");
    for message in messages {
        for part in message.split("..").map(str::trim) {
            assert!(sources.contains(part), "no {part:?} of {message:?}");
        }
    }
}

/// The texts in backticks.
fn code_spans(line: &str) -> impl Iterator<Item = &str> {
    line.split('`').skip(1).step_by(2)
}

/// Whether a text in backticks names a file or folder: it has a slash, or ends as a file does.
fn is_path(code: &str) -> bool {
    let is_plain = code.chars().all(|c| c.is_ascii_alphanumeric() || "-_./".contains(c));
    let extension = Path::new(code).extension().and_then(|extension| extension.to_str());
    let is_file = matches!(extension, Some("rs" | "md" | "sql" | "toml" | "json" | "lock" | "sh"));
    is_plain && !code.starts_with('/') && (code.contains('/') || is_file)
}

/// The text of all crates' sources, with string literals that go over several lines joined.
fn sources() -> String {
    let crates = fs::read_dir(top().join("crates")).unwrap();
    let mut folders: Vec<_> = crates.map(|entry| entry.unwrap().path().join("src")).collect();
    let mut text = String::new();
    while let Some(folder) = folders.pop() {
        for path in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
            match path.extension() {
                Some(extension) if extension == "rs" => text += &fs::read_to_string(path).unwrap(),
                Some(_) => {}
                None => folders.push(path),
            }
        }
    }
    let mut lines = text.split("\\\n");
    let first = lines.next().unwrap_or_default().to_owned();
    lines.fold(first, |joined, line| joined + line.trim_start())
}
