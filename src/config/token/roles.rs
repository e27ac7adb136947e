//! Which key signs, which is to sign later, and which signed before.

use std::fmt;

use dockgate_api::config::{KeyPath, Located, Problem};
use schemars::JsonSchema;
use serde::Deserialize;

use super::{KeyConfig, TokenConfig};

/// What an item of `token.keys` is used for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum KeyRole {
    /// It signs.
    Current,
    /// It signs nothing yet; registries are told of it.
    Next,
    /// It signs nothing any more; registries are told of it until its last token has ended.
    Retired,
}

impl KeyRole {
    /// The word in the configuration.
    pub fn word(self) -> &'static str {
        match self {
            Self::Current => "current",
            Self::Next => "next",
            Self::Retired => "retired",
        }
    }
}

impl fmt::Display for KeyRole {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

impl TokenConfig {
    /// The role of each item of `keys`. A key that says nothing of it signs if it lists services, or if one names it; of
    /// the others the first does, unless another says that it does.
    pub(super) fn roles(&self) -> Vec<KeyRole> {
        let keys = || self.keys.iter().flat_map(|keys| &keys.value).map(|key| &key.value);
        let says_current = |key: &KeyConfig| {
            key.services.is_empty() && key.role.as_ref().is_some_and(|role| role.value == KeyRole::Current)
        };
        let mut signs_for_others = keys().any(says_current);
        keys()
            .map(|key| {
                let first = key.role.is_none()
                    && key.services.is_empty()
                    && !std::mem::replace(&mut signs_for_others, true);
                match &key.role {
                    Some(role) => role.value,
                    None if first || !key.services.is_empty() || self.is_named(key) => KeyRole::Current,
                    None => KeyRole::Next,
                }
            })
            .collect()
    }

    /// Whether `services.<service>.key` names it.
    fn is_named(&self, key: &KeyConfig) -> bool {
        let mut named = self.services.values().flatten().filter_map(|service| service.key.as_deref());
        key.name.as_ref().is_some_and(|name| named.any(|named| *named == name.value))
    }

    /// Two that sign for the same, and none that signs. `items` is the way to the list.
    pub(super) fn validate_roles(&self, items: &KeyPath, problems: &mut Vec<Problem>) {
        let Some(keys) = &self.keys else { return };
        let current = |key: &&Located<KeyConfig>| {
            key.services.is_empty() && key.role.as_ref().is_some_and(|role| role.value == KeyRole::Current)
        };
        for (position, key) in keys.iter().enumerate().filter(|(_, key)| current(key)).skip(1) {
            let Some(role) = &key.role else { continue };
            let message = "another key is `current` already for the services that no key lists: write `use: next` for \
                           the one that is to sign later, `use: retired` for the one that signed before, or give it \
                           `services`";
            let path = items.item(key.index.unwrap_or(position)).key("use");
            problems.push(Problem::new(role.location.clone(), path, message));
        }
        let unread = problems.iter().any(|problem| problem.path.as_str().starts_with(items.as_str()));
        if !keys.is_empty() && !unread && !self.roles().contains(&KeyRole::Current) {
            let message =
                "no key is `current`, so that nothing signs: write `use: current` for the one that is to";
            problems.push(Problem::new(keys.location.clone(), items.clone(), message));
        }
    }
}
