//! What signs under a configuration: which keys for which services, what is wrong with them, and what follows when
//! their files change.

mod certificates;
mod docker_auth;
mod findings;
mod listed;
mod loaded;
mod plan;
mod profiles;
mod reload;
mod retired;
mod standing;

use std::collections::BTreeMap;
use std::time::SystemTime;

use bytes::Bytes;
use dockgate_api::Dialect;
use dockgate_api::config::Problem;

pub use findings::Findings;
pub use listed::ListedKey;
pub use loaded::LoadedKey;
pub(super) use plan::SigningPlan;
pub use profiles::ServiceProfile;
pub use retired::RetiredKey;
pub use standing::Standing;

use crate::token::{Issuer, KeyId, Verifier, jwks_document, libtrust_id};
use certificates::Expired;

/// What signs.
pub struct Signing {
    /// Signs grants.
    pub issuer: Issuer,
    /// The JWKS document of every key.
    pub jwks: Bytes,
    /// Knows the tokens of every key that registries are told of.
    pub verifier: Verifier,
    keys: Vec<LoadedKey>,
    /// What each of them is called and used for.
    standings: Vec<Standing>,
    retired: Vec<RetiredKey>,
    profiles: Vec<ServiceProfile>,
    /// By its libtrust id, since when each key is published.
    known_since: BTreeMap<String, SystemTime>,
}

impl Signing {
    /// Loads every key of a plan. There is something to sign with if no problem was found.
    pub(super) fn load(plan: &SigningPlan, now: SystemTime) -> (Option<Self>, Findings) {
        Self::load_beside(plan, None, now)
    }

    /// The same in place of another.
    fn load_beside(plan: &SigningPlan, before: Option<&Self>, now: SystemTime) -> (Option<Self>, Findings) {
        let mut findings = Findings::default();
        let longest = plan.longest_lifetime();
        let mut keys = Vec::with_capacity(plan.keys.len());
        for planned in &plan.keys {
            match LoadedKey::load(planned, longest, now, &mut findings) {
                Ok(key) => keys.push(key),
                Err(problem) => findings.problems.push(problem),
            }
        }
        let retired = retired::load(&plan.retired, &[], longest, now, &mut findings);
        if !findings.problems.is_empty() {
            return (None, findings);
        }
        docker_auth::note_differences(plan, &keys, &mut findings);
        let expired = match plan.dialect {
            Dialect::DockerAuth => Expired::IsLeftOut,
            Dialect::Native => Expired::IsRefused,
        };
        let signing = Self::of(plan, keys, retired, before, expired, now, &mut findings);
        let signing = signing.map_err(|problem| findings.problems.push(problem)).ok();
        (signing.filter(|_| findings.problems.is_empty()), findings)
    }

    /// The same with keys that were loaded.
    fn of(
        plan: &SigningPlan,
        keys: Vec<LoadedKey>,
        retired: Vec<RetiredKey>,
        before: Option<&Self>,
        expired: Expired,
        now: SystemTime,
        findings: &mut Findings,
    ) -> Result<Self, Problem> {
        let ended = certificates::judge(plan, &keys, expired, now, findings);
        let (issuer, profiles) = profiles::make(plan, &keys, &ended, findings)?;
        let standings = plan.keys.iter().map(|key| key.standing.clone()).collect();
        let ids = keys.iter().map(|key| key.key.public_key());
        let ids = ids.chain(retired.iter().map(|key| key.key.public_key())).map(libtrust_id);
        let known_since = ids
            .map(|id| {
                let since = before.and_then(|before| before.known_since.get(&id)).copied();
                (id, since.unwrap_or(now))
            })
            .collect();
        let published = keys.iter().flat_map(|key| key.published(Vec::new()));
        let published_retired = retired.iter().filter(|key| key.is_published).map(RetiredKey::published);
        let verifier = Verifier::new(issuer.name(), published.chain(published_retired));
        let mut signing =
            Self { issuer, jwks: Bytes::new(), verifier, keys, standings, retired, profiles, known_since };
        let jwks = signing.jwks_of(0..signing.keys.len(), signing.published_retired());
        signing.jwks = Bytes::from(jwks.map_err(|error| plan.problem(error.to_string()))?);
        Ok(signing)
    }

    /// Every key that signs or is to sign later, in the order of the configuration.
    pub fn keys(&self) -> &[LoadedKey] {
        &self.keys
    }

    /// What each of them is called and used for.
    pub fn standings(&self) -> &[Standing] {
        &self.standings
    }

    /// The keys that sign no more, in the order of the configuration: also those that registries are not told of any more.
    pub fn retired(&self) -> &[RetiredKey] {
        &self.retired
    }

    fn published_retired(&self) -> impl Iterator<Item = &RetiredKey> {
        self.retired.iter().filter(|key| key.is_published)
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
    /// for nobody yet and may come to sign for it.
    pub fn keys_for(&self, profile: &ServiceProfile) -> Vec<usize> {
        let signs = |position| self.profiles.iter().any(|profile| profile.key == position);
        let may_come = |position: usize| {
            !signs(position)
                && self.standings.get(position).is_some_and(|of| of.may_be_for(profile.service.as_deref()))
        };
        (0..self.keys.len()).filter(|position| *position == profile.key || may_come(*position)).collect()
    }

    /// The retired keys that a registry with this profile should still know.
    pub fn retired_for(&self, profile: &ServiceProfile) -> impl Iterator<Item = &RetiredKey> {
        let shares = self.standings.get(profile.key).is_some_and(|key| key.services.is_empty());
        self.published_retired().filter(move |key| {
            let services = &key.standing.services;
            if services.is_empty() { shares } else { key.standing.may_be_for(profile.service.as_deref()) }
        })
    }

    /// The JWKS document for a registry with this profile.
    ///
    /// # Errors
    /// See [`jwks_document`].
    pub fn jwks_for(&self, profile: &ServiceProfile) -> Result<Vec<u8>, serde_json::Error> {
        self.jwks_of(self.keys_for(profile), self.retired_for(profile))
    }

    /// The JWKS document of some keys, each under both of its ids and the texts by which its tokens name it.
    fn jwks_of<'a>(
        &'a self,
        keys: impl IntoIterator<Item = usize>,
        retired: impl IntoIterator<Item = &'a RetiredKey>,
    ) -> Result<Vec<u8>, serde_json::Error> {
        let published = keys.into_iter().filter_map(|position| {
            let of_key = self.profiles.iter().filter(|profile| profile.key == position);
            let texts = of_key.filter_map(|profile| match &profile.header.kid {
                Some(text @ KeyId::Text(_)) => Some(text.clone()),
                _ => None,
            });
            Some(self.keys.get(position)?.published(texts.collect()))
        });
        jwks_document(published.flatten().chain(retired.into_iter().map(RetiredKey::published)))
    }
}

/// When a key is to be looked at again: the first managed one is due, or the first retired one is needed no more.
fn look_again_at(keys: &[LoadedKey], retired: &[RetiredKey]) -> Option<SystemTime> {
    let managed = keys.iter().filter_map(|key| key.managed.as_ref()).map(|managed| managed.renew_at);
    managed.chain(retired::next_end(retired)).min()
}
