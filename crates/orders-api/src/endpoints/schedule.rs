//! `/schedule`, the page for people who plan a day.

use actix_web::mime;

use crate::http::endpoint::Endpoint;
use crate::http::site::{self, Asset, Site};

/// The page may load its own files and call this service, and nothing else. No text can become markup or a script.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; \
                      connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; \
                      require-trusted-types-for 'script'; trusted-types 'none'";

macro_rules! file {
    ($name:literal, $media_type:expr) => {
        Asset::new($name, $media_type, include_str!(concat!("../../assets/schedule/", $name)))
    };
}

static PAGE: Asset = file!("index.html", mime::TEXT_HTML_UTF_8);

static FILES: [Asset; 41] = [
    file!("actions.js", mime::TEXT_JAVASCRIPT),
    file!("address.js", mime::TEXT_JAVASCRIPT),
    file!("api.js", mime::TEXT_JAVASCRIPT),
    file!("app.js", mime::TEXT_JAVASCRIPT),
    file!("board.js", mime::TEXT_JAVASCRIPT),
    file!("board_actions.js", mime::TEXT_JAVASCRIPT),
    file!("catalogue.js", mime::TEXT_JAVASCRIPT),
    file!("change_stream.js", mime::TEXT_JAVASCRIPT),
    file!("csv.js", mime::TEXT_JAVASCRIPT),
    file!("details.js", mime::TEXT_JAVASCRIPT),
    file!("dialog.js", mime::TEXT_JAVASCRIPT),
    file!("dom.js", mime::TEXT_JAVASCRIPT),
    file!("drag.js", mime::TEXT_JAVASCRIPT),
    file!("empty_note.js", mime::TEXT_JAVASCRIPT),
    file!("event_parser.js", mime::TEXT_JAVASCRIPT),
    file!("explain.js", mime::TEXT_JAVASCRIPT),
    file!("feeds.js", mime::TEXT_JAVASCRIPT),
    file!("format.js", mime::TEXT_JAVASCRIPT),
    file!("hint.js", mime::TEXT_JAVASCRIPT),
    file!("history.js", mime::TEXT_JAVASCRIPT),
    file!("key_form.js", mime::TEXT_JAVASCRIPT),
    file!("keyboard.js", mime::TEXT_JAVASCRIPT),
    file!("layout.js", mime::TEXT_JAVASCRIPT),
    file!("loader.js", mime::TEXT_JAVASCRIPT),
    file!("main.js", mime::TEXT_JAVASCRIPT),
    file!("notices.js", mime::TEXT_JAVASCRIPT),
    file!("order_form.js", mime::TEXT_JAVASCRIPT),
    file!("orders.js", mime::TEXT_JAVASCRIPT),
    file!("preview.js", mime::TEXT_JAVASCRIPT),
    file!("row_view.js", mime::TEXT_JAVASCRIPT),
    file!("rows.js", mime::TEXT_JAVASCRIPT),
    file!("service_picker.js", mime::TEXT_JAVASCRIPT),
    file!("time_field.js", mime::TEXT_JAVASCRIPT),
    file!("toolbar.js", mime::TEXT_JAVASCRIPT),
    file!("zone.js", mime::TEXT_JAVASCRIPT),
    file!("icon.svg", mime::IMAGE_SVG),
    file!("bar.css", mime::TEXT_CSS),
    file!("base.css", mime::TEXT_CSS),
    file!("board.css", mime::TEXT_CSS),
    file!("dialogs.css", mime::TEXT_CSS),
    file!("orders.css", mime::TEXT_CSS),
];

struct Schedule;

impl Site for Schedule {
    const POLICY: &'static str = POLICY;

    fn page() -> &'static Asset {
        &PAGE
    }

    fn files() -> &'static [Asset] {
        &FILES
    }
}

pub(crate) fn page() -> Endpoint {
    let description = "It shows the orders of all calendars on a day, or of one through a week, and when they are free; orders \
                       are booked, moved and cancelled there. It calls this service with the key that its reader enters, \
                       and loads nothing from other servers.";
    site::page::<Schedule>("getSchedule", "Get the schedule, a page for people", description)
}

pub(crate) fn file() -> Endpoint {
    let description = "Scripts, a style sheet and an icon.";
    site::file::<Schedule>("getScheduleFile", "Get a file of the schedule", description)
}
