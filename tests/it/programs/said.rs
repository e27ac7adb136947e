//! What stands in the log.

use super::site;
use crate::process::{Server, dockgate, run};

const SCOPE: &str = "repository:a:pull";
const PASSWORD: &str = "canary-of-a-password";

#[test]
fn standard_error_is_logged_under_the_programs_name_without_the_password() {
    let site = site(
        "log: {level: trace}\n\
         authn:\n  - ext_auth: {command: ./who, environment: {PATH: \"/usr/bin:/bin\"}}\n    name: corp\n\
         authz:\n  - ext_authz: {command: ./may}\n",
        &[
            // As whoever looks for a mistake in it would.
            (
                "who",
                "set -x\nread account password\n[ \"$password\" = \"$account\" ] || echo wrong >&2; exit 0",
            ),
            (
                "may",
                "echo 'no rule' >&2; for i in 1 2 3 4 5 6 7 8 9; do echo 1 2 3 4 5 6 7 8 9 >&2; done; exit 1",
            ),
        ],
    );
    let server = Server::start(&site, "auth.yml");
    assert_eq!(server.ask(Some(("alice", PASSWORD)), SCOPE).granted(), "");
    server.said("a program complains", 12);
    let log = server.stderr();
    assert!(!log.contains(PASSWORD), "{log}");
    for line in
        ["link=\"corp\" program=\"who\"", "[redacted]", "link=\"ext_authz\" program=\"may\"", "no rule"]
    {
        assert!(log.contains(line), "{line}\n{log}");
    }
}

#[test]
fn what_failed_is_said_to_the_administrator_and_not_to_the_client() {
    let site = site(
        "authn:\n  - ext_auth: {command: ./who, environment: {PATH: \"/usr/bin:/bin\"}}\n\
         authz:\n  - acl: []\n",
        &[("who", "exit 77")],
    );
    let server = Server::start(&site, "auth.yml");
    let answer = server.ask(Some(("alice", PASSWORD)), SCOPE);
    assert_eq!(answer.status, 503);
    assert!(answer.head.to_ascii_lowercase().contains("retry-after:"), "{}", answer.head);
    assert!(!answer.body.contains("77") && !answer.body.contains("who"), "{}", answer.body);
    server.said("exit code 77, which decides nothing", 1);
}

#[test]
fn check_finds_programs_that_would_not_start() {
    let site = site(
        "authn:\n  - ext_auth: {command: ./who}\nauthz:\n  - ext_authz: {command: no-such-program}\n",
        &[],
    );
    let checked = run(dockgate().args(["check", "auth.yml"]).current_dir(site.path()));
    assert_eq!(checked.code, Some(2), "{checked:?}");
    for line in [
        "auth.yml:4:25: authn[0].ext_auth.command: cannot use ./who: No such file or directory",
        "auth.yml:6:26: authz[0].ext_authz.command: there is no program `no-such-program` in PATH",
    ] {
        assert!(checked.stderr.contains(line), "{line}\n{}", checked.stderr);
    }
    let offline = run(dockgate().args(["check", "--offline", "auth.yml"]).current_dir(site.path()));
    assert_eq!(offline.code, Some(0), "{offline:?}");
}
