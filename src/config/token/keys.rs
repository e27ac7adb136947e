//! Which keys sign: the short forms and the list, as one.

use std::path::PathBuf;
use std::time::SystemTime;

use dockgate_api::config::{KeyPath, Located, Location, Moment, Problem};
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer};

use super::{KeyRole, TokenConfig};
use crate::token::Algorithm;

/// An item of `token.keys`.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct KeyConfig {
    /// What `services.<service>.key` calls it.
    pub name: Option<Located<String>>,
    /// The signing certificate, leaf first (PEM).
    pub certificate: Option<Located<PathBuf>>,
    /// The signing key (PEM).
    pub key: Option<Located<PathBuf>>,
    /// A directory of keys that renew themselves, in place of `certificate` and `key`.
    pub managed_keys: Option<Located<PathBuf>>,
    /// What it signs with, such as `RS512` or `PS256`; the key's default if absent.
    #[serde(default, deserialize_with = "algorithm")]
    #[schemars(with = "Option<String>")]
    pub algorithm: Option<Algorithm>,
    /// The services that it signs for. Of the keys without, the first signs for all others.
    #[serde(default)]
    pub services: Vec<Located<String>>,
    /// Whether it signs, is to sign later, or signed before. Of the keys that do not say so, the first signs, and the
    /// later ones are next.
    #[serde(rename = "use")]
    pub role: Option<Located<KeyRole>>,
    /// When it stopped signing.
    pub retired_at: Option<Located<Moment>>,
}

fn algorithm<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Algorithm>, D::Error> {
    let Some(name) = Option::<String>::deserialize(deserializer)? else { return Ok(None) };
    Algorithm::from_name(&name).map(Some).ok_or_else(|| {
        let known: Vec<&str> = Algorithm::ALL.iter().map(|algorithm| algorithm.name()).collect();
        serde::de::Error::custom(format!("`{name}` is no algorithm: write one of {}", known.join(", ")))
    })
}

/// Where a signing key is.
#[derive(Clone, Debug)]
pub enum KeyFiles {
    /// A certificate and its private key.
    Pair {
        /// The certificate.
        certificate: Located<PathBuf>,
        /// The key.
        key: Located<PathBuf>,
    },
    /// A directory that `dockgate keys init` made.
    Managed(Located<PathBuf>),
    /// The certificate of a key that signs no more; what became of the key is nobody's business here.
    Certificate(Located<PathBuf>),
}

/// A signing key, in whichever form it was written.
#[derive(Clone, Debug)]
pub struct SigningKeyConfig {
    /// Where it stands, for messages.
    pub path: KeyPath,
    /// What `services.<service>.key` calls it.
    pub name: Option<String>,
    /// Its files.
    pub files: KeyFiles,
    /// What it signs with; the key's default if none.
    pub algorithm: Option<Algorithm>,
    /// The services that it signs for, is to sign for, or signed for.
    pub services: Vec<String>,
    /// Whether it signs.
    pub role: KeyRole,
    /// When it stopped signing, if that is known.
    pub retired_at: Option<SystemTime>,
}

impl SigningKeyConfig {
    /// Where its files stand, for messages.
    pub fn location(&self) -> &Location {
        match &self.files {
            KeyFiles::Pair { certificate: path, .. }
            | KeyFiles::Managed(path)
            | KeyFiles::Certificate(path) => &path.location,
        }
    }
}

impl TokenConfig {
    pub(super) fn validate_keys(&self, path: &KeyPath, problems: &mut Vec<Problem>) {
        let forms = [
            self.certificate.as_ref().or(self.key.as_ref()).map(|given| ("certificate", &given.location)),
            self.managed_keys.as_ref().map(|given| ("managed_keys", &given.location)),
            self.keys.as_ref().map(|given| ("keys", &given.location)),
        ];
        let mut given = forms.into_iter().flatten();
        if let Some((first, _)) = given.next() {
            problems.extend(given.map(|(form, location)| {
                let message = format!("`token.{first}` names the signing key already: keep one of the two");
                Problem::new(location.clone(), path.key(form), message)
            }));
        }
        whole_pair(self.certificate.as_ref(), self.key.as_ref(), path, problems);
        let Some(keys) = &self.keys else { return };
        // Items that could not be read were refused before, and are not among these.
        let items = path.key("keys");
        let was_refused = |problem: &Problem| problem.path.as_str().starts_with(items.as_str());
        if keys.is_empty() && !problems.iter().any(was_refused) {
            let message = "is empty: name a key, such as `- {certificate: signing.pem, key: signing.key}`";
            problems.push(Problem::new(keys.location.clone(), path.key("keys"), message));
        }
        for (position, key) in keys.iter().enumerate() {
            key.value.validate(&items.item(key.index.unwrap_or(position)), &key.location, problems);
        }
        self.validate_roles(&items, problems);
        let mut names: Vec<&Located<String>> = keys.iter().filter_map(|key| key.name.as_ref()).collect();
        names.sort_by(|a, b| a.value.cmp(&b.value).then(a.location.cmp(&b.location)));
        for pair in names.windows(2) {
            if let [first, second] = pair
                && first.value == second.value
            {
                let message = format!("`{}` is the name of another key too", second.value);
                problems.push(Problem::new(second.location.clone(), path.key("keys"), message));
            }
        }
    }

