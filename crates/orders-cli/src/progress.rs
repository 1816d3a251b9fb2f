//! The progress of an export or import on the terminal: [`Progress`].

use std::fmt::Write;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use indicatif::{HumanCount, ProgressBar, ProgressDrawTarget, ProgressState, ProgressStyle};

use crate::print::print_message;

/// A line with orders, rate and bytes. Hidden if standard error is not a terminal. Clones are the same line.
#[derive(Clone)]
pub(crate) struct Progress {
    bar: ProgressBar,
    orders: Arc<AtomicU64>,
}

impl Progress {
    /// For a stream of so many bytes, if its length is known.
    pub(crate) fn new(length: Option<u64>) -> Self {
        let template = match length {
            Some(_) => "{orders} [{bar:30}] {bytes}/{total_bytes} {elapsed}",
            None => "{spinner} {orders} {bytes} {elapsed}",
        };
        let progress = Self {
            bar: ProgressBar::with_draw_target(length, ProgressDrawTarget::stderr()),
            orders: Arc::default(),
        };
        let orders = Arc::clone(&progress.orders);
        let orders = move |state: &ProgressState, out: &mut dyn Write| {
            let orders = orders.load(Ordering::Relaxed);
            let rate = u128::from(orders) * 1000 / state.elapsed().as_millis().max(1);
            let rate = HumanCount(rate.try_into().unwrap_or(u64::MAX));
            // Writing to a string cannot fail.
            let _ = write!(out, "{} orders, {rate}/s", HumanCount(orders));
        };
        // OK because a test makes both templates.
        let style = ProgressStyle::with_template(template).expect("a valid template");
        progress.bar.set_style(style.with_key("orders", orders));
        progress
    }

    pub(crate) fn hidden() -> Self {
        Self { bar: ProgressBar::hidden(), orders: Arc::default() }
    }

    /// Counts so many more orders and bytes.
    pub(crate) fn add(&self, orders: u64, bytes: u64) {
        self.orders.fetch_add(orders, Ordering::Relaxed);
        self.bar.inc(bytes);
    }

    /// Prints a message above the line.
    pub(crate) fn print_above(&self, message: &str) {
        self.bar.suspend(|| print_message(message));
    }

    /// Leaves the line on the terminal as it is.
    pub(crate) fn end(&self) {
        self.bar.abandon();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_templates_are_valid() {
        for progress in [Progress::new(Some(7)), Progress::new(None), Progress::hidden()] {
            progress.add(1, 7);
            progress.end();
        }
    }
}
