//! Hand-written SQL that Diesel prepares once for each connection, like its own queries.
//!
//! Diesel does not cache `diesel::sql_query`: its text may be made at run time, so there could be any number of texts,
//! and the cache has no limit. PostgreSQL therefore parses and plans such a query at every call. A statement that is
//! declared here has a fixed text and its own type, by which Diesel finds the prepared statement.

/// Declares a statement: its name, its parameters `$1`, `$2` and so on, the SQL types of its columns, and its text, which is
/// a constant.
/// The text first mentions the parameters in ascending order.
macro_rules! statement {
    (@static $name:ident) => { $name };
    (@static $name:ident $lifetime:lifetime) => { $name<'static> };
    (
        $(#[$doc:meta])*
        $name:ident $(<$lifetime:lifetime>)? {
            $($field:ident: $value:ty as $sql:ty),* $(,)?
        } -> $columns:ty = $text:expr
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
            type SqlType = $columns;
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
                const PIECES: [&str; PARAMETERS.len() + 1] = $crate::statement::split($text);
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

/// Splits a text at the first mention of each parameter, and drops the mentions: the pieces come before, between and
/// after the parameters. The compiler does it, and rejects a text that lacks a parameter.
pub(crate) const fn split<const PIECES: usize>(text: &'static str) -> [&'static str; PIECES] {
    let mut pieces = [""; PIECES];
    let mut rest = text;
    let mut parameter = 0;
    while parameter + 1 < PIECES {
        parameter += 1;
        let (start, end) = mention(rest, parameter);
        (pieces[parameter - 1], _) = rest.split_at(start);
        (_, rest) = rest.split_at(end);
    }
    pieces[parameter] = rest;
    pieces
}

/// Where a text first mentions the parameter with this number: the start and the end.
const fn mention(text: &str, parameter: usize) -> (usize, usize) {
    let text = text.as_bytes();
    let mut start = 0;
    while start < text.len() {
        let (mut end, mut number) = (start + 1, 0);
        while text[start] == b'$' && end < text.len() && text[end].is_ascii_digit() {
            number = number * 10 + (text[end] - b'0') as usize;
            end += 1;
        }
        if number == parameter {
            return (start, end);
        }
        start = end;
    }
    panic!("a statement lacks a parameter")
}
