//! Commands that can be copied into a shell: [`command`].

use std::borrow::Cow;

/// The command line with these first words, arguments and options. Their values may look like options themselves.
pub(crate) fn command(
    mut words: Vec<String>,
    arguments: Vec<String>,
    options: Vec<(&str, String)>,
) -> String {
    let is_option = |word: &String| word.starts_with('-');
    let options = options.into_iter().flat_map(|(name, value)| match is_option(&value) {
        true => vec![format!("{name}={value}")],
        false => vec![name.to_owned(), value],
    });
    if arguments.iter().any(is_option) {
        words.extend(options.chain(["--".to_owned()]).chain(arguments));
    } else {
        words.extend(arguments.into_iter().chain(options));
    }
    words.iter().map(|word| quoted(word)).collect::<Vec<_>>().join(" ")
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

    fn line(arguments: &[&str], options: &[(&'static str, &str)]) -> String {
        let arguments = arguments.iter().map(ToString::to_string).collect();
        let options = options.iter().map(|(name, value)| (*name, value.to_string())).collect();
        command(vec!["orders".to_owned()], arguments, options)
    }

    #[test]
    fn words_with_other_characters_are_quoted() {
        let words = ["2026-11-24T09:00:00+01:00", "PO 4711", "it's", "", "$HOME"];
        let expected = r"orders 2026-11-24T09:00:00+01:00 'PO 4711' 'it'\''s' '' '$HOME'";
        assert_eq!(line(&words, &[]), expected);
    }

    #[test]
    fn values_that_look_like_options_are_values() {
        assert_eq!(
            line(&["223"], &[("--id", "7"), ("--reference", "-5")]),
            "orders 223 --id 7 --reference=-5"
        );
        assert_eq!(line(&["-x", "223"], &[("--id", "7")]), "orders --id 7 -- -x 223");
    }
}
