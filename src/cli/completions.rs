//! `dockgate completions SHELL`.

use std::process::ExitCode;

use clap::CommandFactory as _;
use clap_complete::Shell;

use super::arguments::Arguments;

/// Writes the script. A closed pipe is no reason to fail.
pub(super) fn run(shell: Shell) -> ExitCode {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Arguments::command(), "dockgate", &mut script);
    super::say(String::from_utf8_lossy(&script).trim_end());
    ExitCode::SUCCESS
}
