//! A URL with a password in it that is never shown: [`DatabaseUrl`].

use std::fmt;

/// Where a PostgreSQL database is. Displayed without user and password.
#[derive(Clone)]
pub struct DatabaseUrl(String);

/// Why a text names no database; it does not repeat the text, which may hold a password.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidUrl {
    /// Another scheme, or none.
    #[error("the database URL must look like postgres://USER:PASSWORD@HOST/NAME")]
    Scheme,
    /// What stands between `//` and `@` would be taken for something else.
    #[error(
        "the user or password in the database URL holds one of / ? # @ or a blank; \
         write these as %2F %3F %23 %40 %20"
    )]
    Unescaped,
}

impl DatabaseUrl {
    /// Takes a text as a database URL.
    ///
    /// # Errors
    /// When its scheme is not `postgres` or `postgresql`, or its password is not escaped.
    pub fn new(text: impl Into<String>) -> Result<Self, InvalidUrl> {
        let text = text.into();
        let Some((_, rest)) = text
            .split_once("://")
            .filter(|(scheme, _)| matches!(*scheme, "postgres" | "postgresql"))
        else {
            return Err(InvalidUrl::Scheme);
        };
        match rest.rsplit_once('@') {
            Some((user, _)) if user.contains(['/', '?', '#', '@', ' ']) => {
                Err(InvalidUrl::Unescaped)
            }
            Some(_) | None => Ok(Self(text)),
        }
    }

    /// The whole URL, for libpq and nobody else.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// A message of libpq without the passwords that it may repeat.
    #[must_use]
    pub fn redact(&self, message: &str) -> String {
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
        let place = rest.rsplit_once('@').map_or(rest, |(_, place)| place);
        let place = place.split_once('?').map_or(place, |(place, _)| place);
        write!(f, "postgres://{place}")
    }
}

/// As it is displayed, so that no debugging output holds a password.
impl fmt::Debug for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, shown: Result<&str, InvalidUrl>) {
        assert_eq!(DatabaseUrl::new(text).map(|url| url.to_string()), shown.map(str::to_owned));
    }

    #[test]
    fn a_database_is_shown_without_its_user() {
        check("postgres://me:secret@db:5432/orders", Ok("postgres://db:5432/orders"));
        check("postgresql://db/orders?password=secret", Ok("postgres://db/orders"));
        check("postgres://%2Frun%2Fpg/orders", Ok("postgres://%2Frun%2Fpg/orders"));
        check("mysql://me:secret@db/orders", Err(InvalidUrl::Scheme));
        check("secret", Err(InvalidUrl::Scheme));
        check("postgres://me:sec/ret@db/orders", Err(InvalidUrl::Unescaped));
        check("postgres://me:sec@ret@db/orders", Err(InvalidUrl::Unescaped));
        check("postgres://db/orders?password=sec@ret", Err(InvalidUrl::Unescaped));
    }

    #[test]
    fn a_message_is_shown_without_passwords() {
        let url = DatabaseUrl::new("postgres://me:secret@db/orders?sslpassword=hidden").unwrap();
        assert_eq!(url.redact("no \"secret\" and \"hidden\" here"), "no \"***\" and \"***\" here");
    }
}
