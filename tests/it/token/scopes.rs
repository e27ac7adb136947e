//! Scopes as clients write them, and what the token says of each.

use crate::support::{ALICE, Ask, TestServer, form, users};

const ACL: &str = "acl:
- {match: {type: registry, name: catalog}, actions: ['*']}
- {match: {name: 'pull-only/*'}, actions: [pull]}
- {match: {type: repository}, actions: ['*']}";

/// Scope parameters, one a line, and the token's access.
const TABLE: &[(&[&str], &[&str])] = &[
    (&["repository:a:pull repository:b:push"], &["repository:a:pull", "repository:b:push"]),
    (&["repository:a:pull", "repository:b:push"], &["repository:a:pull", "repository:b:push"]),
    (&["repository:a:pull  repository:b:push", "", "  "], &["repository:a:pull", "repository:b:push"]),
    (&[" repository:a:pull "], &["repository:a:pull"]),
    (&["repository:a:pull", "repository:a:pull"], &["repository:a:pull"]),
    (&["repository:a:pull repository:a:pull,push"], &["repository:a:pull,push"]),
    (
        &["repository:a:push", "repository:b:pull", "repository:a:pull"],
        &["repository:a:pull,push", "repository:b:pull"],
    ),
    (
        &["repository:a:pull", "repository(plugin):a:pull"],
        &["repository:a:pull", "repository(plugin):a:pull"],
    ),
    // Malformed ones cost only themselves.
    (
        &["repository:a:pull", "nonsense", "repository:b", ":::", "repository(:c:pull", "repository:d:pull"],
        &["repository:a:pull", "repository:d:pull"],
    ),
    (&["repository:a:pull nonsense repository:b:pull"], &["repository:a:pull", "repository:b:pull"]),
    (&["repository:a\u{0}b:pull", "repository:a\nb:pull", "repository:c:pull"], &["repository:c:pull"]),
    (&["nonsense"], &[]),
    // `*` is all that the rule grants, and only the catalog keeps it.
    (&["repository:a:*"], &["repository:a:delete,pull,push"]),
    (&["repository:pull-only/a:*"], &["repository:pull-only/a:pull"]),
    (&["repository:pull-only/a:*,pull"], &["repository:pull-only/a:pull"]),
    (&["registry:catalog:*"], &["registry:catalog:*"]),
    (&["registry:other:*"], &["registry:other:"]),
    // Names with a registry in front, without a name, without actions.
    (&["repository:localhost:5000/team/app:pull"], &["repository:localhost:5000/team/app:pull"]),
    (&["repository::pull"], &["repository::pull"]),
    (&["repository:a:"], &["repository:a:"]),
    (&["repository:a:,pull,,pull,"], &["repository:a:pull"]),
    (&["repository:a:pull,somersault"], &["repository:a:pull,somersault"]),
    (&["repository:pull-only/a:pull,somersault"], &["repository:pull-only/a:pull"]),
    // Actions are compared exactly.
    (&["repository:pull-only/a:Pull"], &["repository:pull-only/a:"]),
];

#[test]
fn the_same_on_get_and_post() {
    let server = TestServer::new(&format!("users: {}\n{ACL}", users("")));
    for (scopes, access) in TABLE {
        let get = scopes.iter().fold(Ask::auth().basic(ALICE), |ask, scope| ask.scope(scope));
        let mut fields = vec![("username", ALICE.0), ("password", ALICE.1), ("service", "test-service")];
        fields.extend(scopes.iter().map(|scope| ("scope", *scope)));
        let post = Ask::post(&fields);
        for ask in [get, post] {
            assert_eq!(server.token(&ask).access(), *access, "{scopes:?}");
        }
    }
}

#[test]
fn a_post_may_say_the_scope_in_its_query_too() {
    let server = TestServer::new(&format!("users: {}\n{ACL}", users("")));
    let ask = Ask::post(&[("scope", "repository:b:pull")]).basic(ALICE).scope("repository:a:pull");
    assert_eq!(server.token(&ask).access(), ["repository:a:pull", "repository:b:pull"]);
}

#[test]
fn plus_and_percent_encoding_are_read_once() {
    let server = TestServer::new(&format!("users: {}\n{ACL}", users("")));
    let ask = |raw: &str| server.token(&Ask::get("/auth").basic(ALICE).raw_query(raw)).access();
    assert_eq!(ask("scope=repository:a:pull+repository:b:pull"), ["repository:a:pull", "repository:b:pull"]);
    assert_eq!(ask("scope=repository%3Ateam%2Fapp%3Apull%2Cpush"), ["repository:team/app:pull,push"]);
    assert_eq!(ask("scope=repository:a%253Ab:pull"), ["repository:a%3Ab:pull"]);
    let twice = form(&[("scope", "repository:x+y:pull")]);
    assert_eq!(ask(&twice), ["repository:x+y:pull"]);
}
