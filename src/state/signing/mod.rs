//! What signs under a configuration: which keys for which services, what is wrong with them, and what follows when
//! their files change.

mod certificates;
mod loaded;
mod plan;
mod reload;

use std::collections::HashMap;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use dockgate_api::Dialect;
use dockgate_api::config::Problem;

pub use loaded::LoadedKey;
pub use plan::SigningPlan;

use crate::token::{HeaderOptions, IssueError, Issuer, KeyId, Profile, SigningKey, jwks_document};
use certificates::Expired;
use plan::PlannedProfile;

/// What signs.
pub struct Signing {
    /// Signs grants.
    pub issuer: Issuer,
    /// The JWKS document.
    pub jwks: Bytes,
    keys: Vec<LoadedKey>,
    profiles: Vec<ServiceProfile>,
}

/// How tokens for one service are signed, for those who ask about it.
#[derive(Debug, Clone)]
pub struct ServiceProfile {
    /// The service; none for all that are not listed.
    pub service: Option<String>,
    /// What the header says.
    pub header: HeaderOptions,
    /// How long a token lives.
    pub lifetime: Duration,
    key: usize,
}

impl ServiceProfile {
    /// The position of its key among [`Signing::keys`].
    pub fn key(&self) -> usize {
        self.key
    }
}

impl Signing {
    /// Loads every key of a plan. Problems and warnings go to the lists.
    pub(super) fn load(
        plan: &SigningPlan,
        now: SystemTime,
        problems: &mut Vec<Problem>,
        warnings: &mut Vec<Problem>,
    ) -> Option<Self> {
        let loaded = plan.keys.iter().map(|planned| {
            let loaded = LoadedKey::load(plan, planned, now, warnings);
            loaded.map_err(|problem| problems.push(problem)).ok()
        });
        let loaded: Vec<Option<LoadedKey>> = loaded.collect();
        let expired = match plan.dialect {
            Dialect::DockerAuth => Expired::IsLeftOut,
            Dialect::Native => Expired::IsRefused,
        };
        Self::of(plan, loaded.into_iter().collect::<Option<_>>()?, expired, now, problems, warnings)
    }

    /// The same with keys that were loaded.
    fn of(
        plan: &SigningPlan,
        keys: Vec<LoadedKey>,
        expired: Expired,
        now: SystemTime,
        problems: &mut Vec<Problem>,
        warnings: &mut Vec<Problem>,
    ) -> Option<Self> {
        let told = problems.len();
        let ended = certificates::judge(plan, &keys, expired, now, problems, warnings);
        let mut profiles = Vec::new();
        let mut signed = Vec::new();
        for (service, planned) in plan.profiles() {
            let Some(key) = keys.get(planned.key) else { continue };
            let x5c = planned.header.x5c && !ended.contains(&planned.key);
            let header = HeaderOptions { x5c, ..planned.header.clone() };
            let made = profile(plan, planned, &key.key, &header, warnings);
            let Ok(made) = made.map_err(|problem| problems.push(problem)) else { continue };
            signed.push((service.map(str::to_owned), made));
            if service.is_none() && plan.allowed_services().is_some() {
                continue;
            }
            profiles.push(ServiceProfile {
                service: service.map(str::to_owned),
                header,
                lifetime: planned.lifetime,
                key: planned.key,
            });
        }
        let jwks = jwks(&keys, &profiles).map_err(|error| {
            problems.extend(plan.keys.first().map(|key| key.problem(error.to_string())));
        });
        if problems.len() > told {
            return None;
        }
        let mut default = None;
        let mut services = HashMap::new();
        for (service, profile) in signed {
            match service {
                Some(service) => drop(services.insert(service, profile)),
                None => default = Some(profile),
            }
        }
        let issuer = Issuer::new(plan.issuer.as_str(), default?, services);
        Some(Self { issuer, jwks: Bytes::from(jwks.ok()?), keys, profiles })
    }

    /// Every key, in the order of the configuration.
    pub fn keys(&self) -> &[LoadedKey] {
        &self.keys
    }

    /// How tokens are signed: for services that are not listed, if they get any, then for each that is.
    pub fn profiles(&self) -> impl Iterator<Item = (&ServiceProfile, &LoadedKey)> {
        self.profiles.iter().filter_map(|profile| Some((profile, self.keys.get(profile.key)?)))
    }

    /// When the first key that renews itself is due.
    pub(super) fn renew_at(&self) -> Option<SystemTime> {
        renew_at(&self.keys)
    }
}

fn renew_at(keys: &[LoadedKey]) -> Option<SystemTime> {
    keys.iter().filter_map(|key| key.managed.as_ref()).map(|managed| managed.renew_at).min()
}

fn profile(
    plan: &SigningPlan,
    planned: &PlannedProfile,
    key: &SigningKey,
    header: &HeaderOptions,
    warnings: &mut Vec<Problem>,
) -> Result<Profile, Problem> {
    let at_key = |message: String| match plan.keys.get(planned.key) {
        Some(key) => key.problem(message),
        None => Problem::new(
            dockgate_api::config::Location::unknown(),
            dockgate_api::config::KeyPath::root(),
            message,
        ),
    };
    let profile =
        Profile::new(key, header, planned.lifetime).map_err(|error: IssueError| at_key(error.to_string()))?;
    if let Some(bytes) = profile.oversized_header() {
        let warning = at_key(format!(
            "the certificate chain makes every token more than {bytes} bytes long: proxies need larger header limits, \
             or write `x5c: false` where a registry knows the key id"
        ));
        if !warnings.contains(&warning) {
            warnings.push(warning);
        }
    }
    Ok(profile)
}

/// Every key under both of its ids and the texts by which its tokens name it.
fn jwks(keys: &[LoadedKey], profiles: &[ServiceProfile]) -> Result<Vec<u8>, serde_json::Error> {
    let published = keys.iter().enumerate().flat_map(|(position, key)| {
        let of_key = profiles.iter().filter(|profile| profile.key == position);
        let texts = of_key.filter_map(|profile| match &profile.header.kid {
            Some(text @ KeyId::Text(_)) => Some(text.clone()),
            _ => None,
        });
        key.published(texts.collect())
    });
    jwks_document(published)
}
