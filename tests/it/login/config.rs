//! The `login` section, and what it and the links have to agree about.

use std::sync::Arc;
use std::time::Duration;

use dockgate::Backends;
use dockgate::config::Source;
use dockgate::logging::Log;
use dockgate::outside::{MemoryMetrics, Outside};
use dockgate::state::{self, Lasting};
use dockgate_api::config::Problem;
use dockgate_testkit::fakes::{RepeatableRandom, TurnableClock, noon};

use super::flow::FlowScript;
use crate::support::self_signed;

/// Problems and warnings, a line each.
fn said(text: &str) -> Vec<String> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let _entered = runtime.enter();
    let directory = tempfile::tempdir().unwrap();
    let clock = Arc::new(TurnableClock::at(noon()));
    let metrics = Arc::new(MemoryMetrics::default());
    let outside = Outside {
        clock: Arc::clone(&clock) as _,
        random: Arc::new(RepeatableRandom::seeded(1)),
        environment: Arc::new(|_| None),
        log: Log::new(clock, metrics.as_ref()),
        metrics,
    };
    let backends = Backends::builtin().authenticator::<FlowScript>("flow_auth");
    let year = Duration::from_hours(24 * 365);
    let (certificate, key) = self_signed("test", &[], noon() - year..noon() + year);
    std::fs::write(directory.path().join("sign.crt"), certificate).unwrap();
    std::fs::write(directory.path().join("sign.key"), key).unwrap();
    let source = Source::parse("a.yml", text, directory.path(), outside.environment.as_ref()).unwrap();
    let problems = match state::build(&source, &backends, &outside, &Lasting::default()) {
        Ok(loaded) => loaded.warnings,
        Err(problems) => problems,
    };
    problems.iter().map(Problem::to_string).collect()
}

fn with(login: &str, link: &str) -> String {
    format!(
        "server: {{addr: ':1', path_prefix: /p}}\ntoken: {{issuer: i, expiration: 60, certificate: sign.crt, key: sign.key}}\nlogin: {login}\n\
         authn: [{link}]\nauthz: [{{acl: []}}]\nstore: {{file: s}}\n"
    )
}

#[test]
fn what_is_wrong_is_named_with_its_place_and_cure() {
    let link = "{flow_auth: {title: A}, name: github_auth}";
    for (login, place, cure) in [
        ("{public_url: auth.example.com}", "a.yml:3:21: login.public_url", "begins with `https://`"),
        ("{public_url: 'https://a/x'}", "login.public_url", "write `https://a/p`"),
        ("{public_url: 'http://a/p'}", "login.public_url", "without TLS everybody"),
        ("{title: ''}", "login.title", "one line"),
        ("{title: \"a\\nb\"}", "login.title", "one line"),
        ("{logo: gone.png}", "login.logo", "cannot be read"),
        ("{registries: [a, 'https://b/']}", "login.registries[1]", "write `b`"),
        ("{registries: ['a b']}", "login.registries[0]", "no registry"),
        ("{session: 1m}", "login.session", "from `5m` to `30d`"),
        (
            "{app_passwords: {lifetime: 400d}}",
            "login.app_passwords.lifetime",
            "longer than the longest, 365d",
        ),
        ("{app_passwords: {longest: 1m}}", "login.app_passwords.longest", "from `1h` to `3650d`"),
        ("{app_passwords: {most: 0}}", "login.app_passwords.most", "from 1 to 1000"),
        ("{titel: A}", "login.titel", "did you mean `title`"),
    ] {
        let said = said(&with(login, link));
        assert!(
            said.iter().any(|line| line.contains(place) && line.contains(cure)),
            "{login}: no {place} … {cure}: {said:#?}"
        );
    }
    let fine =
        said(&with("{public_url: 'https://a/p', registries: [r.example.com, 'localhost:5000']}", link));
    assert!(!fine.iter().any(|line| line.contains("login")), "{fine:#?}");
}

#[test]
fn a_callback_leads_to_the_links_own_route() {
    let uri =
        |uri: &str, name: &str| format!("{{flow_auth: {{title: A, redirect_uri: '{uri}'}}, name: {name}}}");
    for (login, link, says) in [
        ("{}", uri("https://a/p/github_auth", "github_auth"), None),
        ("{}", uri("https://a/p/login/corp", "corp"), None),
        ("{public_url: 'https://a/x/p'}", uri("https://a/x/p/github_auth", "github_auth"), None),
        ("{}", uri("https://a/github_auth", "github_auth"), Some("write `https://a/p/github_auth`")),
        ("{}", uri("https://a/p/github_auth", "corp"), Some("write `https://a/p/login/corp`")),
        (
            "{public_url: 'https://a/x/p'}",
            uri("https://a/p/github_auth", "github_auth"),
            Some("/x/p/github_auth"),
        ),
        ("{}", uri("a/p/github_auth", "github_auth"), Some("no URL")),
    ] {
        let said = said(&with(login, &link));
        let found = said.iter().find(|line| line.contains("authn[0].flow_auth.redirect_uri"));
        match says {
            None => assert!(found.is_none(), "{link}: {said:#?}"),
            Some(says) => assert!(found.is_some_and(|line| line.contains(says)), "{link}: {said:#?}"),
        }
    }
}

#[test]
fn a_link_whose_name_fits_no_url_is_refused() {
    for name in ["'a b'", "'{x}'", "a/b", "'..'", "ä"] {
        let said = said(&with("{}", &format!("{{flow_auth: {{title: A}}, name: {name}}}")));
        assert!(
            said.iter().any(|line| line.contains("authn[0].name: this name stands in a URL")),
            "{said:#?}"
        );
    }
}

#[test]
fn a_section_that_nobody_needs_is_said() {
    for login in ["{title: A}", "{app_passwords: {most: 3}}"] {
        let idle = said(&with(login, "{users: {}}"));
        assert!(idle.iter().any(|line| line.contains("a.yml:3:1: login: does nothing")), "{idle:#?}");
    }
}
