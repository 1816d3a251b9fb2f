//! The name of an order in the caller's own system: [`Reference`].

use std::fmt;

/// The longest reference, in characters.
pub const MAX_REFERENCE_LENGTH: usize = 200;

/// The name of an order in the caller's own system: 1 to 200 characters, none a control character. Not unique.
///
/// ```
/// use orders_core::Reference;
/// assert_eq!(Reference::new("PO-4711")?.as_str(), "PO-4711");
/// assert!(Reference::new("").is_err());
/// # Ok::<(), orders_core::InvalidReference>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Reference(Box<str>);

/// Why a text is not a reference.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidReference {
    /// A reference has at least one character.
    #[error("a reference must not be empty")]
    Empty,
    /// A reference has at most [`MAX_REFERENCE_LENGTH`] characters.
    #[error("a reference has at most {MAX_REFERENCE_LENGTH} characters, this one has {0}")]
    TooLong(usize),
    /// A reference is one line of text.
    #[error("the control character {0:?} is not allowed in a reference")]
    Control(char),
}

impl Reference {
    /// Reads a reference.
    ///
    /// # Errors
    /// If `text` is empty, too long, or contains a control character.
    pub fn new(text: impl AsRef<str>) -> Result<Self, InvalidReference> {
        let text = text.as_ref();
        if let Some(c) = text.chars().find(|c| c.is_control()) {
            return Err(InvalidReference::Control(c));
        }
        match text.chars().count() {
            0 => Err(InvalidReference::Empty),
            length if length > MAX_REFERENCE_LENGTH => Err(InvalidReference::TooLong(length)),
            _ => Ok(Self(text.into())),
        }
    }

    /// The reference as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
