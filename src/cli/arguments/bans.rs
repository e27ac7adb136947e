//! `dockgate bans`.

use clap::{Args, Subcommand};

use super::AdminOptions;

#[derive(Debug, Subcommand)]
pub(in crate::cli) enum BansCommand {
    /// List who is refused, from where and until when.
    List(ListBansOptions),
    /// Let somebody in again before the time is over.
    #[command(
        after_help = "With a store that several servers share it holds for all of them within seconds. \
        Exit code 1 if there is no such ban."
    )]
    Lift(LiftOptions),
}

/// How to list them.
#[derive(Debug, Args)]
pub(in crate::cli) struct ListBansOptions {
    #[command(flatten)]
    pub(in crate::cli) server: AdminOptions,
    /// Print JSON.
    #[arg(long)]
    pub(in crate::cli) json: bool,
}

/// Which of them are to end.
#[derive(Debug, Args)]
pub(in crate::cli) struct LiftOptions {
    #[command(flatten)]
    pub(in crate::cli) server: AdminOptions,
    #[command(flatten)]
    pub(in crate::cli) which: WhichBans,
}

#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
pub(in crate::cli) struct WhichBans {
    /// Those of this account, from everywhere; it is not slowed any more either.
    #[arg(long, value_name = "ACCOUNT")]
    pub(in crate::cli) account: Option<String>,
    /// Those of this address or network, whatever the account.
    #[arg(long, value_name = "NETWORK")]
    pub(in crate::cli) address: Option<String>,
    /// All of them.
    #[arg(long)]
    pub(in crate::cli) all: bool,
}
