//! What can be measured: one file for each mode, each of which makes a [`Section`].

pub mod bulk;
pub mod contended;
pub mod fresh;
pub mod growth;
pub mod idle;
pub mod overload;
pub mod solid;
pub mod table;

/// What a mode has to say.
#[derive(Debug, Clone)]
pub struct Section {
    /// Its name in docs/performance.md.
    pub name: &'static str,
    /// Tables and remarks, in Markdown.
    pub text: String,
    /// What must not be, if it was.
    pub failures: Vec<String>,
}
