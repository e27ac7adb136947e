//! Debian's registry, with an empty storage and the server under test as its token server.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::components;
use crate::dockgate::ISSUER;
use crate::harness::process::Process;

pub(crate) const SERVICE: &str = "registry in tests";

/// Starts it to trust tokens of the server at `realm` that `trusted` vouches for; answers its port too.
pub(crate) fn start(dir: &Path, realm: &str, trusted: &Path) -> (Process, u16) {
    Process::listening("listening on", |port| {
        let config = format!(
            "version: 0.1\n\
             storage:\n  filesystem:\n    rootdirectory: \"{}\"\n  delete:\n    enabled: true\n\
             http:\n  addr: \"127.0.0.1:{port}\"\n  secret: \"a secret of the tests\"\n\
             auth:\n  token:\n    realm: \"{realm}\"\n    service: \"{SERVICE}\"\n    issuer: \"{ISSUER}\"\n    rootcertbundle: \"{}\"\n",
            dir.join("storage").display(),
            trusted.display(),
        );
        fs::write(dir.join("registry.yml"), config).unwrap();
        Process::start(
            Command::new(components::REGISTRY.program).args(["serve", "registry.yml"]),
            dir,
            "registry",
        )
    })
}

/// One answered request.
#[derive(Debug)]
pub(crate) struct Access {
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
    let (_, rest) = request.split_once(' ')?;
    let (target, _) = rest.rsplit_once(' ')?;
    let status = answer.split(' ').next()?.parse().ok()?;
    Some(Access { target: target.to_owned(), status })
}
