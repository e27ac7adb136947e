//! `dockgate explain`: why somebody may do something, or not.

use serde_json::Value;

use crate::process::{Ended, Site, dockgate, run, run_with_input};

/// The hash of `alpha-pass`.
const HASH: &str = "$2y$10$mD2HjrwdrDbQBevHsQRoDOAeYYnbeK1TdoTK8jvVi9j/oqRkYEbvq";

const CONFIG: &str = r#"server: {addr: "127.0.0.1:5001"}
token: {issuer: "Acme auth server", expiration: 300, certificate: cert.pem, key: key.pem}
authn:
  - users: {robot: {password: "$2y$10$mD2HjrwdrDbQBevHsQRoDOAeYYnbeK1TdoTK8jvVi9j/oqRkYEbvq"}}
    name: robots
    accounts: "robot*"
  - users:
      alice: {password: "$2y$10$mD2HjrwdrDbQBevHsQRoDOAeYYnbeK1TdoTK8jvVi9j/oqRkYEbvq", labels: {team: [web]}}
      bob: {password: "$2y$10$mD2HjrwdrDbQBevHsQRoDOAeYYnbeK1TdoTK8jvVi9j/oqRkYEbvq", valid: {until: 2026-06-30}}
    name: people
authz:
  - acl:
      - match: {account: "admin"}
        actions: ["*"]
      - match: {type: repository, name: "web/**", labels: {team: mobile}}
        actions: ["*"]
        comment: "the mobile team"
      - match: {name: "web/**", labels: {team: web}, ip: 10.0.0.0/8}
        actions: [pull]
        comment: "the web team may pull"
        valid: {until: 2099-01-01}
      - match: {name: "web/**", labels: {team: web}}
        actions: [pull, push]
      - match: {account: robot}
        actions: []
"#;

fn explain(arguments: &[&str]) -> Ended {
    let site = Site::with(CONFIG);
    run(dockgate().args(["explain", "auth.yml"]).args(arguments).current_dir(site.path()))
}

fn says(ended: &Ended, lines: &[&str]) {
    let squeezed: Vec<String> =
        ended.stdout.lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).collect();
    let mut rest = squeezed.iter();
    for line in lines {
        assert!(
            rest.any(|said| said == line),
            "{line:?} is not said, or not in its place:\n{}",
            ended.stdout
        );
    }
}

#[test]
fn it_names_the_rule_what_matched_and_what_came_close() {
    let ended = explain(&[
        "--account",
        "alice",
        "--scope",
        "repository:web/app:pull,push",
        "--ip",
        "10.1.2.3",
        "--at",
        "2026-02-01",
    ]);
    assert_eq!((ended.code, ended.stderr.as_str()), (Some(1), ""), "{ended:?}");
    says(
        &ended,
        &[
            "account alice",
            "address 10.1.2.3",
            "time 2026-02-01T00:00:00Z",
            "Who is this?",
            "robots is not asked: its `accounts: robot*` does not fit",
            "people knows the account; the right password is taken for granted",
            "It is alice, known to people.",
            "Label team: web (may be patterns).",
            "repository:web/app: asked pull,push, granted pull, not push",
            "Decided by auth.yml:18 (the web team may pull) of acl:",
            "name `web/**` fits `web/app`",
            "ip `10.0.0.0/8` fits `10.1.2.3`",
            "labels.team `web` fits `web`",
            "actions pull",
            "This holds until 2099-01-01T00:00:00Z.",
            "Rules that came close (before it), the nearest first:",
            "auth.yml:15 (the mobile team)",
            "labels.team `mobile` does not fit `web`",
            "A later rule, auth.yml:22, would have granted push, but auth.yml:18 decides first.",
            "Token",
            "life 300 seconds, until 2026-02-01T00:05:00Z",
            "signed by Acme auth server (ES256)",
            "x5c sent along",
            "Not everything that was asked is granted. A token is given all the same.",
        ],
    );
}

#[test]
fn its_exit_code_says_whether_all_is_granted() {
    let scope = ["--scope", "repository:web/app:pull"];
    for (arguments, code, last) in [
        (&["--account", "alice"][..], 0, "Everything that was asked is granted, if the password is right."),
        (
            &["--account", "alice", "--scope", "registry:catalog:*"],
            1,
            "Not everything that was asked is granted.",
        ),
        (&["--account", "robot"], 1, "Not everything"),
        (&["--account", "bob"], 1, "Nothing is granted."),
        (&["--account", "carol"], 1, "Nothing is granted."),
        (&[], 1, "Nothing is granted."),
        (&["--account", "carol", "--as-link", "people", "--labels", "team=web"], 0, "Everything"),
    ] {
        let ended = explain(&[arguments, &scope].concat());
        assert_eq!((ended.code, ended.stderr.as_str()), (Some(code), ""), "{arguments:?} {ended:?}");
        assert!(ended.stdout.lines().last().unwrap().starts_with(last), "{arguments:?}: {}", ended.stdout);
    }
}

