//! The page with the figures, docs/performance.md.

use std::path::{Path, PathBuf};
use std::time::SystemTime;

use anyhow::{Context, Result};
use chrono::{DateTime, Utc};

use crate::modes::Section;

/// Where the page is.
#[must_use]
pub fn path() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/performance.md")
}

/// A section as it stands on the page: what was measured, and with which command.
#[must_use]
pub fn block(section: &Section, arguments: &[String], now: SystemTime) -> String {
    let command = ["just bench"].into_iter().chain(arguments.iter().map(String::as_str));
    let command = command.collect::<Vec<_>>().join(" ");
    let date = DateTime::<Utc>::from(now).format("%Y-%m-%d");
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let mut block = format!("`{command}`, {date}, {cores} cores.\n\n{}", section.text);
    for failure in &section.failures {
        block += &format!("\nFell short: {failure}\n");
    }
    block
}

/// Puts a block in its place on the page.
///
/// # Errors
/// When the page has no place for it.
pub fn replace(page: &str, name: &str, block: &str) -> Result<String> {
    let (begin, end) = (format!("<!-- begin {name} -->"), format!("<!-- end {name} -->"));
    let missing = || format!("docs/performance.md has no {begin} .. {end}");
    let (before, rest) = page.split_once(&begin).with_context(missing)?;
    let (_, after) = rest.split_once(&end).with_context(missing)?;
    Ok(format!("{before}{begin}\n\n{}\n\n{end}{after}", block.trim_end()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_block_is_replaced_and_the_rest_stays() {
        let page = "# A\n<!-- begin x -->\nold\n<!-- end x -->\nend\n";
        let once = replace(page, "x", "new\n").unwrap();
        assert_eq!(once, "# A\n<!-- begin x -->\n\nnew\n\n<!-- end x -->\nend\n");
        assert_eq!(replace(&once, "x", "new\n").unwrap(), once);
        assert!(replace(page, "y", "new").is_err());
    }

    #[test]
    fn a_block_names_its_command_and_what_fell_short() {
        let failures = vec!["too slow".to_owned()];
        let section = Section { name: "x", text: "text\n".to_owned(), failures };
        let block = block(&section, &["--quick".to_owned()], SystemTime::UNIX_EPOCH);
        assert!(block.starts_with("`just bench --quick`, 1970-01-01, "), "{block}");
        assert!(block.ends_with("cores.\n\ntext\n\nFell short: too slow\n"), "{block}");
    }

    #[test]
    fn the_page_has_a_place_for_every_section() {
        let page = std::fs::read_to_string(path()).unwrap();
        for name in ["table", "idle", "overload", "growth", "contended", "solid", "bulk", "fresh"] {
            assert!(replace(&page, name, "").is_ok(), "{name}");
        }
    }
}
