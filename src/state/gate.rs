//! The gate of a configuration, if it has one.

use dockgate_api::BuildContext;
use dockgate_api::config::{KeyPath, Problem};

use super::signing::SigningPlan;
use crate::config::forward_auth::{Around, ForwardAuthConfig};
use crate::config::{Sections, Source};
use crate::gate::Gate;

/// Reads the section. What is wrong with it goes to the lists; offline there is no gate without its secret.
pub(super) fn load(
    source: &Source,
    sections: &Sections,
    cx: &BuildContext,
    problems: &mut Vec<Problem>,
    warnings: &mut Vec<Problem>,
) -> Option<Gate> {
    let entry = source.root.get("forward_auth").filter(|entry| !entry.value.is_null())?;
    let (config, mut found): (Option<ForwardAuthConfig>, _) = entry.value.decode_sound_parts(&path());
    problems.append(&mut found);
    let around = Around { server: sections.server.as_ref(), login: &sections.login, section: &entry.value };
    config?.gate(&around, cx, problems, warnings)
}

/// A gate for a service that gets no tokens would let nobody through.
pub(super) fn refuse_unknown_service(
    source: &Source,
    gate: &Gate,
    plan: &SigningPlan,
    problems: &mut Vec<Problem>,
) {
    let Some(mut allowed) = plan.allowed_services() else { return };
    if allowed.any(|service| service == gate.service) {
        return;
    }
    let entry = source.root.get("forward_auth").and_then(|section| section.value.get("service"));
    let place = entry.map_or(&source.root.location, |entry| &entry.value.location);
    let message =
        "only services that are listed under `token` are let in, and this is none of them: list it there";
    problems.push(Problem::new(place.clone(), path().key("service"), message));
}

fn path() -> KeyPath {
    KeyPath::root().key("forward_auth")
}
