//! `dockgate ldap-test`.

use std::path::PathBuf;

use clap::Args;

/// Whom the directories are asked about.
#[derive(Debug, Args)]
#[command(
    after_help = "Shows each step: the server and its certificate, who searches, the filter and what it found, the entry \
    (well-known attributes, and those that the configuration reads), the groups, and the labels that they become.\n\n\
    Without a password the right one is taken for granted. Signing keys are not needed.\n\n\
    Exit codes: 0 every directory lets the account in, 1 one does not, 2 a mistake in the command line or the \
    configuration, or a directory cannot tell without the password."
)]
pub(in crate::cli) struct LdapTestOptions {
    /// The configuration file (YAML).
    pub(in crate::cli) config: PathBuf,
    /// The account, as a client would write it.
    #[arg(long, value_name = "ACCOUNT")]
    pub(in crate::cli) account: String,
    /// Really log in, with a password from standard input (asked for at a terminal).
    #[arg(long)]
    pub(in crate::cli) password_stdin: bool,
    /// Ask only the `ldap_auth` of this name.
    #[arg(long, value_name = "LINK")]
    pub(in crate::cli) link: Option<String>,
    /// Answer in JSON: what `explain` says under `identity`, for each link.
    #[arg(long)]
    pub(in crate::cli) json: bool,
}
