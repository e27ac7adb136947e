//! The command line. One command, one file; exit codes are 0 for done, 1 for failed while running, 2 for a mistake in
//! the command line or the configuration.

mod arguments;
mod check;
mod hash;
mod quickstart;
mod serve;

use std::ffi::OsString;
use std::io::Write as _;
use std::path::Path;
use std::process::ExitCode;

use clap::Parser as _;
use dockgate_api::config::Problem;

use crate::backends::Backends;
use crate::outside::Outside;
use arguments::{Arguments, Command};

const FAILED: u8 = 1;
const MISTAKE: u8 = 2;

/// Runs the server's command line with these backends: what `main` does.
pub fn run(backends: Backends) -> ExitCode {
    run_with(std::env::args_os().collect(), &backends, &Outside::real())
}

fn run_with(arguments: Vec<OsString>, backends: &Backends, outside: &Outside) -> ExitCode {
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
        Command::Check { config, offline } => check::run(&config, offline, backends, outside),
        Command::Hash { cost } => hash::run(cost, outside),
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

fn refuse(file: &Path, problems: &[Problem]) -> ExitCode {
    for problem in problems {
        complain(&problem.to_string());
    }
    let (count, s) = (problems.len(), if problems.len() == 1 { "" } else { "s" });
    complain(&format!("{}: {count} problem{s}, nothing was started", file.display()));
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
