//! Hand-written SQL that Diesel prepares once a connection, as it does with its own queries.
//!
//! `diesel::sql_query` marks itself unsafe to cache, because its text may have values in it, so it is parsed
//! and planned again at every call. A statement declared here has a fixed text and a type of its own, by which
//! Diesel finds the prepared statement.

/// Declares a statement: its name, its parameters `$1` to `$9` at most, in order, the columns it answers, and
/// its text. A parameter that is mentioned again stands in the text as it is.
macro_rules! statement {
    (@static $name:ident) => { $name };
    (@static $name:ident $lifetime:lifetime) => { $name<'static> };
    (
        $(#[$doc:meta])*
        $name:ident $(<$lifetime:lifetime>)? {
            $($field:ident: $value:ty as $sql:ty),* $(,)?
        } -> ($($column:ty),* $(,)?)
        $text:expr
    ) => {
        $(#[$doc])*
        pub(crate) struct $name $(<$lifetime>)? {
            $(pub(crate) $field: $value,)*
        }

        impl $(<$lifetime>)? diesel::query_builder::QueryId for $name $(<$lifetime>)? {
            type QueryId = $crate::statement::statement!(@static $name $($lifetime)?);
            const HAS_STATIC_QUERY_ID: bool = true;
        }

        impl $(<$lifetime>)? diesel::query_builder::Query for $name $(<$lifetime>)? {
            type SqlType = ($($column,)*);
        }

        impl $(<$lifetime>)? diesel::RunQueryDsl<diesel::PgConnection> for $name $(<$lifetime>)? {}

        impl $(<$lifetime>)? diesel::query_builder::QueryFragment<diesel::pg::Pg>
            for $name $(<$lifetime>)?
        {
            fn walk_ast<'b>(
                &'b self,
                mut out: diesel::query_builder::AstPass<'_, 'b, diesel::pg::Pg>,
            ) -> diesel::QueryResult<()> {
                const PARAMETERS: &[&str] = &[$(stringify!($field)),*];
                const PIECES: [&str; PARAMETERS.len() + 1] = $crate::statement::cut($text);
                let mut pieces = PIECES.into_iter();
                $(
                    out.push_sql(pieces.next().unwrap_or_default());
                    out.push_bind_param::<$sql, _>(&self.$field)?;
                )*
                out.push_sql(pieces.next().unwrap_or_default());
                Ok(())
            }
        }
    };
}
pub(crate) use statement;

/// Cuts a statement's text at the first mention of each parameter, and leaves the mention out: the pieces
/// go before, between and behind the parameters. Done by the compiler, which refuses a text that lacks one.
pub(crate) const fn cut<const PIECES: usize>(text: &'static str) -> [&'static str; PIECES] {
    let mut pieces = [""; PIECES];
    let mut rest = text;
    let mut parameter = 0;
    while parameter + 1 < PIECES {
        let place = mention(rest, b'1' + parameter as u8);
        (pieces[parameter], rest) = rest.split_at(place);
        (_, rest) = rest.split_at("$1".len());
        parameter += 1;
    }
    pieces[parameter] = rest;
    pieces
}

/// Where a text first mentions the parameter with this digit.
const fn mention(text: &str, digit: u8) -> usize {
    let text = text.as_bytes();
    let mut place = 0;
    while place + 1 < text.len() {
        if text[place] == b'$' && text[place + 1] == digit {
            return place;
        }
        place += 1;
    }
    panic!("a statement lacks a parameter, or has more than nine")
}
