//! Mistakes in rules and chains, and what is still to come.

use super::refusal::{FLAT, LISTED, line_of, mistake, refused, refused_each};
use crate::process::Site;

#[test]
fn rules_that_cannot_mean_what_they_say() {
    const MATCH: &str = "{account: \"alice\"}";
    refused_each(
        FLAT,
        &[
            mistake(
                "no actions",
                ["    actions: [\"pull\"]\n", ""],
                "- match",
                "the key `actions` is missing",
            ),
            mistake("null actions", ["[\"pull\"]", ""], "actions:", "expected a list"),
            mistake(
                "no match",
                ["match: {account: \"alice\"}\n    actions", "actions"],
                "- actions",
                "the key `match` is missing",
            ),
            mistake("null match", [MATCH, ""], "match:", "expected a mapping"),
            mistake("unclosed class", [MATCH, "{name: \"a[b\"}"], "a[b", "close it, or write `\\[`"),
            mistake("empty class", [MATCH, "{name: \"a[]b\"}"], "a[]b", "the class is empty"),
            mistake("trailing backslash", [MATCH, "{name: 'a\\'}"], "a\\", "nothing follows the backslash"),
            mistake("bad regex", [MATCH, "{account: \"/a(b/\"}"], "a(b", "the group has no closing `)`"),
            mistake("look-ahead", [MATCH, "{account: \"/a(?=b)/\"}"], "a(?=b)", "there is no look-around"),
            mistake(
                "back-reference",
                [MATCH, "{account: '/(a)\\1/'}"],
                "(a)",
                "back-references are not supported",
            ),
            mistake("bad address", [MATCH, "{ip: \"300.1.1.1\"}"], "300", "is no IP address"),
            mistake("host name", [MATCH, "{ip: localhost}"], "ip: localhost", "is no IP address"),
            mistake("bad prefix length", [MATCH, "{ip: \"10.0.0.0/33\"}"], "/33", "32 bits at most"),
            mistake("no prefix length", [MATCH, "{ip: \"10.0.0.0/x\"}"], "/x", "as in `10.0.0.0/8`"),
            mistake(
                "capture without regex",
                [MATCH, "{name: \"${account:1}/*\"}"],
                "account:1",
                "needs a regex in `account`",
            ),
            mistake(
                "capture of a missing group",
                [MATCH, "{account: \"/a/\", name: \"${account:1}/*\"}"],
                "account:1",
                "0 capture group(s)",
            ),
            mistake(
                "unknown variable",
                [MATCH, "{name: \"${user}/*\"}"],
                "${user}",
                "known are ${account}, ${type}",
            ),
            mistake(
                "mistyped variable",
                [MATCH, "{name: \"${acount}/*\"}"],
                "${acount}",
                "did you mean `${account}`?",
            ),
            mistake(
                "unclosed variable",
                [MATCH, "{name: \"${account/*\"}"],
                "${account",
                "write `${account}`",
            ),
            mistake(
                "label without key",
                [MATCH, "{name: \"${labels:}/*\"}"],
                "labels:}",
                "write `${labels:KEY}`",
            ),
            mistake(
                "label within a label",
                [MATCH, "{labels: {team: \"${labels:team}\"}}"],
                "team: \"$",
                "only ${account}, ${type}, ${name} and ${service} can",
            ),
            mistake(
                "environment in a rule",
                [MATCH, "{name: \"${env:SECRET}\"}"],
                "env:SECRET",
                "unknown variable",
            ),
            mistake(
                "rule as text",
                ["- match: {account: \"alice\"}\n    actions: [\"pull\"]", "- allow all"],
                "allow all",
                "expected a mapping",
            ),
            mistake(
                "missing include",
                ["  - match", "  - {include: rules.yml}\n  - match"],
                "include",
                "there is no file",
            ),
            mistake(
                "include of a wild directory",
                ["  - match", "  - {include: \"*/a.yml\"}\n  - match"],
                "include",
                "only in the file's name",
            ),
            mistake(
                "include of no directory",
                ["  - match", "  - {include: \"gone/*.yml\"}\n  - match"],
                "include",
                "cannot read",
            ),
        ],
    );
}

#[test]
fn a_mistake_in_an_included_file_is_shown_there() {
    let site = Site::with(&FLAT.replace("  - match", "  - {include: \"rules/*.yml\"}\n  - match"));
    for (rules, place, cure) in [
        ("- match: {name: \"a[b\"}\n  actions: []\n", "rules/team.yml:1:", "close it"),
        ("\n- match: {}\n", "rules/team.yml:2:", "the key `actions` is missing"),
        ("acl: []\n", "rules/team.yml:1:", "begin each with `- match:`"),
        ("- {include: other.yml}\n", "rules/team.yml:1:", "name them in the configuration"),
        ("", "rules/team.yml:1:", "the file is empty"),
        ("- [\n", "rules/team.yml:", "not valid YAML"),
    ] {
        site.write("rules/team.yml", rules);
        let command = &mut crate::process::dockgate();
        let ended = crate::process::run(command.args(["check", "auth.yml"]).current_dir(site.path()));
        super::refusal::judge(&ended, place, cure)
            .or_else(|_| super::refusal::judge(&ended, &format!("./{place}"), cure))
            .unwrap_or_else(|why| panic!("{rules:?}: {why}\n{ended:#?}"));
    }
}

