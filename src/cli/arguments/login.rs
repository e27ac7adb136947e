//! `dockgate login`.

use std::path::PathBuf;

use clap::Args;

use crate::credentials::Limit;

/// A login through a browser somewhere else.
#[derive(Debug, Args)]
pub(in crate::cli) struct LoginOptions {
    /// Where people sign in, or the registry: `https://auth.example.com`.
    pub(in crate::cli) server: String,
    /// A registry that the login is for, as clients write it; may be given several times. Those that the server names, if
    /// left out.
    #[arg(long = "registry", value_name = "HOST")]
    pub(in crate::cli) registries: Vec<String>,
    /// What the app password is called on your page; this machine's name, if left out.
    #[arg(long, value_name = "NAME")]
    pub(in crate::cli) name: Option<String>,
    /// Ask for a login that can pull and nothing else.
    #[arg(long, conflicts_with = "scopes")]
    pub(in crate::cli) pull_only: bool,
    /// Ask for a login that can never exceed this; may be given several times.
    #[arg(long = "scope", value_name = "SCOPE", value_parser = limit)]
    pub(in crate::cli) scopes: Vec<String>,
    /// Leave docker's configuration as it is.
    #[arg(long)]
    pub(in crate::cli) no_docker_config: bool,
    /// A PEM file with authorities that vouch for the server, beside the system's.
    #[arg(long, value_name = "FILE")]
    pub(in crate::cli) ca: Option<PathBuf>,
}

/// As the server reads it.
fn limit(text: &str) -> Result<String, String> {
    Limit::parse(text).map(|limit| limit.text())
}
