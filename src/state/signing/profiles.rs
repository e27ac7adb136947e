//! From planned profiles to an issuer.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use dockgate_api::config::Problem;

use super::findings::Findings;
use super::loaded::LoadedKey;
use super::plan::SigningPlan;
use crate::token::{HeaderOptions, Issuer, KeyId, Profile, PublicKey};

/// How tokens for one service are signed, for those who ask about it.
#[derive(Debug, Clone)]
pub struct ServiceProfile {
    /// The service; none for all that are not listed.
    pub service: Option<String>,
    /// What the header says.
    pub header: HeaderOptions,
    /// How long a token lives.
    pub lifetime: Duration,
    pub(super) key: usize,
}

impl ServiceProfile {
    /// The position of its key among [`Signing::keys`](super::Signing::keys).
    pub fn key(&self) -> usize {
        self.key
    }
}

/// An issuer with every profile of the plan. Certificates that have ended do not travel.
pub(super) fn make(
    plan: &SigningPlan,
    keys: &[LoadedKey],
    ended: &HashSet<usize>,
    findings: &mut Findings,
) -> Result<(Issuer, Vec<ServiceProfile>), Problem> {
    let (mut default, mut services) = (None, HashMap::new());
    let mut profiles = Vec::new();
    let mut named: HashMap<Arc<str>, &PublicKey> = HashMap::new();
    for (service, planned) in plan.profiles() {
        let (Some(key), Some(planned_key)) = (keys.get(planned.key), plan.keys.get(planned.key)) else {
            continue;
        };
        let x5c = planned.header.x5c && !ended.contains(&planned.key);
        let header = HeaderOptions { x5c, ..planned.header.clone() };
        let profile = Profile::new(&key.key, &header, planned.lifetime)
            .map_err(|error| planned_key.problem(error.to_string()))?;
        if let Some(bytes) = profile.oversized_header() {
            findings.warn_once(planned_key.problem(format!(
                "the certificate chain makes every token more than {bytes} bytes long: proxies need larger header limits, \
                 or write `x5c: false` where a registry knows the key id"
            )));
        }
        if let Some(KeyId::Text(text)) = &header.kid
            && !header.x5c
            && *named.entry(Arc::clone(text)).or_insert(key.key.public_key()) != key.key.public_key()
        {
            findings.warn_once(planned_key.problem(format!(
                "`key_id: {{text: \"{text}\"}}` names two keys here: a registry that is told of both finds one of them"
            )));
        }
        match service {
            Some(service) => drop(services.insert(service.to_owned(), profile)),
            None => default = Some(profile),
        }
        let service = service.map(str::to_owned);
        profiles.push(ServiceProfile { service, header, lifetime: planned.lifetime, key: planned.key });
    }
    Ok((Issuer::new(plan.issuer(), default, services).with_reuse(plan.reuse), profiles))
}
