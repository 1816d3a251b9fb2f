//! Links in the documentation lead somewhere, and the README stays short.

use std::path::{Component, Path, PathBuf};

use super::{Page, pages, prose, top};

/// The most lines of the README.
const README_LINES: usize = 199;

#[test]
fn the_readme_has_less_than_200_lines() {
    assert!(Page::read("README.md").text.lines().count() <= README_LINES);
}

#[test]
fn every_relative_link_leads_to_a_file_and_a_heading() {
    let mut checked = 0;
    for page in pages() {
        for target in links(&page.text).filter(|target| !target.contains("://")) {
            let (file, heading) = target.split_once('#').unwrap_or((target, ""));
            let path = match file {
                "" => page.path.clone(),
                file => beside(&page.path, file),
            };
            assert!(top().join(&path).exists(), "{}: no file {target}", page.path);
            if !heading.is_empty() {
                let page_with_heading = Page::read(&path);
                let found = headings(&page_with_heading.text).any(|anchor| anchor == heading);
                assert!(found, "{}: no heading {target}", page.path);
            }
            checked += 1;
        }
    }
    assert!(checked > 0, "no links were found");
}

/// The targets of all inline links.
fn links(markdown: &str) -> impl Iterator<Item = &str> {
    let after_text = prose(markdown).flat_map(|line| line.split("](").skip(1));
    after_text.filter_map(|rest| rest.split(')').next())
}

/// The anchors of all headings, as GitHub makes them.
fn headings(markdown: &str) -> impl Iterator<Item = String> {
    let titles = prose(markdown).filter(|line| line.starts_with('#'));
    titles.map(|line| {
        let title = line.trim_start_matches('#').trim().to_lowercase().replace(' ', "-");
        title.chars().filter(|&c| c.is_alphanumeric() || matches!(c, '-' | '_')).collect()
    })
}

/// The path of a file that a page names relative to itself.
fn beside(page: &str, file: &str) -> String {
    let mut path = PathBuf::new();
    for component in Path::new(page).parent().unwrap().join(file).components() {
        match component {
            Component::ParentDir => assert!(path.pop(), "{page}: {file} is outside"),
            other => path.push(other),
        }
    }
    path.to_str().unwrap().to_owned()
}
