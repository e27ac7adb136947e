//! A planned key with the contents of its files.

use std::time::SystemTime;

use dockgate_api::config::Problem;

use super::plan::{PlannedFiles, PlannedKey, SigningPlan};
use crate::token::managed::Severity;
use crate::token::{Certificate, FileRole, KeyId, PublicKey, PublishedKey, SigningKey};

/// A key that signs, or that registries are told of before it does.
#[derive(Debug, Clone)]
pub struct LoadedKey {
    /// The key.
    pub key: SigningKey,
    /// What else is known of a key that renews itself.
    pub managed: Option<ManagedPart>,
}

/// What is known of keys that renew themselves.
#[derive(Debug, Clone)]
pub struct ManagedPart {
    /// The certificates that registries are to trust.
    pub authorities: Vec<Certificate>,
    /// The keys before this one, while their tokens may live.
    pub previous: Vec<PublicKey>,
    /// When to look again.
    pub renew_at: SystemTime,
}

impl LoadedKey {
    /// Reads the files of a key, and renews what is due of a managed one.
    ///
    /// # Errors
    /// Which file is at fault, and the cure.
    pub(super) fn load(
        plan: &SigningPlan,
        planned: &PlannedKey,
        now: SystemTime,
        warnings: &mut Vec<Problem>,
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
                    .current(now, plan.longest_lifetime())
                    .map_err(|error| planned.problem(error.to_string()))?;
                for notice in &current.notices {
                    match notice.severity {
                        Severity::Info => tracing::info!("{notice}"),
                        Severity::Warn | Severity::Error => {
                            warnings.push(planned.problem(notice.to_string()));
                        }
                    }
                }
                let managed = ManagedPart {
                    authorities: current.authorities,
                    previous: current.previous.iter().filter_map(Certificate::public_key).collect(),
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

    /// Its entries for a JWKS, under these ids too.
    pub(super) fn published(&self, ids: Vec<KeyId>) -> impl Iterator<Item = PublishedKey<'_>> {
        let algorithm = self.key.algorithm();
        let previous = self.managed.iter().flat_map(|managed| &managed.previous);
        let previous = previous.map(move |key| PublishedKey { key, algorithm, ids: Vec::new() });
        std::iter::once(PublishedKey { key: self.key.public_key(), algorithm, ids }).chain(previous)
    }
}
