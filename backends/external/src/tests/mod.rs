//! Programs as backends: the contract, and what their exit codes and outputs mean.

mod answers;
mod conformance;

use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::{Arc, LazyLock};

use dockgate_api::{Authenticator, Authorizer, BuildContext, Configure, Dialect, Kept};
use dockgate_testkit::fakes::World;
use serde_json::json;
use tempfile::TempDir;

use crate::ProgramConfig;

/// All tests are one process, and look after each other's children.
pub(crate) static KEPT: LazyLock<Arc<Kept>> = LazyLock::new(Arc::default);

/// A script, and the configuration that runs it.
pub(crate) struct Script {
    directory: TempDir,
    section: serde_json::Value,
}

impl Script {
    /// Of `/bin/sh`.
    pub(crate) fn sh(lines: &str) -> Self {
        Self::new(&format!("#!/bin/sh\n{lines}\n"))
    }

    pub(crate) fn new(text: &str) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("hook");
        write_program(&path, text);
        let section =
            json!({"command": path, "environment": {"PATH": "/usr/bin:/bin"}, "args": [directory.path()]});
        Self { directory, section }
    }

    /// With one more key of the section.
    pub(crate) fn with(mut self, key: &str, value: impl Into<serde_json::Value>) -> Self {
        self.section[key] = value.into();
        self
    }

    pub(crate) fn json(self) -> Self {
        self.with("protocol", "json")
    }

    fn config(&self) -> ProgramConfig {
        serde_json::from_value(self.section.clone()).unwrap()
    }

    fn context() -> BuildContext {
        World::new().build_context().with_kept(Arc::clone(&KEPT)).for_link("hook", Dialect::Native)
    }

    pub(crate) fn authenticator(&self) -> Arc<dyn Authenticator> {
        self.config().build(&Self::context()).unwrap()
    }

    pub(crate) fn authorizer(&self) -> Arc<dyn Authorizer> {
        self.config().build(&Self::context()).unwrap()
    }

    /// How often the script has written a line into a file.
    pub(crate) fn lines(&self, file: &str) -> usize {
        fs::read_to_string(self.directory.path().join(file)).unwrap_or_default().lines().count()
    }
}

/// Not written by this process: another test's fork would hold it open, and it could not be started.
pub(crate) fn write_program(path: &Path, text: &str) {
    let mut copied = Command::new("sh")
        .args(["-c", "cat > \"$0\" && chmod 755 \"$0\""])
        .arg(path)
        .stdin(Stdio::piped())
        .spawn()
        .unwrap();
    copied.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
    assert!(copied.wait().unwrap().success());
}
