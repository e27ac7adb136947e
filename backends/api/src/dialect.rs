//! What a text means where docker_auth reads it in another way than we do.

/// Whose meaning counts where docker_auth's and ours differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    /// The flat form, which must mean what it means to docker_auth.
    DockerAuth,
    /// An explicit chain.
    Native,
}

/// Whether label values act as patterns in rules. The chain sees to it, whatever a backend emits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LabelValues {
    /// They stand for themselves.
    Literal,
    /// They act as patterns.
    Pattern,
}
