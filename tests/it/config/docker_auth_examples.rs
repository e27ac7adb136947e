//! Files of the same keys and structure as each of docker_auth's own examples: `tests/data/docker_auth`.

use std::path::Path;

use super::docker_auth::{ADMIN, NOBODY, TEST, behaves_simply};
use crate::process::{Ended, Server, Site, basic, dockgate, encode, run};

fn example(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/docker_auth").join(name);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The file just as it is, under its name, with the pair that it names beside it.
fn site(name: &str) -> Site {
    let site = Site::new();
    site.write("server.pem", &site.pair.certificate_pem);
    site.write("server.key", &site.pair.key_pem);
    let here = site.path().display().to_string();
    site.write(name, example(name).replace("/config/certs", &here));
    site
}

fn check(site: &Site, name: &str) -> Ended {
    run(dockgate().args(["check", name]).current_dir(site.path()))
}

/// A site whose file loads just as it is; then it is served on a port of the system's choice.
fn loads(name: &str) -> Site {
    let site = site(name);
    let checked = check(&site, name);
    assert_eq!(checked.code, Some(0), "{name} does not load: {checked:#?}");
    site.write("served.yml", with_a_free_port(&std::fs::read_to_string(site.file(name)).unwrap()));
    site
}

fn with_a_free_port(config: &str) -> String {
    config.replace("addr: \":5001\"", "addr: \"127.0.0.1:0\"")
}

fn serve(name: &str) -> (Site, Server) {
    let site = loads(name);
    let server = Server::start(&site, "served.yml");
    (site, server)
}

fn behaves_simply_over_tls(name: &str) {
    let (site, server) = serve(name);
    behaves_simply(|login, scope| {
        let target = format!("/auth?service=registry&scope={}", encode(scope));
        let header = login.map(|(account, password)| basic(account, password));
        let headers: Vec<_> = header.iter().map(|value| ("Authorization", value.as_str())).collect();
        server.address().get_tls(&site.pair.certificate_pem, &target, &headers)
    });
}

#[test]
fn simple() {
    behaves_simply_over_tls("simple.yml");
}

#[test]
fn chart() {
    let (_site, server) = serve("chart.yml");
    behaves_simply(|login, scope| server.ask(login, scope));
}

/// Its second rule is for somebody whom it does not know: that is how it stands there.
#[test]
fn non_tls() {
    let (_site, server) = serve("non_tls.yml");
    for (login, scope, granted) in [
        (ADMIN, "repository:any/where:pull,push", "pull,push"),
        (TEST, "repository:any/where:pull,push", ""),
        (Some(("user", "alpha-pass")), "repository:a:pull", "401"),
        (NOBODY, "repository:a:pull", "401"),
    ] {
        assert_eq!(server.ask(login, scope).granted(), granted, "{login:?} {scope}");
    }
}

/// A certificate that is fetched, beside one that is brought: here one of the two.
const FETCHED: &str =
    "  letsencrypt:\n    email: webmaster@example.com\n    cache_dir: /var/cache/certificates\n";
const BROUGHT: &str = "  #\n  #\n  #\n";

/// What a file is refused for, as `LINE:COLUMN: PATH`; nothing else may be wrong with it, and without these keys it loads.
fn waits_for(name: &str, places: &[&str]) -> Site {
    let site = site(name);
    let example = with_sign_ins(&site, &with_programs(&site, &example(name)).replace(FETCHED, BROUGHT));
    site.write(name, &example);
    let refused = check(&site, name);
    let line = |place: &&str| {
        let (_, path) = place.split_once(": ").unwrap();
        let key = path.rsplit('.').next().unwrap();
        let why = if key.starts_with("plugin_") {
            "loads a Go shared object, which this server cannot: let a program decide (`ext_auth`, `ext_authz`), or \
             build the server with a backend of your own (docs/writing-a-backend.md)"
        } else {
            "is not in this build: remove it, or stay with your present server until it is"
        };
        format!("{name}:{place}: `{key}` {why}\n")
    };
    let lines = places.iter().map(line).collect::<Vec<_>>().concat();
    let number = places.len();
    let end = if number == 1 { "1 problem".to_owned() } else { format!("{number} problems") };
    assert_eq!(refused.stderr, format!("{lines}{name}: {end}, nothing was started\n"));
    assert_eq!(refused.code, Some(2), "{refused:#?}");
    site.write("served.yml", with_a_free_port(&without(&example, places)));
    site
}

/// Its programs, which nobody has, are in the site's directory: they know nobody and allow nothing.
fn with_programs(site: &Site, config: &str) -> String {
    for (name, code) in [("who-is-it", 2), ("may-it", 1)] {
        site.program(name, &format!("#!/bin/sh\nexit {code}\n"));
    }
    config.replace("/usr/local/bin/", &format!("{}/", site.path().display()))
}

/// The secrets of the providers' clients and their databases are in the site's directory, and of three databases one is
/// left; every line stays where it is.
fn with_sign_ins(site: &Site, config: &str) -> String {
    for provider in ["google", "github", "gitlab"] {
        site.write(&format!("{provider}.secret"), "the secret of a client\n");
    }
    let here = format!("{}/", site.path().display());
    let config = config.replace("/etc/auth/", &here).replace("/var/lib/auth/", &here);
    let indent = |line: &str| line.len() - line.trim_start().len();
    let mut is_cut = false;
    let lines = config.lines().map(|line| {
        let key = line.trim();
        is_cut = match indent(line) {
            _ if key.starts_with("gcs_token_db:") || key.starts_with("redis_token_db:") => true,
            0..=2 => false,
            _ => is_cut,
        };
        if is_cut { "#\n".to_owned() } else { format!("{line}\n") }
    });
    lines.collect()
}

/// The file without what stands at these places.
fn without(config: &str, places: &[&str]) -> String {
    let first = |place: &&str| place.split(':').next().unwrap().parse::<usize>().unwrap();
    let firsts: Vec<usize> = places.iter().map(first).collect();
    let indent = |line: &str| line.len() - line.trim_start().len();
    let mut kept = String::new();
    let mut cut: Option<usize> = None;
    for (number, line) in (1..).zip(config.lines()) {
        if firsts.contains(&number) {
            cut = Some(indent(line));
        } else if cut.is_some_and(|depth| !line.trim().is_empty() && indent(line) <= depth) {
            cut = None;
        }
        if cut.is_none() {
            kept += &format!("{line}\n");
        }
    }
    kept
}

/// `bind_dn` stands in it twice, once with nothing behind it, as there: that is no mistake.
#[test]
fn ldap_auth() {
    let (site, server) = serve("ldap_auth.yml");
    let checked = check(&site, "ldap_auth.yml");
    assert!(
        checked.stdout.contains("ldap_auth.filter: the account is the entry's own spelling here"),
        "{checked:#?}"
    );
    let target = "/auth?service=registry&scope=repository:any/where:pull";
    let answer = server.address().get_tls(&site.pair.certificate_pem, target, &[]);
    assert_eq!(answer.status, 401, "nobody in particular is in no directory");
    // Nor is there such a directory here.
    let header = basic("alice", "wonderland");
    let login = [("Authorization", header.as_str())];
    assert_eq!(server.address().get_tls(&site.pair.certificate_pem, target, &login).status, 503);
}

#[test]
fn the_reference_has_two_certificates() {
    let site = site("reference.yml");
    site.write("reference.yml", example("reference.yml"));
    let refused = check(&site, "reference.yml").stderr;
    let said =
        "reference.yml:20:5: server.letsencrypt: `certificate` and `key` stand beside it: keep the pair, or ";
    assert!(refused.contains(said), "{refused}");
    assert!(refused.contains("reference.yml:20:5: server.letsencrypt: `host` is missing"), "{refused}");
}

#[test]
fn the_reference_has_three_token_databases() {
    let site = site("reference.yml");
    let refused = check(&site, "reference.yml").stderr;
    for said in [
        "github_auth.gcs_token_db: this server keeps nothing in Google's storage: take it away",
        "github_auth.gcs_token_db: `level_token_db` stands there too: keep one of them",
        "github_auth.redis_token_db: `level_token_db` stands there too: keep one of them",
        "gitlab_auth.redis_token_db: `level_token_db` stands there too: keep one of them",
    ] {
        assert!(refused.contains(said), "{said}\n{refused}");
    }
}

#[test]
fn reference() {
    let site = waits_for(
        "reference.yml",
        &[
            "132:1: mongo_auth",
            "142:1: xorm_auth",
            "150:1: plugin_authn",
            "209:1: acl_mongo",
            "220:1: acl_xorm",
            "225:1: casbin_authz",
            "233:1: plugin_authz",
        ],
    );
    // What its rules say is the business of `docker_auth_rules`; the first of them gives this machine everything.
    let server = Server::start(&site, "served.yml");
    let target = "/auth?service=registry&scope=repository:any/where:delete,pull,push";
    let answer = server.address().get_tls(&site.pair.certificate_pem, target, &[]);
    assert_eq!(answer.granted(), "delete,pull,push");
}

#[test]
fn tls_options() {
    behaves_simply_over_tls("tls_options.yml");
}

/// The header has to be there; its last entry counts, whatever the client wrote before it.
#[test]
fn real_ip() {
    let (_site, server) = serve("real_ip.yml");
    let answer = server.ask(ADMIN, "repository:a:pull");
    assert_eq!(answer.status, 400, "it was not told who asks: {answer:?}");
    let login = basic("admin", "alpha-pass");
    for (addresses, granted) in
        [("203.0.113.9, 192.0.2.7", "pull"), ("192.0.2.7, 203.0.113.9", ""), ("192.0.2.7", "pull")]
    {
        let headers = [("Authorization", login.as_str()), ("X-Forwarded-For", addresses)];
        let target = "/auth?service=registry&scope=repository:a:pull";
        let answer = server.address().request("GET", target, &headers, b"");
        assert_eq!(answer.granted(), granted, "{addresses}: {answer:?}");
    }
}
