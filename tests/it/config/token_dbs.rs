//! docker_auth's token databases: they name this server's store where the file names none.

use super::refusal::{FLAT, LISTED};
use crate::process::{Ended, Server, Site, dockgate, run};

const GITHUB: &str =
    "github_auth:\n  organization: acme\n  client_id: Iv1.1\n  client_secret: Secret1-of-the-client\n";
const LEVEL: &str = "  level_token_db: {path: tokens.ldb, token_hash_cost: 5}\n";
const REDIS: &str = "  redis_token_db: {redis_options: {addr: \"127.0.0.1:1\"}}\n";

fn check(site: &Site, config: &str, options: &[&str]) -> Ended {
    site.write("auth.yml", config);
    run(dockgate().arg("check").args(options).arg("auth.yml").current_dir(site.path()))
}

/// In a list, what stood at the top of the file.
fn listed(section: &str) -> String {
    let lines: String = section.lines().map(|line| format!("    {line}\n")).collect();
    LISTED.replace("authn:\n", &format!("authn:\n  -{}", &lines[3..]))
}

#[test]
fn the_directory_of_leveldb_is_the_stores() {
    for config in [format!("{FLAT}{GITHUB}{LEVEL}"), listed(&format!("{GITHUB}{LEVEL}"))] {
        let site = Site::new();
        site.write("tokens.ldb/CURRENT", "MANIFEST-000001\n");
        let checked = check(&site, &config, &[]);
        assert_eq!(checked.code, Some(0), "{config}\n{checked:#?}");
        let said = checked.output();
        assert!(said.contains("github_auth.level_token_db: sign-ins, app passwords"), "{said}");
        assert!(said.contains("github_auth.level_token_db.token_hash_cost: has no meaning here"), "{said}");
        assert_eq!(check(&site, &config, &["--offline"]).code, Some(0));
        let server = Server::start(&site, "auth.yml");
        assert!(site.file("tokens.ldb/store.redb").is_file(), "{}", server.stderr());
        assert_eq!(std::fs::read(site.file("tokens.ldb/CURRENT")).unwrap(), b"MANIFEST-000001\n");
        assert!(!server.stderr().contains("Secret1"));
    }
}

#[test]
fn redis_is_the_store_with_the_key_of_the_clients_secret() {
    let site = Site::new();
    for config in [format!("{FLAT}{GITHUB}{REDIS}"), listed(&format!("{GITHUB}{REDIS}"))] {
        for options in [&[][..], &["--offline"]] {
            let checked = check(&site, &config, options);
            assert_eq!(checked.code, Some(0), "{config}\n{checked:#?}");
            let said = checked.output();
            assert!(said.contains("github_auth.redis_token_db: sign-ins, app passwords"), "{said}");
            assert!(said.contains("derived from the `client_secret` of `github_auth`"), "{said}");
            assert!(!said.contains("Secret1"), "{said}");
        }
    }
    let from_a_file =
        GITHUB.replace("client_secret: Secret1-of-the-client", "client_secret_file: no.such.file");
    let config = format!("{FLAT}{from_a_file}{REDIS}");
    assert_eq!(check(&site, &config, &["--offline"]).code, Some(0), "it needs no secrets");
    let refused = check(&site, &config, &[]);
    assert!(refused.stderr.contains("github_auth.client_secret_file: cannot read"), "{refused:#?}");
    assert!(refused.stderr.contains(": 1 problem,"), "{refused:#?}");
}

#[test]
fn the_first_of_several_is_the_store() {
    let site = Site::new();
    let gitlab = "gitlab_auth:\n  client_id: a\n  client_secret: b\n  level_token_db: {path: PATH}\n";
    let both = |path: &str| format!("{FLAT}{}{GITHUB}{LEVEL}", gitlab.replace("PATH", path));
    let checked = check(&site, &both("others.ldb"), &[]);
    assert_eq!(checked.code, Some(0), "{checked:#?}");
    let said = checked.output();
    assert!(said.contains("github_auth.level_token_db: sign-ins"), "docker_auth's order counts: {said}");
    assert!(said.contains("gitlab_auth.level_token_db: is not this server's store: there is one"), "{said}");
    let said = check(&site, &both("./tokens.ldb"), &[]).output();
    assert!(!said.contains("is not this server's store"), "it is the same: {said}");
}

#[test]
fn a_store_of_its_own_wins() {
    let site = Site::new();
    for (section, said) in [
        (LEVEL, "github_auth.level_token_db: is not used: sign-ins and app passwords are in `store`"),
        (REDIS, "github_auth.redis_token_db: only the passwords that docker_auth left there are read"),
    ] {
        let checked = check(&site, &format!("store: {{file: store}}\n{FLAT}{GITHUB}{section}"), &[]);
        assert_eq!(checked.code, Some(0), "{checked:#?}");
        assert!(checked.output().contains(said), "{checked:#?}");
    }
    let server = Server::start(&site, "auth.yml");
    assert!(site.file("store/store.redb").is_file(), "{}", server.stderr());
}

#[test]
fn what_cannot_be_is_told_once_with_its_place_and_cure() {
    let site = Site::new();
    let no_secret = GITHUB.replace("  client_secret: Secret1-of-the-client\n", "");
    for (sections, said) in [
        (
            GITHUB.to_owned(),
            "github_auth: needs a place for sign-ins and app passwords: write `store: {file: DIRECTORY}`",
        ),
        (
            format!("{GITHUB}  gcs_token_db: {{bucket: b, client_secret_file: f}}\n"),
            "github_auth.gcs_token_db: this server keeps nothing in Google's storage",
        ),
        (
            format!("{GITHUB}  level_token_db: {{path: not/there/tokens.ldb}}\n"),
            "github_auth.level_token_db: ",
        ),
        (
            format!("{GITHUB}  level_token_db: {{path: \"\"}}\n"),
            "github_auth.level_token_db.path: needs a directory",
        ),
        (format!("{GITHUB}  level_token_db: {{pth: a}}\n"), "did you mean `path`?"),
        (
            format!("{GITHUB}  redis_token_db: {{redis_options: {{adr: a}}}}\n"),
            "github_auth.redis_token_db.redis_options.adr: unknown key `adr`: did you mean `addr`?",
        ),
        (
            format!("{GITHUB}  redis_token_db: {{redis_options: {{pollsize: 3}}}}\n"),
            "did you mean `poolsize`?",
        ),
        (
            format!("{GITHUB}  redis_token_db: {{redis_options: {{addr: \"redis://u:Secret1@h\"}}}}\n"),
            "github_auth.redis_token_db.redis_options.addr: this is a URL",
        ),
        (
            format!("{GITHUB}  redis_token_db: {{}}\n"),
            "github_auth.redis_token_db: say where Redis is: `redis_options: {addr:",
        ),
        (format!("{no_secret}{REDIS}"), "client_secret"),
    ] {
        for config in [format!("{FLAT}{sections}"), listed(&sections)] {
            let refused = check(&site, &config, &[]);
            assert_eq!(refused.code, Some(2), "{sections}\n{refused:#?}");
            assert!(refused.stderr.contains(said), "{said}\n{refused:#?}");
            assert!(!refused.output().contains("Secret1"), "{refused:#?}");
            let problems: Vec<&str> = refused
                .stderr
                .lines()
                .filter(|line| line.starts_with("auth.yml:") && line.contains("github_auth"))
                .collect();
            assert!(problems.len() <= 2, "{problems:#?}");
        }
    }
}
