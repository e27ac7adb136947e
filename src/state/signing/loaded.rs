//! A planned key with the contents of its files.

use std::time::{Duration, SystemTime};

use dockgate_api::config::Problem;

use super::findings::Findings;
use super::plan::{PlannedFiles, PlannedKey};
use crate::token::{Certificate, FileRole, KeyId, PublicKey, PublishedKey, SigningKey};

/// A key that signs, or that registries are told of before it does.
#[derive(Debug, Clone)]
pub struct LoadedKey {
    /// The key.
    pub key: SigningKey,
    /// What else is known of a managed key.
    pub managed: Option<ManagedPart>,
}

/// What is known of a managed key.
#[derive(Debug, Clone)]
pub struct ManagedPart {
    /// The certificates that registries are to trust.
    pub authorities: Vec<Certificate>,
    /// The keys before this one, while their tokens may live.
    pub previous: Vec<PublicKey>,
    /// Whether it is renewed here; not where the authority is elsewhere.
    pub renews_itself: bool,
    /// When to look again.
    pub renew_at: SystemTime,
}

impl LoadedKey {
    /// Reads the files of a key, and renews what is due of a managed one, whose tokens live at most so long.
    ///
    /// # Errors
    /// Which file is at fault, and the cure.
    pub(super) fn load(
        planned: &PlannedKey,
        longest_lifetime: Duration,
        now: SystemTime,
        findings: &mut Findings,
    ) -> Result<Self, Problem> {
        match &planned.files {
            PlannedFiles::Pair { certificate, key } => {
                let loaded = SigningKey::load(&certificate.value, &key.value, planned.algorithm);
                let key = loaded.map_err(|error| match error.role() {
                    FileRole::Key => planned.at("key", &key.location, error.to_string()),
                    FileRole::Certificate => {
                        planned.at("certificate", &certificate.location, error.to_string())
                    }
                })?;
                Ok(Self { key, managed: None })
            }
            PlannedFiles::Managed { keys, .. } => {
                let current = keys
                    .current(now, longest_lifetime)
                    .map_err(|error| planned.problem(error.to_string()))?;
                for notice in &current.notices {
                    findings.notice(notice.severity, planned.problem(notice.to_string()));
                }
                let managed = ManagedPart {
                    authorities: current.authorities,
                    previous: current.previous.iter().filter_map(Certificate::public_key).collect(),
                    renews_itself: current.renews_itself,
                    renew_at: current.renew_at,
                };
                Ok(Self { key: current.leaf, managed: Some(managed) })
            }
        }
    }

    /// The first end of what travels in `x5c`.
    pub fn ends(&self) -> SystemTime {
        self.key.x5c().map(Certificate::not_after).min().unwrap_or(self.key.leaf().not_after())
    }

    /// What registries should be given as `rootcertbundle`: the authorities of a managed key, the authority of its own
    /// that a pair's file goes up to, else the certificate alone. Never an authority that issues for others, since a
    /// registry trusts whatever it issues.
    pub fn trusted_as(&self) -> Vec<Certificate> {
        match (&self.managed, self.key.authority()) {
            (Some(managed), _) => managed.authorities.clone(),
            (None, Some(authority)) => vec![authority.clone()],
            (None, None) => vec![self.key.leaf().clone()],
        }
    }

    /// Its entries for a JWKS, under these ids too.
    pub(super) fn published(&self, ids: Vec<KeyId>) -> impl Iterator<Item = PublishedKey<'_>> {
        let algorithm = self.key.algorithm();
        let previous = self.managed.iter().flat_map(|managed| &managed.previous);
        let previous = previous.map(move |key| PublishedKey { key, algorithm, ids: Vec::new() });
        std::iter::once(PublishedKey { key: self.key.public_key(), algorithm, ids }).chain(previous)
    }
}
