//! What differs for single registries.

use std::collections::BTreeMap;

use dockgate_api::config::{KeyPath, Located, Node, Problem, nearest};
use schemars::JsonSchema;
use serde::Deserialize;

use super::{KeyIdConfig, KeyRole, TokenConfig, validate_expiration};
use crate::scope::is_unprintable;

/// `token.services.<service>`: what is not said here is as for all services.
#[derive(Debug, Default, Deserialize, JsonSchema)]
pub struct ServiceConfig {
    /// What `kid` says.
    pub key_id: Option<KeyIdConfig>,
    /// Whether the certificate travels along.
    pub x5c: Option<bool>,
    /// How long a token lives, in seconds.
    pub expiration: Option<Located<u32>>,
    /// The key that signs: a `name` of `token.keys`.
    pub key: Option<Located<String>>,
}

/// What becomes of services that are not listed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum OtherServices {
    /// They get tokens, signed as `token` says.
    #[default]
    Sign,
    /// Their requests are refused.
    Refuse,
}

/// Looks at the names under `token.services` and `token.keys`: one that no request can have is a mistake, and one that
/// looks like a pattern stands for itself.
pub fn validate_names(
    token: &TokenConfig,
    section: &Node,
    path: &KeyPath,
    problems: &mut Vec<Problem>,
    warnings: &mut Vec<Problem>,
) {
    let listed = section.get("services").and_then(|entry| entry.value.entries()).unwrap_or_default();
    let listed = listed.iter().map(|entry| {
        let place = path.key("services").key(&entry.key.text);
        (entry.key.text.as_ref(), &entry.key.location, place)
    });
    let keys = token.keys.iter().flat_map(|keys| &keys.value).enumerate();
    let signed = keys.flat_map(|(position, key)| {
        let place = path.key("keys").item(key.index.unwrap_or(position)).key("services");
        key.value.services.iter().map(move |name| (name.value.as_str(), &name.location, place.clone()))
    });
    for (name, location, place) in listed.chain(signed) {
        if name.chars().any(is_unprintable) {
            let message = "no request has a service with control characters: write the registry's `service`";
            problems.push(Problem::new(location.clone(), place, message));
        } else if name.contains('*') || (name.len() > 2 && name.starts_with('/') && name.ends_with('/')) {
            let message = "a service's name stands for itself here: this is no pattern";
            warnings.push(Problem::new(location.clone(), place, message));
        }
    }
}

impl TokenConfig {
    pub(super) fn validate_services(
        &self,
        path: &KeyPath,
        problems: &mut Vec<Problem>,
        warnings: &mut Vec<Problem>,
    ) {
        let keys: Vec<&Located<super::KeyConfig>> = self.keys.iter().flat_map(|keys| &keys.value).collect();
        let roles = self.roles();
        let signs = |position: usize| roles.get(position) == Some(&KeyRole::Current);
        let mut signed_by: BTreeMap<&str, usize> = BTreeMap::new();
        for (position, key) in keys.iter().enumerate().filter(|(position, _)| signs(*position)) {
            for service in &key.services {
                if signed_by.insert(&service.value, position).is_some_and(|before| before != position) {
                    let message = format!(
                        "another key signs for `{}` already: write `use: next` for the one that is to sign later, or \
                         `use: retired` for the one that signed before",
                        service.value
                    );
                    let place = path.key("keys").item(key.index.unwrap_or(position)).key("services");
                    problems.push(Problem::new(service.location.clone(), place, message));
                }
            }
        }
        if let Some(others) = &self.other_services
            && !self.others_get_tokens()
            && self.services.is_empty()
            && signed_by.is_empty()
        {
            let message = "`refuse` with no service listed refuses every request: list the registries' services in \
                           `services`";
            problems.push(Problem::new(others.location.clone(), path.key("other_services"), message));
        }
        let said = self.services.iter().filter_map(|(name, service)| Some((name, service.as_ref()?)));
        for (name, service) in said {
            let path = path.key("services").key(name);
            if let Some(expiration) = &service.expiration {
                validate_expiration(expiration, &path, problems, warnings);
            }
            let Some(wanted) = &service.key else { continue };
            let names = || keys.iter().filter_map(|key| key.name.as_ref()).map(|name| name.value.as_str());
            let named =
                |key: &&Located<super::KeyConfig>| key.name.as_ref().is_some_and(|name| **name == **wanted);
            let message = match keys.iter().position(named) {
                Some(position) if !signs(position) => format!(
                    "the key `{}` is not `current`, and signs nothing: name the one that signs",
                    **wanted
                ),
                Some(position) if signed_by.get(name.as_str()).is_none_or(|by| *by == position) => continue,
                Some(_) => format!(
                    "another key of `token.keys` lists `{name}` under `services`: keep one of the two"
                ),
                None => match nearest(wanted, names()) {
                    Some(near) => {
                        format!("no key of `token.keys` has the name `{}`: did you mean `{near}`?", **wanted)
                    }
                    None => format!("no key of `token.keys` has `name: {}`", **wanted),
                },
            };
            problems.push(Problem::new(wanted.location.clone(), path.key("key"), message));
        }
    }
}
