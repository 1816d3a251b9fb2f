//! What a caller stores with an order: [`Metadata`].

use std::collections::BTreeMap;
use std::fmt;

/// The most entries of metadata that one order has.
pub const MAX_METADATA_ENTRIES: usize = 20;

/// The longest key, in characters.
pub const MAX_METADATA_KEY_LENGTH: usize = 40;

/// The longest value, in characters.
pub const MAX_METADATA_VALUE_LENGTH: usize = 500;

/// What a caller stores with an order: at most 20 texts with keys, which nothing interprets. Empty if it is not set.
///
/// ```
/// use orders_core::{Metadata, MetadataKey, MetadataValue};
/// let gate = (MetadataKey::new("gate")?, MetadataValue::new("B")?);
/// assert_eq!(Metadata::new([gate].into())?.entries().len(), 1);
/// assert!(MetadataKey::new("two words").is_err());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct Metadata(BTreeMap<MetadataKey, MetadataValue>);

/// The key of an entry of metadata: 1 to 40 ASCII letters, digits, `_`, `.` and `-`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MetadataKey(Box<str>);

/// The value of an entry of metadata: at most 500 characters, none of them NUL, which PostgreSQL cannot store.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct MetadataValue(Box<str>);

/// A change of metadata, with the meaning of a JSON Merge Patch (RFC 7396). The default changes nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(untagged))]
pub enum MetadataPatch {
    /// Removes all entries.
    Clear,
    /// Sets the entries that have a value here, removes those without one, and keeps all others.
    Merge(BTreeMap<MetadataKey, Option<MetadataValue>>),
}

/// Metadata has at most [`MAX_METADATA_ENTRIES`] entries; this is how many there were.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("metadata has at most {MAX_METADATA_ENTRIES} entries, this has {0}")]
pub struct TooManyEntries(pub usize);

/// Why a text is not the key of an entry.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidMetadataKey {
    /// A key has at least one character.
    #[error("a key must not be empty")]
    Empty,
    /// A key has at most [`MAX_METADATA_KEY_LENGTH`] characters.
    #[error("a key has at most {MAX_METADATA_KEY_LENGTH} characters, this one has {0}")]
    TooLong(usize),
    /// A key contains only ASCII letters, digits, `_`, `.` and `-`.
    #[error("{0:?} is not allowed in a key; the characters are A-Z a-z 0-9 _ . -")]
    Character(char),
}

/// Why a text is not the value of an entry.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidMetadataValue {
    /// A value has at most [`MAX_METADATA_VALUE_LENGTH`] characters.
    #[error("a value has at most {MAX_METADATA_VALUE_LENGTH} characters, this one has {0}")]
    TooLong(usize),
    /// A value does not contain the character NUL.
    #[error("the character '\\0' is not allowed in a value")]
    Nul,
}

impl Metadata {
    /// Metadata with these entries.
    ///
    /// # Errors
    /// If there are more than 20.
    pub fn new(entries: BTreeMap<MetadataKey, MetadataValue>) -> Result<Self, TooManyEntries> {
        match entries.len() {
            count if count > MAX_METADATA_ENTRIES => Err(TooManyEntries(count)),
            _ => Ok(Self(entries)),
        }
    }

    /// The entries, by key.
    #[must_use]
    pub fn entries(&self) -> &BTreeMap<MetadataKey, MetadataValue> {
        &self.0
    }

    /// Whether there are no entries, which is the same as metadata that is not set.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl MetadataKey {
    /// Reads a key.
    ///
    /// # Errors
    /// If `text` is empty, too long, or contains a character that no key has.
    pub fn new(text: impl AsRef<str>) -> Result<Self, InvalidMetadataKey> {
        let text = text.as_ref();
        let is_allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-');
        if let Some(c) = text.chars().find(|&c| !is_allowed(c)) {
            return Err(InvalidMetadataKey::Character(c));
        }
        match text.len() {
            0 => Err(InvalidMetadataKey::Empty),
            length if length > MAX_METADATA_KEY_LENGTH => Err(InvalidMetadataKey::TooLong(length)),
            _ => Ok(Self(text.into())),
        }
    }

    /// The key as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl MetadataValue {
    /// Reads a value.
    ///
    /// # Errors
    /// If `text` is too long or contains NUL.
    pub fn new(text: impl AsRef<str>) -> Result<Self, InvalidMetadataValue> {
        let text = text.as_ref();
        if text.contains('\0') {
            return Err(InvalidMetadataValue::Nul);
        }
        match text.chars().count() {
            length if length > MAX_METADATA_VALUE_LENGTH => {
                Err(InvalidMetadataValue::TooLong(length))
            }
            _ => Ok(Self(text.into())),
        }
    }

    /// The value as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Default for MetadataPatch {
    fn default() -> Self {
        Self::Merge(BTreeMap::new())
    }
}

impl MetadataPatch {
    /// Whether it changes nothing, whatever the metadata is.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        matches!(self, Self::Merge(changes) if changes.is_empty())
    }

    /// The metadata after this patch.
    ///
    /// # Errors
    /// If it would have more than 20 entries.
    pub fn applied_to(&self, metadata: &Metadata) -> Result<Metadata, TooManyEntries> {
        let Self::Merge(changes) = self else { return Ok(Metadata::default()) };
        let mut entries = metadata.0.clone();
        for (key, value) in changes {
            match value {
                Some(value) => entries.insert(key.clone(), value.clone()),
                None => entries.remove(key),
            };
        }
        Metadata::new(entries)
    }
}

impl fmt::Display for MetadataKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for MetadataValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
