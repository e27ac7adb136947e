//! What is run, and with what around it.

use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::Arc;

use dockgate_api::secrecy::{ExposeSecret, SecretString};

use super::children::{Children, MARK};

/// A program as the configuration names it.
pub(crate) struct Program {
    /// Where it is; nothing is looked up any more.
    pub(crate) path: PathBuf,
    pub(crate) args: Vec<String>,
    pub(crate) environment: Environment,
    /// The file's name, for logs.
    pub(crate) name: Arc<str>,
    /// The link it decides for, for logs.
    pub(crate) link: Arc<str>,
    /// All programs of this process.
    pub(crate) children: Arc<Children>,
}

/// The environment of a program.
pub(crate) enum Environment {
    /// The server's own and these, as docker_auth has it.
    AddedToOurs(Vec<(String, SecretString)>),
    /// These and nothing else.
    Only(Vec<(String, SecretString)>),
}

impl Program {
    pub(super) fn command(&self, mark: &str) -> Command {
        use std::os::unix::process::CommandExt as _;
        let mut command = Command::new(&self.path);
        command.args(&self.args).process_group(0);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let variables = match &self.environment {
            Environment::AddedToOurs(variables) => variables,
            Environment::Only(variables) => {
                command.env_clear();
                variables
            }
        };
        command.envs(variables.iter().map(|(name, value)| (name, value.expose_secret()))).env(MARK, mark);
        command
    }
}
