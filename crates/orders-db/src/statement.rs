//! Hand-written SQL that Diesel prepares once a connection, as it does with its own queries.
//!
//! `diesel::sql_query` is parsed and planned anew at every call; a type of its own for every
//! statement is what lets Diesel remember it.

/// Declares a statement: its name, its parameters `$1`, `$2`, .. in the order in which the text first
/// names them, the columns it answers, and its text.
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
                let mut text = $crate::statement::Text::new($text);
                $(
                    out.push_sql(text.until_next_parameter());
                    out.push_bind_param::<$sql, _>(&self.$field)?;
                )*
                out.push_sql(text.rest());
                Ok(())
            }
        }
    };
}
pub(crate) use statement;

const PARAMETERS: [&str; 8] = ["$1", "$2", "$3", "$4", "$5", "$6", "$7", "$8"];

/// A statement's text, cut before the first mention of each parameter.
pub(crate) struct Text {
    rest: &'static str,
    parameters: usize,
}

impl Text {
    pub(crate) fn new(text: &'static str) -> Self {
        Self { rest: text, parameters: 0 }
    }

    /// The text until the next parameter that was not yet named; the name itself is left out.
    pub(crate) fn until_next_parameter(&mut self) -> &'static str {
        // OK because every statement is run by the tests, and one that lacks a parameter never works.
        let (before, after) = self
            .rest
            .split_once(PARAMETERS[self.parameters])
            .expect("the text names its parameters in order");
        self.parameters += 1;
        self.rest = after;
        before
    }

    pub(crate) fn rest(self) -> &'static str {
        self.rest
    }
}
