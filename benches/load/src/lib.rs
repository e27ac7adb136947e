//! A load generator for token servers: one, or two side by side.
//!
//! With two servers the rounds take turns, A B A B, so that what disturbs the machine disturbs both. What counts most
//! is the server's own processor time for each request: unlike requests a second it hardly depends on what else the
//! machine does. Everything is bounded in count and time, and nothing but loopback is asked unless told so.

mod accounts;
mod arguments;
mod client;
mod crowd;
mod error;
mod pace;
mod plan;
mod process;
mod report;
mod rounds;
mod series;
mod stream;
mod tally;
mod target;
mod tls;

use std::ffi::OsString;
use std::io::{self, Write};

use clap::Parser as _;
use clap::error::ErrorKind;

use accounts::NUMBER;
use arguments::{Arguments, NUMBER_IN_HELP};
use error::LoadError;
use plan::Plan;
use report::Report;

/// Runs the whole program. Figures go to `out`, what went wrong to `err`; `environment` looks up a variable.
///
/// The exit code: 0 every answer was a token, 1 some were not or something failed, 2 the command line is wrong.
pub fn run(
    arguments: impl IntoIterator<Item = OsString>,
    environment: &dyn Fn(&str) -> Option<String>,
    out: &mut dyn Write,
    err: &mut dyn Write,
) -> u8 {
    let arguments = match Arguments::try_parse_from(arguments) {
        Ok(arguments) => arguments,
        Err(error) => {
            let is_answer = matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion);
            let text = error.to_string().replace(NUMBER_IN_HELP, NUMBER);
            let said =
                if is_answer { out.write_all(text.as_bytes()) } else { err.write_all(text.as_bytes()) };
            return if said.is_ok() && is_answer { 0 } else { 2 };
        }
    };
    match Plan::new(&arguments, environment).and_then(|plan| measure(&plan, arguments.json, out)) {
        Ok(is_clean) => u8::from(!is_clean),
        Err(error) => {
            // If even this cannot be said, the exit code still does.
            writeln!(err, "dockgate-load: {error}").ok();
            if error.is_usage() { 2 } else { 1 }
        }
    }
}

fn measure(plan: &Plan, json: bool, out: &mut dyn Write) -> Result<bool, LoadError> {
    let report = Report::new(plan, rounds::run(plan)?);
    let written = if json { write_json(&report, out) } else { write!(out, "{report}") };
    written.and_then(|()| out.flush()).map_err(LoadError::Output)?;
    Ok(report.is_clean())
}

fn write_json(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    serde_json::to_writer_pretty(&mut *out, report)?;
    writeln!(out)
}

#[cfg(test)]
mod tests {
    #[test]
    fn help_names_every_pattern_as_it_is_written() {
        let (mut out, mut err) = (Vec::new(), Vec::new());
        let words = ["dockgate-load", "--help"].map(Into::into);
        assert_eq!(super::run(words, &|_| None, &mut out, &mut err), 0);
        let help = String::from_utf8(out).unwrap();
        assert!(help.contains("--user 'user{n}:password{n}' --accounts 1000"), "{help}");
        assert!(!help.contains("{#}") && err.is_empty());
    }
}
