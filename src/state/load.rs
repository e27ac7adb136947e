//! From a configuration file to a state, for a server that starts and for one that takes up a change.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use dockgate_api::config::{KeyPath, Problem};

use super::parts::{Parts, at_top, in_order, was_unread};
use super::request_ids::RequestIds;
use super::signing::SigningPlan;
use super::store::ConfiguredStore;
use super::{Findings, Lasting, Signing, State};
use crate::access::{Access, Bounds};
use crate::acme;
use crate::audit::Audit;
use crate::backends::Backends;
use crate::config::audit::AuditConfig;
use crate::config::server::{DoorTls, ServerConfig};
use crate::config::token::{RefreshConfig, TokenConfig};
use crate::config::{Sections, Source};
use crate::credentials::Credentials;
use crate::live::Live;
use crate::lockout::Guard;
use crate::metrics::{OfConfiguration, RequestMeter};
use crate::net;
use crate::outside::Outside;

/// A state and what its administrator should know.
pub struct Loaded {
    /// The state.
    pub state: State,
    /// Nothing that keeps it from serving.
    pub warnings: Vec<Problem>,
    /// Good to know.
    pub notes: Vec<Problem>,
}

/// Reads a configuration file and makes everything of it. Needs no network.
///
/// # Errors
/// Every problem of the file, in its order.
pub fn load(
    file: &Path,
    backends: &Backends,
    outside: &Outside,
    lasting: &Lasting,
) -> Result<Loaded, Vec<Problem>> {
    let source = Source::read(file, outside.environment.as_ref())?;
    build(&source, backends, outside, lasting)
}

/// The same beside a state that is serving, whose place it is to take: what registries trust goes on.
///
/// # Errors
/// Every problem of the file, in its order; signing keys that registries have no reason to trust are among them.
pub fn load_beside(before: &State, file: &Path, backends: &Backends) -> Result<Loaded, Refused> {
    let outside = &before.outside;
    let mut files = vec![file.to_path_buf()];
    let made = Source::read(file, outside.environment.as_ref()).and_then(|source| {
        let made = build_beside(Some(before), &source, backends, outside, &before.lasting, &mut files)?;
        made.state.open_store()?;
        Ok(made)
    });
    made.map_err(|problems| Refused { problems, files })
}

/// A configuration that cannot take the place of another.
#[derive(Debug)]
pub struct Refused {
    /// Every problem, in the order of the file.
    pub problems: Vec<Problem>,
    /// The files that it names, as far as they are known: a change to one of them may put things right.
    pub files: Vec<PathBuf>,
}

/// The same from a file that was read.
///
/// # Errors
/// Every problem of the file, in its order.
pub fn build(
    source: &Source,
    backends: &Backends,
    outside: &Outside,
    lasting: &Lasting,
) -> Result<Loaded, Vec<Problem>> {
    build_beside(None, source, backends, outside, lasting, &mut Vec::new())
}

