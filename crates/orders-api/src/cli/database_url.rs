//! A URL whose password is never shown: [`DatabaseUrl`].

use std::fmt;

/// Where a PostgreSQL database is. Displayed without user and password.
///
/// It is taken apart here and not by the `url` crate, because libpq's URLs may name several hosts
/// (`postgres://one:5432,two:5433/orders`).
#[derive(Clone)]
pub(super) struct DatabaseUrl(String);

/// Why a text is not a database URL. Does not repeat the text, which may contain a password.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum InvalidDatabaseUrl {
    /// The scheme is missing or wrong.
    #[error("the database URL must look like postgres://USER:PASSWORD@HOST/NAME")]
    Scheme,
    /// The user or the password contains a character that ends it.
    #[error(
        "the user or password in the database URL contains one of / ? # @ or a space; \
         write these as %2F %3F %23 %40 %20"
    )]
    Unescaped,
}

impl DatabaseUrl {
    /// # Errors
    /// If the scheme is not `postgres` or `postgresql`, or the user or the password is not escaped.
    pub(super) fn new(text: &str) -> Result<Self, InvalidDatabaseUrl> {
        let (_, rest) = text
            .split_once("://")
            .filter(|(scheme, _)| matches!(*scheme, "postgres" | "postgresql"))
            .ok_or(InvalidDatabaseUrl::Scheme)?;
        match rest.rsplit_once('@') {
            Some((user, _)) if user.contains(['/', '?', '#', '@', ' ']) => {
                Err(InvalidDatabaseUrl::Unescaped)
            }
            Some(_) | None => Ok(Self(text.to_owned())),
        }
    }

    /// The whole URL with its password, for libpq only.
    pub(super) fn expose(&self) -> &str {
        &self.0
    }

    /// Whether it names a user. Without one, libpq takes that of the environment or of the system.
    pub(super) fn names_user(&self) -> bool {
        let before_host = self.0.split_once("://").and_then(|(_, rest)| rest.rsplit_once('@'));
        let user = before_host.map_or("", |(user, _)| user);
        let mut options = self.0.split_once('?').map_or("", |(_, options)| options).split('&');
        !user.is_empty() && !user.starts_with(':')
            || options.any(|option| option.starts_with("user=") && option != "user=")
    }

    /// A message of libpq with this URL's passwords replaced by `***`.
    pub(super) fn redact(&self, message: &str) -> String {
        let message = message.replace(&self.0, &self.to_string());
        self.passwords().fold(message, |message, password| message.replace(password, "***"))
    }

    fn passwords(&self) -> impl Iterator<Item = &str> {
        let user = self.0.split_once("://").and_then(|(_, rest)| rest.rsplit_once('@'));
        let in_user = user.and_then(|(user, _)| user.split_once(':')).map(|(_, password)| password);
        let options = self.0.split_once('?').map_or("", |(_, options)| options);
        let in_options = options.split('&').filter_map(|option| {
            let (name, value) = option.split_once('=')?;
            name.contains("password").then_some(value)
        });
        in_user.into_iter().chain(in_options).filter(|password| !password.is_empty())
    }
}

impl fmt::Display for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let rest = self.0.split_once("://").map_or("", |(_, rest)| rest);
        let location = rest.rsplit_once('@').map_or(rest, |(_, location)| location);
        let location = location.split_once('?').map_or(location, |(location, _)| location);
        write!(f, "postgres://{location}")
    }
}

/// As it is displayed, so that debug output contains no password either.
impl fmt::Debug for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, shown: Result<&str, InvalidDatabaseUrl>) {
        assert_eq!(DatabaseUrl::new(text).map(|url| url.to_string()), shown.map(str::to_owned));
    }

    #[test]
    fn a_database_is_shown_without_its_user() {
        check("postgres://me:secret@db:5432/orders", Ok("postgres://db:5432/orders"));
        check("postgresql://db/orders?password=secret", Ok("postgres://db/orders"));
        check("postgres://%2Frun%2Fpg/orders", Ok("postgres://%2Frun%2Fpg/orders"));
        check("postgres://me:secret@a:5432,b:5433/orders", Ok("postgres://a:5432,b:5433/orders"));
        check("mysql://me:secret@db/orders", Err(InvalidDatabaseUrl::Scheme));
        check("secret", Err(InvalidDatabaseUrl::Scheme));
        check("postgres://me:sec/ret@db/orders", Err(InvalidDatabaseUrl::Unescaped));
        check("postgres://me:sec@ret@db/orders", Err(InvalidDatabaseUrl::Unescaped));
        check("postgres://db/orders?password=sec@ret", Err(InvalidDatabaseUrl::Unescaped));
    }

    #[test]
    fn a_user_may_stand_before_the_host_or_among_the_options() {
        for (url, names_user) in [
            ("postgres://me@db/orders", true),
            ("postgres://me:secret@db/orders", true),
            ("postgres:///orders?host=db&user=me", true),
            ("postgres://db/orders", false),
            ("postgres://:secret@db/orders?user=", false),
        ] {
            assert_eq!(DatabaseUrl::new(url).unwrap().names_user(), names_user, "{url}");
        }
    }

    #[test]
    fn a_message_is_shown_without_passwords() {
        let url = DatabaseUrl::new("postgres://me:secret@db/orders?sslpassword=hidden").unwrap();
        assert_eq!(url.redact("no \"secret\" and \"hidden\" here"), "no \"***\" and \"***\" here");
    }
}
