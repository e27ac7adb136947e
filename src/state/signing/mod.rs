//! What signs under a configuration: which keys for which services, what is wrong with them, and what follows when
//! their files change.

mod certificates;
mod docker_auth;
mod findings;
mod loaded;
mod plan;
mod profiles;
mod reload;

use std::time::SystemTime;

use bytes::Bytes;
use dockgate_api::Dialect;
use dockgate_api::config::Problem;

pub use findings::Findings;
pub use loaded::LoadedKey;
pub(super) use plan::SigningPlan;
pub use profiles::ServiceProfile;

use crate::token::{Issuer, KeyId, jwks_document};
use certificates::Expired;

/// What signs.
pub struct Signing {
    /// Signs grants.
    pub issuer: Issuer,
    /// The JWKS document of every key.
    pub jwks: Bytes,
    keys: Vec<LoadedKey>,
    profiles: Vec<ServiceProfile>,
}

impl Signing {
    /// Loads every key of a plan. There is something to sign with if no problem was found.
    pub(super) fn load(plan: &SigningPlan, now: SystemTime) -> (Option<Self>, Findings) {
        let mut findings = Findings::default();
        let longest = plan.longest_lifetime();
        let mut keys = Vec::with_capacity(plan.keys.len());
        for planned in &plan.keys {
            match LoadedKey::load(planned, longest, now, &mut findings) {
                Ok(key) => keys.push(key),
                Err(problem) => findings.problems.push(problem),
            }
        }
        if !findings.problems.is_empty() {
            return (None, findings);
        }
        docker_auth::note_differences(plan, &keys, &mut findings);
        let expired = match plan.dialect {
            Dialect::DockerAuth => Expired::IsLeftOut,
            Dialect::Native => Expired::IsRefused,
        };
        let signing = Self::of(plan, keys, expired, now, &mut findings);
        let signing = signing.map_err(|problem| findings.problems.push(problem)).ok();
        (signing.filter(|_| findings.problems.is_empty()), findings)
    }

    /// The same with keys that were loaded.
    fn of(
        plan: &SigningPlan,
        keys: Vec<LoadedKey>,
        expired: Expired,
        now: SystemTime,
        findings: &mut Findings,
    ) -> Result<Self, Problem> {
        let ended = certificates::judge(plan, &keys, expired, now, findings);
        let (issuer, profiles) = profiles::make(plan, &keys, &ended, findings)?;
        let mut signing = Self { issuer, jwks: Bytes::new(), keys, profiles };
        let jwks = signing.jwks_of(0..signing.keys.len());
        signing.jwks = Bytes::from(jwks.map_err(|error| plan.problem(error.to_string()))?);
        Ok(signing)
    }

    /// Every key, in the order of the configuration.
    pub fn keys(&self) -> &[LoadedKey] {
        &self.keys
    }

    /// How tokens are signed: for services that are not listed, if they get any, then for each that is.
    pub fn profiles(&self) -> impl Iterator<Item = (&ServiceProfile, &LoadedKey)> {
        self.profiles.iter().filter_map(|profile| Some((profile, self.keys.get(profile.key)?)))
    }

    /// How tokens for a service are signed; none if it gets no tokens.
    pub fn profile(&self, service: &str) -> Option<&ServiceProfile> {
        let of = |wanted| self.profiles.iter().find(|profile| profile.service.as_deref() == wanted);
        of(Some(service)).or_else(|| of(None))
    }

    /// Where the keys stand that a registry with this profile should know: the one that signs for it, and those that sign
    /// for nobody yet.
    pub fn keys_for(&self, profile: &ServiceProfile) -> Vec<usize> {
        let signs = |position| self.profiles.iter().any(|profile| profile.key == position);
        (0..self.keys.len()).filter(|position| *position == profile.key || !signs(*position)).collect()
    }

    /// The JWKS document of some keys, each under both of its ids and the texts by which its tokens name it.
    ///
    /// # Errors
    /// See [`jwks_document`].
    pub fn jwks_of(&self, keys: impl IntoIterator<Item = usize>) -> Result<Vec<u8>, serde_json::Error> {
        let published = keys.into_iter().filter_map(|position| {
            let of_key = self.profiles.iter().filter(|profile| profile.key == position);
            let texts = of_key.filter_map(|profile| match &profile.header.kid {
                Some(text @ KeyId::Text(_)) => Some(text.clone()),
                _ => None,
            });
            Some(self.keys.get(position)?.published(texts.collect()))
        });
        jwks_document(published.flatten())
    }
}

/// When the first managed key is to be looked at again.
fn renew_at(keys: &[LoadedKey]) -> Option<SystemTime> {
    keys.iter().filter_map(|key| key.managed.as_ref()).map(|managed| managed.renew_at).min()
}
