//! What a key is called and used for.

use dockgate_api::config::{KeyPath, Location};

use crate::config::token::{KeyRole, SigningKeyConfig};

/// What the configuration says of a key, beside its files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    /// Its name, if it has one.
    pub name: Option<String>,
    /// Where it stands in the configuration.
    pub path: KeyPath,
    /// The line and column.
    pub location: Location,
    /// Whether it signs.
    pub role: KeyRole,
    /// The services that it signs for, is to sign for, or signed for; none are all that no key lists.
    pub services: Vec<String>,
}

impl Standing {
    pub(super) fn of(key: &SigningKeyConfig) -> Self {
        Self {
            name: key.name.clone(),
            path: key.path.clone(),
            location: key.location().clone(),
            role: key.role,
            services: key.services.clone(),
        }
    }

    /// What to call it.
    pub fn title(&self) -> &str {
        self.name.as_deref().unwrap_or(self.path.as_str())
    }

    /// Whether it lists a service, or none and so may be for any.
    pub(super) fn may_be_for(&self, service: Option<&str>) -> bool {
        self.services.is_empty()
            || service.is_some_and(|service| self.services.iter().any(|own| own == service))
    }
}
