//! Every rule that docker_auth's reference file shows, as it means it, and what it is warned of.

use super::docker_auth::{ALPHA, BETA};
use crate::process::{Server, Site, dockgate, run};

/// Rules of the shapes in docker_auth's reference, the loopback ones first.
fn config(server: &str) -> String {
    let user = |name: &str, labels: &str| {
        format!("  \"{name}\":\n    password: \"{ALPHA}\"\n    labels: {{{labels}}}\n")
    };
    let users = [
        user("admin", ""),
        user("test", ""),
        user("carol@test.com", ""),
        user("vip", "group: [VIP]"),
        user("intern", "group: [trainee]"),
        user("former", "group: [former-devs]"),
        user("planner", "project: [website, api], tier: [frontend]"),
        user("writer", "title: [Developer]"),
        user("keeper", "groups: [Admin]"),
        user("wide", "full-access: [\"test/*\", \"socke*\"]"),
    ]
    .concat();
    format!(
        r#"{server}token:
  issuer: "Acme auth server"
  expiration: 900
  certificate: cert.pem
  key: key.pem
users:
{users}  "": {{}}
acl:
  - match: {{ip: "127.0.0.0/8"}}
    actions: ["*"]
    comment: "this machine"
  - match: {{ip: "::1"}}
    actions: ["*"]
  - match: {{ip: "172.17.0.1"}}
    actions: ["*"]
    comment: "the bridge of the containers"
  - match: {{account: "admin"}}
    actions: ["*"]
  - match: {{account: "test", name: "test-*"}}
    actions: ["*"]
  - match: {{account: "test"}}
    actions: []
  - match: {{account: "/^(.+)@test.com$/", name: "${{account:1}}/*"}}
    actions: []
    comment: "the part before the @ is a place of its own"
  - match: {{account: "/.+/", name: "${{account}}/*"}}
    actions: ["*"]
  - match: {{account: "/.+/", type: "registry", name: "catalog"}}
    actions: ["*"]
  - match: {{labels: {{"group": "VIP"}}}}
    actions: ["push"]
  - match: {{labels: {{"group": "/trainee|dev/"}}}}
    actions: ["push", "pull"]
  - match: {{name: "${{labels:group}}-shared/*"}}
    actions: ["push", "pull"]
  - match: {{name: "${{labels:project}}/*"}}
    actions: ["push", "pull"]
  - match: {{name: "${{labels:project}}-{{labels:tier}}/*"}}
    actions: ["push", "pull"]
    comment: "the second variable has no dollar, as in the reference"
  - match: {{name: "${{labels:project}}-${{labels:tier}}/*"}}
    actions: ["push", "pull"]
  - match: {{labels: {{"title": "Developer"}}}}
    actions: ["*"]
  - match: {{labels: {{"groups": "Admin"}}}}
    actions: ["push"]
  - match: {{name: "${{labels:full-access}}"}}
    actions: ["*"]
  - match: {{name: "shared/**"}}
    actions: ["push"]
  - match: {{account: "/.+/"}}
    actions: ["pull"]
  - match: {{account: "", name: "hello-world"}}
    actions: ["pull"]
"#
    )
}

