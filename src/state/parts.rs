//! What a configuration makes without its keys, wherever it is read.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use dockgate_api::config::{KeyPath, Problem};
use dockgate_api::{Authenticator, Authorizer, BuildContext, Dialect};
use dockgate_passwords::PasswordService;

use super::assembly::Assembly;
use super::gate;
use super::lasting::Lasting;
use super::store::ConfiguredStore;
use crate::backends::Backends;
use crate::chain::Chain;
use crate::config::links::ChainKind;
use crate::config::{AclVersion, Sections, Source};
use crate::gate::Gate;
use crate::metrics::OfConfiguration;
use crate::outbound::Site;
use crate::outside::{Outside, SystemFileWatcher, TokioSpawner};

/// What a file makes without its keys.
pub(super) struct Parts {
    pub(super) sections: Sections,
    pub(super) authn: Chain<dyn Authenticator>,
    pub(super) authz: Chain<dyn Authorizer>,
    pub(super) passwords: Arc<PasswordService>,
    pub(super) outbound: Arc<Site>,
    pub(super) spawner: Arc<TokioSpawner>,
    pub(super) store: Option<ConfiguredStore>,
    pub(super) gate: Option<Gate>,
    pub(super) secret_files: Vec<PathBuf>,
    pub(super) problems: Vec<Problem>,
    pub(super) warnings: Vec<Problem>,
    pub(super) notes: Vec<Problem>,
}

impl Parts {
    /// Reads them, and gathers what is wrong with them. `offline` does without secrets, programs and network.
    ///
    /// # Errors
    /// If nothing can be made at all.
    pub(super) fn read(
        source: &Source,
        backends: &Backends,
        outside: &Outside,
        lasting: &Lasting,
        offline: bool,
    ) -> Result<Self, Vec<Problem>> {
        let (mut problems, mut warnings, mut notes) = (Vec::new(), Vec::new(), Vec::new());
        let conflicts = backends.conflicts().iter().map(ToString::to_string);
        problems
            .extend(conflicts.map(|text| Problem::new(source.root.location.clone(), KeyPath::root(), text)));
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
        .with_kept(Arc::clone(lasting.kept()))
        .with_offline(offline);
        let authorities = if offline { Ok(Vec::new()) } else { sections.outbound.authorities(source, &cx) };
        let authorities = authorities.map_err(|problem| problems.push(problem)).unwrap_or_default();
        let outbound = Arc::new(Site::new(authorities, outside));
        let cx = cx.with_outbound(Arc::clone(&outbound) as _);
        let said = (&mut problems, &mut warnings, &mut notes);
        let store = ConfiguredStore::read(source, backends, &cx, lasting.stores(), said);
        let cx = match &store {
            Some(store) => cx.with_store(Arc::clone(&store.handle) as _),
            None => cx,
        };
        let flat_acl = match sections.acl_version {
            AclVersion::DockerAuth => Dialect::DockerAuth,
            AclVersion::Native => Dialect::Native,
        };
        let mut assembly = Assembly { source, cx: &cx, flat_acl, problems, warnings, notes };
        let [who, what] =
            [backends.authenticators().keys().collect::<Vec<_>>(), backends.authorizers().keys().collect()];
        let authn: Chain<dyn Authenticator> =
            assembly.chain(ChainKind::Authn, backends.authenticators(), &what);
        let Assembly { problems, warnings, notes, .. } = assembly;
        let links = authn.links().iter().map(|link| link.name.to_string());
        let cx = cx.with_identity_links(links);
        let mut assembly = Assembly { source, cx: &cx, flat_acl, problems, warnings, notes };
        let authz: Chain<dyn Authorizer> = assembly.chain(ChainKind::Authz, backends.authorizers(), &who);
        let Assembly { mut problems, mut warnings, notes, .. } = assembly;
        let of_file = cx.with_base_dir(match source.dialect() {
            Dialect::DockerAuth => Path::new(""),
            Dialect::Native => &source.directory,
        });
        let gate = gate::load(source, &sections, &of_file, &mut problems, &mut warnings);
        let secret_files = of_file.files_read();
        Ok(Self {
            sections,
            authn,
            authz,
            passwords,
            outbound,
            spawner,
            store,
            gate,
            secret_files,
            problems,
            warnings,
            notes,
        })
    }
}

/// Whether a problem follows from another: its value could not even be read.
pub(super) fn was_unread(source: &Source, problem: &Problem) -> bool {
    source.problems.iter().any(|first| first.location == problem.location)
}

/// In the order of the file.
pub(super) fn in_order(problems: &mut [Problem]) {
    problems.sort_by(|a, b| a.location.cmp(&b.location));
}

/// A problem of the whole file.
pub(super) fn at_top(source: &Source, message: String) -> Vec<Problem> {
    vec![Problem::new(source.root.location.clone(), KeyPath::root(), message)]
}
