//! Everything that one configuration makes. A reload makes a new one beside the old.

mod assembly;
mod explain;
mod keeper;
mod lasting;
mod request_ids;
mod signing;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use dockgate_api::config::{KeyPath, Problem};
use dockgate_api::{Authenticator, Authorizer, BuildContext, Clock, Dialect, Random, RequestId};
use dockgate_passwords::PasswordService;

pub use explain::ExplainRequest;
pub use keeper::keep_keys;
pub use lasting::{Lasting, Phase};
pub use signing::{Findings, LoadedKey, ServiceProfile, Signing};

use crate::access::{Access, Bounds};
use crate::audit::Audit;
use crate::backends::Backends;
use crate::chain::Chain;
use crate::config::audit::AuditConfig;
use crate::config::links::ChainKind;
use crate::config::log::LogConfig;
use crate::config::passwords::PasswordsConfig;
use crate::config::server::{Limits, ServerConfig};
use crate::config::{AclVersion, Sections, Source};
use crate::live::Live;
use crate::metrics::{MemoryMetrics, OfConfiguration, RequestMeter};
use crate::net::{self, Door};
use crate::outside::{Outside, SystemFileWatcher, TokioSpawner};
use request_ids::RequestIds;
use signing::SigningPlan;

/// A server's state under one configuration.
pub struct State {
    server: ServerConfig,
    log: LogConfig,
    passwords: PasswordsConfig,
    access: Access,
    plan: SigningPlan,
    signing: Live<Signing>,
    /// What was found of the keys when they were loaded.
    key_findings: Findings,
    limits: Arc<Limits>,
    doors: Vec<Door>,
    request_ids: RequestIds,
    outside: Outside,
    lasting: Lasting,
    /// Whose change may change what is here, beside the signing keys.
    files: Vec<PathBuf>,
    config_hash: Arc<str>,
    /// Ends the backends' tasks when the state goes.
    _spawner: Arc<TokioSpawner>,
}

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
pub fn load_beside(before: &State, file: &Path, backends: &Backends) -> Result<Loaded, Vec<Problem>> {
    let outside = &before.outside;
    let source = Source::read(file, outside.environment.as_ref())?;
    build_beside(Some(before), &source, backends, outside, &before.lasting)
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
    build_beside(None, source, backends, outside, lasting)
}

