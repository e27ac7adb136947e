//! What is granted is never more than what was asked, and never more than an identity's restriction.

use crate::support::{ALICE, Ask, TestServer, users};

fn granted(authn: &str, authz: &str, scopes: &[&str]) -> Vec<String> {
    let server = TestServer::new(&format!("authn: [{authn}]\nauthz: [{authz}]"));
    server.token(&scopes.iter().fold(Ask::auth().basic(ALICE), |ask, scope| ask.scope(scope))).access()
}

const ANYBODY: &str = "{script_authn: {says: allow}}";

#[test]
fn an_authorizer_that_grants_more_than_was_asked_is_cut() {
    let grants = "{script_authz: {says: allow, grants: [pull, push, delete, '*', admin]}}";
    let table: &[(&str, &str)] = &[
        ("repository:a:pull", "repository:a:pull"),
        ("repository:a:push,pull", "repository:a:pull,push"),
        ("repository:a:*", "repository:a:delete,pull,push"),
        ("repository:a:", "repository:a:"),
        ("repository:a:somersault", "repository:a:"),
        ("registry:catalog:*", "registry:catalog:*"),
        ("registry:catalog:pull", "registry:catalog:pull"),
    ];
    for (asked, expected) in table {
        assert_eq!(granted(ANYBODY, grants, &[asked]), [*expected]);
    }
    let all = "{script_authz: {says: allow}}";
    assert_eq!(granted(ANYBODY, all, &["repository:a:pull"]), ["repository:a:pull"]);
    assert_eq!(granted(ANYBODY, all, &["repository:a:*"]), ["repository:a:delete,pull,push"]);
}

#[test]
fn all_or_nothing_is_asked_again_for_each_set_that_was_asked() {
    let authz = "{script_authz: {says: allow, all_or_nothing: true, grants: [pull, delete]}}";
    let table: &[(&[&str], &str)] = &[
        (&["repository:a:pull"], "repository:a:pull"),
        (&["repository:a:pull,push"], "repository:a:"),
        (&["repository:a:pull", "repository:a:pull,push"], "repository:a:pull"),
        (&["repository:a:push", "repository:a:delete", "repository:a:pull"], "repository:a:delete,pull"),
        (&["repository:a:push repository:a:pull"], "repository:a:pull"),
        (&["repository:a:*", "repository:a:pull"], "repository:a:pull"),
        (&["repository:a:push", "repository:a:push"], "repository:a:"),
        (&["repository:a:pull", "repository:a:delete"], "repository:a:delete,pull"),
    ];
    for (scopes, expected) in table {
        assert_eq!(granted(ANYBODY, authz, scopes), [*expected], "{scopes:?}");
    }
}

#[test]
fn a_restriction_is_intersected_last() {
    let limited = |limits: &str| format!("{{script_authn: {{says: allow, limits: [{limits}]}}}}");
    let all = "{acl: [{match: {}, actions: ['*']}]}";
    let pulls = "{acl: [{match: {}, actions: [pull]}]}";
    let table: &[(&str, &str, &str, &str)] = &[
        // limits, authorizer, asked, granted
        ("'repository:team/*:pull'", all, "repository:team/a:pull,push", "repository:team/a:pull"),
        ("'repository:team/*:pull'", all, "repository:team/a:*", "repository:team/a:pull"),
        ("'repository:team/*:pull'", all, "repository:team/a/b:pull", "repository:team/a/b:"),
        ("'repository:team/**:pull'", all, "repository:team/a/b:pull", "repository:team/a/b:pull"),
        ("'repository:team/*:pull'", all, "repository:other:pull", "repository:other:"),
        ("'repository:team/*:pull'", all, "registry:catalog:*", "registry:catalog:"),
        ("'repository:**:*'", pulls, "repository:team/a:pull,push", "repository:team/a:pull"),
        ("'repository:a:pull', 'repository:a:push'", all, "repository:a:*", "repository:a:pull,push"),
        ("'registry:catalog:*'", all, "registry:catalog:*", "registry:catalog:*"),
        ("'repository:[:pull'", all, "repository:[:pull", "repository:[:"),
        ("", all, "repository:a:pull", "repository:a:"),
    ];
    for (limits, authz, asked, expected) in table {
        assert_eq!(granted(&limited(limits), authz, &[asked]), [*expected], "{limits}");
    }
}

#[test]
fn labels_do_not_widen_a_rule_for_those_who_have_none() {
    let people = "\"carol\": {labels: {team: [red, 'blue-*']}}, \"dave\": {}";
    let acl = "acl:
- {match: {name: '${labels:team}/*'}, actions: [pull]}
- {match: {labels: {team: red}}, actions: [push]}";
    let server = TestServer::new(&format!("users: {}\n{acl}", users(people)));
    let table: &[(&str, &str, &str)] = &[
        ("carol", "red/a", "pull"),
        ("carol", "blue-1/a", "pull"),
        ("carol", "green/a", "push"),
        ("dave", "red/a", ""),
        ("dave", "/a", ""),
        ("alice", "blue-*/a", ""),
    ];
    for (account, name, actions) in table {
        let password = if *account == "alice" { ALICE.1 } else { "any" };
        let ask = Ask::auth().basic((account, password)).scope(&format!("repository:{name}:pull,push"));
        assert_eq!(server.token(&ask).access(), [format!("repository:{name}:{actions}")], "{account}");
    }
}

#[test]
fn rules_see_the_clients_address() {
    let acl =
        "acl: [{match: {ip: 10.0.0.0/8}, actions: [pull]}, {match: {ip: '2001:db8::/32'}, actions: [push]}]";
    let server = TestServer::new(&format!("users: {}\n{acl}", users("")));
    for (client, actions) in [
        ("10.1.2.3", "pull"),
        ("::ffff:10.1.2.3", "pull"),
        ("11.0.0.1", ""),
        ("2001:db8::1", "push"),
        ("2001:db9::1", ""),
    ] {
        let ask =
            Ask::auth().basic(ALICE).scope("repository:a:pull,push").from(Some(client.parse().unwrap()));
        assert_eq!(server.token(&ask).access(), [format!("repository:a:{actions}")], "{client}");
    }
    let nowhere = Ask::auth().basic(ALICE).scope("repository:a:pull,push").from(None);
    assert_eq!(server.token(&nowhere).access(), ["repository:a:"]);
}

#[test]
fn a_header_does_not_move_the_client() {
    let acl = "acl: [{match: {ip: 127.0.0.0/8}, actions: ['*']}]";
    let server = TestServer::new(&format!("users: {}\n{acl}", users("")));
    let outside =
        Ask::auth().basic(ALICE).scope("repository:a:push").from(Some("203.0.113.9".parse().unwrap()));
    for name in ["x-forwarded-for", "x-real-ip", "forwarded", "x-client-ip", "cf-connecting-ip"] {
        let ask = outside.clone().header(name, "127.0.0.1");
        assert_eq!(server.token(&ask).access(), ["repository:a:"], "{name}");
    }
}
