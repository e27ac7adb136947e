//! Postgres, shared by several servers.

use std::sync::Arc;

use dockgate_api::config::Located;
use dockgate_api::{BuildContext, BuildError, Store};
use schemars::JsonSchema;
use serde::Deserialize;

/// `store.postgres` as written.
#[derive(Deserialize, JsonSchema)]
pub struct PostgresConfig {
    /// Where it is.
    pub url: Located<String>,
}

/// Everything that a connection is made of.
#[derive(PartialEq)]
pub(crate) struct PostgresSettings {
    url: String,
}

impl PostgresConfig {
    /// What the section says, secrets read.
    pub(crate) fn settings(self, _cx: &BuildContext) -> Result<PostgresSettings, BuildError> {
        Ok(PostgresSettings { url: self.url.value })
    }
}

impl PostgresSettings {
    /// Begins to connect.
    pub(crate) fn open(&self) -> Result<Arc<dyn Store>, BuildError> {
        Err(BuildError::new(format!("{} cannot be opened", self.url)))
    }
}