/// Over a socket nobody has an address, so the rules behind those about addresses decide.
#[test]
fn every_rule_decides_what_it_should() {
    let site = Site::with(&config("server:\n  net: unix\n  addr: auth.sock\n"));
    let server = Server::start(&site, "auth.yml");
    let address = crate::process::Address::Unix(site.file("auth.sock"));
    let ask = |account: &str, scope: &str| {
        let target = format!("/auth?service=registry&scope={}", crate::process::encode(scope));
        let header = crate::process::basic(account, "alpha-pass");
        let header = Some(("Authorization", header.as_str())).filter(|_| !account.is_empty());
        address.get(&target, header).granted()
    };
    for (account, scope, granted) in [
        ("admin", "repository:x/y:pull,push", "pull,push"),
        ("admin", "registry:catalog:*", "*"),
        ("test", "repository:test-a:pull,push", "pull,push"),
        ("test", "repository:test-a/b:pull", ""),
        ("test", "repository:other:pull", ""),
        ("carol@test.com", "repository:carol/app:pull", ""),
        ("carol@test.com", "repository:dave/app:pull,push", "pull"),
        ("carol@test.com", "repository:carol@test.com/app:push", "push"),
        ("vip", "repository:x/y:pull,push", "push"),
        ("intern", "repository:x/y:pull,push,delete", "pull,push"),
        // Not anchored: the warning is right.
        ("former", "repository:x/y:push", "push"),
        ("vip", "repository:vip/own:delete,pull,push", "delete,pull,push"),
        ("planner", "repository:website/a:pull,push", "pull,push"),
        ("planner", "repository:api/a:push", "push"),
        ("planner", "repository:website-frontend/a:push", "push"),
        ("planner", "repository:api-frontend/a:push", "push"),
        // The rule without the dollar is about this literal name.
        ("planner", "repository:website-{labels:tier}/a:push", "push"),
        ("planner", "repository:website-backend/a:push", ""),
        ("planner", "repository:shop/a:push", ""),
        ("writer", "repository:x/y:delete", "delete"),
        ("keeper", "repository:x/y:push", "push"),
        ("wide", "repository:test/a:push", "push"),
        ("wide", "repository:socket:push", "push"),
        ("wide", "repository:test/a/b:push", ""),
        // `**` is a plain `*` here.
        ("keeper", "repository:shared/a:push", "push"),
        ("planner", "repository:shared/a:push", "push"),
        ("planner", "repository:shared/a/b:push", ""),
        ("planner", "registry:catalog:*", "*"),
        ("planner", "repository:anything:pull,push", "pull"),
        ("", "repository:hello-world:pull,push", "pull"),
        ("", "repository:other:pull", ""),
        ("", "registry:catalog:*", ""),
        // Nobody's own place is not everything.
        ("", "repository:/x:pull", ""),
    ] {
        assert_eq!(ask(account, scope), granted, "{account:?} {scope}");
    }
    drop(server);
}

#[test]
fn this_machine_may_do_everything_by_the_first_rules() {
    let site = Site::with(&config("server:\n  addr: \"127.0.0.1:0\"\n"));
    let server = Server::start(&site, "auth.yml");
    for login in [None, Some(("test", "alpha-pass"))] {
        assert_eq!(server.ask(login, "repository:x/y:pull,push").granted(), "pull,push", "{login:?}");
    }
    // Though not with a wrong password.
    assert_eq!(server.ask(Some(("test", "wrong")), "repository:x/y:pull").granted(), "401");
}

#[test]
fn what_is_probably_not_meant_is_warned_of_at_its_line() {
    let config = config("server:\n  addr: \":5001\"\n  certificate: cert.pem\n  key: key.pem\n")
        .replace("  certificate: cert.pem\n  key: key.pem\nusers", "users")
        .replace("expiration: 900", "expiration: 7200")
        .replace("users:\n", &format!("users:\n  guest: {{}}\n  more: {{password: \"{BETA}\"}}\n"));
    let site = Site::with(&config);
    let checked = run(dockgate().args(["check", "auth.yml"]).current_dir(site.path()));
    assert_eq!(checked.code, Some(0), "{checked:#?}");
    for (at, says) in [
        ("certificate:", "the TLS key signs tokens too"),
        ("7200", "lives on for up to 120 minutes"),
        ("  guest:", "anybody who knows this name gets in, with any password"),
        ("more:", "bcrypt cost 5 is low"),
        ("/trainee|dev/", "this regex is not anchored: it also matches `"),
        ("}-{labels:tier}", "`{labels:tier}` is plain text; did you mean `${labels:tier}`?"),
        ("shared/**", "it does under `acl_version: 2`"),
        ("[\"push\"]", "a registry asks for `pull` along with `push`"),
    ] {
        let line = super::refusal::line_of(&config, at);
        let place = |line: usize| format!("warning: auth.yml:{line}:");
        // A remark on a rule's actions stands at the rule.
        let found = [line, line - 1].iter().any(|line| {
            checked.stdout.lines().any(|said| said.starts_with(&place(*line)) && said.contains(says))
        });
        assert!(found, "line {line}: {says}\n{}", checked.stdout);
    }
    let warnings = checked.stdout.lines().filter(|line| line.starts_with("warning: ")).count();
    assert!(checked.stdout.contains(&format!("auth.yml: fine, {warnings} warning(s)")), "{}", checked.stdout);
    // Hashes are warned of once, not one by one.
    assert_eq!(checked.stdout.matches("is low").count(), 1, "{}", checked.stdout);
    // `acl_version: 2` takes `**` at its word.
    site.write("auth.yml", format!("acl_version: 2\n{config}"));
    let checked = run(dockgate().args(["check", "auth.yml"]).current_dir(site.path()));
    assert!(!checked.stdout.contains("acl_version: 2"), "{}", checked.stdout);
}
