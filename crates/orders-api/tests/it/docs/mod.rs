//! The documentation is tested: its examples answer as printed, and its links and paths lead somewhere.

mod examples;
mod links;
mod paths;
mod python;

use std::fs;
use std::path::{Path, PathBuf};

/// A Markdown page of the repository.
struct Page {
    /// Its path from the top folder.
    path: String,
    text: String,
}

impl Page {
    fn read(path: &str) -> Self {
        let text = fs::read_to_string(top().join(path)).unwrap_or_else(|e| panic!("{path}: {e}"));
        Self { path: path.to_owned(), text }
    }
}

/// The top folder of the repository.
fn top() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// All pages in the top folder and in `docs`, in the order in which their examples run: the README first.
fn pages() -> Vec<Page> {
    let mut paths = [markdown_files(""), markdown_files("docs/")].concat();
    paths.sort_by_key(|path| path != "README.md");
    paths.iter().map(|path| Page::read(path)).collect()
}

/// The Markdown files in a folder, by name.
fn markdown_files(folder: &str) -> Vec<String> {
    let entries = fs::read_dir(top().join(folder)).unwrap();
    let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut paths: Vec<_> =
        names.filter(|name| name.ends_with(".md")).map(|name| format!("{folder}{name}")).collect();
    paths.sort();
    paths
}

/// The lines outside of fenced blocks.
fn prose(markdown: &str) -> impl Iterator<Item = &str> {
    let mut is_fenced = false;
    markdown.lines().filter(move |line| {
        let is_fence = line.starts_with("```");
        is_fenced ^= is_fence;
        !is_fenced && !is_fence
    })
}
