//! From a configuration file to a state, for a server that starts and for one that takes up a change.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use dockgate_api::config::{KeyPath, Problem};

use super::deciding::{Deciding, audit, lockout};
use super::front::Front;
use super::gate;
use super::parts::{Parts, at_top, in_order, was_unread};
use super::request_ids::RequestIds;
use super::signing::SigningPlan;
use super::{Findings, Lasting, OpenGate, Signing, State, token_db};
use crate::backends::Backends;
use crate::config::Source;
use crate::live::Live;
use crate::logging::Seldom;
use crate::metrics::{GateMeter, OfConfiguration};
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
    let mut parts = Parts::read(source, backends, outside, lasting, false)?;
    named.append(&mut parts.secret_files);
    let front = Front::load(before, source, backends, outside, &mut parts, named);
    refuse_refresh_without_store(source, backends, &mut parts);
    let audit = audit(source, &parts.sections.audit, outside, lasting);
    let audit = audit.map_err(|problem| parts.problems.push(problem)).ok().flatten();
    let (plan, signing, key_findings) = keys(before, source, &mut parts, outside.clock.now());
    if let (Some(gate), Some(plan)) = (&parts.gate, &plan) {
        gate::refuse_unknown_service(source, gate, plan, &mut parts.problems);
    }
    let key_files = plan.as_ref().map(SigningPlan::files).unwrap_or_default();
    warn_of_another_pool(source, lasting, &mut parts);
    // A value that could not even be read makes no sense to those who come later either.
    parts.problems.retain(|problem| source.problems.contains(problem) || !was_unread(source, problem));
    let lockout = lockout(&parts, lasting, outside);
    let lockout = lockout.map_err(|message| parts.problems.extend(at_top(source, message))).ok().flatten();
    let request_ids = RequestIds::new(outside.random.as_ref())
        .map_err(|error| parts.problems.extend(at_top(source, error.to_string())))
        .ok();
    for found in [&mut parts.problems, &mut parts.warnings, &mut parts.notes] {
        in_order(found);
    }

    let (Some(front), Some(server), Some((plan, signing)), Some(request_ids), true) =
        (front, parts.sections.server.take(), plan.zip(signing), request_ids, parts.problems.is_empty())
    else {
        named.extend(key_files);
        return Err(parts.problems);
    };
    let Front { doors, acme, login } = front;
    let deciding = Deciding { limits: &server.limits, plan: &plan, audit, lockout, outside, lasting };
    let Parts { sections, store, gate, spawner, warnings, notes, .. } = parts;
    let access = deciding.access(&sections, store.as_ref(), parts.authn, parts.authz, parts.passwords);
    let limits = Arc::new(server.limits.clone());
    let state = State {
        server,
        log: sections.log,
        access,
        plan,
        signing: Live::new(signing),
        key_findings,
        limits,
        store,
        login: login.map(Arc::new),
        gate: gate.map(|gate| {
            let meter = GateMeter::new(&OfConfiguration(Arc::clone(&outside.metrics)));
            OpenGate { gate, meter, cut_short: Seldom::default() }
        }),
        doors,
        acme,
        request_ids,
        outside: outside.clone(),
        lasting: lasting.clone(),
        files: std::mem::take(named),
        config_hash: Arc::clone(&source.hash),
        _spawner: spawner,
    };
    Ok(Loaded { state, warnings, notes })
}

/// What signs: what signed before goes on where registries trust it.
fn keys(
    before: Option<&State>,
    source: &Source,
    parts: &mut Parts,
    now: SystemTime,
) -> (Option<SigningPlan>, Option<Signing>, Findings) {
    let Parts { sections, problems, warnings, notes, .. } = parts;
    let plan = SigningPlan::new(source, sections, problems, warnings);
    let (signing, findings) = match (&plan, before) {
        (Some(plan), Some(before)) => plan.succeed(&before.plan, &before.signing(), now),
        (Some(plan), None) => Signing::load(plan, now),
        (None, _) => (None, Findings::default()),
    };
    problems.extend(findings.problems.iter().cloned());
    warnings.extend(findings.alarms.iter().chain(&findings.warnings).cloned());
    notes.extend(findings.notes.iter().cloned());
    (plan, signing, findings)
}

fn warn_of_another_pool(source: &Source, lasting: &Lasting, parts: &mut Parts) {
    if lasting.hashes_as(&parts.sections.passwords) {
        return;
    }
    let place = source.root.get("passwords").map_or(&source.root.location, |entry| &entry.key.location);
    let message = "takes effect when the server starts again: what hashes outlives a reload";
    parts.warnings.push(Problem::new(place.clone(), KeyPath::root().key("passwords"), message));
}

/// Refresh tokens have to be somewhere.
fn refuse_refresh_without_store(source: &Source, backends: &Backends, parts: &mut Parts) {
    let refresh = parts.sections.token.as_ref().and_then(|token| token.refresh.as_ref());
    if refresh.is_none_or(|refresh| !refresh.enabled) || token_db::is_anywhere(source, backends) {
        return;
    }
    let place = source.root.get("token").and_then(|token| token.value.get("refresh"));
    let place = place.map_or(&source.root.location, |entry| &entry.key.location);
    let message = "needs a place to keep them: write `store: {file: DIRECTORY}`, or `redis` or `postgres` for several servers";
    parts.problems.push(Problem::new(place.clone(), KeyPath::root().key("token").key("refresh"), message));
}
