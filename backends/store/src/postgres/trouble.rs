//! What went wrong, whether to try again, and what to tell.

use dockgate_api::BackendError;
use dockgate_tls::Cures;

const CURES: Cures<'static> = Cures {
    authority: "name its authority with `store.postgres.tls.ca`",
    name: "write `store.postgres.host` as it stands in the certificate",
    certificate: "see `store.postgres.tls.certificate`",
};

/// A question that came to nothing.
#[derive(Clone, Debug)]
pub(super) struct Trouble {
    pub(super) error: BackendError,
    pub(super) done: Done,
    /// Whether the others go where nothing can be written either.
    pub(super) is_read_only: bool,
    /// Whether the tables are not (or no longer) there.
    pub(super) is_tableless: bool,
}

/// Whether the statement was carried out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Done {
    /// No, and it would not be the next time.
    Refused,
    /// No, and the next time it may be.
    NotYet,
    /// Nobody knows.
    Unknown,
}

impl Trouble {
    pub(super) fn refused(error: BackendError) -> Self {
        Self { error, done: Done::Refused, is_read_only: false, is_tableless: false }
    }

    /// Of a server of this name.
    pub(super) fn of(error: &sqlx::Error, server: &str) -> Self {
        let sqlx::Error::Database(told) = error else {
            let done = if matches!(error, sqlx::Error::Io(_)) { Done::Unknown } else { Done::Refused };
            return Self { done, ..Self::refused(outside(error, server)) };
        };
        let code = told.code().unwrap_or_default().into_owned();
        let message = told.message();
        // What the message may quote is named nowhere: keys and values are in its details, which are left out.
        let says = format!("PostgreSQL at {server} says: {message} ({code})");
        let (error, done) = match code.as_str() {
            "28P01" | "28000" => (
                BackendError::Unavailable(format!(
                    "{says}: see `user`, `password` and the server's pg_hba.conf"
                )),
                Done::Refused,
            ),
            "3D000" => {
                (BackendError::Unavailable(format!("{says}: make it, or see `database`")), Done::Refused)
            }
            "42501" => (
                BackendError::Protocol(format!("{says}: its role needs more rights, see the page about it")),
                Done::Refused,
            ),
            // A standby, or a primary that has become one.
            "25006" => {
                (BackendError::Unavailable(format!("{says}: nothing can be written there")), Done::NotYet)
            }
            // Two transactions in each other's way.
            "40001" | "40P01" => (BackendError::Unavailable(says), Done::NotYet),
            // It ends, or begins; or somebody else ended this connection.
            "57P01" | "57P02" | "57P03" | "57P05" => (BackendError::Unavailable(says), Done::Unknown),
            code if code.starts_with("08") => (BackendError::Unavailable(says), Done::Unknown),
            code if code.starts_with("53") => (BackendError::Unavailable(says), Done::Refused),
            code if code.starts_with("57") => (BackendError::Unavailable(says), Done::Refused),
            _ => (BackendError::Protocol(says), Done::Refused),
        };
        Self {
            error,
            done,
            is_read_only: code == "25006",
            is_tableless: matches!(code.as_str(), "42P01" | "3F000"),
        }
    }
}

/// What did not come from the server.
fn outside(error: &sqlx::Error, server: &str) -> BackendError {
    match error {
        sqlx::Error::Io(_) | sqlx::Error::Tls(_) => {
            let why = dockgate_tls::failure(error, &CURES).unwrap_or_else(|| dockgate_tls::cause(error));
            BackendError::Unavailable(format!("PostgreSQL at {server}: {why}"))
        }
        sqlx::Error::Configuration(why) => {
            BackendError::Unavailable(format!("PostgreSQL at {server} cannot be connected to: {why}"))
        }
        other => BackendError::Protocol(format!("PostgreSQL at {server}: {other}")),
    }
}
