//! Files that are moved, removed or cut under a server, and one that is not the last's.

use std::os::unix::fs::PermissionsExt;
use std::process::Command;

use rustix::process::Signal;

use super::{lines, whole};
use crate::process::{Server, Site, dockgate, poll};
use crate::support::PATIENCE;

pub(super) const CONFIG: &str = r#"server: {addr: "127.0.0.1:0"}
token: {issuer: "audit", expiration: 300, certificate: cert.pem, key: key.pem}
authn: [{users: {"": {}}}]
authz: [{acl: [{match: {}, actions: [pull]}]}]
"#;

pub(super) const SCOPE: &str = "repository:a:pull";

#[test]
fn every_line_is_in_one_of_the_files() {
    let site = Site::with(&format!("audit: {{to: audit.log}}\n{CONFIG}"));
    site.write("audit.log", "{\"time\":\"torn by a cra");
    let server = Server::start(&site, "auth.yml");
    let ask = || assert_eq!(server.ask(None, SCOPE).status, 200);
    ask();
    let text = poll(PATIENCE, || {
        Some(std::fs::read_to_string(site.file("audit.log")).unwrap()).filter(|text| text.ends_with("}\n"))
    });
    let text = text.unwrap();
    assert_eq!(text.lines().count(), 2, "{text}");
    assert_eq!(whole(text.lines().nth(1).unwrap())["event"], "token");
    std::fs::rename(site.file("audit.log"), site.file("audit.log.1")).unwrap();
    ask();
    lines(&site.file("audit.log"), 1);
    std::fs::remove_file(site.file("audit.log")).unwrap();
    ask();
    lines(&site.file("audit.log"), 1);
    ask();
    let ended = server.stop(Signal::TERM);
    // What was asked last is there at the end.
    lines(&site.file("audit.log"), 2);
    assert_eq!(std::fs::read_to_string(site.file("audit.log.1")).unwrap(), text);
    assert!(!ended.stderr.contains("audit log"), "{}", ended.stderr);
}

/// As the unit of systemd starts it: with a umask that leaves nobody but its user anything.
#[test]
fn its_group_can_read_it_whatever_the_umask() {
    let site = Site::with(&format!("audit: {{to: audit.log}}\n{CONFIG}"));
    let strict = format!("umask 077; exec '{}' serve auth.yml", dockgate().get_program().to_str().unwrap());
    let mode = || site.file("audit.log").metadata().unwrap().permissions().mode() & 0o7777;
    for before in [None, Some(0o600)] {
        let server = Server::start_command(Command::new("sh").args(["-c", &strict]).current_dir(site.path()));
        assert_eq!(server.ask(None, SCOPE).status, 200);
        server.stop(Signal::TERM);
        assert_eq!(mode(), before.unwrap_or(0o640), "one that is there keeps its mode");
        std::fs::set_permissions(site.file("audit.log"), PermissionsExt::from_mode(0o600)).unwrap();
    }
}

#[test]
fn standard_output_holds_nothing_but_events() {
    let site = Site::with(&format!("audit: {{to: stdout, required: true}}\n{CONFIG}"));
    let server = Server::start(&site, "auth.yml");
    (0..3).for_each(|_| assert_eq!(server.ask(None, SCOPE).status, 200));
    let ended = server.stop(Signal::TERM);
    let events: Vec<_> = ended.stdout.lines().map(whole).collect();
    assert_eq!(events.len(), 3, "{}", ended.stdout);
    assert!(events.iter().all(|event| event["event"] == "token"));
}

/// As logrotate's `postrotate` does, which then waits for the new file.
#[test]
fn the_signal_opens_the_file_anew_though_nothing_happens() {
    let site = Site::with(&format!("audit: {{to: audit.log}}\n{CONFIG}"));
    let server = Server::start(&site, "auth.yml");
    assert_eq!(server.ask(None, SCOPE).status, 200);
    lines(&site.file("audit.log"), 1);
    std::fs::rename(site.file("audit.log"), site.file("audit.log.1")).unwrap();
    server.signal(Signal::HUP);
    let made = poll(PATIENCE, || site.file("audit.log").exists().then_some(()));
    assert!(made.is_some(), "{}", server.stderr());
    assert_eq!(server.ask(None, SCOPE).status, 200);
    lines(&site.file("audit.log"), 1);
    lines(&site.file("audit.log.1"), 1);
}
