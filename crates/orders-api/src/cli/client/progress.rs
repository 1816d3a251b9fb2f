//! How far a stream of orders is: [`Progress`].

use std::time::{Duration, Instant};

use indicatif::{HumanCount, ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::say;

/// How often the line on the terminal is drawn again, at most.
const REDRAW: Duration = Duration::from_millis(100);

/// A line on the terminal that tells orders, rate and bytes; nothing where standard error is none.
pub(super) struct Progress {
    bar: ProgressBar,
    orders: u64,
    bytes: u64,
    began: Instant,
    drawn: Instant,
}

impl Progress {
    /// For a stream of so many bytes, if that is known.
    pub(super) fn new(length: Option<u64>) -> Self {
        let template = match length {
            Some(_) => "{msg} [{bar:30}] {bytes}/{total_bytes} {elapsed}",
            None => "{spinner} {msg} {bytes} {elapsed}",
        };
        let bar = ProgressBar::with_draw_target(length, ProgressDrawTarget::stderr());
        // OK because both templates are right, as a test says.
        bar.set_style(ProgressStyle::with_template(template).expect("a template"));
        let now = Instant::now();
        Self { bar, orders: 0, bytes: 0, began: now, drawn: now }
    }

    /// For nobody to see.
    pub(super) fn hidden() -> Self {
        let now = Instant::now();
        Self { bar: ProgressBar::hidden(), orders: 0, bytes: 0, began: now, drawn: now }
    }

    /// So much more has come.
    pub(super) fn add(&mut self, orders: u64, bytes: u64) {
        self.orders += orders;
        self.bytes += bytes;
        if !self.bar.is_hidden() && self.drawn.elapsed() >= REDRAW {
            self.draw();
        }
    }

    /// What prints lines above this one.
    pub(super) fn notes(&self) -> Notes {
        Notes(self.bar.clone())
    }

    /// Leaves the line as it is, and what follows goes below it.
    pub(super) fn end(&mut self) {
        if !self.bar.is_hidden() {
            self.draw();
            self.bar.abandon();
        }
    }

    fn draw(&mut self) {
        let orders = self.orders;
        let rate = u128::from(orders) * 1000 / self.began.elapsed().as_millis().max(1);
        let rate = u64::try_from(rate).unwrap_or(u64::MAX);
        self.bar.set_position(self.bytes);
        self.bar.set_message(format!("{} orders, {}/s", HumanCount(orders), HumanCount(rate)));
        self.drawn = Instant::now();
    }
}

/// Prints lines on standard error, above the progress if that is shown.
pub(super) struct Notes(ProgressBar);

impl Notes {
    pub(super) fn say(&self, line: &str) {
        self.0.suspend(|| say(line));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_templates_are_right() {
        for mut progress in [Progress::new(Some(7)), Progress::new(None), Progress::hidden()] {
            progress.add(1, 7);
            progress.end();
        }
    }
}
