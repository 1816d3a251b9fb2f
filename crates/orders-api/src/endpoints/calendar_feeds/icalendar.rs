//! Orders as events (RFC 5545), written piece by piece: [`ICalendar`].
//!
//! It is written by hand, because libraries hold all events of a calendar in memory.

use orders_core::{CalendarEvent, MinimumGap, Name, Timestamp};
use ring::digest::{SHA256, digest};

/// The media type, with its parameter.
pub(super) const CONTENT_TYPE: &str = "text/calendar; charset=utf-8";

/// The longest line, in bytes without the line break.
const MAX_LINE: usize = 75;

const SECOND: i64 = 1_000_000;

/// What a calendar without events contains, because the standard requires that it contains something.
const UTC: [&str; 9] = [
    "BEGIN:VTIMEZONE",
    "TZID:Etc/UTC",
    "BEGIN:STANDARD",
    "DTSTART:19700101T000000",
    "TZOFFSETFROM:+0000",
    "TZOFFSETTO:+0000",
    "TZNAME:UTC",
    "END:STANDARD",
    "END:VTIMEZONE",
];

/// The text of a calendar, as far as it was not taken yet.
///
/// It has no `METHOD`: with one, `DTSTAMP` would be the time of the request, and no two texts would be the same.
pub(super) struct ICalendar {
    text: Vec<u8>,
    is_empty: bool,
}

impl ICalendar {
    /// The beginning of a calendar of this name.
    pub(super) fn new(name: &Name) -> Self {
        let mut calendar = Self { text: Vec::new(), is_empty: true };
        let name = escaped(name.as_str());
        calendar.line("BEGIN:VCALENDAR");
        calendar.line("VERSION:2.0");
        calendar.line("PRODID:-//Orders//Calendar feed//EN");
        calendar.line("CALSCALE:GREGORIAN");
        calendar.line(&format!("NAME:{name}"));
        calendar.line(&format!("X-WR-CALNAME:{name}"));
        calendar.line("REFRESH-INTERVAL;VALUE=DURATION:PT1H");
        calendar.line("X-PUBLISHED-TTL:PT1H");
        calendar
    }

    /// Adds events.
    pub(super) fn add(&mut self, events: &[CalendarEvent]) {
        for event in events {
            self.add_event(event);
        }
        self.is_empty &= events.is_empty();
    }

    /// Ends the calendar.
    pub(super) fn end(&mut self) {
        if self.is_empty {
            UTC.iter().for_each(|line| self.line(line));
        }
        self.line("END:VCALENDAR");
    }

    /// Takes the text that was added since the last time.
    pub(super) fn take(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.text)
    }

    /// How many bytes can be taken.
    pub(super) fn len(&self) -> usize {
        self.text.len()
    }

    fn add_event(&mut self, event: &CalendarEvent) {
        let services: Vec<_> = event.services.iter().map(|name| escaped(name.as_str())).collect();
        let changed = instant(event.updated_at);
        self.line("BEGIN:VEVENT");
        self.line(&format!("UID:{}", uid(event)));
        self.line(&format!("DTSTAMP:{changed}"));
        self.line(&format!("LAST-MODIFIED:{changed}"));
        self.line(&format!("SEQUENCE:{}", event.version.min(i32::MAX as u64)));
        self.line(&format!("DTSTART:{}", instant(event.datetime)));
        if let Some(duration) = duration(event.gap) {
            self.line(&format!("DURATION:{duration}"));
        }
        self.line(&format!("SUMMARY:{}", services.join("\\, ")));
        self.line(&format!("DESCRIPTION:{}", escaped(event.calendar.as_str())));
        self.line(&format!("CATEGORIES:{}", services.join(",")));
        self.line("END:VEVENT");
    }

    /// Adds a line, folded so that no part is too long and no character is split.
    fn line(&mut self, line: &str) {
        let (mut rest, mut room) = (line, MAX_LINE);
        while rest.len() > room {
            let end = (0..=room).rev().find(|end| rest.is_char_boundary(*end)).unwrap_or(room);
            self.text.extend_from_slice(&rest.as_bytes()[..end]);
            self.text.extend_from_slice(b"\r\n ");
            rest = &rest[end..];
            // The blank is a part of the line.
            room = MAX_LINE - 1;
        }
        self.text.extend_from_slice(rest.as_bytes());
        self.text.extend_from_slice(b"\r\n");
    }
}

/// The name of an event in all calendars of the world. It changes when the order is deleted and its id is used again. It is a
/// hash, because an id may be something that not everyone should read.
fn uid(event: &CalendarEvent) -> String {
    let order = format!("{} {}", event.order, event.created_at);
    let hash = digest(&SHA256, order.as_bytes());
    let digits: String = hash.as_ref().iter().take(16).map(|byte| format!("{byte:02x}")).collect();
    format!("{digits}@orders")
}

/// A name as a value of the type TEXT. It has no line breaks but these two, at which some programs would end the line.
fn escaped(name: &str) -> String {
    let mut text = String::with_capacity(name.len());
    for character in name.chars() {
        match character {
            '\\' | ';' | ',' => text.extend(['\\', character]),
            '\u{2028}' | '\u{2029}' => text.push(' '),
            _ => text.push(character),
        }
    }
    text
}

/// An instant in UTC, to the second: `20221101T111111Z`.
fn instant(at: Timestamp) -> String {
    let text = at.to_string();
    format!("{}Z", text[..19].replace(['-', ':'], ""))
}

/// A length in whole seconds; none if it has none. The standard does not allow leaving out the minutes between hours
/// and seconds.
fn duration(gap: MinimumGap) -> Option<String> {
    let seconds = gap.as_micros() / SECOND;
    let [days, hours, minutes, seconds] =
        [seconds / 86_400, seconds / 3600 % 24, seconds / 60 % 60, seconds % 60];
    let date = if days > 0 { format!("{days}D") } else { String::new() };
    let time = match (hours, minutes, seconds) {
        (0, 0, 0) => String::new(),
        (0, 0, seconds) => format!("T{seconds}S"),
        (0, minutes, 0) => format!("T{minutes}M"),
        (0, minutes, seconds) => format!("T{minutes}M{seconds}S"),
        (hours, 0, 0) => format!("T{hours}H"),
        (hours, minutes, 0) => format!("T{hours}H{minutes}M"),
        (hours, minutes, seconds) => format!("T{hours}H{minutes}M{seconds}S"),
    };
    (!date.is_empty() || !time.is_empty()).then(|| format!("P{date}{time}"))
}

#[cfg(test)]
mod tests;
