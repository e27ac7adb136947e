//! `dockgate forward-auth-test`.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::Args;

/// How a registry behind a proxy and the gate is reached, and what is to hold there.
#[derive(Debug, Args)]
#[command(
    after_help = "Asks as a client would that means no good: without a login, with a wrong one, with headers by which the \
    gate or the registry could be misled, with paths that can be read in two ways. One line for each thing that must hold: \
    `ok`, `FAILED` with what was seen and the cure, or `skipped` with the reason. Nothing is changed: an upload is begun \
    and given up for `--may-push` alone.\n\n\
    Most is seen without an account. With one more is: whether it is let in, and what it may do.\n\n  \
    dockgate forward-auth-test https://registry.example.com\n  \
    dockgate forward-auth-test https://registry.example.com --public hello-world \\\n    \
    --account bob --password-file bob.txt --may-pull team/app --may-not-push team/app \\\n    \
    --gate http://10.0.0.2:5001/forward-auth --registry-address 10.0.0.3:5000\n\n\
    The password comes from `--password-file`, from standard input (`--password-stdin`), from the environment variable \
    DOCKGATE_PASSWORD, or is asked for at a terminal; never from the command line. Run it from outside, where clients \
    are: what can be reached from there is part of the answer. Proxies of the environment (HTTPS_PROXY) are not used.\n\n\
    Exit codes: 0 everything holds, 1 something does not or there was no answer, 2 a mistake in the command line."
)]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of the command line")]
pub(in crate::cli) struct ForwardAuthTestOptions {
    /// The registry as clients reach it: `https://registry.example.com`.
    pub(in crate::cli) url: String,
    /// Log in as this account, too.
    #[arg(long, value_name = "NAME")]
    pub(in crate::cli) account: Option<String>,
    /// A file with the account's password in its first line.
    #[arg(long, value_name = "FILE", requires = "account", conflicts_with = "password_stdin")]
    pub(in crate::cli) password_file: Option<PathBuf>,
    /// Read the password from standard input (asked for at a terminal).
    #[arg(long, requires = "account")]
    pub(in crate::cli) password_stdin: bool,
    /// A repository that everybody may pull without a login; may be given several times.
    #[arg(long, value_name = "NAME", value_parser = repository)]
    pub(in crate::cli) public: Vec<String>,
    /// A repository that nobody may pull without a login; it need not be there.
    #[arg(long, value_name = "NAME", value_parser = repository, default_value = crate::gate_probe::PRIVATE)]
    pub(in crate::cli) private: String,
    /// Everybody may pull everything: that a login is needed is tried with pushes alone.
    #[arg(long)]
    pub(in crate::cli) anyone_may_pull: bool,
    /// A repository that the account may pull from; may be given several times.
    #[arg(long, value_name = "NAME", value_parser = repository, requires = "account")]
    pub(in crate::cli) may_pull: Vec<String>,
    /// A repository that it may not pull from; may be given several times.
    #[arg(long, value_name = "NAME", value_parser = repository, requires = "account")]
    pub(in crate::cli) may_not_pull: Vec<String>,
    /// A repository that it may push to; may be given several times. An upload is begun there, and given up.
    #[arg(long, value_name = "NAME", value_parser = repository, requires = "account")]
    pub(in crate::cli) may_push: Vec<String>,
    /// A repository that it may not push to; may be given several times.
    #[arg(long, value_name = "NAME", value_parser = repository, requires = "account")]
    pub(in crate::cli) may_not_push: Vec<String>,
    /// The gate's own URL, which must answer nobody but the proxy: `http://10.0.0.2:5001/forward-auth`.
    #[arg(long, value_name = "URL")]
    pub(in crate::cli) gate: Option<String>,
    /// The registry's own address, which must not be reachable from here: `10.0.0.3:5000`.
    #[arg(long, value_name = "HOST:PORT")]
    pub(in crate::cli) registry_address: Option<String>,
    /// Listen here in the registry's place, and look at what it would be told: lead the proxy here for as long as this
    /// runs.
    #[arg(long, value_name = "ADDRESS:PORT")]
    pub(in crate::cli) as_registry: Option<SocketAddr>,
    /// A header of `forward_auth.identity_headers`; may be given several times. X-Auth-User and X-Auth-Groups, if left
    /// out.
    #[arg(long = "identity-header", value_name = "NAME", value_parser = header)]
    pub(in crate::cli) identity_headers: Vec<String>,
    /// A PEM file with authorities that vouch for the proxy, beside the system's.
    #[arg(long, value_name = "FILE", alias = "ca-file")]
    pub(in crate::cli) ca: Option<PathBuf>,
    /// Let the password go over a network without TLS.
    #[arg(long)]
    pub(in crate::cli) allow_http: bool,
    /// How long all of it may take, in seconds.
    #[arg(long, value_name = "SECONDS", default_value_t = 120, value_parser = clap::value_parser!(u64).range(1..=3600))]
    pub(in crate::cli) within: u64,
    /// Answer in JSON.
    #[arg(long)]
    pub(in crate::cli) json: bool,
}

/// It goes into a path as it is.
fn repository(text: &str) -> Result<String, String> {
    let is_part = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"._-/".contains(&byte);
    if !text.is_empty() && text.bytes().all(is_part) && !text.starts_with('/') && !text.ends_with('/') {
        return Ok(text.to_owned());
    }
    Err("write a repository's name without host and tag, such as `team/app`".to_owned())
}

fn header(text: &str) -> Result<String, String> {
    match axum::http::HeaderName::from_bytes(text.as_bytes()) {
        Ok(_) => Ok(text.to_owned()),
        Err(_) => Err("write a header's name, such as `X-Auth-User`".to_owned()),
    }
}
