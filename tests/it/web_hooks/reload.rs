//! From a line of the configuration to a token, and what is taken up while the server runs.

use super::formats::{AUTHN, AUTHZ, RIGHT, authn, authz};
use super::hook::{Hook, Told};
use crate::process::{DAY, Pair, Server, Site, now, pair, poll};
use crate::support::PATIENCE;
use serde_json::json;

pub(super) fn config(chains: &str) -> String {
    format!(
        "server: {{addr: \"127.0.0.1:0\"}}\n\
         token: {{issuer: a, expiration: 900, certificate: cert.pem, key: key.pem}}\n\
         log: {{level: trace}}\n{chains}"
    )
}

const SCOPE: &str = "repository:team/app:pull,push";

#[test]
fn a_line_of_the_configuration_makes_a_token() {
    for format in AUTHN {
        let (_hook, section) = authn(format);
        let rules = "authz:\n  - acl: [{match: {labels: {groups: dev}}, actions: [push]}]\n";
        let site = Site::with(&config(&format!("authn:\n  - http_auth: {section}\n{rules}")));
        let server = Server::start(&site, "auth.yml");
        assert_eq!(server.ask(Some(("alice", RIGHT)), SCOPE).granted(), "push", "{format}");
        assert_eq!(server.ask(Some(("alice", "wrong")), SCOPE).status, 401, "{format}");
        assert_eq!(server.ask(Some(("alice", "")), SCOPE).status, 401, "{format}");
        assert_eq!(server.ask(Some(("mallory", RIGHT)), SCOPE).status, 401, "{format}");
        assert_eq!(server.ask(None, SCOPE).status, 401, "{format}");
    }
    for format in AUTHZ {
        let (_hook, section) = authz(format);
        let users = "authn:\n  - users: {\"\": {}, alice: {}}\n";
        let site = Site::with(&config(&format!("{users}authz:\n  - http_authz: {section}\n")));
        let server = Server::start(&site, "auth.yml");
        assert_eq!(server.ask(Some(("alice", "x")), SCOPE).granted(), "pull", "{format}");
        assert_eq!(server.ask(Some(("alice", "x")), "repository:vault/key:pull").granted(), "", "{format}");
        assert_eq!(server.ask(None, SCOPE).granted(), "", "{format}");
    }
}

#[test]
fn a_hook_that_is_down_is_no_wrong_password() {
    let (hook, section) = authn("dockgate");
    let rules = "authz:\n  - acl: [{match: {}, actions: [pull]}]\n";
    let site = Site::with(&config(&format!(
        "authn:\n  - http_auth: {section}\n    on_error: next\n  - users: {{bob: {{}}}}\n{rules}"
    )));
    let server = Server::start(&site, "auth.yml");
    assert_eq!(server.ask(Some(("alice", RIGHT)), SCOPE).granted(), "pull");
    drop(hook);
    let down =
        poll(PATIENCE, || Some(server.ask(Some(("alice", RIGHT)), SCOPE)).filter(|it| it.status == 503));
    assert!(down.unwrap().header("retry-after").is_some());
    assert_eq!(server.ask(Some(("bob", "x")), SCOPE).granted(), "pull", "nobody else is held up");
}

fn allowing(pair: &Pair) -> Hook {
    Hook::tls(pair, |asked| match asked.header("authorization") {
        Some("Bearer second-token") => Told::Json(json!({"decision": "allow"})),
        _ => Told::Status(401, String::new()),
    })
}

#[test]
fn a_new_authority_and_a_new_token_are_taken_up() {
    let served = pair(now() - DAY, now() + DAY);
    let other = pair(now() - DAY, now() + DAY);
    let hook = allowing(&served);
    for (key, outbound) in
        [("tls: {ca_certificate: ca.pem}", ""), ("retries: 1", "outbound: {ca_bundle: ca.pem}\n")]
    {
        let site = Site::with(&config(&format!(
            "{outbound}authn:\n  - http_auth: {{url: \"{}\", {key}, bearer_token_file: token}}\n\
             authz:\n  - acl: [{{match: {{}}, actions: [pull]}}]\n",
            hook.url()
        )));
        site.write("ca.pem", &other.certificate_pem);
        site.write("token", "first-token\n");
        let server = Server::start(&site, "auth.yml");
        let status = || server.ask(Some(("alice", RIGHT)), SCOPE).status;
        let heard = hook.asked().len();
        assert_eq!(status(), 503);
        server.said("signed by nobody who is trusted here", 1);
        assert_eq!(hook.asked().len(), heard, "nothing was sent");

        site.write("ca.pem", &served.certificate_pem);
        let reached = poll(PATIENCE, || {
            assert_eq!(status(), 503);
            (hook.asked().len() > heard).then_some(())
        });
        assert!(reached.is_some(), "{}", server.stderr());
        server.said("answered with status 401", 1);
        site.write("token", "second-token\n");
        let let_in = poll(PATIENCE, || (status() == 200).then_some(()));
        assert!(let_in.is_some(), "{}", server.stderr());
    }
}

/// As they stand in the environment of the process; nobody looks up the hook's name.
#[test]
fn the_proxy_of_the_environment_is_asked() {
    for (except, through) in [("", true), ("registry.test,0.0.0.0", false)] {
        let proxy = Hook::start(|_| Told::Json(json!({"decision": "allow"})));
        let hook = Hook::start(|_| Told::Json(json!({"decision": "deny"})));
        let url = hook.url().replace("127.0.0.1", "0.0.0.0");
        let site = Site::with(&config(&format!(
            "authn:\n  - http_auth: {{url: \"{url}\"}}\nauthz:\n  - acl: [{{match: {{}}, actions: [pull]}}]\n"
        )));
        let mut command = crate::process::dockgate();
        command.args(["serve", "auth.yml"]).current_dir(site.path());
        command.env("HTTP_PROXY", proxy.url()).env("NO_PROXY", except);
        let server = Server::start_command(&mut command);
        let answer = server.ask(Some(("alice", RIGHT)), SCOPE).granted();
        assert_eq!(answer, if through { "pull" } else { "401" });
        assert_eq!([proxy.asked().len(), hook.asked().len()], [usize::from(through), usize::from(!through)]);
        if through {
            let head = &proxy.asked()[0].head;
            assert!(head.starts_with(&format!("POST {url} HTTP/1.1\r\n")), "{head}");
        }
    }
}
