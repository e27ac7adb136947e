//! What the server does not promise.

use sqlx::Row as _;
use sqlx::postgres::PgRow;

/// What its settings mean for a record that was answered.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Promises {
    /// Sentences, each about something that may be lost; with the cure.
    pub(super) missing: Vec<String>,
    /// Whether nothing can be written at all.
    pub(super) is_read_only: bool,
    /// Whether commits are waited for by our transactions alone.
    pub(super) is_raised: bool,
}

impl Promises {
    pub(super) fn of(row: &PgRow) -> Result<Self, sqlx::Error> {
        let setting = |name| row.try_get::<String, _>(name);
        let mut missing = Vec::new();
        if setting("fsync")? != "on" {
            missing.push(
                "`fsync` is off: a power failure or a crash of the system may lose everything, also what was answered. Set it \
                 to on"
                    .to_owned(),
            );
        }
        if setting("full_page_writes")? != "on" {
            missing.push(
                "`full_page_writes` is off: a power failure may damage tables beyond repair. Set it to on"
                    .to_owned(),
            );
        }
        if row.try_get("unlogged")? {
            missing.push(
                "a table is not logged: a crash of the server empties it. Write `ALTER TABLE … SET LOGGED`"
                    .to_owned(),
            );
        }
        let commit = setting("synchronous_commit")?;
        Ok(Self { missing, is_read_only: row.try_get("read_only")?, is_raised: commit == "off" })
    }
}
