//! Repeating a creation safely: [`IdempotencyKey`], [`Placed`].

use std::fmt;

use crate::Order;

/// The longest idempotency key, in characters.
pub const MAX_KEY_LENGTH: usize = 255;

/// A client's name for one creation, which lets the client repeat it safely: 1 to 255 visible ASCII characters.
///
/// ```
/// use orders_core::IdempotencyKey;
/// assert!(IdempotencyKey::new("8e03978e-40d5-43dd-bc93-6894a57f9324").is_ok());
/// assert!(IdempotencyKey::new("").is_err());
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct IdempotencyKey(Box<str>);

/// Why a text is not an idempotency key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidKey {
    /// A key has 1 to [`MAX_KEY_LENGTH`] characters.
    #[error("an idempotency key has 1 to {MAX_KEY_LENGTH} characters, this one has {0}")]
    Length(usize),
    /// A key contains only visible ASCII characters.
    #[error("{0:?} is not allowed in an idempotency key, only visible ASCII characters")]
    Character(char),
}

impl IdempotencyKey {
    /// Parses a key.
    ///
    /// # Errors
    /// If `text` is empty or too long, or contains anything but visible ASCII characters.
    pub fn new(text: impl AsRef<str>) -> Result<Self, InvalidKey> {
        let text = text.as_ref();
        if let Some(c) = text.chars().find(|c| !c.is_ascii_graphic()) {
            return Err(InvalidKey::Character(c));
        }
        match text.len() {
            1..=MAX_KEY_LENGTH => Ok(Self(text.into())),
            length => Err(InvalidKey::Length(length)),
        }
    }

    /// The key as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for IdempotencyKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// An order that was created with a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Placed {
    /// The order as it was when it was created.
    pub order: Order,
    /// Whether an earlier request with the same key created it.
    pub replayed: bool,
}
