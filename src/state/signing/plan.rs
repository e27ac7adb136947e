//! What the configuration says of keys and services, resolved: all that a reload of the keys needs.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use dockgate_api::Dialect;
use dockgate_api::config::{KeyPath, Located, Location, Problem};

use super::retired::PlannedRetired;
use super::standing::Standing;
use crate::config::token::{KeyFiles, KeyRole, SigningKeyConfig, TokenConfig};
use crate::config::{Sections, Source};
use crate::token::managed::ManagedKeys;
use crate::token::{Algorithm, HeaderOptions, KeyId};

/// What signs for whom, and where its files are.
#[derive(Debug)]
pub(in crate::state) struct SigningPlan {
    pub(super) issuer: String,
    pub(super) dialect: Dialect,
    /// Where `token` stands, for messages.
    place: Location,
    /// Those that sign, and those that are to sign later.
    pub(super) keys: Vec<PlannedKey>,
    pub(super) retired: Vec<PlannedRetired>,
    /// For services that are not listed, if they get tokens.
    pub(super) default: Option<PlannedProfile>,
    pub(super) services: BTreeMap<String, PlannedProfile>,
    /// How long a signed token is handed out again.
    pub(super) reuse: Duration,
}

/// A signing key to load.
#[derive(Debug)]
pub(super) struct PlannedKey {
    pub(super) path: KeyPath,
    pub(super) standing: Standing,
    pub(super) files: PlannedFiles,
    pub(super) algorithm: Option<Algorithm>,
}

#[derive(Debug)]
pub(super) enum PlannedFiles {
    Pair { certificate: Located<PathBuf>, key: Located<PathBuf> },
    Managed { directory: Located<PathBuf>, keys: ManagedKeys },
}

/// How tokens for one service are to be signed.
#[derive(Debug, Clone)]
pub(super) struct PlannedProfile {
    /// Position in [`SigningPlan::keys`].
    pub(super) key: usize,
    pub(super) header: HeaderOptions,
    pub(super) lifetime: Duration,
}

impl PlannedKey {
    /// What its files are and how it signs: equal for a key that stands elsewhere in another configuration.
    pub(super) fn source(&self) -> (Vec<&Path>, Option<Algorithm>) {
        let files = match &self.files {
            PlannedFiles::Pair { certificate, key } => vec![certificate.value.as_path(), key.value.as_path()],
            PlannedFiles::Managed { directory, .. } => vec![directory.value.as_path()],
        };
        (files, self.algorithm)
    }

    /// A problem of the key's certificate, or of the directory.
    pub(super) fn problem(&self, message: impl Into<String>) -> Problem {
        match &self.files {
            PlannedFiles::Pair { certificate, .. } => self.at("certificate", &certificate.location, message),
            PlannedFiles::Managed { directory, .. } => self.at("managed_keys", &directory.location, message),
        }
    }

    pub(super) fn at(&self, key: &str, location: &Location, message: impl Into<String>) -> Problem {
        Problem::new(location.clone(), self.path.key(key), message)
    }
}

