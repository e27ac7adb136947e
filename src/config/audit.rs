//! `audit:` — a line for every decision, in a place of its own.

use std::path::{Path, PathBuf};

use dockgate_api::config::{KeyPath, Located, Problem};
use schemars::JsonSchema;
use serde::Deserialize;

use super::Source;
use crate::audit::{Target, file};
use crate::scope::is_unprintable;

/// The `audit` section.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(default)]
pub struct AuditConfig {
    /// `stdout`, or the path of a file. Without it there is no audit log.
    pub to: Option<Located<String>>,
    /// Whether a token is only handed out once its line is written.
    pub required: Option<Located<bool>>,
}

impl AuditConfig {
    /// Looks for what can be seen without the file system.
    pub fn validate(&self, path: &KeyPath, problems: &mut Vec<Problem>) {
        if let Some(to) = &self.to
            && let Some(cure) = match to.value.trim() {
                _ if to.value.contains(is_unprintable) => {
                    Some("a path holds no control characters: write it in one line")
                }
                "" => Some("nothing is no place: write `stdout` or the path of a file"),
                "-" | "stderr" => Some("the audit log goes to `stdout` or to a file: write one of them"),
                "stdout" => None,
                // `STDOUT`, `syslog`, `journald`: meant as a place, and a file of that name would hide it.
                word if !word.contains(['.', '/']) => {
                    Some("this would be a file of that name: write `stdout`, or a path such as `./audit.log`")
                }
                _ => None,
            }
        {
            problems.push(Problem::new(to.location.clone(), path.key("to"), cure));
        }
        if let (None, Some(required)) = (&self.to, self.required.as_ref().filter(|required| required.value)) {
            let message = "there is no audit log to require: write `to`, or take `required` away";
            problems.push(Problem::new(required.location.clone(), path.key("required"), message));
        }
    }

    /// Where the lines go, if anywhere.
    pub fn target(&self, source: &Source) -> Option<Target> {
        let to = self.to.as_ref()?;
        Some(match to.value.as_str() {
            "stdout" => Target::Stdout,
            path => Target::File(absolute(source.resolve(Path::new(path)))),
        })
    }

    /// Whether the lines must be written before tokens are handed out.
    pub fn is_required(&self) -> bool {
        self.required.as_ref().is_some_and(|required| required.value)
    }

    /// Looks at the file or its directory, and makes nothing.
    ///
    /// # Errors
    /// Why no line could be written there.
    pub fn check(&self, source: &Source) -> Result<(), Problem> {
        let (Some(to), Some(Target::File(path))) = (&self.to, self.target(source)) else { return Ok(()) };
        file::check(&path).map_err(|message| self.problem(to, message))
    }

    /// A problem of the place where the lines go.
    pub fn problem(&self, to: &Located<String>, message: impl Into<String>) -> Problem {
        Problem::new(to.location.clone(), KeyPath::root().key("audit").key("to"), message)
    }
}

/// One file has one name, so that it has one writer.
fn absolute(path: PathBuf) -> PathBuf {
    std::path::absolute(&path).unwrap_or(path)
}
