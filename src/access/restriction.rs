//! What an identity can never exceed.

use dockgate_api::{ActionSet, Resource, Restriction};
use dockgate_rules::{DoubleStar, Glob};

/// What of the granted actions a restriction lets through.
pub(super) fn restricted(restriction: &Restriction, resource: &Resource, granted: &ActionSet) -> ActionSet {
    let covers = |name: &str| {
        Glob::parse(name, DoubleStar::CrossesSlash).is_ok_and(|pattern| pattern.is_match(&resource.name))
    };
    let limits = restriction.scopes.iter().filter(|limit| limit.kind == resource.kind && covers(&limit.name));
    limits
        .flat_map(|limit| limit.actions.grant(granted).iter().map(str::to_owned).collect::<Vec<_>>())
        .collect()
}