#[test]
fn mistakes_exit_with_2_and_say_the_way() {
    for (arguments, says) in [
        (&["--scope", "web/app"][..], "write TYPE:NAME:ACTIONS, such as `repository:team/app:pull,push`"),
        (&["--scope", "repository:a\u{1b}[2J:pull"], "`repository:a\\u{1b}[2J:pull` is no scope"),
        (
            &["--account", "x", "--as-link", "peple"],
            "no link of `authn` is called `peple`: there are robots, people",
        ),
        (&["--account", "x", "--labels", "team"], "write `KEY=VALUE`"),
        (&["--at", "tomorrow"], "neither a date nor a time"),
        (&["--at", "2026-01-01T12:00:00"], "a time needs its zone"),
        (&["--ip", "10.0.0"], "invalid IP address"),
        (&["--password-stdin"], "needs `--account`"),
        (&["--account", "x", "--password-stdin", "--as-link", "people"], "cannot be used with"),
    ] {
        let ended = explain(arguments);
        assert_eq!((ended.code, ended.stdout.as_str()), (Some(2), ""), "{arguments:?}: {ended:?}");
        assert!(ended.stderr.contains(says), "{arguments:?} does not say {says:?}: {}", ended.stderr);
        assert!(!ended.stderr.contains('\u{1b}'));
    }
    let site = Site::with("server: {}\n");
    let ended = run(dockgate().args(["explain", "auth.yml", "--account", "x"]).current_dir(site.path()));
    assert!(ended.code == Some(2) && ended.stderr.starts_with("auth.yml:1:"), "{ended:?}");
}

/// A name that no client can send is refused as the server refuses it, and shown harmless and short.
#[test]
fn hostile_names_are_shown_with_escapes_and_cut() {
    let long = "x".repeat(100_000);
    for account in ["a\u{1b}[31mb", "a\u{202e}b", &long] {
        for form in [&[][..], &["--json"]] {
            let ended = explain(&[&["--account", account][..], form].concat());
            assert_eq!(ended.code, Some(1), "{ended:?}");
            assert!(ended.stdout.contains("400") && ended.stdout.contains("malformed"), "{}", ended.stdout);
            assert!(
                ended.stdout.len() < 3_000 && !ended.stdout.contains(['\u{1b}', '\u{202e}']),
                "{}",
                ended.stdout
            );
        }
    }
}

#[test]
fn a_password_logs_in_and_is_never_shown() {
    let site = Site::with(CONFIG);
    let explain = |arguments: &[&str], password: &str| {
        let mut command = dockgate();
        command.args([
            "explain",
            "auth.yml",
            "--account",
            "alice",
            "--password-stdin",
            "--scope",
            "repository:web/app:pull",
        ]);
        run_with_input(command.args(arguments).current_dir(site.path()), password.as_bytes())
    };
    for form in [&[][..], &["--json"]] {
        let right = explain(form, "alpha-pass\n");
        assert_eq!((right.code, right.stderr.as_str()), (Some(0), ""), "{right:?}");
        let wrong = explain(form, "canary-of-a-password");
        assert_eq!(wrong.code, Some(1), "{wrong:?}");
        assert!(wrong.stdout.contains("wrong password") && wrong.stdout.contains("401"), "{}", wrong.stdout);
        for ended in [&right, &wrong] {
            for secret in ["alpha-pass", "canary-of-a-password", HASH] {
                assert!(!ended.output().contains(secret), "{secret}: {ended:?}");
            }
        }
    }
}

/// A service that gets no tokens is told with those that do.
#[test]
fn services_that_get_no_tokens() {
    let site = Site::with(&CONFIG.replace(
        "expiration: 300",
        "expiration: 300, other_services: refuse, services: {web: , lab: {expiration: 120}}",
    ));
    let explain = |service: &str| {
        let command = ["explain", "auth.yml", "--account", "alice", "--service", service];
        run(dockgate().args(command).current_dir(site.path()))
    };
    let refused = explain("web.example");
    assert_eq!(refused.code, Some(1), "{refused:?}");
    says(&refused, &["Nobody is asked."]);
    assert!(
        refused.stdout.contains("the answer is 400") && refused.stdout.contains("listed: lab, web."),
        "{refused:?}"
    );
    let given = explain("lab");
    assert!(given.code == Some(0) && given.stdout.contains("120 seconds"), "{given:?}");
}

