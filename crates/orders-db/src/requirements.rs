//! What the service requires of the database server, and what it checks when it starts.

use diesel::connection::SimpleConnection as _;
use diesel::prelude::*;
use diesel::sql_types::{Array, Bool, Integer, Nullable, Text};

use crate::statement::statement;

/// The oldest major version of PostgreSQL that is supported.
const OLDEST_VERSION: i32 = 13;

/// Why a database cannot be used, and what to do about it.
#[derive(Debug, thiserror::Error)]
pub enum Unsuitable {
    /// The server is too old.
    #[error(
        "the server is PostgreSQL {0}, and the service needs version {OLDEST_VERSION} or newer; upgrade it"
    )]
    Version(String),
    /// The server accepts no writes.
    #[error(
        "the server is read-only: it is a standby, or default_transaction_read_only is on; name the writable \
         server, or several hosts with target_session_attrs=read-write"
    )]
    ReadOnly,
    /// The database cannot store every character.
    #[error(
        "its encoding is {0}, which lacks characters that clients may send; create a database with \
         `createdb --encoding UTF8 --template template0`"
    )]
    Encoding(String),
    /// The role may use no schema.
    #[error(
        "the role {0} may use no schema of its search_path; `GRANT USAGE ON SCHEMA public TO {0}`"
    )]
    NoSchema(String),
    /// The role may not create tables.
    #[error(
        "the role {role} may not create tables in the schema {schema}; `GRANT CREATE ON SCHEMA {schema} TO {role}`, or \
         run `orders-api migrate` as the owner of the database and the service with --migrate check"
    )]
    NoCreate {
        /// The role of the connection.
        role: String,
        /// The first schema of its search path.
        schema: String,
    },
    /// The extension is missing.
    #[error(
        "it lacks the extension btree_gist, and the role {role} cannot create it: {cause}; install the server's package \
         with the extensions (postgresql-contrib) if it is not available, or let the owner of the database run \
         `CREATE EXTENSION btree_gist`"
    )]
    NoExtension {
        /// The role of the connection.
        role: String,
        /// What the server said.
        cause: String,
    },
    /// The role lacks rights in the tables of the service.
    #[error(
        "the role {role} lacks rights: {}; let the owner of the tables grant what docs/access.md lists, again after each \
         `orders-api migrate`", .missing.join(", ")
    )]
    NoRights {
        /// The role of the connection.
        role: String,
        /// Each missing right, such as `INSERT on orders`.
        missing: Vec<String>,
    },
}

statement! {
    GetServer {} -> (Integer, Text, Text, Bool, Text, Nullable<Text>) =
    "SELECT current_setting('server_version_num')::integer / 10000, current_setting('server_version'),
            current_setting('server_encoding'), current_setting('transaction_read_only')::boolean,
            current_user::text, current_schema()::text"
}

statement! {
    MayCreate {} -> (Bool, Bool) =
    "SELECT has_schema_privilege(current_schema(), 'CREATE'),
            EXISTS (SELECT FROM pg_extension WHERE extname = 'btree_gist')"
}

statement! {
    /// The rights that docs/access.md lists, and the role lacks.
    GetMissingRights {} -> (Text, Array<Text>) =
    "SELECT current_user::text, ARRAY(
        SELECT privilege || ' on ' || name
          FROM (VALUES ('orders', 'SELECT INSERT UPDATE DELETE'),
                       ('order_services', 'SELECT INSERT UPDATE DELETE'),
                       ('calendars', 'SELECT INSERT UPDATE DELETE'),
                       ('services', 'SELECT INSERT UPDATE DELETE'),
                       ('idempotency_keys', 'SELECT INSERT UPDATE DELETE'),
                       ('order_versions', 'SELECT INSERT DELETE'),
                       ('change_feed', 'SELECT UPDATE'),
                       ('webhooks', 'SELECT INSERT UPDATE DELETE'),
                       ('webhook_parked_orders', 'SELECT INSERT UPDATE DELETE'),
                       ('webhook_attempts', 'SELECT INSERT UPDATE DELETE'),
                       ('clients', 'SELECT'), ('api_keys', 'SELECT'), ('access_version', 'SELECT')) AS needed (name, list),
               regexp_split_to_table(list, ' ') AS privilege
         WHERE has_table_privilege(to_regclass(name)::oid, privilege) IS NOT TRUE
        UNION ALL
        SELECT 'UPDATE (' || part || ') on ' || name
          FROM (VALUES ('order_versions', 'position'), ('order_versions', 'assigned_at'), ('api_keys', 'last_used_at'))
                    AS needed (name, part)
         WHERE has_column_privilege(to_regclass(name)::oid, part, 'UPDATE') IS NOT TRUE
        UNION ALL
        SELECT 'USAGE on order_versions_sequence'
         WHERE has_sequence_privilege(to_regclass('order_versions_sequence')::oid, 'USAGE') IS NOT TRUE)"
}

