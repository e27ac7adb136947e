//! Registries, each with an empty storage and the server under test as its token server.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::components::{self, Component};
use crate::dockgate::ISSUER;
use crate::harness::process::Process;

pub(crate) const SERVICE: &str = "registry in tests";

/// A version that people run.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Version {
    pub(crate) name: &'static str,
    pub(crate) component: Component,
}

/// Debian's, and two of upstream's third generation, whose key ids differ.
pub(crate) const VERSIONS: [Version; 3] = [
    Version { name: "2.8.2", component: components::REGISTRY },
    Version { name: "3.0.0", component: components::REGISTRY_3_0 },
    Version { name: "3.1.1", component: components::REGISTRY_3_1 },
];

/// Whose tokens a registry takes: its `rootcertbundle` and its `jwks`.
#[derive(Debug, Default)]
pub(crate) struct TrustFiles {
    pub(crate) bundle: Option<PathBuf>,
    pub(crate) jwks: Option<PathBuf>,
}

/// Starts a registry whose clients are sent to `realm` for tokens; answers its port too. Its log, if it ends at once
/// because it cannot work with that trust.
pub(crate) fn start(
    version: Version,
    dir: &Path,
    realm: &str,
    trust: &TrustFiles,
) -> Result<(Process, u16), String> {
    let trusted: String = [("rootcertbundle", &trust.bundle), ("jwks", &trust.jwks)]
        .iter()
        .filter_map(|(key, file)| Some(format!("    {key}: \"{}\"\n", file.as_ref()?.display())))
        .collect();
    let auth = format!(
        "auth:\n  token:\n    realm: \"{realm}\"\n    service: \"{SERVICE}\"\n    issuer: \"{ISSUER}\"\n{trusted}"
    );
    start_with(version, dir, &auth)
}

/// The same with the section `auth` in words of somebody else.
pub(crate) fn start_with(version: Version, dir: &Path, auth: &str) -> Result<(Process, u16), String> {
    let program = version.component.program;
    Process::try_listening("listening on", |port| {
        let config = format!(
            "version: 0.1\n\
             storage:\n  filesystem:\n    rootdirectory: \"{}\"\n  delete:\n    enabled: true\n\
             http:\n  addr: \"127.0.0.1:{port}\"\n  secret: \"a secret of the tests\"\n{auth}",
            dir.join("storage").display(),
        );
        fs::write(dir.join("registry.yml"), config).unwrap();
        // 3.x would send its traces to a collector.
        let mut command = Command::new("env");
        command.arg("OTEL_TRACES_EXPORTER=none").arg(program).args(["serve", "registry.yml"]);
        Process::start(&mut command, dir, "registry")
    })
}

/// One answered request.
#[derive(Debug)]
pub(crate) struct Access {
    pub(crate) method: String,
    pub(crate) target: String,
    pub(crate) status: u16,
}

/// Reads the access log, lines such as `127.0.0.1 - - [DATE] "GET /v2/ HTTP/1.1" 200 2 "" "skopeo/1.9.3"`.
pub(crate) fn accesses(log: &str) -> Vec<Access> {
    log.lines().filter_map(access).collect()
}

fn access(line: &str) -> Option<Access> {
    let (_, request) = line.split_once("] \"")?;
    let (request, answer) = request.split_once("\" ")?;
    let (method, rest) = request.split_once(' ')?;
    let (target, _) = rest.rsplit_once(' ')?;
    let status = answer.split(' ').next()?.parse().ok()?;
    Some(Access { method: method.to_owned(), target: target.to_owned(), status })
}
