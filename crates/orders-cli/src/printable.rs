//! Texts of others on a terminal: [`printable`], [`json_line`].

use std::borrow::Cow;
use std::io;

use serde::Serialize;

/// The text with escapes for the characters that would control the terminal, or change the direction of what follows. Orders
/// may contain them.
pub(crate) fn printable(text: &str) -> Cow<'_, str> {
    if !text.chars().any(is_control) {
        return text.into();
    }
    let escaped = text.chars().map(|c| match is_control(c) {
        true => c.escape_unicode().to_string(),
        false => c.to_string(),
    });
    escaped.collect::<String>().into()
}

/// The value as a line of JSON that controls no terminal.
///
/// # Errors
/// If it cannot be written as JSON.
pub(crate) fn json_line(value: &impl Serialize) -> io::Result<String> {
    let mut line = serde_json::to_string(value)?;
    // JSON escapes only those below a blank.
    if line.contains(is_control) {
        let escape = |c: char| match is_control(c) {
            true => format!("\\u{:04x}", u32::from(c)),
            false => c.to_string(),
        };
        line = line.chars().map(escape).collect();
    }
    line.push('\n');
    Ok(line)
}

/// Control characters, separators of lines, and marks of the direction of text.
fn is_control(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{2028}' | '\u{2029}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_controls_a_terminal_is_escaped() {
        assert_eq!(printable("\u{1b}[2J\n\u{9b}1m\u{202e}ü"), r"\u{1b}[2J\u{a}\u{9b}1m\u{202e}ü");
        assert_eq!(printable("Prüfung 1–2"), "Prüfung 1–2");
    }

    #[test]
    fn json_stays_the_same_value() {
        let text = "\u{1b}[2J\u{7f}\u{9b}\u{202e} \"ü\" \u{1f600}";
        let line = json_line(&text).unwrap();
        assert!(!line.trim_end().contains(is_control), "{line:?}");
        assert_eq!(serde_json::from_str::<String>(&line).unwrap(), text);
    }
}
