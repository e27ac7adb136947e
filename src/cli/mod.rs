//! The command line. One command, one file; exit codes are 0 for done, 1 for failed while running, 2 for a mistake in
//! the command line or the configuration.

mod admin;
mod arguments;
mod bans;
mod check;
mod completions;
mod explain;
mod forward_auth_test;
mod hash;
mod keys;
mod ldap_test;
mod login;
mod quickstart;
mod schema;
mod serve;
mod store;
mod tokens;
mod trust;

use std::ffi::OsString;
use std::io::Write as _;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use clap::Parser as _;
use dockgate_api::config::Problem;

use crate::backends::Backends;
use crate::outside::Outside;
use crate::token::{HeaderOptions, KeyId};
use arguments::{Arguments, Command};

const FAILED: u8 = 1;
const MISTAKE: u8 = 2;

/// Runs the server's command line with these backends: what `main` does.
pub fn run(backends: Backends) -> ExitCode {
    run_with(std::env::args_os().collect(), Arc::new(backends), &Outside::real())
}

fn run_with(arguments: Vec<OsString>, backends: Arc<Backends>, outside: &Outside) -> ExitCode {
    let (arguments, ignored) = arguments::normalized(arguments);
    if !ignored.is_empty() {
        complain(&format!(
            "note: {} has no meaning here and is ignored (see `log:` in the configuration)",
            ignored.join(", ")
        ));
    }
    let arguments = match Arguments::try_parse_from(arguments) {
        Ok(arguments) => arguments,
        Err(refused) => {
            // Help and version are no mistakes; clap knows which stream and code belong to what.
            let _ = refused.print();
            return ExitCode::from(u8::try_from(refused.exit_code()).unwrap_or(MISTAKE));
        }
    };
    if rustls::crypto::aws_lc_rs::default_provider().install_default().is_err() {
        tracing::debug!("a TLS provider was installed before");
    }
    match arguments.command {
        Command::Serve { config } => serve::run(&config, backends, outside),
        Command::Reload(options) => admin::reload(&options, outside),
        Command::Status(options) => admin::status(&options, outside),
        Command::Check(options) => check::run(&options, &backends, outside),
        Command::Explain(options) => explain::run(&options, &backends, outside),
        Command::LdapTest(options) => ldap_test::run(&options, &backends, outside),
        Command::ForwardAuthTest(options) => forward_auth_test::run(&options, outside),
        Command::Schema => schema::run(&backends),
        Command::Completions { shell } => completions::run(shell),
        Command::Hash(options) => hash::run(&options, outside),
        Command::Login(options) => login::run(&options, outside),
        Command::Keys { command } => keys::run(&command, &backends, outside),
        Command::Bans { command } => bans::run(&command, outside),
        Command::Tokens { command } => tokens::run(&command, outside),
        Command::Store { command } => store::run(&command, outside),
        Command::Revoke(options) => tokens::revoke(&options, outside),
        Command::Quickstart(options) => quickstart::run(&options, backends, outside),
    }
}

/// Writes a line for the person at the terminal. A closed terminal is no reason to fail.
fn say(text: &str) {
    let _ = writeln!(std::io::stdout(), "{text}");
}

fn complain(text: &str) {
    let _ = writeln!(std::io::stderr(), "{text}");
}

/// `2026-11-21`, in UTC.
pub(crate) fn date(time: SystemTime) -> String {
    let seconds = time.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    let date = i64::try_from(seconds)
        .ok()
        .and_then(|seconds| time::OffsetDateTime::from_unix_timestamp(seconds).ok());
    date.map_or_else(|| "the far future".to_owned(), |date| date.date().to_string())
}

/// What to write in the configuration for this header.
fn header_words(header: &HeaderOptions) -> String {
    let id = match &header.kid {
        Some(KeyId::Libtrust) | None => "libtrust".to_owned(),
        Some(KeyId::Rfc7638) => "rfc7638".to_owned(),
        Some(KeyId::Text(text)) => format!("{{text: {}}}", serde_json::Value::from(text.as_ref())),
    };
    if header.x5c { "`x5c: true`".to_owned() } else { format!("`x5c: false` and `key_id: {id}`") }
}

/// A word that a shell takes as it is.
fn shell_word(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "._-:/@".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

fn refuse(file: &Path, problems: &[Problem]) -> ExitCode {
    for problem in problems {
        complain(&problem.to_string());
    }
    let (count, s) = (problems.len(), if problems.len() == 1 { "" } else { "s" });
    complain(&format!("{}: {count} problem{s}, nothing was started", file.display()));
    ExitCode::from(MISTAKE)
}

/// A mistake in the command line that its grammar does not show.
fn refuse_usage(text: &str) -> ExitCode {
    complain(text);
    ExitCode::from(MISTAKE)
}

fn failed(text: &str) -> ExitCode {
    complain(text);
    ExitCode::from(FAILED)
}

/// The runtime that the server runs on.
fn runtime() -> std::io::Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_multi_thread().enable_all().build()
}

/// Drops what still runs: so are the programs killed that somebody waited for. A file that hangs, on a dead file system,
/// is no reason to stay.
fn end(runtime: tokio::runtime::Runtime) {
    runtime.shutdown_timeout(std::time::Duration::from_secs(1));
}
