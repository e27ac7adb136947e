//! `dockgate quickstart`.

use std::path::PathBuf;

use clap::Args;

#[derive(Debug, Args)]
pub(in crate::cli) struct QuickstartOptions {
    /// The directory; made if it is not there.
    #[arg(default_value = "dockgate-quickstart")]
    pub(in crate::cli) directory: PathBuf,
    /// Start a registry beside it, wired to it: `docker-registry` or `registry` from PATH, or a Docker engine.
    #[arg(long)]
    pub(in crate::cli) with_registry: bool,
    /// The port of the token server, when the directory is made.
    #[arg(long, default_value_t = 5001, value_name = "PORT")]
    pub(in crate::cli) port: u16,
    /// The port of the registry, when the directory is made.
    #[arg(long, default_value_t = 5000, value_name = "PORT")]
    pub(in crate::cli) registry_port: u16,
}
