//! Mistakes in the sections, and what is warned of.

use crate::config::refusal::{Mistake, line_of, mistake, refused_each};
use crate::process::{Site, dockgate, run};

const BASE: &str = r#"server:
  addr: "127.0.0.1:0"
token: {issuer: a, expiration: 900, certificate: cert.pem, key: key.pem}
authn:
  - http_auth:
      url: "https://hooks.example.com/authenticate"
authz:
  - http_authz:
      url: "https://hooks.example.com/authorize"
"#;

const AUTHN: &str = "      url: \"https://hooks.example.com/authenticate\"\n";
const AUTHZ: &str = "      url: \"https://hooks.example.com/authorize\"\n";

macro_rules! more {
    ($lines:literal, $at:literal, $cure:literal) => {
        mistake(
            $lines,
            [AUTHN, concat!("      url: \"https://hooks.example.com/authenticate\"\n", $lines, "\n")],
            $at,
            $cure,
        )
    };
}

macro_rules! url {
    ($url:literal, $cure:literal) => {
        mistake($url, [AUTHZ, concat!("      url: \"", $url, "\"\n")], $url, $cure)
    };
}

const MISTAKES: &[Mistake] = &[
    url!("just-a-name", "write `https://HOST/PATH`"),
    url!("unix:///run/hook.sock", "begins with `https://`"),
    url!("https://user:canary@hooks.example.com", "a URL holds no user and no password"),
    url!("https://hooks.example.com/#part", "never sent"),
    mistake("no url", [AUTHZ, "      timeout: 5s\n"], "timeout: 5s", "the key `url` is missing"),
    more!("      timeout: 0s", "timeout", "from `1ms` to `24h`"),
    more!("      timeout: 25h", "timeout", "from `1ms` to `24h`"),
    more!("      retries: 11", "retries", "from 0 to 10"),
    more!("      max_concurrent: 0", "max_concurrent", "from 1 to 10000"),
    more!("      breaker: {failures: 0}", "breaker", "from 1 to 1000"),
    more!("      breaker: {pause: 0s}", "breaker", "from `1ms` to `24h`"),
    more!("      breaker: {fail: 1}", "breaker", "known here: `failures`, `pause`"),
    more!("      cache: {ttl: 0s}", "cache", "from `1ms` to `24h`"),
    more!("      format: subject_access_review", "format", "is not one of `dockgate`, `opa`, `token_review`"),
    more!("      format: token_review", "format", "write `audiences: [dockgate]`"),
    more!("      audiences: [a]", "audiences", "are for `format: token_review`"),
    more!("      format: token_review\n      audiences: []", "audiences", "such as `[dockgate]`"),
    more!("      bearer_token: \"two words\"", "bearer_token", "one word of visible ASCII"),
    more!("      bearer_token_file: none", "bearer_token_file", "cannot read"),
    more!("      bearer_token: a\n      bearer_token_file: key.pem", "bearer_token_file", "keep one of them"),
    more!("      signing_key: canary-of-the-environment", "signing_key", "openssl rand -base64 32"),
    more!("      signing_key_file: key.pem", "signing_key_file", "begins with `whsec_`"),
    more!("      tls: {certificate: cert.pem}", "tls", "`key` is missing"),
    more!("      tls: {key: key.pem}", "tls", "`certificate` is missing"),
    more!("      tls: {ca_certificate: none.pem}", "tls", "cannot read"),
    more!("      tls: {ca_certificate: key.pem}", "tls", "no certificate in it"),
    more!("      tls: {certificate: key.pem, key: key.pem}", "tls", "no certificate in the file"),
    more!("      tls: {certificate: cert.pem, key: cert.pem}", "tls", "no unencrypted private key"),
    more!("      redirects: true", "redirects", "unknown key `redirects`"),
    mistake(
        "audiences of the other kind",
        [AUTHZ, "      url: \"https://hooks.example.com/authorize\"\n      audiences: [a]\n"],
        "audiences",
        "unknown key `audiences`",
    ),
    mistake(
        "TLS for nothing",
        [AUTHZ, "      url: \"http://127.0.0.1:1\"\n      tls: {ca_certificate: cert.pem}\n"],
        "http://127",
        "`tls` does nothing for `http://`",
    ),
];

#[test]
fn every_mistake_has_its_place_and_its_cure() {
    refused_each(BASE, MISTAKES);
}

#[test]
fn hooks_stand_in_lists_only() {
    let flat = BASE.replace("authn:\n  - http_auth:\n      url", "http_auth:\n  url");
    let site = Site::with(&flat);
    let ended = run(dockgate().args(["check", "auth.yml"]).current_dir(site.path()));
    assert_eq!(ended.code, Some(2));
    assert!(ended.stderr.contains("`http_auth` stands only in a list"), "{}", ended.stderr);
}

#[test]
fn passwords_in_clear_are_warned_of_except_on_this_machine() {
    for (host, warned) in
        [("hooks.example.com", true), ("10.0.0.1:80", true), ("localhost", false), ("[::1]:8", false)]
    {
        let text =
            BASE.replace("https://hooks.example.com/authenticate", &format!("http://{host}/authenticate"));
        let site = Site::with(&text);
        let ended = run(dockgate().args(["check", "auth.yml"]).current_dir(site.path()));
        let place = format!("warning: auth.yml:{}:", line_of(&text, "http://"));
        assert_eq!((ended.code, ended.output().contains(&place)), (Some(0), warned), "{}", ended.output());
    }
}

#[test]
fn a_look_from_elsewhere_needs_no_file() {
    let more = "      bearer_token_file: none\n      signing_key_file: none\n      tls: {ca_certificate: none.pem}\n";
    let site = Site::with(&BASE.replace(AUTHN, &format!("{AUTHN}{more}")));
    for (arguments, code) in [(["check", "auth.yml", "--offline"].as_slice(), 0), (&["check", "auth.yml"], 2)]
    {
        let ended = run(dockgate().args(arguments).current_dir(site.path()));
        assert_eq!(ended.code, Some(code), "{}", ended.output());
    }
}

/// A bad variable is found with the first link that needs it.
#[test]
fn a_proxy_that_is_none_is_named() {
    let site = Site::with(BASE);
    let mut command = dockgate();
    command
        .args(["check", "auth.yml"])
        .env("HTTPS_PROXY", "socks5://user:canary@proxy:1")
        .current_dir(site.path());
    let ended = run(&mut command);
    assert_eq!(ended.code, Some(2));
    assert!(ended.stderr.contains("HTTPS_PROXY") && !ended.output().contains("canary"), "{}", ended.stderr);
}
