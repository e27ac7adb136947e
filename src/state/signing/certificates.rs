//! What is to be said of the certificates of signing keys.

use std::collections::HashSet;
use std::time::{Duration, SystemTime};

use super::findings::Findings;
use super::loaded::LoadedKey;
use super::plan::{PlannedFiles, PlannedKey, SigningPlan};
use crate::config::token::KeyRole;

/// Certificates that people bring are warned of when they end within this time.
const EXPIRES_SOON: Duration = Duration::from_secs(30 * DAY);
const DAY: u64 = 24 * 60 * 60;

/// What becomes of a certificate that has expired, and no registry takes any more.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Expired {
    /// The configuration is refused.
    IsRefused,
    /// Tokens go out without it.
    IsLeftOut,
}

/// Looks at every key. Answers the positions of those whose certificate has ended and does not travel any more.
pub(super) fn judge(
    plan: &SigningPlan,
    keys: &[LoadedKey],
    expired: Expired,
    now: SystemTime,
    findings: &mut Findings,
) -> HashSet<usize> {
    let mut ended = HashSet::new();
    for (position, (planned, key)) in plan.keys.iter().zip(keys).enumerate() {
        leading_zero(planned, key, findings);
        let travels = plan.profiles().any(|(_, profile)| profile.key == position && profile.header.x5c);
        if key.managed.is_some()
            && plan.profiles().any(|(_, profile)| profile.key == position && !profile.header.x5c)
        {
            findings.warnings.push(planned.problem(
                "managed keys change every few days, and without `x5c` a registry knows only the key that it was given: \
                 leave `x5c` on for the services that they sign for, or give these a key of their own",
            ));
        }
        if !travels {
            if planned.standing.role == KeyRole::Next && key.managed.is_none() {
                announced(planned, key, now, findings);
            }
            continue;
        }
        if key.ends() <= now {
            ended.insert(position);
            let what = what_expired(key, now);
            match expired {
                Expired::IsLeftOut => findings.alarms.push(planned.problem(format!(
                    "{what}: tokens go out without it, and only registries that know the key id take them"
                ))),
                Expired::IsRefused => findings.problems.push(planned.problem(format!(
                    "{what}: renew it, or write `x5c: false` if your registries know the key id"
                ))),
            }
        } else if key.key.leaf().not_before() > now {
            findings.alarms.push(planned.problem(
                "the signing certificate is not valid yet: registries refuse its tokens until it is",
            ));
        } else if key.managed.is_none() && key.ends() <= now + EXPIRES_SOON {
            let left = key.ends().duration_since(now).unwrap_or_default().as_secs() / DAY;
            findings
                .warnings
                .push(planned.problem(format!("the signing certificate expires in {left} days: renew it")));
        }
    }
    ended
}

/// The certificate of a key that signs nothing yet is no reason not to start.
fn announced(planned: &PlannedKey, key: &LoadedKey, now: SystemTime, findings: &mut Findings) {
    if key.ends() <= now {
        findings.warnings.push(planned.problem(
            "the certificate of this key has expired before it ever signed: renew it, and give it to the registries anew",
        ));
    } else if key.ends() <= now + EXPIRES_SOON {
        let left = key.ends().duration_since(now).unwrap_or_default().as_secs() / DAY;
        findings.warnings.push(planned.problem(format!(
            "the certificate of this key expires in {left} days, and it does not sign yet: `dockgate keys rotate`, or \
             renew it"
        )));
    }
}

fn what_expired(key: &LoadedKey, now: SystemTime) -> &'static str {
    if key.key.leaf().not_after() <= now {
        "the signing certificate has expired"
    } else {
        "a certificate of the signing certificate's chain has expired"
    }
}

fn leading_zero(planned: &PlannedKey, key: &LoadedKey, findings: &mut Findings) {
    if let PlannedFiles::Pair { key: file, .. } = &planned.files
        && key.key.public_key().has_leading_zero_coordinate()
    {
        let message = "a coordinate of this EC key begins with a zero byte, which registry 3 drops: it takes the tokens \
                       only through `x5c`; a new key avoids it";
        findings.warnings.push(planned.at("key", &file.location, message));
    }
}
