//! The tables: made, brought up to date, or left alone.

use std::borrow::Cow;

use dockgate_api::BackendError;
use sqlx::migrate::{MigrateError, Migration, MigrationType, Migrator};
use sqlx::postgres::PgConnection;
use sqlx::{AssertSqlSafe, Connection as _, Row as _, SqlSafeStr as _};

use super::trouble::Trouble;

/// What this release makes and knows. A later one only adds to it, and says in `usable_from` when that was not possible.
const VERSION: i64 = 1;
/// Beside our tables, in their schema.
const JOURNAL: &str = "dockgate_migrations";
/// Holds up whoever else would migrate the same database: `dockgate` in ASCII.
const LOCK: i64 = 0x646F_636B_6761_7465;

const RECORDS: &str = include_str!("../../migrations/postgres/0001_records.sql");

/// Makes sure that the tables are there, and are such as this release can use. Writes nothing where they are.
pub(super) async fn ensure(connection: &mut PgConnection, schema: &str, server: &str) -> Result<(), Trouble> {
    let told = |error: sqlx::Error| Trouble::of(&error, server);
    if is_usable(connection, schema, server).await? {
        return Ok(());
    }
    // One transaction, with a lock that ends with it: that holds behind a pooler too.
    let mut transaction = connection.begin().await.map_err(told)?;
    let lock = format!("SELECT pg_advisory_xact_lock({LOCK})");
    sqlx::raw_sql(AssertSqlSafe(lock)).execute(&mut *transaction).await.map_err(told)?;
    // Somebody else may have been first.
    if !is_usable(&mut transaction, schema, server).await? {
        let there =
            exists(&mut transaction, "to_regnamespace", &format!("\"{schema}\"")).await.map_err(told)?;
        if !there {
            let make = format!("CREATE SCHEMA \"{schema}\"");
            let made = sqlx::raw_sql(AssertSqlSafe(make)).execute(&mut *transaction).await;
            made.map_err(|error| advised(&error, schema, server))?;
        }
        let path = format!("SET LOCAL search_path TO \"{schema}\"");
        sqlx::raw_sql(AssertSqlSafe(path)).execute(&mut *transaction).await.map_err(told)?;
        let migrated = migrator(schema).run_direct(None, &mut *transaction, false).await;
        migrated.map_err(|error| match &error {
            MigrateError::Execute(error) | MigrateError::ExecuteMigration(error, _) => {
                advised(error, schema, server)
            }
            other => Trouble::refused(BackendError::Protocol(format!(
                "the tables in schema {schema} of PostgreSQL at {server} cannot be brought up to date: {other}"
            ))),
        })?;
        tracing::info!(schema, server, version = VERSION, "the store's tables are up to date");
    }
    transaction.commit().await.map_err(told)
}

fn migrator(schema: &str) -> Migrator {
    let records =
        Migration::new(1, Cow::Borrowed("records"), MigrationType::Simple, RECORDS.into_sql_str(), false);
    let mut migrator = Migrator::with_migrations(vec![records]);
    migrator.dangerous_set_table_name(format!("\"{schema}\".{JOURNAL}"));
    migrator.set_locking(false);
    migrator
}

/// False if something is to be made first.
async fn is_usable(connection: &mut PgConnection, schema: &str, server: &str) -> Result<bool, Trouble> {
    let told = |error: sqlx::Error| Trouble::of(&error, server);
    let table = format!("\"{schema}\".dockgate_layout");
    if !exists(connection, "to_regclass", &table).await.map_err(told)? {
        return Ok(false);
    }
    let sql = format!("SELECT version, usable_from FROM {table}");
    let row = sqlx::query(AssertSqlSafe(sql)).persistent(false).fetch_one(connection).await.map_err(told)?;
    let (version, usable_from): (i64, i64) =
        (row.try_get("version").map_err(told)?, row.try_get("usable_from").map_err(told)?);
    if usable_from > VERSION {
        return Err(Trouble::refused(BackendError::Protocol(format!(
            "the tables in schema {schema} of PostgreSQL at {server} are of version {version}, which a newer release made; \
             this one knows version {VERSION}: start the newer release, or give this one a schema of its own and import \
             what the other exports"
        ))));
    }
    Ok(version >= VERSION)
}

async fn exists(connection: &mut PgConnection, function: &str, name: &str) -> Result<bool, sqlx::Error> {
    let sql = format!("SELECT {function}($1) IS NOT NULL AS there");
    let row = sqlx::query(AssertSqlSafe(sql)).persistent(false).bind(name).fetch_one(connection).await?;
    row.try_get("there")
}

/// With what to do about rights that are missing.
fn advised(error: &sqlx::Error, schema: &str, server: &str) -> Trouble {
    let is_denied = matches!(error, sqlx::Error::Database(told) if told.code().as_deref() == Some("42501"));
    let trouble = Trouble::of(error, server);
    if !is_denied {
        return trouble;
    }
    let why = format!(
        "the role may not make the tables in PostgreSQL at {server}: as an administrator, run `CREATE SCHEMA IF NOT EXISTS \
         {schema} AUTHORIZATION` with the role's name"
    );
    Trouble { error: BackendError::Protocol(why), ..trouble }
}
