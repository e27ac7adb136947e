//! Everything that a connection is made of.

use std::sync::Arc;
use std::time::Duration;

use dockgate_api::secrecy::{ExposeSecret as _, SecretString};
use dockgate_api::{BuildError, Store};
use sqlx::ConnectOptions as _;
use sqlx::postgres::{PgConnectOptions, PgSslMode};

use super::server::Server;
use super::store::PostgresStore;
use super::tls::Tls;

/// Two that are equal are the same store.
#[derive(PartialEq)]
pub(crate) struct PostgresSettings {
    pub(super) host: String,
    pub(super) port: u16,
    pub(super) database: String,
    pub(super) user: String,
    pub(super) password: Option<Hidden>,
    pub(super) schema: String,
    pub(super) tls: Option<Tls>,
    pub(super) max_connections: usize,
    pub(super) connect_timeout: Duration,
    pub(super) timeout: Duration,
    pub(super) prepared_statements: bool,
}

/// A secret that can be compared with another.
pub(super) struct Hidden(pub(super) SecretString);

impl PartialEq for Hidden {
    fn eq(&self, other: &Self) -> bool {
        self.0.expose_secret() == other.0.expose_secret()
    }
}

impl PostgresSettings {
    /// A store that connects when it is asked for the first time.
    pub(crate) fn open(&self) -> Result<Arc<dyn Store>, BuildError> {
        Ok(Arc::new(PostgresStore::new(Server::new(self)?)))
    }

    /// What is told of it.
    pub(super) fn name(&self) -> String {
        match self.host.strip_prefix('/') {
            Some(_) => format!("{}/.s.PGSQL.{}", self.host, self.port),
            None if self.host.contains(':') => format!("[{}]:{}", self.host, self.port),
            None => format!("{}:{}", self.host, self.port),
        }
    }

    /// As the driver wants them. What it would take from the environment is overwritten.
    pub(super) fn options(&self) -> PgConnectOptions {
        let password = self.password.as_ref().map_or("", |password| password.0.expose_secret());
        // Poolers refuse parameters at the start that they do not know.
        let options = PgConnectOptions::new_without_pgpass()
            .host(&self.host)
            .port(self.port)
            .database(&self.database)
            .username(&self.user)
            .password(password)
            .application_name("dockgate")
            .extra_float_digits(None)
            .disable_statement_logging();
        let Some(tls) = &self.tls else { return options.ssl_mode(PgSslMode::Disable) };
        let mode = if tls.verifies { PgSslMode::VerifyFull } else { PgSslMode::Require };
        let options = options.ssl_mode(mode).ssl_root_cert_from_pem(tls.authorities.clone());
        match &tls.pair {
            None => options,
            Some((chain, key)) => options
                .ssl_client_cert_from_pem(chain)
                .ssl_client_key_from_pem(key.0.expose_secret().as_bytes()),
        }
    }
}
