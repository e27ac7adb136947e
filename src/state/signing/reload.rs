//! What follows when key files change under a running server.

use std::collections::BTreeSet;
use std::time::SystemTime;

use dockgate_api::config::Problem;

use super::certificates::Expired;
use super::findings::Findings;
use super::loaded::LoadedKey;
use super::plan::{PlannedKey, SigningPlan};
use super::{Signing, look_again_at, retired};
use crate::token::trust::{TokenForm, Trust, Version};
use crate::token::{Certificate, HeaderOptions};

/// What came of looking at the key files again.
pub(in crate::state) struct Review {
    /// What is to sign from now on, if that is something new.
    pub(in crate::state) signing: Option<Signing>,
    pub(in crate::state) findings: Findings,
    /// When to look again at the latest, if anything renews itself.
    pub(in crate::state) again_at: Option<SystemTime>,
}

/// What a key is told that registries would refuse.
const NO_REASON_TO_TRUST: &str = "registries that trust the one from before have no reason to trust this one: name both in \
                                  `token.keys`, the new one with `use: next`, give the registries what `dockgate keys \
                                  export` prints then, and type `dockgate keys rotate`; or restart";

impl SigningPlan {
    /// Looks at the key files again and renews what is due. A key that cannot be used, or that registries have no reason
    /// to trust, changes nothing: the one from before goes on.
    pub(in crate::state) fn review(&self, old: &Signing, now: SystemTime) -> Review {
        let (review, changed) = self.look_again(old, now);
        Review { signing: review.signing.filter(|_| changed), ..review }
    }

    /// What signs under this plan once the running server takes it up in place of another: registries that took the tokens
    /// from before must take the next ones too.
    pub(in crate::state) fn succeed(
        &self,
        before: &Self,
        old: &Signing,
        now: SystemTime,
    ) -> (Option<Signing>, Findings) {
        let (signing, mut findings) =
            if self.keys.iter().map(PlannedKey::source).eq(before.keys.iter().map(PlannedKey::source)) {
                let (Review { signing, mut findings, .. }, _) = self.look_again(old, now);
                if signing.is_some() {
                    // The keys from before go on: that is no reason to leave out what else has changed.
                    findings.alarms.append(&mut findings.problems);
                }
                (signing, findings)
            } else {
                Signing::load_beside(self, Some(old), now)
            };
        if let Some(signing) = &signing {
            findings.problems.extend(self.strangers(signing, old, now));
        }
        (signing, findings)
    }

    /// The keys that registries would see for the first time in a token.
    fn strangers(&self, signing: &Signing, old: &Signing, now: SystemTime) -> Vec<Problem> {
        let strange = self.profiles().filter(|(service, profile)| {
            let Some(before) = old.profile(service.unwrap_or_default()) else { return false };
            let Some(next) = signing.keys.get(profile.key) else { return false };
            let announced = old.keys_for(before).into_iter().filter_map(|position| old.keys.get(position));
            let announced = announced.map(|key| (key.key.public_key(), key.trusted_as()));
            let retired = old.retired_for(before).map(|key| (key.key.public_key(), key.trusted_as()));
            !announced.chain(retired).any(|(public_key, trusted)| {
                next.key.public_key() == public_key
                    || (profile.header.x5c && is_vouched_for(next, trusted, now))
            })
        });
        let positions: BTreeSet<usize> = strange.map(|(_, profile)| profile.key).collect();
        let keys = positions.into_iter().filter_map(|position| self.keys.get(position));
        keys.map(|planned| planned.problem(NO_REASON_TO_TRUST)).collect()
    }

    fn look_again(&self, old: &Signing, now: SystemTime) -> (Review, bool) {
        let mut findings = Findings::default();
        let longest = self.longest_lifetime();
        let mut changed = false;
        let mut keys = Vec::with_capacity(self.keys.len());
        for (position, (planned, before)) in self.keys.iter().zip(&old.keys).enumerate() {
            let loaded = LoadedKey::load(planned, longest, now, &mut findings);
            let next = loaded.and_then(|next| {
                self.may_follow(position, before, &next, now).map_err(|why| planned.problem(why))?;
                Ok(next)
            });
            keys.push(match next {
                Ok(next) => {
                    changed |= !next.is_same(before);
                    next
                }
                Err(mut problem) => {
                    problem.message.push_str("; the key from before goes on signing");
                    findings.problems.push(problem);
                    before.clone()
                }
            });
        }
        let retired = retired::load(&self.retired, &old.retired, longest, now, &mut findings);
        let again_at = look_again_at(&keys, &retired);
        // An end that comes while the server runs is no reason to stop.
        let signing = Signing::of(self, keys, retired, Some(old), Expired::IsLeftOut, now, &mut findings);
        let signing = signing.map_err(|problem: Problem| findings.problems.push(problem)).ok();
        changed |= signing.as_ref().is_some_and(|signing| signing.jwks != old.jwks);
        (Review { signing, findings, again_at }, changed)
    }

    /// Whether registries that took the tokens of a key take those of the next one.
    fn may_follow(
        &self,
        position: usize,
        before: &LoadedKey,
        next: &LoadedKey,
        now: SystemTime,
    ) -> Result<(), &'static str> {
        if next.is_same(before) {
            return Ok(());
        }
        if next.ends() <= now {
            return Err("the new certificate has expired");
        }
        if before.managed.is_some() {
            return is_vouched_for(next, before.trusted_as(), now).then_some(()).ok_or(
                "it is issued by an authority that was not published before: give bundle.pem to the registries, then restart",
            );
        }
        let mut profiles = self.profiles().filter(|(_, profile)| profile.key == position);
        let takes = profiles.all(|(_, profile)| {
            if profile.header.x5c {
                is_vouched_for(next, before.trusted_as(), now)
            } else {
                next.key.public_key() == before.key.public_key()
            }
        });
        takes.then_some(()).ok_or(NO_REASON_TO_TRUST)
    }
}

/// Whether what registries were given for one key leads to the certificate of the next.
fn is_vouched_for(next: &LoadedKey, trusted: Vec<Certificate>, now: SystemTime) -> bool {
    let header = HeaderOptions { kid: None, x5c: true };
    let form = TokenForm { key: &next.key, header: &header };
    Trust::of(trusted).takes(Version::V3_1, form, now).is_ok()
}

impl LoadedKey {
    fn is_same(&self, other: &Self) -> bool {
        let managed = |key: &Self| {
            let part = key.managed.clone();
            part.map(|part| (part.previous, part.authorities))
        };
        // The root does not travel, and decides what may follow.
        let chain =
            |key: &Self| [key.key.leaf()].into_iter().chain(key.key.issuers()).cloned().collect::<Vec<_>>();
        chain(self) == chain(other) && managed(self) == managed(other)
    }
}
