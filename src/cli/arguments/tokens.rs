//! `dockgate tokens` and `dockgate revoke`.

use std::path::PathBuf;
use std::str::FromStr;

use clap::{Args, Subcommand, ValueEnum};
use dockgate_api::config::{Moment, Span};

#[derive(Debug, Subcommand)]
pub(in crate::cli) enum TokensCommand {
    /// Make a long-lived token for a robot; it is shown once.
    #[command(
        after_help = "The token is printed alone on standard output, what it is on standard error. It is used as \
        the password of its account by any client:\n\n  \
        dockgate tokens create auth.yml --account ci --scope 'repository:team/*:pull' > ci.token\n  \
        docker login registry.example.com --username ci --password-stdin < ci.token\n\n\
        It may never do more than its account may, nor more than its scopes say, and ends when the account is gone, \
        disabled, or has another password."
    )]
    Create(CreateTokenOptions),
    /// List refresh tokens and tokens for robots, with their last use.
    List(ListTokensOptions),
    /// Revoke one by its id.
    Revoke {
        /// The configuration file (YAML) of the running server.
        config: PathBuf,
        /// Its id, as `tokens list` shows it, or the beginning of it.
        id: String,
    },
}

/// A token for a robot.
#[derive(Debug, Args)]
pub(in crate::cli) struct CreateTokenOptions {
    /// The configuration file (YAML) of the running server.
    pub(in crate::cli) config: PathBuf,
    /// Whose it is: an account that a link knows.
    #[arg(long, value_name = "ACCOUNT")]
    pub(in crate::cli) account: String,
    /// Refuse, unless this link of `authn` knows the account.
    #[arg(long, value_name = "LINK")]
    pub(in crate::cli) link: Option<String>,
    /// What it can never exceed, such as `repository:team/*:pull`; may be given several times. Without any: what the account
    /// may do.
    #[arg(long = "scope", value_name = "SCOPE")]
    pub(in crate::cli) scopes: Vec<String>,
    /// Only for the registry with this `service`.
    #[arg(long, value_name = "SERVICE")]
    pub(in crate::cli) service: Option<String>,
    /// When it ends: `90d`, `12h`, a date or a time, or `never`.
    #[arg(long, value_name = "WHEN", default_value = "90d")]
    pub(in crate::cli) expires: Ends,
    /// What it is for, on one line.
    #[arg(long, value_name = "TEXT")]
    pub(in crate::cli) note: Option<String>,
    /// Print everything as JSON on standard output.
    #[arg(long)]
    pub(in crate::cli) json: bool,
}

/// Which credentials to list.
#[derive(Debug, Args)]
pub(in crate::cli) struct ListTokensOptions {
    /// The configuration file (YAML) of the running server.
    pub(in crate::cli) config: PathBuf,
    /// Only this account's.
    #[arg(long, value_name = "ACCOUNT")]
    pub(in crate::cli) account: Option<String>,
    /// Only those whose owner this link of `authn` knows.
    #[arg(long, alias = "backend", value_name = "LINK")]
    pub(in crate::cli) link: Option<String>,
    /// Only of one kind.
    #[arg(long, value_enum)]
    pub(in crate::cli) kind: Option<KindName>,
    /// Print JSON.
    #[arg(long)]
    pub(in crate::cli) json: bool,
}

/// `dockgate revoke`.
#[derive(Debug, Args)]
#[command(
    group(clap::ArgGroup::new("which").required(true).multiple(true)),
    after_help = "All that is given must hold. Stored credentials end at once, on every server of the store. Registry \
    tokens that were signed before live until they end: `token.expiration`, and a minute that registries add."
)]
pub(in crate::cli) struct RevokeOptions {
    /// The configuration file (YAML) of the running server.
    pub(in crate::cli) config: PathBuf,
    /// This account's, in whatever spelling.
    #[arg(long, group = "which", value_name = "ACCOUNT")]
    pub(in crate::cli) account: Option<String>,
    /// Those whose owner this link of `authn` knows.
    #[arg(long, alias = "backend", group = "which", value_name = "LINK")]
    pub(in crate::cli) link: Option<String>,
    /// Those that were made before this date or time.
    #[arg(long, group = "which", value_name = "TIME")]
    pub(in crate::cli) all_before: Option<Moment>,
    /// Only of one kind.
    #[arg(long, value_enum)]
    pub(in crate::cli) kind: Option<KindName>,
}

/// A kind of credential.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(in crate::cli) enum KindName {
    /// What clients keep after a login.
    RefreshTokens,
    /// What robots were given.
    ApiTokens,
    /// What browsers show after a sign-in, which is still to come.
    AppPasswords,
}

impl KindName {
    pub(in crate::cli) fn name(self) -> &'static str {
        match self {
            Self::RefreshTokens => "refresh-tokens",
            Self::ApiTokens => "api-tokens",
            Self::AppPasswords => "app-passwords",
        }
    }
}

/// When a token ends.
#[derive(Clone, Copy, Debug)]
pub(in crate::cli) enum Ends {
    In(Span),
    At(Moment),
    Never,
}

impl FromStr for Ends {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text == "never" {
            return Ok(Self::Never);
        }
        if let Ok(span) = text.parse() {
            return Ok(Self::In(span));
        }
        text.parse().map(Self::At).map_err(|error| {
            if text.contains('-') { error } else { "write `90d`, `12h`, `2026-12-31`, or `never`".to_owned() }
        })
    }
}
