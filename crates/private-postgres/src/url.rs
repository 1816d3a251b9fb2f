use std::ffi::OsStr;
use std::fmt::Write;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use crate::cluster::SUPERUSER;
use crate::server::socket::PORT;

/// The libpq URL of a database behind the unix sockets in these directories, which are tried in this order.
pub(crate) fn url(socket_directories: &[&Path], database: &str) -> String {
    let hosts = socket_directories.iter().map(|path| percent_encoded(path.as_os_str()));
    // The port is named because libpq would otherwise take it from PGPORT.
    format!(
        "postgresql:///{}?host={}&port={PORT}&user={SUPERUSER}",
        percent_encoded(database.as_ref()),
        hosts.collect::<Vec<_>>().join(","),
    )
}

fn percent_encoded(text: &OsStr) -> String {
    let mut encoded = String::new();
    for &byte in text.as_bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            // Writing to a string cannot fail.
            let _ = write!(encoded, "%{byte:02X}");
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::url;

    #[test]
    fn several_servers_share_a_port() {
        let servers = [Path::new("/a"), Path::new("/b")];
        assert_eq!(url(&servers, "db"), "postgresql:///db?host=%2Fa,%2Fb&port=5432&user=orders");
    }

    #[test]
    fn every_special_character_is_encoded() {
        assert_eq!(
            url(&[Path::new("/tmp/a b?&%é")], "my/db"),
            "postgresql:///my%2Fdb?host=%2Ftmp%2Fa%20b%3F%26%25%C3%A9&port=5432&user=orders"
        );
    }
}