#[test]
fn chains_that_are_not_clear() {
    refused_each(
        LISTED,
        &[
            mistake(
                "both forms of authn",
                ["authn:\n", "users: {}\nauthn:\n"],
                "users: {}",
                "move it into the list",
            ),
            mistake(
                "both forms of authz",
                ["authz:\n", "acl: []\nauthz:\n"],
                "acl: []",
                "move it into the list",
            ),
            mistake(
                "a chain that is no list",
                ["authz:\n  - acl:", "authz:\n    acl:"],
                "    acl:",
                "expected a list of backends",
            ),
            mistake(
                "an item that is a word",
                ["authz:\n", "authz:\n  - everybody\n"],
                "everybody",
                "expected one backend, such as `- users",
            ),
            mistake(
                "an item of options only",
                ["authz:\n", "authz:\n  - {name: x}\n"],
                "name: x",
                "which backend? Known here: acl",
            ),
        ],
    );
}

#[test]
fn links_that_are_not_clear() {
    const USERS: &str = "  - users:\n";
    refused_each(
        LISTED,
        &[
            mistake(
                "the same name twice",
                [USERS, "  - users: {}\n  - users: # again\n"],
                "again",
                "give each a `name:` of its own",
            ),
            mistake(
                "two backends in one item",
                [USERS, "  - users: {}\n    ldap_auth: {}\n  - name: b\n    users:\n"],
                "    ldap",
                "begin `ldap_auth` with a `-` of its own",
            ),
            mistake(
                "unknown backend",
                [USERS, "  - usres: {}\n  - users:\n"],
                "usres",
                "did you mean `users`?",
            ),
            mistake(
                "no such backend at all",
                [USERS, "  - horoscope: {}\n  - users:\n"],
                "horoscope",
                "authn[0].horoscope: unknown key `horoscope`: known here: `ext_auth`, `github_auth`",
            ),
            mistake(
                "unknown option",
                [USERS, "  - on_eror: next\n    users:\n"],
                "on_eror",
                "did you mean `on_error`?",
            ),
            mistake(
                "on_error next in authz",
                ["  - acl:\n", "  - on_error: next\n    acl:\n"],
                "on_error",
                "remove `on_error: next`",
            ),
            mistake(
                "unknown on_error",
                [USERS, "  - on_error: ignore\n    users:\n"],
                "on_error",
                "not one of `fail`, `next`",
            ),
            mistake("bad timeout", [USERS, "  - timeout: 5\n    users:\n"], "timeout", "such as `10s`"),
            mistake("bad accounts", [USERS, "  - accounts: \"[\"\n    users:\n"], "accounts", "close it"),
            mistake(
                "variable in accounts",
                [USERS, "  - accounts: \"${account}\"\n    users:\n"],
                "accounts",
                "write a pattern without variables",
            ),
            mistake(
                "unknown values",
                [USERS, "  - values: glob\n    users:\n"],
                "values",
                "`literal`, `pattern`",
            ),
            mistake(
                "authorizer in authn",
                [USERS, "  - acl: []\n  - users:\n"],
                "acl: []",
                "authn[0].acl: `acl` stands in `authz`: move it there",
            ),
            mistake(
                "authenticator in authz",
                ["authz:\n", "authz:\n  - ext_auth: {command: sh}\n"],
                "ext_auth",
                "authz[0].ext_auth: `ext_auth` stands in `authn`: move it there",
            ),
            mistake(
                "nobody to ask",
                [
                    "authz:\n  - acl:\n      - match: {account: \"alice\"}\n        actions: [\"pull\"]",
                    "authz: []",
                ],
                "authz: []",
                "denies everything",
            ),
        ],
    );
}

#[test]
fn a_chain_must_not_be_missing() {
    let site = Site::new();
    let users = "users:\n  alice:\n    password: \"$2y$10$mD2HjrwdrDbQBevHsQRoDOAeYYnbeK1TdoTK8jvVi9j/oqRkYEbvq\"\n    labels: {team: [\"dev\"]}\n";
    let acl = "acl:\n  - match: {account: \"alice\"}\n    actions: [\"pull\"]\n";
    for (chain, empty, cure) in [
        (users, "users:\n", "an empty `users: {}` denies everyone"),
        (acl, "acl:\n", "an empty `acl: []` denies everything"),
    ] {
        assert!(FLAT.contains(chain));
        refused(&site, FLAT.replace(chain, "").as_bytes(), 1, cure).unwrap();
        refused(&site, FLAT.replace(chain, empty).as_bytes(), 1, cure).unwrap();
    }
}

/// Backends and options of docker_auth that this build does not have are known by name, in either form.
#[test]
fn what_is_still_to_come_is_no_typo() {
    const BACKENDS: [(&str, &str); 9] = [
        ("mongo_auth", "{collection: users}"),
        ("xorm_auth", "{database_type: mysql}"),
        ("plugin_authn", "{plugin_path: a.so}"),
        ("acl_mongo", "{collection: acl}"),
        ("acl_xorm", "{database_type: mysql}"),
        ("plugin_authz", "{plugin_path: a.so}"),
        ("casbin_authz", "{model_path: m}"),
        // Ours, which are for lists only.
        ("sql_auth", "{url: \"sqlite:a.db\"}"),
        ("jwt_auth", "{issuer: a}"),
    ];
    let site = Site::new();
    for (key, section) in BACKENDS {
        let cure = if key.starts_with("plugin") {
            "let a program decide (`ext_auth`, `ext_authz`)"
        } else {
            "not in this build"
        };
        let list = if ["acl_mongo", "acl_xorm", "plugin_authz", "casbin_authz"].contains(&key) {
            "authz:\n"
        } else {
            "authn:\n"
        };
        let line = format!("{key}: {section}");
        for config in [format!("{FLAT}{line}\n"), LISTED.replace(list, &format!("{list}  - {line}\n"))] {
            let place = line_of(&config, &line);
            refused(&site, config.as_bytes(), place, cure).unwrap_or_else(|why| panic!("{why}\n{config}"));
            let shown = std::fs::read_to_string(site.file("auth.yml")).unwrap();
            assert_eq!(shown, config);
        }
    }
}
