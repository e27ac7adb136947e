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

    pub(crate) fn write(&self, dir: &Path, keys: &Keyring) -> TrustFiles {
        let bundle = self.bundle.map(|trusted| {
            let file = dir.join("bundle.pem");
            let pem: String = trusted.iter().map(|&key| keys.of(key).certificate_pem.as_str()).collect();
            fs::write(&file, pem).unwrap();
            file
        });
        let jwks = self.jwks.map(|trusted| {
            let file = dir.join("jwks.json");
            let entry = |&(key, kid): &(Key, Kid)| {
                let public = &keys.of(key).public;
                public.entry(kid.of(key, public).as_deref())
            };
            let entries: Vec<_> = trusted.iter().map(entry).collect();
            fs::write(&file, json!({"keys": entries}).to_string()).unwrap();
            file
        });
        TrustFiles { bundle, jwks }
    }
}
