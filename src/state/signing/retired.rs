//! Keys that sign no more, while tokens that they signed may live.

use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use dockgate_api::config::{KeyPath, Located, Problem};

use super::findings::Findings;
use super::standing::Standing;
use crate::token::{Algorithm, Certificate, CertifiedKey, PublishedKey};

/// What is added to the life of the last token: registries take one for a minute after its end, clocks differ, and a
/// server may take up a change some minutes after it was written.
pub(super) const LEEWAY: Duration = Duration::from_secs(15 * 60);

/// A retired key of the configuration.
#[derive(Debug)]
pub(super) struct PlannedRetired {
    pub(super) standing: Standing,
    pub(super) path: KeyPath,
    pub(super) certificate: Located<PathBuf>,
    pub(super) algorithm: Option<Algorithm>,
    pub(super) retired_at: Option<SystemTime>,
}

/// A key that signs no more.
#[derive(Debug, Clone)]
pub struct RetiredKey {
    /// What it is called, and for whom it signed.
    pub standing: Standing,
    /// The key.
    pub key: CertifiedKey,
    /// When it stopped signing, if that is known.
    pub retired_at: Option<SystemTime>,
    /// When its last token has ended, if that is known.
    pub needed_until: Option<SystemTime>,
    /// Whether registries are still told of it.
    pub is_published: bool,
    file: PathBuf,
}

impl PlannedRetired {
    /// Until when registries must know it.
    fn needed_until(&self, longest_lifetime: Duration) -> Option<SystemTime> {
        self.retired_at?.checked_add(longest_lifetime + LEEWAY)
    }

    fn problem(&self, message: impl Into<String>) -> Problem {
        Problem::new(self.certificate.location.clone(), self.path.key("certificate"), message)
    }
}

impl RetiredKey {
    /// What registries should be given as `rootcertbundle` while its tokens live.
    pub fn trusted_as(&self) -> Vec<Certificate> {
        vec![self.key.authority().unwrap_or(self.key.leaf()).clone()]
    }

    /// Its entry for a JWKS.
    pub(super) fn published(&self) -> PublishedKey<'_> {
        PublishedKey { key: self.key.public_key(), algorithm: self.key.algorithm(), ids: Vec::new() }
    }

    fn is_of(&self, planned: &PlannedRetired) -> bool {
        self.file == planned.certificate.value
    }
}

/// Loads every retired key. A file that is at fault is a problem, unless the key was loaded `before` or no token needs
/// it any more.
pub(super) fn load(
    all: &[PlannedRetired],
    before: &[RetiredKey],
    longest_lifetime: Duration,
    now: SystemTime,
    findings: &mut Findings,
) -> Vec<RetiredKey> {
    let loaded = all.iter().filter_map(|planned| {
        let needed_until = planned.needed_until(longest_lifetime);
        let is_published = needed_until.is_none_or(|until| now < until);
        speak(planned, needed_until, is_published, now, findings);
        let key = match CertifiedKey::load(&planned.certificate.value, planned.algorithm) {
            Ok(key) => key,
            Err(error) => {
                let known = before.iter().find(|key| key.is_of(planned));
                let message = error.to_string();
                match known {
                    _ if !is_published => return None,
                    None => findings.problems.push(planned.problem(message)),
                    Some(_) => findings
                        .warnings
                        .push(planned.problem(format!("{message}; the key from before goes on being published"))),
                }
                known?.key.clone()
            }
        };
        if is_published && key.leaf().not_after() <= now {
            findings.warnings.push(planned.problem(
                "the certificate of this retired key has expired: registries take its last tokens by the key id alone",
            ));
        }
        let file: &Path = &planned.certificate.value;
        Some(RetiredKey {
            standing: planned.standing.clone(),
            key,
            retired_at: planned.retired_at,
            needed_until,
            is_published,
            file: file.to_path_buf(),
        })
    });
    loaded.collect()
}

fn speak(
    planned: &PlannedRetired,
    needed_until: Option<SystemTime>,
    is_published: bool,
    now: SystemTime,
    findings: &mut Findings,
) {
    let message = match planned.retired_at {
        None => {
            "when this key stopped signing is not known: registries are told of it until it is taken away; write \
                 `retired_at`, or take it away once no token of it can be left"
        }
        Some(at) if at > now => "`retired_at` is in the future: the key signs nothing all the same",
        Some(_) if needed_until.is_some() && !is_published => {
            "no token of this key can be left, and registries are not told of it any more: take it away (`dockgate keys \
             rotate --drop-retired CONFIG`)"
        }
        Some(_) => return,
    };
    findings.notes.push(planned.problem(message));
}

/// When the next of them is needed no more.
pub(super) fn next_end(keys: &[RetiredKey]) -> Option<SystemTime> {
    keys.iter().filter(|key| key.is_published).filter_map(|key| key.needed_until).min()
}
