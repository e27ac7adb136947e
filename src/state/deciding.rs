//! What decides requests under one configuration, and what it counts, remembers and writes down.

use std::sync::Arc;

use dockgate_api::config::Problem;
use dockgate_api::{Authenticator, Authorizer};
use dockgate_passwords::PasswordService;

use super::Lasting;
use super::parts::Parts;
use super::signing::SigningPlan;
use super::store::ConfiguredStore;
use crate::access::{Access, Bounds};
use crate::audit::Audit;
use crate::chain::Chain;
use crate::config::audit::AuditConfig;
use crate::config::server::Limits;
use crate::config::token::{RefreshConfig, TokenConfig};
use crate::config::{Sections, Source};
use crate::credentials::Credentials;
use crate::lockout::Guard;
use crate::metrics::{OfConfiguration, RequestMeter};
use crate::outside::Outside;
use crate::sign_ins::{KeySource, SignIns};

/// What surrounds the chains.
pub(super) struct Deciding<'a> {
    pub(super) limits: &'a Limits,
    pub(super) plan: &'a SigningPlan,
    pub(super) audit: Option<Audit>,
    pub(super) lockout: Option<Guard>,
    pub(super) outside: &'a Outside,
    pub(super) lasting: &'a Lasting,
}

impl Deciding<'_> {
    /// What decides, by these chains.
    pub(super) fn access(
        self,
        sections: &Sections,
        store: Option<&ConfiguredStore>,
        authn: Chain<dyn Authenticator>,
        authz: Chain<dyn Authorizer>,
        passwords: Arc<PasswordService>,
    ) -> Access {
        let Self { limits, plan, audit, lockout, outside, lasting } = self;
        let bounds = Bounds { name: limits.name, secret: limits.secret };
        let services = plan.allowed_services().map(|services| services.map(str::to_owned).collect());
        let metrics = OfConfiguration(Arc::clone(&outside.metrics));
        let credentials = credentials(sections.token.as_ref(), store, outside);
        let links = authn.flows().map(|(name, _)| name.to_string());
        let sign_ins = sign_ins(&authn, sections, store, outside)
            .map(|made| made.after(lasting.breakers()).seen(audit.clone(), &metrics, links));
        Access::new(authn, authz, passwords, bounds, services, outside.log.clone())
            .seen(audit, RequestMeter::new(&metrics, plan.named_services()))
            .with_credentials(credentials)
            .with_sign_ins(sign_ins)
            .guarded(lockout)
    }
}

/// What is counted of failed logins, if anything is.
///
/// # Errors
/// If there is no randomness.
pub(super) fn lockout(parts: &Parts, lasting: &Lasting, outside: &Outside) -> Result<Option<Guard>, String> {
    let Some(settings) = parts.sections.lockout.settings() else { return Ok(None) };
    let store = parts.store.as_ref().map(|store| Arc::clone(&store.handle) as _);
    let book = lasting.lockout(outside)?;
    Ok(Some(Guard::new(book, settings, Arc::clone(&outside.clock), store)))
}

/// What keeps refresh tokens and tokens for robots, if there is a store for them.
fn credentials(
    token: Option<&TokenConfig>,
    store: Option<&ConfiguredStore>,
    outside: &Outside,
) -> Option<Credentials> {
    let store = store?;
    let refresh = token.and_then(|token| token.refresh.as_ref()).filter(|refresh| refresh.enabled);
    let terms = refresh.map(RefreshConfig::terms);
    let handle = Arc::clone(&store.handle) as _;
    Some(Credentials::new(handle, Arc::clone(&outside.random), store.recheck, terms))
}

/// What remembers those who sign in through a browser, if a link has them do so and there is a store.
fn sign_ins(
    authn: &Chain<dyn Authenticator>,
    sections: &Sections,
    store: Option<&ConfiguredStore>,
    outside: &Outside,
) -> Option<SignIns> {
    let store = store.filter(|_| authn.flows().next().is_some())?;
    let times = (store.recheck, sections.login.app_passwords.terms().longest);
    let key = KeySource::of(&store.handle);
    Some(SignIns::new(Arc::clone(&store.handle) as _, Arc::clone(&outside.random), key, times))
}

/// The audit log, if one is wanted.
///
/// # Errors
/// Why it cannot be written.
pub(super) fn audit(
    source: &Source,
    config: &AuditConfig,
    outside: &Outside,
    lasting: &Lasting,
) -> Result<Option<Audit>, Problem> {
    let (Some(to), Some(target)) = (&config.to, config.target(source)) else { return Ok(None) };
    config.check(source)?;
    let writer = lasting.audit().writer(&target, &outside.clock, outside.metrics.as_ref());
    let writer = writer.map_err(|error| config.problem(to, format!("cannot write it: {error}")))?;
    Ok(Some(Audit::new(writer, Arc::clone(&outside.clock), config.is_required(), Arc::clone(&source.hash))))
}
