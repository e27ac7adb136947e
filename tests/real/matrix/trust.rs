//! What a registry is given to know the keys by.

use std::fs;
use std::path::Path;

use serde_json::json;

use super::form::Kid;
use super::key::{Key, Keyring};
use crate::registry::TrustFiles;

/// One set-up of a registry.
#[derive(Debug)]
pub(crate) struct Trust {
    /// What the table says of it.
    pub(crate) says: &'static str,
    /// `rootcertbundle`: the certificates of these keys, in this order.
    pub(crate) bundle: Option<&'static [Key]>,
    /// `jwks`: these keys, each under this id.
    pub(crate) jwks: Option<&'static [(Key, Kid)]>,
}

impl Trust {
    pub(crate) const fn bundle(says: &'static str, keys: &'static [Key]) -> Self {
        Self { says, bundle: Some(keys), jwks: None }
    }

    /// Whether one registry does for both.
    pub(crate) fn is_given_as(&self, other: &Self) -> bool {
        (self.bundle, self.jwks) == (other.bundle, other.jwks)
    }

    /// The content of `rootcertbundle`, PEM.
    pub(crate) fn bundle_content(&self, keys: &Keyring) -> Option<String> {
        let trusted = self.bundle?;
        Some(trusted.iter().map(|&key| keys.of(key).certificate_pem.as_str()).collect())
    }

    /// The content of `jwks`, JSON.
    pub(crate) fn jwks_content(&self, keys: &Keyring) -> Option<String> {
        let entry = |&(key, kid): &(Key, Kid)| {
            let public = &keys.of(key).public;
            public.entry(kid.of(key, public).as_deref())
        };
        let entries: Vec<_> = self.jwks?.iter().map(entry).collect();
        Some(json!({"keys": entries}).to_string())
    }

    pub(crate) fn write(&self, dir: &Path, keys: &Keyring) -> TrustFiles {
        let written = |name: &str, content: Option<String>| {
            let file = dir.join(name);
            fs::write(&file, content?).unwrap();
            Some(file)
        };
        TrustFiles {
            bundle: written("bundle.pem", self.bundle_content(keys)),
            jwks: written("jwks.json", self.jwks_content(keys)),
        }
    }
}
