//! The contract of the ports, sentence by sentence, put to every store there is.

mod availability;
mod calendar_feeds;
mod calendars;
mod changes;
mod gap_changes;
mod history;
mod listing;
mod patching;
mod placing;
mod placing_batches;
mod placing_idempotently;
mod preconditions;
mod reading;
mod reference_and_metadata;
mod replacing;
mod services;

/// Makes each of these sentences about a store a test of the store on PostgreSQL, and of the model,
/// which the store is also compared with.
macro_rules! hold_for_every_store {
    ($($sentence:ident,)*) => {
        mod on_postgres {
            $(
                #[test]
                fn $sentence() {
                    let database = crate::database::Database::new();
                    super::$sentence(&database.store_of(1));
                    database.check_promises();
                }
            )*
        }

        mod in_the_model {
            $(
                #[test]
                fn $sentence() {
                    super::$sentence(&crate::model::Model::new());
                }
            )*
        }
    };
}
use hold_for_every_store;
