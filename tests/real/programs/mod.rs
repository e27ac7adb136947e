//! Programs and a web hook of our own writing decide in front of real registries: one flow for every way of asking them.

use std::fs;
use std::path::Path;
use std::process::Command;

use tempfile::TempDir;

use crate::accounts::{ALICE, Account, READER};
use crate::client::{Client, with_each_client};
use crate::components::{self, PYTHON};
use crate::harness::process::Process;
use crate::registry::VERSIONS;
use crate::site::Site;
use crate::skopeo::Skopeo;
use crate::web_hooks::{decides, status};

with_each_client!(exit_codes_decide, documents_decide, workers_decide, a_web_hook_decides);

/// A directory with the programs.
fn programs() -> Option<TempDir> {
    if !components::installed(&[PYTHON]) {
        return None;
    }
    let dir = tempfile::Builder::new().prefix("dockgate-programs-").tempdir().unwrap();
    let here = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/real/programs");
    for name in ["who.sh", "may.sh", "decide.py"] {
        // Not copied by this process: another test's fork would hold it open, and it could not be started.
        let copied =
            Command::new("install").args(["-m", "755"]).arg(here.join(name)).arg(dir.path()).status();
        assert!(copied.unwrap().success());
    }
    Some(dir)
}

fn decide<C: Client>(chains: &str) {
    for version in VERSIONS {
        let Some(site) = Site::deciding(version, C::COMPONENTS, chains) else { return };
        decides::<C>(&site, &site.client_of(&READER), &site.client_of(&ALICE));
    }
}

/// docker_auth's flat form.
fn by_exit_codes(dir: &TempDir) -> String {
    let dir = dir.path().display();
    format!(
        "users: {{\"\": {{}}}}\next_auth: {{command: {dir}/who.sh}}\next_authz: {{command: {dir}/may.sh}}\n"
    )
}

fn exit_codes_decide<C: Client>() {
    let Some(dir) = programs() else { return };
    decide::<C>(&by_exit_codes(&dir));
}

fn documents_decide<C: Client>() {
    let Some(dir) = programs() else { return };
    let program = format!("{{command: {}/decide.py, protocol: json}}", dir.path().display());
    decide::<C>(&format!(
        "authn: [{{users: {{\"\": {{}}}}}}, {{ext_auth: {program}}}]\nauthz: [{{ext_authz: {program}}}]\n"
    ));
}

fn workers_decide<C: Client>() {
    let Some(dir) = programs() else { return };
    let program = format!("{{command: {}/decide.py, args: [lines], protocol: lines}}", dir.path().display());
    decide::<C>(&format!(
        "authn: [{{users: {{\"\": {{}}}}}}, {{ext_auth: {program}}}]\nauthz: [{{ext_authz: {program}}}]\n"
    ));
}

fn a_web_hook_decides<C: Client>() {
    let Some(dir) = programs() else { return };
    let (_hook, port) = Process::listening("listening", |port| {
        let mut hook = Command::new(dir.path().join("decide.py"));
        Process::start(hook.args(["http", &port.to_string()]), dir.path(), "hook")
    });
    let hook = format!("{{url: \"http://127.0.0.1:{port}/\"}}");
    decide::<C>(&format!(
        "authn: [{{users: {{\"\": {{}}}}}}, {{http_auth: {hook}}}]\nauthz: [{{http_authz: {hook}}}]\n"
    ));
}

/// The same wrong password is asked about again.
pub(crate) const ASKED_EACH_TIME: &str = "lockout: {enabled: false}\n";

/// The program is taken away and comes back: an error meanwhile, neither a yes nor a no.
#[test]
fn without_its_program_nobody_is_refused_and_nobody_let_in() {
    let Some(dir) = programs() else { return };
    let chains = by_exit_codes(&dir) + ASKED_EACH_TIME;
    let Some(site) = Site::deciding(VERSIONS[0], Skopeo::COMPONENTS, &chains) else { return };
    let wrong = Account { password: "wrong", ..ALICE };
    let all = || [&ALICE, &wrong].map(|account| status(&site, account));
    assert_eq!(all(), [200, 401]);
    let (there, away) = (dir.path().join("who.sh"), dir.path().join("away"));
    fs::rename(&there, &away).unwrap();
    assert_eq!(all(), [503, 503]);
    fs::rename(&away, &there).unwrap();
    assert_eq!(all(), [200, 401]);
}
