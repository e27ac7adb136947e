//! What is asked, as SQL: each primitive is one statement, and so one transaction.

use std::sync::Arc;

use dockgate_api::Filter;

use super::parameter::Parameter;

/// What a page or a sweep may hold of this at most is bounded by whoever asks.
const COLUMNS: &str = "key, link, subject, account, created_at, expires_at, value";

/// A commit that is answered before it is on disk is lost with the server: where the administrator has switched waiting
/// off, it is switched on for this transaction alone. Stricter settings stay as they are.
const DURABLE: &str = "WITH durable AS (SELECT set_config('synchronous_commit', \
     CASE current_setting('synchronous_commit') WHEN 'off' THEN 'on' ELSE current_setting('synchronous_commit') END, \
     true) AS is_set)";

/// The last counts may be lost with the server: nobody who guesses passwords is to cost it a write to disk each time.
const HASTY: &str = "WITH hasty AS (SELECT set_config('synchronous_commit', 'off', true) AS is_set)";

/// The text of every statement, with the names of the tables.
pub(super) struct Statements {
    records: String,
    pub(super) put: Arc<str>,
    pub(super) replace: Arc<str>,
    pub(super) get: Arc<str>,
    pub(super) take: Arc<str>,
    pub(super) add: Arc<str>,
    pub(super) reset: Arc<str>,
    pub(super) sweeps: [Arc<str>; 2],
    pub(super) promises: Arc<str>,
}

impl Statements {
    /// The schema's name is a plain one.
    pub(super) fn new(schema: &str) -> Self {
        let records = format!("\"{schema}\".dockgate_records");
        let counters = format!("\"{schema}\".dockgate_counters");
        let most = i64::MAX;
        let sweep = |table: &str| {
            format!(
                "DELETE FROM {table} WHERE ctid IN (SELECT ctid FROM {table} WHERE expires_at <= $1 \
                 ORDER BY expires_at LIMIT $2 FOR UPDATE SKIP LOCKED) RETURNING 1 AS one"
            )
        };
        Self {
            put: format!(
                "{DURABLE} INSERT INTO {records} (shelf, {COLUMNS}) \
                 SELECT $1::text, $2::text, $3::text, $4::text, $5::text, $6::bigint, $7::bigint, $8::bytea \
                 FROM durable WHERE is_set IS NOT NULL \
                 ON CONFLICT (shelf, key) DO UPDATE SET link = EXCLUDED.link, subject = EXCLUDED.subject, \
                 account = EXCLUDED.account, created_at = EXCLUDED.created_at, expires_at = EXCLUDED.expires_at, \
                 value = EXCLUDED.value RETURNING 1 AS one"
            )
            .into(),
            replace: format!(
                "{DURABLE} UPDATE {records} SET link = $3, subject = $4, account = $5, created_at = $6, \
                 expires_at = $7, value = $8 FROM durable WHERE is_set IS NOT NULL AND shelf = $1 AND key = $2 \
                 AND (expires_at IS NULL OR expires_at > $9) RETURNING 1 AS one"
            )
            .into(),
            get: format!(
                "SELECT {COLUMNS} FROM {records} WHERE shelf = $1 AND key = $2 \
                 AND (expires_at IS NULL OR expires_at > $3)"
            )
            .into(),
            take: format!(
                "{DURABLE} DELETE FROM {records} USING durable WHERE is_set IS NOT NULL AND shelf = $1 AND key = $2 \
                 RETURNING {COLUMNS}"
            )
            .into(),
            // A counter that is over begins anew in the same step.
            add: format!(
                "{HASTY} INSERT INTO {counters} AS c (shelf, key, amount, expires_at) \
                 SELECT $1::text, $2::text, $3::bigint, $4::bigint FROM hasty WHERE is_set IS NOT NULL \
                 ON CONFLICT (shelf, key) DO UPDATE SET \
                 amount = CASE WHEN c.expires_at <= $5 THEN EXCLUDED.amount \
                 ELSE LEAST(c.amount, {most} - EXCLUDED.amount) + EXCLUDED.amount END, \
                 expires_at = CASE WHEN c.expires_at <= $5 THEN EXCLUDED.expires_at ELSE c.expires_at END \
                 RETURNING amount"
            )
            .into(),
            reset: format!("DELETE FROM {counters} WHERE shelf = $1 AND key = $2 RETURNING 1 AS one").into(),
            sweeps: [sweep(&records).into(), sweep(&counters).into()],
            promises: format!(
                "SELECT current_setting('fsync') AS fsync, current_setting('full_page_writes') AS full_page_writes, \
                 current_setting('synchronous_commit') AS synchronous_commit, \
                 pg_is_in_recovery() OR current_setting('transaction_read_only') = 'on' AS read_only, \
                 EXISTS (SELECT FROM pg_class WHERE oid IN ('{records}'::regclass, '{counters}'::regclass) \
                 AND relpersistence <> 'p') AS unlogged"
            )
            .into(),
            records,
        }
    }

    /// What fits a filter, by key. A condition stands there only if it is wanted: so the server finds its index.
    pub(super) fn list<'a>(
        &self,
        filter: &'a Filter,
        mut parameters: Vec<Parameter<'a>>,
    ) -> (String, Vec<Parameter<'a>>) {
        let mut sql = format!(
            "SELECT {COLUMNS} FROM {} WHERE shelf = $1 AND (expires_at IS NULL OR expires_at > $2)",
            self.records
        );
        let texts = [("link", &filter.link), ("subject", &filter.subject), ("account", &filter.account)];
        let texts = texts.map(|(column, text)| (column, "=", text.as_deref().map(Parameter::text)));
        let before = ("created_at", "<", filter.created_before.map(Parameter::time));
        for (column, compared, wanted) in texts.into_iter().chain([before]) {
            if let Some(wanted) = wanted {
                parameters.push(wanted);
                sql.push_str(&format!(" AND {column} {compared} ${}", parameters.len()));
            }
        }
        (sql, parameters)
    }
}
