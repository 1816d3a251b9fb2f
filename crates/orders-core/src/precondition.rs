//! Writing only what is as it was read: [`Precondition`].

/// What must hold of an order for a write to happen (RFC 9110, `If-Match`).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Precondition {
    /// Nothing.
    #[default]
    None,
    /// Its version is one of these.
    VersionIn(Vec<u64>),
}

impl Precondition {
    /// Whether an order of this version meets it.
    #[must_use]
    pub fn allows(&self, version: u64) -> bool {
        match self {
            Self::None => true,
            Self::VersionIn(versions) => versions.contains(&version),
        }
    }
}
