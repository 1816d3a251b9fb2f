//! Writes that depend on the version of an order: [`Precondition`].

/// What must be true of an order before it is written (RFC 9110, `If-Match`).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Precondition {
    /// Nothing need be true.
    #[default]
    None,
    /// Its version is one of these.
    VersionIn(Vec<u64>),
}

impl Precondition {
    /// Whether an order of this version may be written.
    #[must_use]
    pub fn allows(&self, version: u64) -> bool {
        match self {
            Self::None => true,
            Self::VersionIn(versions) => versions.contains(&version),
        }
    }
}