impl SigningPlan {
    /// Reads the plan out of the sections. Problems and warnings go to the lists; no plan means that some stand there.
    pub(in crate::state) fn new(
        source: &Source,
        sections: &Sections,
        problems: &mut Vec<Problem>,
        warnings: &mut Vec<Problem>,
    ) -> Option<Self> {
        let token = sections.token.as_ref()?;
        let configured = configured_keys(source, sections, token, problems, warnings);
        let (retired, configured): (Vec<_>, Vec<_>) =
            configured.into_iter().partition(|key| key.role == KeyRole::Retired);
        let default_key = default_key(&configured)?;
        let key_id = match &token.key_id {
            Some(key_id) => key_id.value.0.clone(),
            None if token.disable_legacy_key_id => KeyId::Rfc7638,
            None => KeyId::Libtrust,
        };
        let default = PlannedProfile {
            key: default_key,
            header: HeaderOptions { kid: Some(key_id), x5c: token.x5c },
            lifetime: token.lifetime(),
        };
        let others = token.others_get_tokens();
        let services = profiles(token, &configured, &default, others);
        if others && !configured.iter().any(signs_for_others) {
            let message = if configured.iter().all(|key| !key.services.is_empty()) {
                "every key has `services`, so that none signs for the others: add a key without, or write \
                 `other_services: refuse`"
            } else {
                "no key without `services` is `current`, so that none signs for the others: write `use: current` for one, \
                 or `other_services: refuse`"
            };
            problems.extend(
                configured.first().map(|key| Problem::new(key.location().clone(), key.path.clone(), message)),
            );
        }
        let place = source.root.get("token").map_or(&source.root.location, |entry| &entry.key.location);
        Some(Self {
            issuer: token.issuer.value.clone(),
            dialect: source.dialect(),
            place: place.clone(),
            keys: configured.into_iter().filter_map(|key| planned(source, key)).collect(),
            retired: retired.into_iter().filter_map(|key| planned_retired(source, key)).collect(),
            default: others.then_some(default),
            services,
            reuse: token.reuse(),
        })
    }

    /// A problem of the whole section.
    pub(super) fn problem(&self, message: impl Into<String>) -> Problem {
        Problem::new(self.place.clone(), KeyPath::root().key("token"), message)
    }

    /// The `iss` of every token.
    pub(in crate::state) fn issuer(&self) -> &str {
        &self.issuer
    }

    /// Every profile, the default first, with the service that it is for.
    pub(super) fn profiles(&self) -> impl Iterator<Item = (Option<&str>, &PlannedProfile)> {
        let services = self.services.iter().map(|(service, profile)| (Some(service.as_str()), profile));
        self.default.iter().map(|profile| (None, profile)).chain(services)
    }

    /// The services that get tokens, if not all do.
    pub(in crate::state) fn allowed_services(&self) -> Option<impl Iterator<Item = &str>> {
        self.default.is_none().then(|| self.services.keys().map(String::as_str))
    }

    /// What each key is called in messages: where it stands in the configuration.
    pub(in crate::state) fn key_names(&self) -> impl Iterator<Item = String> {
        self.keys.iter().map(|key| key.path.to_string())
    }

    /// The services that the configuration names, whether or not others get tokens.
    pub(in crate::state) fn named_services(&self) -> impl Iterator<Item = &str> {
        self.services.keys().map(String::as_str)
    }

    /// The longest life of any token.
    pub(super) fn longest_lifetime(&self) -> Duration {
        self.profiles().map(|(_, profile)| profile.lifetime).max().unwrap_or_default()
    }

    /// The files whose change may mean another key.
    pub(in crate::state) fn files(&self) -> Vec<PathBuf> {
        let files = self.keys.iter().flat_map(|key| match &key.files {
            PlannedFiles::Pair { certificate, key } => vec![certificate.value.clone(), key.value.clone()],
            PlannedFiles::Managed { keys, .. } => keys.files(),
        });
        files.chain(self.retired.iter().map(|key| key.certificate.value.clone())).collect()
    }
}

/// The token's own keys, else the server's pair, as docker_auth chooses.
fn configured_keys(
    source: &Source,
    sections: &Sections,
    token: &TokenConfig,
    problems: &mut Vec<Problem>,
    warnings: &mut Vec<Problem>,
) -> Vec<SigningKeyConfig> {
    let own = token.signing_keys(&KeyPath::root().key("token"));
    // Also those that could not be read, and were refused for that.
    let written = |key: &str| source.root.get("token").is_some_and(|token| token.value.get(key).is_some());
    let names_some = ["certificate", "key", "managed_keys", "keys"].into_iter().any(written);
    // Without a sound server section, whether it has a pair is not known.
    let Some(server) = sections.server.as_ref().filter(|_| own.is_empty() && !names_some) else { return own };
    if let (Some(certificate), Some(key)) = (&server.certificate, &server.key) {
        let path = KeyPath::root().key("server");
        let message = "the TLS key signs tokens too, and every registry comes to trust the TLS certificate for that: \
                       give the tokens a key of their own (`token.managed_keys`, or `token.certificate` and `token.key`)";
        warnings.push(Problem::new(certificate.location.clone(), path.key("certificate"), message));
        let files = KeyFiles::Pair { certificate: certificate.clone(), key: key.clone() };
        return vec![SigningKeyConfig {
            path,
            name: None,
            files,
            algorithm: None,
            services: Vec::new(),
            role: KeyRole::Current,
            retired_at: None,
        }];
    }
    if server.certificate.is_none() && server.key.is_none() {
        let place = source.root.get("token").map_or(&source.root.location, |entry| &entry.key.location);
        let message = "nothing to sign with: make keys with `dockgate keys init DIR` and write `managed_keys: DIR`, or \
                       give `certificate` and `key`";
        problems.push(Problem::new(place.clone(), KeyPath::root().key("token"), message));
    }
    Vec::new()
}

