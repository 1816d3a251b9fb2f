use std::ffi::OsStr;
use std::fmt::Write;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use crate::cluster::SUPERUSER;
use crate::server::socket::PORT;

/// The libpq URL of a database behind the unix socket in this directory.
pub(crate) fn url(socket_directory: &Path, database: &str) -> String {
    // The port is named because libpq would otherwise take it from PGPORT.
    format!(
        "postgresql:///{}?host={}&port={PORT}&user={SUPERUSER}",
        percent_encoded(database.as_ref()),
        percent_encoded(socket_directory.as_os_str()),
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
    fn every_special_character_is_encoded() {
        assert_eq!(
            url(Path::new("/tmp/a b?&%é"), "my/db"),
            "postgresql:///my%2Fdb?host=%2Ftmp%2Fa%20b%3F%26%25%C3%A9&port=5432&user=orders"
        );
    }
}
