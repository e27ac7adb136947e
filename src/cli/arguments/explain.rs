//! `dockgate explain`.

use std::net::IpAddr;
use std::path::PathBuf;
use std::str::FromStr;

use clap::Args;
use dockgate_api::config::Moment;

/// What somebody wants explained.
#[derive(Debug, Args)]
#[command(
    after_help = "SCOPE is TYPE:NAME:ACTIONS as a registry asks for it, such as `repository:team/app:pull,push` or \
    `registry:catalog:*`.\n\n\
    Nobody is logged in: nothing is signed, counted or written to the log. Without a password the answer holds for \
    whoever gives the right one. Links that cannot tell without one say so: log in with `--password-stdin`, or say \
    what the link would answer with `--as-link` and `--labels`.\n\n\
    Exit codes: 0 everything asked is granted, 1 something is not, 2 a mistake in the command line or the \
    configuration, or it cannot be known who the account is."
)]
pub(in crate::cli) struct ExplainOptions {
    /// The configuration file (YAML).
    pub(in crate::cli) config: PathBuf,
    /// Who asks; left out, or empty, it is nobody in particular (anonymous).
    #[arg(long, value_name = "ACCOUNT", default_value = "", hide_default_value = true)]
    pub(in crate::cli) account: String,
    /// What is asked; may be given several times. Without any: what a login alone gets.
    #[arg(long = "scope", value_name = "SCOPE")]
    pub(in crate::cli) scopes: Vec<String>,
    /// The registry's `service`.
    #[arg(long, value_name = "SERVICE", default_value = "", hide_default_value = true)]
    pub(in crate::cli) service: String,
    /// Where the client is, for rules with `ip`; left out, it is unknown.
    #[arg(long, value_name = "ADDRESS")]
    pub(in crate::cli) ip: Option<IpAddr>,
    /// When it asks: `2026-12-31`, or a time with its zone, `2026-12-31T18:00:00+01:00`. Now, if left out.
    #[arg(long, value_name = "TIME")]
    pub(in crate::cli) at: Option<Moment>,
    /// Really log in, with a password from standard input (asked for at a terminal).
    #[arg(long, conflicts_with_all = ["as_link", "labels"])]
    pub(in crate::cli) password_stdin: bool,
    /// Take it that this link of `authn` has let the account in.
    #[arg(long, value_name = "LINK")]
    pub(in crate::cli) as_link: Option<String>,
    /// Take it that the account has these labels; with `--as-link`, or where one link alone is asked.
    #[arg(long, value_name = "KEY=VALUE", num_args = 1..)]
    pub(in crate::cli) labels: Vec<Label>,
    /// Ask the server that runs with this file, over its `server.admin.socket`: it answers by what it has taken up.
    #[arg(long, conflicts_with = "password_stdin")]
    pub(in crate::cli) live: bool,
    /// Answer in JSON (docs/explain.md says what stands in it).
    #[arg(long)]
    pub(in crate::cli) json: bool,
}

/// A label and one of its values.
#[derive(Clone, Debug)]
pub(in crate::cli) struct Label {
    pub(in crate::cli) key: String,
    pub(in crate::cli) value: String,
}

impl FromStr for Label {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.split_once('=') {
            Some((key, value)) if !key.is_empty() => {
                Ok(Self { key: key.to_owned(), value: value.to_owned() })
            }
            _ => Err("write `KEY=VALUE`, such as `groups=developers`"),
        }
    }
}