/// Which key signs for services that no key lists. If they get no tokens, any that signs will do.
fn default_key(keys: &[SigningKeyConfig]) -> Option<usize> {
    let current = |key: &SigningKeyConfig| key.role == KeyRole::Current;
    keys.iter().position(signs_for_others).or_else(|| keys.iter().position(current))
}

fn signs_for_others(key: &SigningKeyConfig) -> bool {
    key.role == KeyRole::Current && key.services.is_empty()
}

fn profiles(
    token: &TokenConfig,
    keys: &[SigningKeyConfig],
    default: &PlannedProfile,
    others: bool,
) -> BTreeMap<String, PlannedProfile> {
    let mut profiles = BTreeMap::new();
    let of_role = |role| keys.iter().enumerate().filter(move |(_, key)| key.role == role);
    for (position, key) in of_role(KeyRole::Current) {
        for service in &key.services {
            profiles.insert(service.clone(), PlannedProfile { key: position, ..default.clone() });
        }
    }
    // Its registry is told of a key of its own before that signs.
    for service in of_role(KeyRole::Next).flat_map(|(_, key)| &key.services).filter(|_| others) {
        profiles.entry(service.clone()).or_insert_with(|| default.clone());
    }
    for (service, own) in &token.services {
        let profile = profiles.entry(service.clone()).or_insert_with(|| default.clone());
        let Some(own) = own else { continue };
        if let Some(name) = &own.key
            && let Some(position) = keys.iter().position(|key| key.name.as_ref() == Some(&name.value))
        {
            profile.key = position;
        }
        if let Some(key_id) = &own.key_id {
            profile.header.kid = Some(key_id.0.clone());
        }
        profile.header.x5c = own.x5c.unwrap_or(profile.header.x5c);
        if let Some(seconds) = &own.expiration {
            profile.lifetime = Duration::from_secs(u64::from(seconds.value));
        }
    }
    profiles
}

fn resolved(source: &Source, given: Located<PathBuf>) -> Located<PathBuf> {
    Located { value: source.resolve(&given.value), ..given }
}

fn planned(source: &Source, key: SigningKeyConfig) -> Option<PlannedKey> {
    let standing = Standing::of(&key);
    let files = match key.files {
        KeyFiles::Pair { certificate, key } => {
            PlannedFiles::Pair { certificate: resolved(source, certificate), key: resolved(source, key) }
        }
        KeyFiles::Managed(directory) => {
            let directory = resolved(source, directory);
            PlannedFiles::Managed { keys: ManagedKeys::at(&directory.value), directory }
        }
        KeyFiles::Certificate(_) => return None,
    };
    Some(PlannedKey { path: key.path, standing, files, algorithm: key.algorithm })
}

fn planned_retired(source: &Source, key: SigningKeyConfig) -> Option<PlannedRetired> {
    let standing = Standing::of(&key);
    let KeyFiles::Certificate(certificate) = key.files else { return None };
    Some(PlannedRetired {
        standing,
        path: key.path,
        certificate: resolved(source, certificate),
        algorithm: key.algorithm,
        retired_at: key.retired_at,
    })
}
