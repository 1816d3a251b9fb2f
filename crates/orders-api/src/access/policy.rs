//! Who needs a key: [`AuthMode`].

use clap::ValueEnum;

/// Which requests need credentials.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum AuthMode {
    /// All, except those from this machine while no key was ever created
    Auto,
    /// All
    Required,
    /// None
    Off,
}

/// A request without credentials, and the service that it reaches.
#[derive(Debug, Clone, Copy)]
pub(crate) struct AnonymousRequest<'a> {
    pub(crate) mode: AuthMode,
    /// Whether the service listens on loopback addresses only.
    pub(crate) on_loopback: bool,
    /// Whether any key was ever created, even if it was revoked since.
    pub(crate) any_key_ever: bool,
    /// The host that the request names, with its port. A web page that reaches a service on the machine of its reader
    /// by DNS rebinding cannot choose it: it is the page's own host.
    pub(crate) host: Option<&'a str>,
    /// Whether the request was forwarded, so that it may come from another machine.
    pub(crate) is_forwarded: bool,
}

impl AnonymousRequest<'_> {
    /// Whether a request without credentials may do everything.
    pub(crate) fn is_open(&self) -> bool {
        match self.mode {
            AuthMode::Off => true,
            AuthMode::Required => false,
            AuthMode::Auto => {
                self.on_loopback
                    && !self.any_key_ever
                    && !self.is_forwarded
                    && self.host.is_some_and(is_this_machine)
            }
        }
    }
}

/// Whether a header field is one that proxies add.
pub(crate) fn is_forwarding(name: &str) -> bool {
    matches!(name, "forwarded" | "via" | "x-real-ip" | "true-client-ip")
        || name.starts_with("x-forwarded-")
        || name.starts_with("cf-")
}

fn is_this_machine(host: &str) -> bool {
    let name = match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        Some(_) | None => host,
    };
    name.eq_ignore_ascii_case("localhost") || matches!(name, "127.0.0.1" | "[::1]")
}

#[cfg(test)]
mod tests {
    use super::AuthMode::{Auto, Off, Required};
    use super::*;

    const LOCAL: Option<&str> = Some("127.0.0.1:3000");
    const FOREIGN: Option<&str> = Some("evil.example");

    #[test]
    fn a_request_without_a_key_is_accepted_as_in_this_table() {
        // mode, loopback listener, any key ever, host, forwarded => open
        for (row, (mode, on_loopback, any_key_ever, host, is_forwarded, open)) in [
            (Auto, true, false, LOCAL, false, true),
            (Auto, true, false, FOREIGN, false, false),
            (Auto, true, false, None, false, false),
            (Auto, true, false, LOCAL, true, false),
            (Auto, true, true, LOCAL, false, false),
            (Auto, false, false, LOCAL, false, false),
            (Auto, false, true, LOCAL, false, false),
            (Required, true, false, LOCAL, false, false),
            (Required, false, true, FOREIGN, true, false),
            (Off, true, false, LOCAL, false, true),
            (Off, false, true, FOREIGN, true, true),
        ]
        .into_iter()
        .enumerate()
        {
            let request = AnonymousRequest { mode, on_loopback, any_key_ever, host, is_forwarded };
            assert_eq!(request.is_open(), open, "row {row}: {request:?}");
        }
    }

    #[test]
    fn only_names_of_the_loopback_interface_are_this_machine() {
        for host in
            ["localhost", "LOCALHOST:3000", "127.0.0.1", "127.0.0.1:3000", "[::1]", "[::1]:80"]
        {
            assert!(is_this_machine(host), "{host}");
        }
        for host in [
            "",
            ":3000",
            "localhost.evil.example",
            "127.0.0.1.evil.example",
            "127.0.0.1:x",
            "::1",
            "0.0.0.0",
            "localhost:3000:1",
        ] {
            assert!(!is_this_machine(host), "{host}");
        }
    }

    #[test]
    fn fields_of_proxies_are_recognized() {
        for name in ["forwarded", "x-forwarded-for", "x-forwarded-host", "via"] {
            assert!(is_forwarding(name), "{name}");
        }
        assert!(!is_forwarding("x-request-id"));
    }
}
