//! What people call a service, a calendar or a feed: [`Name`].

use std::fmt;

/// The longest name, in characters.
pub const MAX_NAME_LENGTH: usize = 200;

/// What people call a service, a calendar or a feed: 1 to 200 characters, not all of them blank, none a control character.
///
/// ```
/// use orders_core::Name;
/// assert_eq!(Name::new("Inspection")?.as_str(), "Inspection");
/// assert!(Name::new("two\nlines").is_err());
/// # Ok::<(), orders_core::InvalidName>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Name(Box<str>);

/// Why a text is not a name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidName {
    /// A name has at least one character that is not blank.
    #[error("a name must not be blank")]
    Blank,
    /// A name has at most [`MAX_NAME_LENGTH`] characters.
    #[error("a name has at most {MAX_NAME_LENGTH} characters, this one has {0}")]
    TooLong(usize),
    /// A name is one line of text.
    #[error("the control character {0:?} is not allowed in a name")]
    Control(char),
}

impl Name {
    /// Reads a name.
    ///
    /// # Errors
    /// If `text` is blank, too long, or contains a control character.
    pub fn new(text: impl AsRef<str>) -> Result<Self, InvalidName> {
        let text = text.as_ref();
        if let Some(c) = text.chars().find(|c| c.is_control()) {
            return Err(InvalidName::Control(c));
        }
        if text.trim().is_empty() {
            return Err(InvalidName::Blank);
        }
        match text.chars().count() {
            length if length > MAX_NAME_LENGTH => Err(InvalidName::TooLong(length)),
            _ => Ok(Self(text.into())),
        }
    }

    /// The name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
