//! `dockgate reload` and `dockgate status`.

use std::path::PathBuf;

use clap::Args;

/// Which running server.
#[derive(Debug, Args)]
pub(in crate::cli) struct AdminOptions {
    /// The configuration file (YAML) that it serves; its `server.admin.socket` says where it listens.
    pub(in crate::cli) config: PathBuf,
    /// Its admin socket, if the file is not to be asked.
    #[arg(long, value_name = "PATH")]
    pub(in crate::cli) socket: Option<PathBuf>,
}