#[test]
fn its_json_is_as_it_is_documented() {
    let ended = explain(&[
        "--account",
        "alice",
        "--scope",
        "repository:web/app:pull,push",
        "--at",
        "2026-02-01",
        "--json",
    ]);
    let told: Value = serde_json::from_str(&ended.stdout).unwrap();
    let keys = |value: &Value| value.as_object().unwrap().keys().cloned().collect::<Vec<_>>().join(" ");
    assert_eq!(keys(&told), "asked identity outcome refused scopes status token version");
    assert_eq!(
        (&told["version"], &told["outcome"], &told["status"]),
        (&1.into(), &"granted".into(), &200.into())
    );
    assert_eq!(keys(&told["asked"]), "account at ip scopes service");
    assert_eq!(keys(&told["identity"]), "known links proof");
    assert_eq!(keys(&told["identity"]["links"][0]), "link notes turn why");
    assert_eq!(keys(&told["identity"]["known"]), "account label_values labels link restrictions until");
    let scope = &told["scopes"][0];
    assert_eq!(keys(scope), "asked decided granted links missing resource restricted rules until");
    assert_eq!(keys(&scope["decided"]), "because by comment link");
    let close = &scope["rules"][1];
    assert_eq!((&scope["rules"][0]["role"], &close["role"]), (&"decides".into(), &"close".into()));
    assert_eq!(keys(close), "actions comment conditions from link place role standing until");
    assert_eq!(keys(&close["conditions"][0]), "holds key pattern value variables");
    assert_eq!(keys(&told["token"]), "algorithm audience expires expires_in issuer key_id subject x5c");
    // What the book says of it names every key.
    let book = include_str!("../../../docs/explain.md");
    let mut names = Vec::new();
    names_in(&told, &mut names);
    for name in names.iter().filter(|name| !["team"].contains(&name.as_str())) {
        assert!(book.contains(&format!("`{name}`")), "docs/explain.md does not name `{name}`");
    }
}

/// Of a program there is no rule to show: what it wrote to standard error says most.
#[test]
fn programs_are_asked_and_what_they_say_is_shown() {
    let (top, _) = CONFIG.split_once("authn:").unwrap();
    let programs = "authn: [{ext_auth: {command: ./who.sh}}]\nauthz: [{ext_authz: {command: ./may.sh}}]\n";
    let site = Site::with(&format!("{top}{programs}"));
    site.program("who.sh", "#!/bin/sh\necho no such table >&2; exit 3\n");
    site.program("may.sh", "#!/bin/sh\nexit 0\n");
    let asked = |arguments: &[&str]| {
        let mut explain = dockgate();
        explain.args(["explain", "auth.yml", "--account", "alice", "--scope", "repository:a:pull"]);
        run_with_input(explain.args(arguments).current_dir(site.path()), b"pass")
    };
    let failed = asked(&["--password-stdin"]);
    let said = "ext_auth who.sh wrote: no such table; who.sh ended with exit code 3 after";
    let squeezed = failed.stdout.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(squeezed.contains(said), "{failed:?}");
    says(
        &failed,
        &["None: the answer is 503. ext_auth: unusable answer: who.sh: exit code 3, which decides nothing."],
    );
    let granted = asked(&["--as-link", "ext_auth"]);
    says(&granted, &["repository:a: asked pull, granted pull", "Decided by may.sh of ext_authz.", "Token"]);
    assert_eq!(granted.code, Some(0), "{granted:?}");
}

fn names_in(value: &Value, names: &mut Vec<String>) {
    for (name, below) in value.as_object().into_iter().flatten() {
        names.push(name.clone());
        names_in(below, names);
    }
    value.as_array().into_iter().flatten().for_each(|item| names_in(item, names));
}

/// What the book shows is what is said.
#[test]
fn the_books_example_is_real() {
    let book = include_str!("../../../docs/explain.md");
    let block = |start: &str| {
        let (_, rest) = book.split_once(start).unwrap_or_else(|| panic!("no {start:?}"));
        rest.split_once("```\n").unwrap().0.to_owned()
    };
    let site = Site::with(&block("```yaml\n"));
    let made = run(dockgate().args(["keys", "init", "keys"]).current_dir(site.path()));
    assert_eq!(made.code, Some(0), "{made:?}");
    let shown = block("```console\n");
    let (command, expected) = shown.split_once('\n').unwrap();
    let words: Vec<&str> = command.strip_prefix("$ dockgate ").unwrap().split(' ').collect();
    let ended = run(dockgate().args(words).current_dir(site.path()));
    let said = ended.stdout.lines().map(|line| match line.split_once("key id") {
        // A fresh key for each run.
        Some((before, _)) => format!("{before}key id     …"),
        None => line.to_owned(),
    });
    assert_eq!(said.collect::<Vec<_>>().join("\n"), expected.trim_end(), "{ended:?}");
}
