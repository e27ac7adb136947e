//! The clients, a file each.

pub(crate) mod buildah;
pub(crate) mod buildkit;
pub(crate) mod containerd;
pub(crate) mod crane;
pub(crate) mod ctr;
pub(crate) mod docker;
pub(crate) mod helm;
pub(crate) mod nerdctl;
pub(crate) mod oras;
pub(crate) mod podman;
pub(crate) mod regctl;
pub(crate) mod skopeo;
