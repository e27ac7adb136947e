//! What follows when key files change under a running server.

use std::time::SystemTime;

use dockgate_api::config::Problem;

use super::certificates::Expired;
use super::loaded::LoadedKey;
use super::plan::{PlannedKey, SigningPlan};
use super::{Signing, renew_at};

/// What came of looking at the key files again.
pub struct Review {
    /// What is to sign from now on, if that is something new.
    pub signing: Option<Signing>,
    /// Why keys from before go on.
    pub problems: Vec<Problem>,
    /// What the administrator should know.
    pub warnings: Vec<Problem>,
    /// When to look again at the latest, if anything renews itself.
    pub again_at: Option<SystemTime>,
}

impl SigningPlan {
    /// Looks at the key files again and renews what is due. A key that cannot be used, or that registries have no reason
    /// to trust, changes nothing: the one from before goes on.
    pub fn review(&self, old: &Signing, now: SystemTime) -> Review {
        let mut review = Review { signing: None, problems: Vec::new(), warnings: Vec::new(), again_at: None };
        let mut changed = false;
        let mut keys = Vec::with_capacity(self.keys.len());
        for (planned, before) in self.keys.iter().zip(&old.keys) {
            let loaded = LoadedKey::load(self, planned, now, &mut review.warnings);
            let next = loaded.and_then(|next| follows(planned, before, next, now));
            keys.push(match next {
                Ok(next) => {
                    changed |= !next.is_same(before);
                    next
                }
                Err(mut problem) => {
                    problem.message.push_str("; the key from before goes on signing");
                    review.problems.push(problem);
                    before.clone()
                }
            });
        }
        review.again_at = renew_at(&keys);
        // An end that comes while the server runs is no reason to stop.
        let expired = Expired::IsLeftOut;
        let next = Signing::of(self, keys, expired, now, &mut review.problems, &mut review.warnings);
        review.signing = next.filter(|_| changed);
        review
    }
}

impl LoadedKey {
    fn is_same(&self, other: &Self) -> bool {
        let managed = |key: &Self| {
            let part = key.managed.clone();
            part.map(|part| (part.previous, part.authorities))
        };
        self.key.x5c().eq(other.key.x5c()) && managed(self) == managed(other)
    }
}

/// The next key, if a registry that trusted the one before has reason to trust it.
fn follows(
    planned: &PlannedKey,
    before: &LoadedKey,
    next: LoadedKey,
    now: SystemTime,
) -> Result<LoadedKey, Problem> {
    if next.is_same(before) {
        return Ok(next);
    }
    if next.ends() <= now {
        return Err(planned.problem("the new certificate has expired"));
    }
    let trusted = match (&before.managed, &next.managed) {
        (Some(before), Some(next)) => {
            next.authorities.iter().any(|authority| before.authorities.contains(authority))
        }
        _ => {
            next.key.public_key() == before.key.public_key()
                || before.key.issuers().any(|issuer| next.key.leaf().is_issued_by(issuer))
        }
    };
    if trusted {
        return Ok(next);
    }
    Err(planned.problem(
        "the key was replaced by one that the registries have no reason to trust: give them the new certificate first, \
         then restart",
    ))
}
