//! Untrusted text made safe for the log: [`LogText`].

use std::borrow::Cow;
use std::fmt::{self, Display, Write as _};

use crate::access::{feed_token, key};

/// How the secrets begin that clients send.
const SECRETS: [&str; 2] = [key::PREFIX, feed_token::PREFIX];

/// How many characters of a text are shown.
const MAX_CHARS: usize = 256;

/// Text from a client or the database, displayed as a part of one line of the log.
///
/// The secret part of an API key and of the token of a feed is left out. Backslashes, and characters that could end the line or control a terminal, are escaped as in Rust. After
/// [`MAX_CHARS`] characters comes `...`. White space around the text is removed.
pub(crate) struct LogText<'a>(pub(crate) &'a str);

impl Display for LogText<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = SECRETS.iter().fold(Cow::Borrowed(self.0.trim()), without_secrets);
        let mut characters = text.chars();
        for character in characters.by_ref().take(MAX_CHARS) {
            if must_be_escaped(character) {
                write!(f, "{}", character.escape_default())?;
            } else {
                f.write_char(character)?;
            }
        }
        match characters.next() {
            Some(_) => f.write_str("..."),
            None => Ok(()),
        }
    }
}

/// Whether a text contains a secret of a client.
pub(crate) fn has_secret(text: &str) -> bool {
    SECRETS.iter().any(|prefix| text.contains(prefix))
}

/// The text without what follows the prefix of a secret.
fn without_secrets<'a>(text: Cow<'a, str>, prefix: &&str) -> Cow<'a, str> {
    if !text.contains(prefix) {
        return text;
    }
    let mut parts = text.split(prefix);
    let mut shown = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        shown.push_str(prefix);
        shown.push_str("..");
        shown.push_str(part.trim_start_matches(|c: char| c.is_ascii_alphanumeric()));
    }
    Cow::Owned(shown)
}

/// Control characters, other line breaks of Unicode, and characters that change the direction of text.
fn must_be_escaped(character: char) -> bool {
    let unicode = matches!(
        character,
        '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}'
    );
    unicode || character.is_control() || character == '\\'
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, shown: &str) {
        assert_eq!(LogText(text).to_string(), shown);
    }

    #[test]
    fn ordinary_text_is_shown_unchanged() {
        check("", "");
        check("/orders/é %0A \"x\"", "/orders/é %0A \"x\"");
        check(" no route to host\n", "no route to host");
    }

    #[test]
    fn characters_that_could_forge_a_line_or_control_a_terminal_are_escaped() {
        check("a\nb\r\tc", r"a\nb\r\tc");
        check("\u{1b}[2J\u{9b}1m\0\u{7f}", r"\u{1b}[2J\u{9b}1m\u{0}\u{7f}");
        check("a\u{2028}b\u{85}c\u{202e}d\u{2066}e", r"a\u{2028}b\u{85}c\u{202e}d\u{2066}e");
        check(r"a\nb", r"a\\nb");
    }

    #[test]
    fn secrets_are_left_out() {
        check("/feeds/ordf_0a9.ics", "/feeds/ordf_...ics");
        check("ordf_0 ordk_1 ordf_2", "ordf_.. ordk_.. ordf_..");
        check("/orders/ordk_0aZ9", "/orders/ordk_..");
        check("ordk_a?x=ordk_b&y", "ordk_..?x=ordk_..&y");
    }

    #[test]
    fn long_text_is_truncated() {
        check(&"é".repeat(256), &"é".repeat(256));
        check(&"é".repeat(257), &format!("{}...", "é".repeat(256)));
    }
}
