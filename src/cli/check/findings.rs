//! What `check` has to say, for pipelines.

use std::path::Path;
use std::process::ExitCode;

use dockgate_api::config::Problem;
use serde::Serialize;

use crate::cli;

/// Keys stay as they are; new ones may come.
#[derive(Serialize)]
struct Findings<'a> {
    version: u32,
    file: String,
    /// Whether it would serve.
    ok: bool,
    problems: Vec<Finding<'a>>,
    warnings: Vec<Finding<'a>>,
    notes: Vec<Finding<'a>>,
}

#[derive(Serialize)]
struct Finding<'a> {
    file: &'a str,
    line: u32,
    column: u32,
    /// The way to the key, such as `authz[0].acl[3].match.name`; empty for the whole file.
    key: &'a str,
    message: &'a str,
}

/// Writes all that was found.
pub(super) fn tell(config: &Path, found: Result<(Vec<Problem>, Vec<Problem>), Vec<Problem>>) -> ExitCode {
    let ok = found.is_ok();
    let (problems, warnings, notes) = match found {
        Ok((warnings, notes)) => (Vec::new(), warnings, notes),
        Err(problems) => (problems, Vec::new(), Vec::new()),
    };
    let findings = Findings {
        version: 1,
        file: config.display().to_string(),
        ok,
        problems: problems.iter().map(finding).collect(),
        warnings: warnings.iter().map(finding).collect(),
        notes: notes.iter().map(finding).collect(),
    };
    match serde_json::to_string_pretty(&findings) {
        Ok(text) => cli::say(&text),
        Err(error) => return cli::failed(&format!("cannot write JSON: {error}")),
    }
    if ok { ExitCode::SUCCESS } else { ExitCode::from(cli::MISTAKE) }
}

fn finding(problem: &Problem) -> Finding<'_> {
    let Problem { location, path, message, .. } = problem;
    let (file, line, column) = (location.file.as_ref(), location.line, location.column);
    Finding { file, line, column, key: path.as_str(), message }
}
