//! Commands that can be copied into a shell: [`command`].

use std::borrow::Cow;

/// The command line of these words.
pub(crate) fn command<'a>(words: impl IntoIterator<Item = Cow<'a, str>>) -> String {
    words.into_iter().map(|word| quoted(&word).into_owned()).collect::<Vec<_>>().join(" ")
}

/// The word as a POSIX shell reads it back.
fn quoted(word: &str) -> Cow<'_, str> {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_./:+=,@%".contains(c);
    match !word.is_empty() && word.chars().all(is_plain) {
        true => Cow::Borrowed(word),
        false => Cow::Owned(format!("'{}'", word.replace('\'', r"'\''"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_with_other_characters_are_quoted() {
        let words = ["orders", "book", "2026-11-24T09:00:00+01:00", "PO 4711", "it's", "", "$HOME"];
        let line = command(words.map(Cow::Borrowed));
        assert_eq!(line, r"orders book 2026-11-24T09:00:00+01:00 'PO 4711' 'it'\''s' '' '$HOME'");
    }
}
