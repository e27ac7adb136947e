//! `dockgate forward-auth-test`: a proxy that does it right passes, and each that does not is found out by the line that
//! says so.

mod front;

use std::net::SocketAddr;

use serde_json::Value;

use crate::process::{Ended, dockgate, free_port, run};
use front::{Flaw, Front};

const ALICE: [&str; 4] = ["--account", "alice", "--password-file", "password"];

fn tested(front: &Front, more: &[&str]) -> Ended {
    let ended = run(dockgate()
        .arg("forward-auth-test")
        .arg(front.url())
        .args(more)
        .env("SSL_CERT_FILE", "cert.pem")
        .current_dir(front.site.path()));
    assert!(!ended.output().contains("badmin"), "{ended:?}");
    ended
}

/// The names of the checks that failed.
fn failed(ended: &Ended) -> Vec<String> {
    let report: Value =
        serde_json::from_str(&ended.stdout).unwrap_or_else(|error| panic!("{error}: {ended:?}"));
    let findings = report["findings"].as_array().unwrap().iter();
    let failed: Vec<String> = findings
        .filter(|finding| finding["outcome"] == "failed")
        .map(|finding| finding["check"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(report["ok"], failed.is_empty());
    assert_eq!(ended.code, Some(i32::from(!failed.is_empty())), "{ended:?}");
    failed
}

#[test]
fn a_proxy_that_asks_properly_passes() {
    let front = Front::start("basic", Flaw::None);
    let gate = format!("http://127.0.0.1:{}/forward-auth", front.gate.address().port());
    let nobody = format!("127.0.0.1:{}", free_port());
    let more = [
        &ALICE[..],
        &["--public", "public/app", "--may-pull", "team/app", "--may-push", "team/app"],
        &["--may-not-push", "public/app", "--may-not-pull", "other/app"],
        &["--gate", &gate, "--registry-address", &nobody],
    ]
    .concat();
    let ended = tested(&front, &more);
    assert_eq!(
        ended.stdout,
        "ok       without a login /v2/ asks for one
ok       Docker-Distribution-Api-Version stands in a refusal exactly once
ok       a refusal is JSON, which clients can show
skipped  the challenge leads to a token endpoint: the registry asks for passwords, not for tokens
ok       without a login nothing is read
ok       without a login nothing is written
ok       without a login `public/app` is read
ok       a wrong password is refused
ok       a token that nobody signed is refused
ok       the gate is told the path
ok       the gate is told the method
ok       the gate is told the query
ok       the gate is told the Content-Type of uploads
ok       a client cannot say another path beside its own
ok       a client cannot say another method beside its own
ok       a client cannot pass itself off as the proxy
ok       a client cannot say who it is by header
ok       no way of writing a path goes round the gate
ok       the gate cannot be asked through the proxy
ok       the gate answers nobody but its proxy
ok       the registry cannot be reached round the proxy
ok       the account is let in
ok       the account may pull from `team/app`
ok       the account may not pull from `other/app`
ok       the account may push to `team/app`
ok       the account may not push to `public/app`
skipped  a token for one repository does not open another: the registry asks for passwords, not for tokens
skipped  the registry is not told the gate's secret: no `--as-registry ADDRESS:PORT`
skipped  the registry is told no form that the gate is not: no `--as-registry ADDRESS:PORT`
25 ok, 0 failed, 4 skipped
"
    );
    assert_eq!((ended.code, ended.stderr.as_str()), (Some(0), ""));
}

#[test]
fn so_does_one_whose_clients_bring_tokens() {
    let front = Front::start("bearer", Flaw::None);
    let more =
        [&ALICE[..], &["--public", "public/app", "--may-push", "team/app", "--may-not-push", "other/app"]];
    let ended = tested(&front, &more.concat());
    assert_eq!(ended.code, Some(0), "{}", ended.stdout);
    for line in [
        "ok       the challenge leads to a token endpoint\n",
        "ok       without a login `public/app` is read\n",
        "ok       the account may push to `team/app`\n",
        "ok       a token for one repository does not open another\n",
    ] {
        assert!(ended.stdout.contains(line), "{line}: {}", ended.stdout);
    }
    let without = tested(&front, &["--json"]);
    assert_eq!(failed(&without), <[&str; 0]>::default(), "{without:?}");
}

#[test]
fn each_flaw_is_found_by_its_own_line() {
    for (flaw, checks) in [
        (Flaw::WrongSecret, &["challenge"][..]),
        (Flaw::DropsChallenge, &["challenge"]),
        (Flaw::DoublesVersion, &["version-header"]),
        (Flaw::ForgetsContentType, &["content-type"]),
        (Flaw::ForgetsQuery, &["query"]),
        (Flaw::ForgetsMethod, &["method", "may-push"]),
        (Flaw::ForgetsOtherMethods, &["write", "method"]),
        (Flaw::BelievesPath, &["spoofed-path", "gate-path"]),
        (Flaw::BelievesMethod, &["spoofed-method"]),
        (Flaw::AsksBelowV2Only, &["path-tricks"]),
        (Flaw::LendsItsSecret, &["gate-path"]),
        (Flaw::DropsAuthorization, &["login", "may-push"]),
        (Flaw::AsksNobody, &["challenge", "read", "write", "path", "method", "path-tricks"]),
    ] {
        let front = Front::start("basic", flaw);
        let more =
            [&ALICE[..], &["--json", "--may-push", "team/app", "--may-not-push", "public/app"]].concat();
        let ended = tested(&front, &more);
        let failed = failed(&ended);
        for check in checks {
            assert!(failed.iter().any(|found| found == check), "{flaw:?}: not {check}: {failed:?}");
        }
        // What is wrong stands alone, where one thing is.
        let is_one = checks.len() == 1;
        assert!(!is_one || failed.len() == 1, "{flaw:?}: {failed:?}\n{}", ended.stdout);
    }
}

#[test]
fn whoever_skips_the_signature_is_found() {
    for flaw in [Flaw::SkipsSignatures, Flaw::BelievesUnsigned, Flaw::CountsSignatures] {
        let front = Front::start("bearer", flaw);
        for account in [&ALICE[..], &[]] {
            let ended = tested(&front, &[account, &["--json"]].concat());
            assert_eq!(failed(&ended), ["forged-token"], "{flaw:?}: {account:?}: {}", ended.stdout);
        }
    }
}

#[test]
fn who_runs_it_often_is_locked_out_and_that_is_no_fault() {
    let front = Front::start("bearer", Flaw::None);
    for _ in 0..2 {
        let ended = tested(&front, &["--json"]);
        assert_eq!(failed(&ended), <[&str; 0]>::default(), "{}", ended.stdout);
    }
}

#[test]
fn a_line_that_failed_says_what_was_seen_and_the_cure() {
    let front = Front::start("basic", Flaw::ForgetsContentType);
    let ended = tested(&front, &[]);
    let says = "FAILED   the gate is told the Content-Type of uploads
           POST /v2/dockgate-forward-auth-test/private/blobs/uploads/, with Content-Type: application/x-www-form-urlencoded: 401
";
    assert!(ended.stdout.contains(says), "{}", ended.stdout);
    let cure = "         cure: the gate refuses forms with 403, if it sees them: have the proxy hand on the client's \
                Content-Type to it\n";
    assert!(ended.stdout.contains(cure), "{}", ended.stdout);
    assert!(ended.stdout.ends_with(" 1 failed, 7 skipped\n"), "{}", ended.stdout);
}

#[test]
fn in_the_registrys_place_it_sees_what_that_is_told() {
    for (flaw, check) in [
        (Flaw::None, None),
        (Flaw::LetsIdentityThrough, Some("spoofed-identity")),
        (Flaw::TellsRegistryTheSecret, Some("registry-secret")),
        (Flaw::DropsForTheGateAlone, Some("registry-form")),
    ] {
        let registry = SocketAddr::from(([127, 0, 0, 1], free_port()));
        let front = Front::before("basic", flaw, Some(registry));
        let address = registry.to_string();
        let ended = tested(
            &front,
            &[&ALICE[..], &["--json", "--as-registry", &address, "--may-push", "team/app"]].concat(),
        );
        assert_eq!(failed(&ended), Vec::from_iter(check), "{flaw:?}: {}", ended.stdout);
    }
    // From outside it cannot be told, and is not called fine.
    let front = Front::start("basic", Flaw::LetsIdentityThrough);
    let ended = tested(&front, &[]);
    let says = "skipped  a client cannot say who it is by header: the gate does not see `X-Auth-User` and `X-Auth-Groups` of a \
                client, and whether the registry does is seen with `--as-registry` alone\n";
    assert!(ended.code == Some(0) && ended.stdout.contains(says), "{ended:?}");
    // Nobody led the proxy here.
    let address = format!("127.0.0.1:{}", free_port());
    let ended = tested(&front, &[&ALICE[..], &["--as-registry", &address]].concat());
    assert!(ended.stdout.contains("lead the proxy there, in place of the registry"), "{ended:?}");
}

#[test]
fn open_doors_are_found() {
    // The proxy without a gate stands for a registry that anybody reaches.
    let (front, open) = (Front::start("basic", Flaw::None), Front::start("basic", Flaw::AsksNobody));
    let gate = open.url() + "/forward-auth";
    let ended = tested(&front, &["--json", "--gate", &gate, "--registry-address", &open.address.to_string()]);
    assert_eq!(failed(&ended), ["gate", "registry"], "{}", ended.stdout);
}

#[test]
fn nobody_answers() {
    let front = Front::start("basic", Flaw::None);
    let url = format!("http://127.0.0.1:{}", free_port());
    let ended = run(dockgate().args(["forward-auth-test", &url]).current_dir(front.site.path()));
    assert_eq!(ended.code, Some(1), "{ended:?}");
    assert!(ended.stdout.contains("Connection refused"), "{ended:?}");
    assert!(ended.stdout.ends_with("0 ok, 1 failed, 1 skipped\n"), "{ended:?}");
}

#[test]
fn wishes_that_make_no_sense() {
    let directory = tempfile::tempdir().unwrap();
    for (more, says) in [
        (&["registry.example.com"][..], "write https://HOST"),
        (&["http://registry.example.com"], "`--allow-http`"),
        (&["https://registry.example.com/team"], "has a path"),
        (&["https://u:canary@registry.example.com"], "neither user nor password"),
        (&["https://r.example", "--account", "alice"], "DOCKGATE_PASSWORD"),
        (&["https://r.example", "--account", "alice", "--password", "canary"], "unexpected argument"),
        (&["https://r.example", "--account", "alice", "--password-file", "none"], "none: "),
        (&["https://r.example", "--may-push", "team/app"], "--account"),
        (&["https://r.example", "--public", "app:latest"], "without host and tag"),
        (&["https://r.example", "--registry-address", "registry"], "write HOST:PORT"),
        (&["https://r.example", "--ca", "none"], "none: "),
        (&["https://r.example", "--within", "0"], "0"),
    ] {
        let refused = run(dockgate().arg("forward-auth-test").args(more).current_dir(directory.path()));
        assert_eq!((refused.code, refused.stdout.as_str()), (Some(2), ""), "{more:?}: {refused:?}");
        assert!(refused.stderr.contains(says), "{more:?} does not say {says:?}: {refused:?}");
    }
}
