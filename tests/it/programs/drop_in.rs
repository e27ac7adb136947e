//! docker_auth's flat form: scripts that were written for it.

use super::site;
use crate::process::{Server, dockgate, run};

const SCOPE: &str = "repository:team/app:pull,push";

/// Reads its input to the end, uses the server's environment, and names what is somebody's own.
const WHO: (&str, &str) = (
    "who",
    r#"test -n "$FROM_THE_SERVER" || exit 9
    input=$(cat)
    account=${input%% *}
    password=${input#* }
    case $account in
        "") exit 0 ;;
        alice) [ "$password" = "two words" ] || exit 1; echo '{"labels": {"projects": ["team/*"]}}' ;;
        bob) [ "$password" = secret ] || exit 1 ;;
        *) exit 2 ;;
    esac"#,
);

/// docker_auth's document on one line; what it prints is not read.
const MAY: (&str, &str) = (
    "may",
    r#"cat > asked
    echo "this is no JSON"
    grep -q '"Account":"bob"' asked && exit 0
    exit 1"#,
);

const CHAINS: &str = "users: {\"local\": {password: \"$2y$04$d8oBrj6tsvqxTm68gfmzue7GlOlRNlgqIExZxp/6e1e1I5iux6Lm.\"}}\n\
                      ext_auth: {command: ./who, args: [--a, \"1\"]}\n\
                      acl: [{match: {account: alice, name: \"${labels:projects}\"}, actions: [pull]}]\n\
                      ext_authz: {command: ./may}\n";

#[test]
fn scripts_of_docker_auth_decide_as_there() {
    let site = site(CHAINS, &[WHO, MAY]);
    let server = Server::start_command(
        dockgate().arg("auth.yml").env("FROM_THE_SERVER", "yes").current_dir(site.path()),
    );
    for (login, granted) in [
        // Labels of a script are patterns here, as there.
        (Some(("alice", "two words")), "pull"),
        (Some(("alice", "wrong")), "401"),
        (Some(("bob", "secret")), "pull,push"),
        (Some(("local", "alpha-pass")), ""),
        // A known one with a wrong password goes nowhere else.
        (Some(("local", "wrong")), "401"),
        (Some(("nobody", "secret")), "401"),
        (None, ""),
    ] {
        assert_eq!(server.ask(login, SCOPE).granted(), granted, "{login:?}\n{}", server.stderr());
    }
    let asked = std::fs::read_to_string(site.file("asked")).unwrap();
    assert_eq!(
        asked,
        r#"{"Account":"","Type":"repository","Name":"team/app","Service":"registry","IP":"127.0.0.1","Actions":["pull","push"],"Labels":null}"#
    );
    let checked = run(dockgate().args(["check", "auth.yml"]).current_dir(site.path()));
    assert!(checked.output().contains("act as patterns in rules, as in docker_auth"), "{checked:?}");
}