fn build_beside(
    before: Option<&State>,
    source: &Source,
    backends: &Backends,
    outside: &Outside,
    lasting: &Lasting,
) -> Result<Loaded, Vec<Problem>> {
    let Parts {
        sections,
        authn,
        authz,
        passwords,
        spawner,
        secret_files,
        mut problems,
        mut warnings,
        mut notes,
    } = parts(source, backends, outside, lasting, false)?;
    let doors = sections
        .server
        .as_ref()
        .map(|server| net::load_doors(source, server, outside.clock.now(), &mut problems, &mut warnings));
    let audit = audit(source, &sections.audit, outside, lasting);
    let audit = audit.map_err(|problem| problems.push(problem)).ok().flatten();
    let plan = SigningPlan::new(source, &sections, &mut problems, &mut warnings);
    let now = outside.clock.now();
    let (signing, key_findings) = match (&plan, before) {
        (Some(plan), Some(before)) => plan.succeed(&before.plan, &before.signing(), now),
        (Some(plan), None) => Signing::load(plan, now),
        (None, _) => (None, Findings::default()),
    };
    problems.extend(key_findings.problems.iter().cloned());
    warnings.extend(key_findings.alarms.iter().chain(&key_findings.warnings).cloned());
    if before.is_some_and(|before| before.passwords != sections.passwords) {
        let place = source.root.get("passwords").map_or(&source.root.location, |entry| &entry.key.location);
        let message = "takes effect when the server starts again: what hashes outlives a reload";
        warnings.push(Problem::new(place.clone(), KeyPath::root().key("passwords"), message));
    }
    // A value that could not even be read makes no sense to those who come later either.
    problems.retain(|problem| source.problems.contains(problem) || !was_unread(source, problem));
    let request_ids = RequestIds::new(outside.random.as_ref())
        .map_err(|error| problems.extend(at_top(source, error.to_string())))
        .ok();
    notes.extend(key_findings.notes.iter().cloned());
    in_order(&mut problems);
    in_order(&mut warnings);
    in_order(&mut notes);

    match (sections.server, plan.zip(signing), request_ids, problems.is_empty()) {
        (Some(server), Some((plan, signing)), Some(request_ids), true) => {
            let bounds = Bounds { name: server.limits.name, secret: server.limits.secret };
            let services = plan.allowed_services().map(|services| services.map(str::to_owned).collect());
            let metrics = OfConfiguration(Arc::clone(&outside.metrics));
            let meter = RequestMeter::new(&metrics, plan.named_services());
            let access = Access::new(authn, authz, passwords, bounds, services, outside.log.clone())
                .seen(audit, meter);
            let signing = Live::new(signing);
            let (log, outside) = (sections.log, outside.clone());
            let files = [source.files.clone(), tls_files(source, &server), secret_files].concat();
            let limits = Arc::new(server.limits.clone());
            Ok(Loaded {
                notes,
                state: State {
                    server,
                    log,
                    passwords: sections.passwords,
                    access,
                    plan,
                    signing,
                    key_findings,
                    limits,
                    doors: doors.unwrap_or_default(),
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
        _ => Err(problems),
    }
}

/// What is to be said of a file that was only looked at.
pub struct Seen {
    /// Nothing that keeps it from serving.
    pub warnings: Vec<Problem>,
    /// Good to know.
    pub notes: Vec<Problem>,
}

/// Looks at a file where its keys, secrets and environment are not at hand, as for a change that is proposed.
///
/// # Errors
/// Every problem that can be seen without them, in the order of the file.
pub fn check_offline(file: &Path, backends: &Backends, outside: &Outside) -> Result<Seen, Vec<Problem>> {
    let source = Source::read(file, outside.environment.as_ref())?;
    let Parts { sections, mut problems, mut warnings, mut notes, .. } =
        parts(&source, backends, outside, &Lasting::default(), true)?;
    SigningPlan::new(&source, &sections, &mut problems, &mut warnings);
    problems.retain(|problem| source.is_structural(problem) || !was_unread(&source, problem));
    in_order(&mut problems);
    in_order(&mut warnings);
    in_order(&mut notes);
    if problems.is_empty() { Ok(Seen { warnings, notes }) } else { Err(problems) }
}

fn was_unread(source: &Source, problem: &Problem) -> bool {
    source.problems.iter().any(|first| first.location == problem.location)
}

fn in_order(problems: &mut [Problem]) {
    problems.sort_by(|a, b| a.location.cmp(&b.location));
}

/// What a file makes without its keys.
struct Parts {
    sections: Sections,
    authn: Chain<dyn Authenticator>,
    authz: Chain<dyn Authorizer>,
    passwords: Arc<PasswordService>,
    spawner: Arc<TokioSpawner>,
    secret_files: Vec<PathBuf>,
    problems: Vec<Problem>,
    warnings: Vec<Problem>,
    notes: Vec<Problem>,
}

fn parts(
    source: &Source,
    backends: &Backends,
    outside: &Outside,
    lasting: &Lasting,
    offline: bool,
) -> Result<Parts, Vec<Problem>> {
    let (mut problems, mut warnings) = (Vec::new(), Vec::new());
    let conflicts = backends.conflicts().iter().map(ToString::to_string);
    problems.extend(conflicts.map(|text| Problem::new(source.root.location.clone(), KeyPath::root(), text)));
    let sections = Sections::read(source, backends, &mut problems, &mut warnings);

    let spawner = Arc::new(TokioSpawner::default());
    let pool = lasting.pool(&sections.passwords, outside).map_err(|message| at_top(source, message))?;
    let passwords = Arc::new(PasswordService::new(pool));
    let cx = BuildContext::new(
        Arc::clone(&outside.clock),
        Arc::clone(&outside.random),
        Arc::clone(&spawner) as _,
        Arc::new(OfConfiguration(Arc::clone(&outside.metrics))),
        Arc::clone(&passwords) as _,
    )
    .with_file_watcher(Arc::new(SystemFileWatcher))
    .with_offline(offline);
    let flat_acl = match sections.acl_version {
        AclVersion::DockerAuth => Dialect::DockerAuth,
        AclVersion::Native => Dialect::Native,
    };
    let mut assembly =
        assembly::Assembly { source, cx: &cx, flat_acl, problems, warnings, notes: Vec::new() };
    let authn: Chain<dyn Authenticator> = assembly.chain(ChainKind::Authn, backends.authenticators());
    let assembly::Assembly { problems, warnings, notes, .. } = assembly;
    let links = authn.links().iter().map(|link| link.name.to_string());
    let cx = cx.with_identity_links(links);
    let mut assembly = assembly::Assembly { source, cx: &cx, flat_acl, problems, warnings, notes };
    let authz: Chain<dyn Authorizer> = assembly.chain(ChainKind::Authz, backends.authorizers());
    let assembly::Assembly { problems, warnings, notes, .. } = assembly;
    let secret_files = cx.files_read();
    Ok(Parts { sections, authn, authz, passwords, spawner, secret_files, problems, warnings, notes })
}

fn at_top(source: &Source, message: String) -> Vec<Problem> {
    vec![Problem::new(source.root.location.clone(), KeyPath::root(), message)]
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
    let given = server.public_doors().into_iter().filter_map(|door| door.tls);
    given.flat_map(|given| [source.resolve(given.certificate), source.resolve(given.key)]).collect()
}

impl State {
    /// Decides requests.
    pub fn access(&self) -> &Access {
        &self.access
    }

    /// What signs now: the keys may change while the server runs.
    pub fn signing(&self) -> Arc<Signing> {
        self.signing.load()
    }

    /// The `iss` of every token.
    pub fn issuer(&self) -> &str {
        self.plan.issuer()
    }

    /// The path before every route.
    pub fn prefix(&self) -> &str {
        self.server.prefix()
    }

    /// Bounds on requests and connections.
    pub fn limits(&self) -> &Arc<Limits> {
        &self.limits
    }

    /// Where to listen.
    pub fn server(&self) -> &ServerConfig {
        &self.server
    }

    /// Has the log of the process written as this configuration says.
    pub(crate) fn follow_log(&self) {
        self.outside.log.follow(&self.log);
    }

    /// How to log.
    pub fn log(&self) -> &LogConfig {
        &self.log
    }

    /// The doors for clients, the first one first.
    pub fn doors(&self) -> &[Door] {
        &self.doors
    }

    /// The clock.
    pub fn clock(&self) -> &dyn Clock {
        self.outside.clock.as_ref()
    }

    /// The time of day.
    pub fn now(&self) -> SystemTime {
        self.outside.clock.now()
    }

    /// The id of one more request.
    pub fn next_request_id(&self) -> RequestId {
        self.request_ids.next()
    }

    /// What is counted.
    pub fn metrics(&self) -> &Arc<MemoryMetrics> {
        &self.outside.metrics
    }

    /// What outlives this configuration.
    pub fn lasting(&self) -> &Lasting {
        &self.lasting
    }

    /// The files of the configuration, those that it includes, secrets, and the server's certificate and key. Signing keys
    /// are looked after by [`keep_keys`], files of backends by these.
    pub fn files(&self) -> &[PathBuf] {
        &self.files
    }

    /// Whether a file says what this state was made of; false too if it cannot be read.
    pub fn is_of(&self, file: &Path) -> bool {
        Source::read(file, self.outside.environment.as_ref())
            .is_ok_and(|source| source.hash == self.config_hash)
    }

    /// Which configuration this is: see [`Source::hash`](crate::config::Source::hash).
    pub fn config_hash(&self) -> &Arc<str> {
        &self.config_hash
    }

    /// Randomness.
    pub fn random(&self) -> &dyn Random {
        self.outside.random.as_ref()
    }
}