    /// The keys of this section, in the order of the file; none if the server's pair is to sign. What is not whole was
    /// refused before.
    pub fn signing_keys(&self, path: &KeyPath) -> Vec<SigningKeyConfig> {
        if let Some(keys) = &self.keys {
            let keys = keys.iter().zip(self.roles()).enumerate();
            return keys
                .filter_map(|(i, (key, role))| {
                    key.signing_key(path.key("keys").item(key.index.unwrap_or(i)), role)
                })
                .collect();
        }
        let files = files(self.certificate.as_ref(), self.key.as_ref(), self.managed_keys.as_ref());
        let only = |files| SigningKeyConfig {
            path: path.clone(),
            name: None,
            files,
            algorithm: None,
            services: Vec::new(),
            role: KeyRole::Current,
            retired_at: None,
        };
        files.map(only).into_iter().collect()
    }
}

impl KeyConfig {
    fn validate(&self, path: &KeyPath, place: &Location, problems: &mut Vec<Problem>) {
        if self.is_retired() {
            return self.validate_retired(path, place, problems);
        }
        if let Some(retired_at) = &self.retired_at {
            let message = "is of a key that signs no more: write `use: retired` beside it, or take it away";
            problems.push(Problem::new(retired_at.location.clone(), path.key("retired_at"), message));
        }
        whole_pair(self.certificate.as_ref(), self.key.as_ref(), path, problems);
        let pair = self.certificate.as_ref().or(self.key.as_ref());
        match (&self.managed_keys, pair) {
            (Some(managed), Some(_)) => {
                let message = "stands beside `certificate` or `key`: keep one of the two";
                problems.push(Problem::new(managed.location.clone(), path.key("managed_keys"), message));
            }
            (None, None) => {
                let message = "names no key: give `certificate` and `key`, or `managed_keys`";
                problems.push(Problem::new(place.clone(), path.clone(), message));
            }
            _ => {}
        }
        if let (Some(managed), Some(algorithm)) = (&self.managed_keys, self.algorithm)
            && algorithm != Algorithm::Es256
        {
            let message = format!("managed keys sign ES256, not {algorithm}: leave `algorithm` out");
            problems.push(Problem::new(managed.location.clone(), path.key("algorithm"), message));
        }
    }

    /// Whether it says so itself; no key is retired otherwise.
    pub(super) fn is_retired(&self) -> bool {
        self.role.as_ref().is_some_and(|role| role.value == KeyRole::Retired)
    }

    fn validate_retired(&self, path: &KeyPath, place: &Location, problems: &mut Vec<Problem>) {
        if let Some(managed) = &self.managed_keys {
            let message = "managed keys retire by themselves; of a directory that is to sign no more, write \
                           `certificate` with its bundle.pem in place of this";
            problems.push(Problem::new(managed.location.clone(), path.key("managed_keys"), message));
        } else if self.certificate.is_none() {
            let message = "a retired key needs its `certificate`, by which its last tokens are known";
            problems.push(Problem::new(place.clone(), path.clone(), message));
        }
    }

    fn signing_key(&self, path: KeyPath, role: KeyRole) -> Option<SigningKeyConfig> {
        let files = match role {
            KeyRole::Retired => KeyFiles::Certificate(self.certificate.clone()?),
            KeyRole::Current | KeyRole::Next => {
                files(self.certificate.as_ref(), self.key.as_ref(), self.managed_keys.as_ref())?
            }
        };
        Some(SigningKeyConfig {
            path,
            name: self.name.as_ref().map(|name| name.value.clone()),
            files,
            role,
            retired_at: self.retired_at.as_ref().map(|at| at.value.0),
            algorithm: self.algorithm,
            services: self.services.iter().map(|service| service.value.clone()).collect(),
        })
    }
}

type Path<'a> = Option<&'a Located<PathBuf>>;

fn files(certificate: Path<'_>, key: Path<'_>, managed: Path<'_>) -> Option<KeyFiles> {
    match (certificate, key, managed) {
        (Some(certificate), Some(key), _) => {
            Some(KeyFiles::Pair { certificate: certificate.clone(), key: key.clone() })
        }
        (None, None, Some(directory)) => Some(KeyFiles::Managed(directory.clone())),
        _ => None,
    }
}

fn whole_pair(certificate: Path<'_>, key: Path<'_>, path: &KeyPath, problems: &mut Vec<Problem>) {
    let (given, name, other) = match (certificate, key) {
        (Some(given), None) => (given, "certificate", "key"),
        (None, Some(given)) => (given, "key", "certificate"),
        _ => return,
    };
    problems.push(Problem::new(given.location.clone(), path.key(name), format!("needs `{other}` beside it")));
}
