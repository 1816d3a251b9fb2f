//! The command line: arguments and report.

mod arguments;
pub(crate) mod report;

pub(crate) use arguments::Arguments;
