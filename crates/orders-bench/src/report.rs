//! What is printed.
#![expect(clippy::print_stdout, reason = "the figures are what the program is for")]

use orders_bench::modes::Section;

/// Prints what was measured, and what fell short.
pub(crate) fn section(section: &Section) {
    println!("## {}\n\n{}", section.name, section.text);
    for failure in &section.failures {
        println!("FELL SHORT: {failure}");
    }
}
