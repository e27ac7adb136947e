//! Several backends: who is asked, in which order, and whose word counts.

use crate::support::{ALICE, Ask, TestServer, users};

/// How a login ends.
#[derive(Debug, PartialEq)]
enum End {
    Is(&'static str),
    Refused,
    Unavailable,
}
use End::{Is, Refused, Unavailable};

fn logs_in(links: &[&str], account: &str) -> String {
    let server = TestServer::new(&format!("authn:\n{}\nauthz: [{{acl: []}}]", items(links)));
    let answer = server.ask(&Ask::auth().basic((account, "secret")));
    match answer.status {
        200 => format!("{:?}", Is(server.read(&answer).account().to_owned().leak())),
        401 => format!("{Refused:?}"),
        503 => format!("{Unavailable:?}"),
        other => format!("{other}"),
    }
}

fn items(links: &[&str]) -> String {
    let numbered = links.iter().enumerate();
    numbered.map(|(place, link)| format!("- {{name: link-{place}, {link}}}")).collect::<Vec<_>>().join("\n")
}

const ONE: &str = "script_authn: {says: allow, as: one}";
const TWO: &str = "script_authn: {says: allow, as: two}";
const NOBODY: &str = "script_authn: {says: no_match}";
const NO: &str = "script_authn: {says: deny}";
const DOWN: &str = "script_authn: {says: unavailable}";
const DOWN_NEXT: &str = "on_error: next, script_authn: {says: unavailable}";
const HANGS_NEXT: &str = "on_error: next, timeout: 20ms, script_authn: {says: hangs}";
const BUSY_NEXT: &str = "on_error: next, script_authn: {says: overloaded}";
const MINE_IS_NO: &str = "accounts: 'corp-*', script_authn: {says: no_match}";
const MINE_IS_ONE: &str = "accounts: 'corp-*', script_authn: {says: allow, as: one}";
const MINE_IS_DOWN_NEXT: &str = "accounts: 'corp-*', on_error: next, script_authn: {says: unavailable}";

#[test]
fn who_is_this() {
    let table: &[(&[&str], &str, End)] = &[
        // The first that decides decides.
        (&[ONE, TWO], "x", Is("one")),
        (&[TWO, ONE], "x", Is("two")),
        (&[NOBODY, TWO], "x", Is("two")),
        (&[NO, TWO], "x", Refused),
        (&[NOBODY, NO, TWO], "x", Refused),
        (&[NOBODY, NOBODY], "x", Refused),
        // An error ends it, unless the link says otherwise, and then only consent makes up for it.
        (&[DOWN, TWO], "x", Unavailable),
        (&[ONE, DOWN], "x", Is("one")),
        (&[DOWN_NEXT, TWO], "x", Is("two")),
        (&[HANGS_NEXT, TWO], "x", Is("two")),
        (&[DOWN_NEXT, NO], "x", Unavailable),
        (&[DOWN_NEXT, NO, TWO], "x", Unavailable),
        (&[DOWN_NEXT, NOBODY], "x", Unavailable),
        (&[DOWN_NEXT], "x", Unavailable),
        (&[DOWN_NEXT, DOWN, TWO], "x", Unavailable),
        (&[DOWN_NEXT, DOWN_NEXT, TWO], "x", Is("two")),
        (&[BUSY_NEXT, TWO], "x", Unavailable),
        // A link with accounts of its own: others skip it, its own go nowhere else.
        (&[MINE_IS_ONE, TWO], "corp-x", Is("one")),
        (&[MINE_IS_ONE, TWO], "x", Is("two")),
        (&[MINE_IS_NO, TWO], "corp-x", Refused),
        (&[MINE_IS_NO, TWO], "x", Is("two")),
        (&[MINE_IS_DOWN_NEXT, TWO], "corp-x", Unavailable),
        (&[MINE_IS_DOWN_NEXT, TWO], "x", Is("two")),
        (&[TWO, MINE_IS_ONE], "corp-x", Is("one")),
        (&[TWO, MINE_IS_NO], "corp-x", Refused),
    ];
    for (links, account, end) in table {
        assert_eq!(logs_in(links, account), format!("{end:?}"), "{account} through {links:?}");
    }
}

#[test]
fn what_may_they_do() {
    const PULL: &str = "script_authz: {says: allow, grants: [pull]}";
    const PUSH: &str = "script_authz: {says: allow, grants: [push]}";
    const NOTHING: &str = "script_authz: {says: allow, grants: []}";
    const NOBODY: &str = "script_authz: {says: no_match}";
    const NO: &str = "script_authz: {says: deny}";
    const DOWN: &str = "script_authz: {says: unavailable}";
    const OTHERS: &str = "accounts: 'corp-*', script_authz: {says: allow, grants: [push]}";
    const MINE_IS_NOBODY: &str = "accounts: 'ali*', script_authz: {says: no_match}";
    let table: &[(&[&str], Result<&str, u16>)] = &[
        (&[PULL, PUSH], Ok("pull")),
        (&[NOBODY, PUSH], Ok("push")),
        (&[NOBODY], Ok("")),
        (&[NO, PUSH], Ok("")),
        (&[NOTHING, PUSH], Ok("")),
        (&[PULL, DOWN], Ok("pull")),
        (&[NOBODY, DOWN, PUSH], Err(503)),
        (&[OTHERS, PULL], Ok("pull")),
        (&[MINE_IS_NOBODY, PULL], Ok("")),
    ];
    for (links, granted) in table {
        let server = TestServer::new(&format!("authn: [{{users: {}}}]\nauthz:\n{}", users(""), items(links)));
        let answer = server.ask(&Ask::auth().basic(ALICE).scope("repository:a:pull,push"));
        match granted {
            Ok(actions) => {
                assert_eq!(server.read(&answer).access(), [format!("repository:a:{actions}")], "{links:?}");
            }
            Err(status) => assert_eq!(answer.status, *status, "{links:?}"),
        }
    }
}

#[test]
fn the_anonymous_account_is_asked_only_of_those_who_know_it() {
    let acl = "authz: [{acl: [{match: {}, actions: [pull]}]}]";
    let deaf = TestServer::new(&format!("authn: [{{script_authn: {{says: allow, as: somebody}}}}]\n{acl}"));
    deaf.ask(&Ask::auth()).error(401, "UNAUTHORIZED");
    let down = format!("authn: [{{script_authn: {{says: unavailable}}}}, {{users: {{\"\": {{}}}}}}]\n{acl}");
    assert_eq!(TestServer::new(&down).token(&Ask::auth()).account(), "");
    let knows =
        TestServer::new(&format!("authn: [{{script_authn: {{says: allow, anonymous: true}}}}]\n{acl}"));
    assert_eq!(knows.token(&Ask::auth()).account(), "");
}

#[test]
fn the_subject_is_the_account_as_the_backend_spells_it() {
    let acl = "authz: [{acl: [{match: {account: Alice.Smith, name: '${account}/*'}, actions: [pull]}]}]";
    let server =
        TestServer::new(&format!("authn: [{{script_authn: {{says: allow, as: Alice.Smith}}}}]\n{acl}"));
    let token = server.token(&Ask::auth().basic(("alice.smith", "x")).scope("repository:Alice.Smith/a:pull"));
    assert_eq!(
        (token.account(), token.access()),
        ("Alice.Smith", vec!["repository:Alice.Smith/a:pull".to_owned()])
    );
}

#[test]
fn flat_keys_are_docker_auths_order() {
    let flat = format!("acl: [{{match: {{account: alice}}, actions: [pull]}}]\nusers: {}", users(""));
    let token = TestServer::new(&flat).token(&Ask::auth().basic(ALICE).scope("repository:a:pull,push"));
    assert_eq!(token.access(), ["repository:a:pull"]);
}
