//! `dockgate check`.

use std::path::PathBuf;

use clap::Args;

use crate::token::trust::Version;

#[derive(Debug, Args)]
pub(in crate::cli) struct CheckOptions {
    /// The configuration file (YAML).
    pub(in crate::cli) config: PathBuf,
    /// Do without keys, secret files, network and environment variables, as for a change that is proposed.
    #[arg(long, conflicts_with_all = ["registry_bundle", "registry_jwks"])]
    pub(in crate::cli) offline: bool,
    /// Answer in JSON, for pipelines: `problems`, `warnings` and `notes`, each with file, line, column, key and message.
    #[arg(long, conflicts_with_all = ["registry_bundle", "registry_jwks"])]
    pub(in crate::cli) json: bool,
    /// Say also whether a registry with this `rootcertbundle` takes our tokens; exit code 2 if none does.
    #[arg(long, value_name = "FILE", group = "registry")]
    registry_bundle: Option<PathBuf>,
    /// The same for a registry with this `jwks`.
    #[arg(long, value_name = "FILE", group = "registry")]
    registry_jwks: Option<PathBuf>,
    /// Of these, only the tokens for this service: the registry's own.
    #[arg(long, value_name = "SERVICE", requires = "registry")]
    pub(in crate::cli) service: Option<String>,
    /// Of these, only whether this version takes them: 2.8, 3.0 or 3.1 (and later).
    #[arg(long, value_name = "VERSION", requires = "registry", value_parser = version)]
    pub(in crate::cli) registry_version: Option<Version>,
}

fn version(text: &str) -> Result<Version, String> {
    let known = Version::ALL.into_iter().find(|version| version.to_string() == text);
    known.ok_or_else(|| "write 2.8, 3.0 or 3.1, which stands for later ones too".to_owned())
}

/// What a registry was given to trust.
pub(in crate::cli) enum Given {
    Bundle(PathBuf),
    Jwks(PathBuf),
}

impl CheckOptions {
    /// What the registry was given, if it is asked about.
    pub(in crate::cli) fn registry(&self) -> Option<Given> {
        let bundle = self.registry_bundle.clone().map(Given::Bundle);
        bundle.or_else(|| self.registry_jwks.clone().map(Given::Jwks))
    }
}
