//! `dockgate store`.

use std::path::PathBuf;

use clap::Subcommand;

#[derive(Debug, Subcommand)]
pub(in crate::cli) enum StoreCommand {
    /// Print everything that the store keeps, as lines of JSON.
    #[command(
        after_help = "The server goes on serving. Lock-outs stay behind: they end by themselves. What is printed holds \
        hashes of credentials and no credential; but whoever changes it before it is imported can make some: keep it like a \
        password.\n\n  \
        dockgate store export auth.yml > tokens.jsonl"
    )]
    Export {
        /// The configuration file (YAML) of the running server.
        config: PathBuf,
    },
    /// Read lines that `store export` printed into the store.
    #[command(
        after_help = "Into any kind of store, also one that is in use: a credential that is there already is written \
        over, others stay. May be repeated after an error.\n\n  \
        dockgate store import auth.yml < tokens.jsonl"
    )]
    Import {
        /// The configuration file (YAML) of the running server.
        config: PathBuf,
    },
}
