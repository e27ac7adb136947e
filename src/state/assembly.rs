//! From the links of a configuration to chains of backends.

use std::path::Path;
use std::sync::Arc;

use dockgate_api::config::Problem;
use dockgate_api::{BuildContext, Dialect, Registry};
use dockgate_rules::{DoubleStar, Pattern, PatternError};

use super::store::OfLink;
use crate::chain::{Chain, Link};
use crate::config::links::{self, ChainKind, LinkConfig};
use crate::config::{Source, later};
use crate::metrics::OfLink as Metered;

/// Makes chains and gathers what is wrong with them.
pub(super) struct Assembly<'a> {
    pub(super) source: &'a Source,
    pub(super) cx: &'a BuildContext,
    /// Whose patterns a flat `acl` holds.
    pub(super) flat_acl: Dialect,
    pub(super) problems: Vec<Problem>,
    pub(super) warnings: Vec<Problem>,
    pub(super) notes: Vec<Problem>,
}

impl Assembly<'_> {
    /// One chain. Links whose backend cannot be made are left out and their problems gathered. `others` are the backends
    /// of the other chain.
    pub(super) fn chain<B: ?Sized>(
        &mut self,
        kind: ChainKind,
        registry: &Registry<B>,
        others: &[&str],
    ) -> Chain<B> {
        let known: Vec<&str> = registry.keys().collect();
        let links = links::read(&self.source.root, kind, &known, &mut self.problems);
        // A flat key that this build does not have was refused with the file's other keys.
        let links = links
            .into_iter()
            .filter(|link| link.dialect == Dialect::Native || registry.contains(&link.key.text));
        let made: Vec<Link<B>> = links.filter_map(|link| self.link(kind, &link, registry, others)).collect();
        Chain::new(made).counted(kind, self.cx.metrics().as_ref())
    }

    fn link<B: ?Sized>(
        &mut self,
        kind: ChainKind,
        link: &LinkConfig<'_>,
        registry: &Registry<B>,
        others: &[&str],
    ) -> Option<Link<B>> {
        if !registry.contains(&link.key.text) {
            self.problems.push(unknown(kind, link, &registry.keys().collect::<Vec<_>>(), others));
            return None;
        }
        let dialect = if link.key.text.as_ref() == "acl" && link.dialect == Dialect::DockerAuth {
            self.flat_acl
        } else {
            link.dialect
        };
        let directory = match link.dialect {
            Dialect::DockerAuth => Path::new(""),
            Dialect::Native => &self.source.directory,
        };
        let metrics = Metered::new(self.cx.metrics(), kind.list_key(), &link.name);
        let cx =
            self.cx.for_link(&link.name, dialect).with_base_dir(directory).with_metrics(Arc::new(metrics));
        let cx = match self.cx.store() {
            Ok(store) => cx.with_store(Arc::new(OfLink::new(store, &link.name))),
            Err(_) => cx,
        };
        let backend = registry.build(link.key, link.section, &link.path, &cx);
        self.warnings.append(&mut cx.take_warnings(link.section, &link.path));
        self.notes.append(&mut cx.take_notes(link.section, &link.path));
        let accounts = self.accounts(link);
        let backend = backend.map_err(|mut found| self.problems.append(&mut found)).ok()?;
        Some(Link {
            name: Arc::from(link.name.as_str()),
            backend,
            on_error: link.options.on_error(),
            timeout: link.options.timeout(),
            accounts,
            values: link
                .options
                .values()
                .unwrap_or_else(|| registry.label_values(&link.key.text, link.dialect)),
        })
    }

    fn accounts(&mut self, link: &LinkConfig<'_>) -> Option<Pattern> {
        let accounts = link.options.accounts.as_ref()?;
        let parsed = Pattern::parse(&accounts.value, DoubleStar::CrossesSlash);
        let refused = |error: PatternError| {
            Problem::new(accounts.location.clone(), link.item.key("accounts"), error.to_string())
        };
        parsed.map_err(|error| self.problems.push(refused(error))).ok()
    }
}

/// What to say of a backend that cannot stand in this chain.
fn unknown(kind: ChainKind, link: &LinkConfig<'_>, known: &[&str], others: &[&str]) -> Problem {
    let key = link.key.text.as_ref();
    let message = if others.contains(&key) {
        let other = kind.other().list_key();
        format!("`{key}` stands in `{other}`: move it there")
    } else if let Some(message) = later::backend(key) {
        message
    } else {
        return Problem::unknown_key(link.key, &link.item, known);
    };
    Problem::new(link.key.location.clone(), link.path.clone(), message)
}