statement! {
    /// How commits reach the disk, and how many connections the role may have.
    GetSettings {} -> (Text, Text, Text, Bool, Integer) =
    "SELECT current_setting('fsync'), current_setting('full_page_writes'), current_setting('synchronous_commit'),
            current_setting('synchronous_standby_names') <> '',
            LEAST(current_setting('max_connections')::integer - CASE WHEN rolsuper THEN 0 ELSE
                      current_setting('superuser_reserved_connections')::integer
                      + COALESCE(current_setting('reserved_connections', true)::integer, 0) END,
                  NULLIF(rolconnlimit, -1), NULLIF(datconnlimit, -1))
       FROM pg_roles, pg_database WHERE rolname = current_user AND datname = current_database()"
}

/// Checks what can be known before the schema is.
pub(crate) fn check_server(conn: &mut PgConnection) -> QueryResult<Result<(), Unsuitable>> {
    let (major, version, encoding, read_only, role, schema): (
        i32,
        _,
        String,
        bool,
        _,
        Option<String>,
    ) = GetServer {}.get_result(conn)?;
    Ok(match (major, encoding.as_str()) {
        (..OLDEST_VERSION, _) => Err(Unsuitable::Version(version)),
        _ if read_only => Err(Unsuitable::ReadOnly),
        (_, "UTF8") if schema.is_some() => Ok(()),
        (_, "UTF8") => Err(Unsuitable::NoSchema(role)),
        _ => Err(Unsuitable::Encoding(encoding)),
    })
}

/// Checks that the role may change the schema, and creates the extension if it is missing.
pub(crate) fn prepare_schema(conn: &mut PgConnection) -> QueryResult<Result<(), Unsuitable>> {
    let (.., role, schema): (i32, String, String, bool, String, Option<String>) =
        GetServer {}.get_result(conn)?;
    let (may_create, has_extension): (bool, bool) = MayCreate {}.get_result(conn)?;
    if !may_create {
        return Ok(Err(Unsuitable::NoCreate { role, schema: schema.unwrap_or_default() }));
    }
    if has_extension {
        return Ok(Ok(()));
    }
    let created = conn.batch_execute("CREATE EXTENSION IF NOT EXISTS btree_gist");
    Ok(created.map_err(|cause| Unsuitable::NoExtension { role, cause: cause.to_string() }))
}

/// Checks the rights of the role in the tables of an up-to-date schema.
pub(crate) fn check_rights(conn: &mut PgConnection) -> QueryResult<Result<(), Unsuitable>> {
    let (role, missing): (String, Vec<String>) = GetMissingRights {}.get_result(conn)?;
    Ok(match missing.is_empty() {
        true => Ok(()),
        false => Err(Unsuitable::NoRights { role, missing }),
    })
}

/// The settings of the server under which acknowledged writes can be lost, or under which a service cannot have this
/// many connections. Each with what to do about it.
///
/// # Errors
/// If the database cannot be asked.
pub fn warnings(url: &str, connections: u32) -> Result<Vec<String>, Box<dyn std::error::Error>> {
    let mut conn = PgConnection::establish(url)?;
    let (fsync, full_page_writes, synchronous_commit, has_standbys, available): (
        String,
        String,
        String,
        bool,
        i32,
    ) = GetSettings {}.get_result(&mut conn)?;
    let mut warnings = Vec::new();
    for (name, value) in [("fsync", fsync), ("full_page_writes", full_page_writes)] {
        if value == "off" {
            warnings.push(format!(
                "{name} is off: a crash of the database server's machine can destroy the database; turn it on, unless \
                 its storage makes it unnecessary"
            ));
        }
    }
    let lost = match synchronous_commit.as_str() {
        "off" => Some("crash of the database server"),
        "local" if has_standbys => Some("failover to a standby"),
        _ => None,
    };
    if let Some(event) = lost {
        warnings.push(format!(
            "synchronous_commit is {synchronous_commit}: a {event} loses writes that clients know to have \
             succeeded; set it to on for this role or database"
        ));
    }
    if i64::from(available) < i64::from(connections) {
        warnings.push(format!(
            "the database accepts {available} connections of this role, and this instance alone may use {connections}; raise \
             max_connections or the limit of the role or database, or lower --connections and --max-exports"
        ));
    }
    Ok(warnings)
}
