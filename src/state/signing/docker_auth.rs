//! What docker_auth's own file means here and did not mean there.

use dockgate_api::Dialect;

use super::findings::Findings;
use super::loaded::LoadedKey;
use super::plan::SigningPlan;
use crate::token::{KeyId, KeyMaterial};

/// docker_auth computes the RFC 7638 id of an EC key from the curve's base point, so that all have the same.
pub(super) fn note_differences(plan: &SigningPlan, keys: &[LoadedKey], findings: &mut Findings) {
    if plan.dialect != Dialect::DockerAuth {
        return;
    }
    for (position, (planned, key)) in plan.keys.iter().zip(keys).enumerate() {
        let mut profiles = plan.profiles().filter(|(_, profile)| profile.key == position);
        let by_thumbprint = profiles.any(|(_, profile)| profile.header.kid == Some(KeyId::Rfc7638));
        if by_thumbprint && matches!(key.key.public_key().material(), KeyMaterial::Ec { .. }) {
            findings.notes.push(planned.problem(format!(
                "the RFC 7638 id of this EC key is {}; docker_auth gives every EC key the same wrong one: a registry that \
                 was told of that one must be told of this (`dockgate keys show`)",
                KeyId::Rfc7638.of(key.key.public_key())
            )));
        }
    }
}
