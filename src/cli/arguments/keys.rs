//! `dockgate keys`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

#[derive(Debug, Subcommand)]
pub(in crate::cli) enum KeysCommand {
    /// Make a directory of signing keys that renew themselves, for `token.managed_keys`.
    #[command(
        after_help = "The directory gets an authority (ca.key), which registries come to trust, and a \
        short-lived key that it issues. Give every registry bundle.pem as its `rootcertbundle`; it stays good for years."
    )]
    Init {
        /// The directory; it must be empty or not there.
        directory: PathBuf,
    },
    /// List the keys: which sign, which are next, which are retired, and what to do next.
    List {
        /// As JSON, for programs.
        #[arg(long)]
        json: bool,
        /// As the running server has them, over its admin socket.
        #[arg(long)]
        live: bool,
        /// The configuration file (YAML).
        config: PathBuf,
    },
    /// Let the next key sign from now on, and retire the one that signs: edits the configuration file.
    Rotate(RotateOptions),
    /// Show ids, algorithms and expiry of the keys, and the settings of a registry that trusts them.
    Show {
        /// The configuration file (YAML).
        config: PathBuf,
    },
    /// Print what a registry must be given to trust the keys.
    Export(ExportOptions),
    /// Issue a new signing key now; running servers take it up by themselves.
    Renew {
        /// A directory that `keys init` made.
        directory: PathBuf,
    },
    /// Issue a signing key into a directory that gets no authority's key: the authority can then stay offline.
    IssueLeaf {
        /// The directory with the authority.
        directory: PathBuf,
        /// The directory for the server; made, or given a new signing key.
        #[arg(long, value_name = "DIR")]
        into: PathBuf,
        /// How long the key is good.
        #[arg(long, default_value_t = 90, value_name = "DAYS", value_parser = clap::value_parser!(u32).range(1..=3650))]
        days: u32,
    },
    /// Make the next authority and publish it in bundle.pem, so that registries trust it before it is needed.
    NextCa {
        /// A directory that `keys init` made.
        directory: PathBuf,
    },
    /// Let the next authority issue from now on; every registry must have the bundle with it.
    SwitchCa {
        /// A directory that `keys init` made.
        directory: PathBuf,
        /// Even if the next authority was published less than a day ago.
        #[arg(long)]
        now: bool,
    },
}

#[derive(Debug, Args)]
#[command(
    after_help = "Only the lines of the keys concerned change, and only if the file loads afterwards. A running server \
takes it up by itself. Managed keys rotate otherwise: see renew, next-ca and switch-ca."
)]
pub(in crate::cli) struct RotateOptions {
    /// The key that is to sign, by its name: needed where several are `next`.
    #[arg(long, value_name = "NAME", conflicts_with = "drop_retired")]
    pub(in crate::cli) to: Option<String>,
    /// Show which lines would change, and change none.
    #[arg(long)]
    pub(in crate::cli) dry_run: bool,
    /// Only take away the retired keys that no token needs any more.
    #[arg(long)]
    pub(in crate::cli) drop_retired: bool,
    /// The configuration file (YAML).
    pub(in crate::cli) config: PathBuf,
}

#[derive(Debug, Args)]
#[command(group(clap::ArgGroup::new("what").required(true)))]
pub(in crate::cli) struct ExportOptions {
    /// Certificates (PEM), for `rootcertbundle`: every registry.
    #[arg(long, group = "what")]
    pub(in crate::cli) bundle: bool,
    /// A JWK set (JSON), for `jwks`: registry 3.
    #[arg(long, group = "what")]
    pub(in crate::cli) jwks: bool,
    /// Export the JWK set of managed keys all the same, although it is good for days only.
    #[arg(long, requires = "jwks")]
    pub(in crate::cli) short_lived: bool,
    /// For the registry with this `service`: needed where registries have keys of their own.
    #[arg(long, value_name = "SERVICE")]
    pub(in crate::cli) service: Option<String>,
    /// The configuration file (YAML).
    pub(in crate::cli) config: PathBuf,
}