fn build_beside(
    before: Option<&State>,
    source: &Source,
    backends: &Backends,
    outside: &Outside,
    lasting: &Lasting,
    named: &mut Vec<PathBuf>,
) -> Result<Loaded, Vec<Problem>> {
    named.clone_from(&source.files);
    let Parts {
        sections,
        authn,
        authz,
        passwords,
        outbound,
        spawner,
        store,
        secret_files,
        mut problems,
        mut warnings,
        mut notes,
    } = Parts::read(source, backends, outside, lasting, false)?;
    let acme = sections.server.as_ref().and_then(|server| {
        notes.extend(server.way_from_the_authority());
        let before = before.and_then(State::acme).map(|before| &before.acme);
        acme::load(source, server, before, outbound.as_ref(), outside, &mut problems, &mut warnings)
    });
    let doors = sections.server.as_ref().map(|server| {
        let serving = before.map(State::doors).unwrap_or_default();
        let issued = acme.as_ref().map(|loaded| loaded.acme.resolver());
        net::load_doors(source, server, serving, issued, outside.clock.now(), &mut problems, &mut warnings)
    });
    named.extend(secret_files);
    named.extend(sections.server.iter().flat_map(|server| tls_files(source, server)));
    refuse_refresh_without_store(source, &sections, &mut problems);
    let of_acme = sections.server.iter().flat_map(acme::files);
    named.extend(of_acme.map(|file| source.resolve(file)));
    let audit = audit(source, &sections.audit, outside, lasting);
    let audit = audit.map_err(|problem| problems.push(problem)).ok().flatten();
    let plan = SigningPlan::new(source, &sections, &mut problems, &mut warnings);
    let key_files = plan.as_ref().map(SigningPlan::files).unwrap_or_default();
    let now = outside.clock.now();
    let (signing, key_findings) = match (&plan, before) {
        (Some(plan), Some(before)) => plan.succeed(&before.plan, &before.signing(), now),
        (Some(plan), None) => Signing::load(plan, now),
        (None, _) => (None, Findings::default()),
    };
    problems.extend(key_findings.problems.iter().cloned());
    warnings.extend(key_findings.alarms.iter().chain(&key_findings.warnings).cloned());
    if !lasting.hashes_as(&sections.passwords) {
        let place = source.root.get("passwords").map_or(&source.root.location, |entry| &entry.key.location);
        let message = "takes effect when the server starts again: what hashes outlives a reload";
        warnings.push(Problem::new(place.clone(), KeyPath::root().key("passwords"), message));
    }
    // A value that could not even be read makes no sense to those who come later either.
    problems.retain(|problem| source.problems.contains(problem) || !was_unread(source, problem));
    let lockout = lockout(&sections, lasting, store.as_ref(), outside);
    let lockout = lockout.map_err(|message| problems.extend(at_top(source, message))).ok().flatten();
    let request_ids = RequestIds::new(outside.random.as_ref())
        .map_err(|error| problems.extend(at_top(source, error.to_string())))
        .ok();
    notes.extend(key_findings.notes.iter().cloned());
    in_order(&mut problems);
    in_order(&mut warnings);
    in_order(&mut notes);

    let (Some(server), Some((plan, signing)), Some(request_ids), true) =
        (sections.server, plan.zip(signing), request_ids, problems.is_empty())
    else {
        named.extend(key_files);
        return Err(problems);
    };
    let bounds = Bounds { name: server.limits.name, secret: server.limits.secret };
    let services = plan.allowed_services().map(|services| services.map(str::to_owned).collect());
    let metrics = OfConfiguration(Arc::clone(&outside.metrics));
    let meter = RequestMeter::new(&metrics, plan.named_services());
    let credentials = credentials(sections.token.as_ref(), store.as_ref(), outside);
    let access = Access::new(authn, authz, passwords, bounds, services, outside.log.clone())
        .seen(audit, meter)
        .with_credentials(credentials)
        .guarded(lockout);
    let signing = Live::new(signing);
    let (log, outside) = (sections.log, outside.clone());
    let files = std::mem::take(named);
    let limits = Arc::new(server.limits.clone());
    Ok(Loaded {
        notes,
        state: State {
            server,
            log,
            access,
            plan,
            signing,
            key_findings,
            limits,
            store,
            doors: doors.unwrap_or_default(),
            acme,
            request_ids,
            outside,
            lasting: lasting.clone(),
            files,
            config_hash: Arc::clone(&source.hash),
            _spawner: spawner,
        },
        warnings,
    })
}

/// What is counted of failed logins, if anything is.
fn lockout(
    sections: &Sections,
    lasting: &Lasting,
    store: Option<&ConfiguredStore>,
    outside: &Outside,
) -> Result<Option<Guard>, String> {
    let Some(settings) = sections.lockout.settings() else { return Ok(None) };
    let store = store.map(|store| Arc::clone(&store.handle) as _);
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

/// Refresh tokens have to be somewhere.
fn refuse_refresh_without_store(source: &Source, sections: &Sections, problems: &mut Vec<Problem>) {
    let refresh = sections.token.as_ref().and_then(|token| token.refresh.as_ref());
    let (Some(_), None) = (refresh.filter(|refresh| refresh.enabled), source.root.get("store")) else {
        return;
    };
    let place = source.root.get("token").and_then(|token| token.value.get("refresh"));
    let place = place.map_or(&source.root.location, |entry| &entry.key.location);
    let message = "needs a place to keep them: write `store: {file: DIRECTORY}`, or `redis` or `postgres` for several servers";
    problems.push(Problem::new(place.clone(), KeyPath::root().key("token").key("refresh"), message));
}

fn audit(
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

/// The files of the doors' certificates.
fn tls_files(source: &Source, server: &ServerConfig) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for door in server.public_doors() {
        if let Some(DoorTls::Files(given)) = &door.tls {
            files.extend([&given.certificate.value, &given.key.value]);
        }
        if let Some(clients) = &door.clients {
            files.push(&clients.ca.value);
            files.extend(clients.crl.map(|crl| &crl.value));
        }
    }
    files.into_iter().map(|file| source.resolve(file)).collect()
}
