//! `dockgate keys list` and `keys rotate`, and a server that runs meanwhile.

use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::time::Duration;

use serde_json::Value;

use super::{config, done, typed};
use crate::process::{Ended, Server, Site, poll};

const TWO: &str = "  keys:
    - name: old   # since last year
      certificate: cert.pem
      key: key.pem
    - {name: new, certificate: new.pem, key: new.key, use: next}";

const TAKEN_UP_WITHIN: Duration = Duration::from_secs(60);

fn site(token: &str) -> Site {
    let site = Site::with(&config(token));
    site.copy_key("ec.crt", "new.pem");
    site.copy_key("ec.pkcs8.pem", "new.key");
    site
}

#[track_caller]
fn refused(ended: &Ended, code: i32, why: &str) {
    assert_eq!(ended.code, Some(code), "{ended:?}");
    assert!(ended.stderr.contains(why), "{why:?} is not in\n{}", ended.stderr);
}

fn listed(site: &Site, options: &str) -> Vec<Value> {
    let text = done(site, &format!("keys list --json {options}auth.yml"));
    assert!(!text.contains("PRIVATE"), "{text}");
    serde_json::from_str::<Value>(&text).unwrap().as_array().unwrap().clone()
}

fn roles(keys: &[Value]) -> Vec<(&str, &str)> {
    keys.iter().map(|key| (key["name"].as_str().unwrap(), key["role"].as_str().unwrap())).collect()
}

#[test]
fn a_rotation_step_by_step() {
    let text = config(TWO).replace("\"127.0.0.1:0\"", "\"127.0.0.1:0\", admin: {socket: admin.sock}");
    let site = site(TWO);
    site.write("auth.yml", &text);
    let server = Server::start(&site, "auth.yml");
    let kid = |answer: Value| answer["kid"].as_str().unwrap().to_owned();
    let before = kid(server.ask(None, "repository:a:pull").token_header());
    let live = listed(&site, "--live ");
    assert_eq!(roles(&live), [("old", "current"), ("new", "next")]);
    assert_eq!(live[0]["libtrust_id"], before.as_str());
    assert!(live.iter().all(|key| key["published_since"].is_string()), "{live:?}");
    let offline = listed(&site, "");
    assert!(offline.iter().all(|key| key["published_since"].is_null()), "{offline:?}");
    let jwks =
        || server.address().get("/.well-known/jwks.json", None).json()["keys"].as_array().unwrap().clone();
    let both = jwks();
    assert_eq!(both.len(), 4, "each under both ids");

    let shown = done(&site, "keys rotate --dry-run auth.yml");
    for line in [
        "+       retired_at: 20",
        "- {name: new, certificate: new.pem, key: new.key, use: next}",
        "use: current}",
    ] {
        assert!(shown.contains(line), "{line} is not in\n{shown}");
    }
    assert_eq!(std::fs::read_to_string(site.file("auth.yml")).unwrap(), text, "only asked");

    std::fs::set_permissions(site.file("auth.yml"), std::fs::Permissions::from_mode(0o640)).unwrap();
    let said = done(&site, "keys rotate auth.yml");
    for line in [
        "new signs from now on; old is retired and stays in JWKS and bundle until 20",
        "keys export --bundle auth.yml",
        "keys list --live auth.yml",
    ] {
        assert!(said.contains(line), "{line} is not in\n{said}");
    }
    let written = std::fs::read_to_string(site.file("auth.yml")).unwrap();
    assert!(
        written.contains("name: old   # since last year\n") && written.contains("- use: retired\n"),
        "{written}"
    );
    assert_eq!(std::fs::metadata(site.file("auth.yml")).unwrap().permissions().mode() & 0o777, 0o640);
    let after = poll(TAKEN_UP_WITHIN, || {
        Some(kid(server.ask(None, "repository:a:pull").token_header())).filter(|kid| *kid != before)
    });
    let after = after.unwrap_or_else(|| panic!("the same key signs:\n{}", server.stderr()));
    let live = listed(&site, "--live ");
    assert_eq!(roles(&live), [("new", "current"), ("old", "retired")]);
    assert_eq!(live[0]["libtrust_id"], after.as_str());
    assert_eq!(live[0]["in_use_since"], live[1]["retired_at"]);
    let now = jwks();
    assert!(now.len() == 4 && both.iter().all(|key| now.contains(key)), "{now:?}");
    // And the private key of the retired one may go at once.
    std::fs::remove_file(site.file("key.pem")).unwrap();
    done(&site, "check auth.yml");

    let table = done(&site, "keys list auth.yml");
    for line in
        ["KEY", "all that no key lists", "signed until", "needed until", "to do         nothing until"]
    {
        assert!(table.contains(line), "{line} is not in\n{table}");
    }
    let said = done(&site, "keys rotate --drop-retired auth.yml");
    assert!(said.starts_with("nothing to take away"), "{said}");
    refused(&typed(&site, "keys rotate auth.yml"), 2, "no key is `next`");
}

#[test]
fn a_retired_key_whose_time_is_over_goes() {
    let token = TWO
        .replace("use: next", "use: current")
        .replace("name: old ", "use: retired\n      retired_at: 2026-01-01\n      name: old ");
    let site = site(&token);
    let said = done(&site, "check auth.yml");
    assert!(said.contains("note: auth.yml:") && said.contains("keys rotate --drop-retired"), "{said}");
    assert_eq!(done(&site, "keys export --bundle auth.yml").matches("BEGIN").count(), 1);
    std::fs::remove_file(site.file("cert.pem")).unwrap();
    done(&site, "check auth.yml");
    let said = done(&site, "keys rotate --drop-retired auth.yml");
    assert!(said.starts_with("old is taken away."), "{said}");
    let written = std::fs::read_to_string(site.file("auth.yml")).unwrap();
    assert!(!written.contains("old") && written.contains("name: new"), "{written}");
    assert_eq!(roles(&listed(&site, "")), [("new", "current")]);
}

#[test]
fn without_a_time_it_is_published_until_it_is_taken_away() {
    let site = site("  keys: [{certificate: new.pem, key: new.key}, {certificate: cert.pem, use: retired}]");
    assert!(done(&site, "check auth.yml").contains("write `retired_at`"));
    assert_eq!(done(&site, "keys export --bundle auth.yml").matches("BEGIN").count(), 2);
    assert!(done(&site, "keys rotate --drop-retired auth.yml").starts_with("nothing to take away"));
}

#[test]
fn what_cannot_be_rotated_says_what_to_do() {
    let site = site(TWO);
    done(&site, "keys init keys");
    for (token, words, code, why) in [
        ("  managed_keys: keys", "", 2, "`dockgate keys renew keys`"),
        (
            "  certificate: cert.pem\n  key: key.pem",
            "",
            2,
            "- {certificate: NEW.crt, key: NEW.key, use: next}",
        ),
        (TWO, "--to olt ", 2, "did you mean `old`?"),
        (TWO, "--to old ", 2, "old signs already"),
        (
            "  keys: [{certificate: cert.pem, key: key.pem}, {name: a, certificate: new.pem, key: new.key}, {name: b, certificate: new.pem, key: new.key}]",
            "",
            2,
            "say which with --to NAME, one of a, b",
        ),
        (
            "  keys: [{managed_keys: keys}, {name: a, certificate: new.pem, key: new.key}]",
            "",
            2,
            "write `certificate: keys/bundle.pem` and `use: retired` in its place",
        ),
        (
            "  keys: [{certificate: cert.pem, key: key.pem}, {name: a, certificate: cert.pem, key: key.pem}, {name: b, certificate: new.pem, key: new.key, use: next, services: [s]}]\n  services: {s: {key: a}}",
            "",
            2,
            "another key of `token.keys` lists `s`",
        ),
        (
            "  keys: [{certificate: cert.pem, key: key.pem}, {certificate: cert.pem, key: key.pem, services: [s, t]}, {certificate: new.pem, key: new.key, use: next, services: [s]}]",
            "",
            2,
            "share some `services` and not all",
        ),
        (
            "  keys: [&a {certificate: cert.pem, key: key.pem}, {certificate: new.pem, key: new.key}]\nx-a: *a",
            "",
            1,
            "write `use: retired` and `retired_at: 20",
        ),
        (
            "  keys: [{certificate: cert.pem, key: key.pem}, {certificate: new.pem, key: key.pem}]",
            "",
            2,
            "does not belong to the private key",
        ),
    ] {
        let text = config(token);
        site.write("auth.yml", &text);
        refused(&typed(&site, &format!("keys rotate {words}auth.yml")), code, why);
        assert_eq!(std::fs::read_to_string(site.file("auth.yml")).unwrap(), text, "{token}");
    }
    refused(&typed(&site, "keys rotate nowhere.yml"), 1, "there is no such file");
    refused(&typed(&site, "keys list --live auth.yml"), 2, "there is no `server.admin.socket`");
}

/// As a `ConfigMap` is mounted.
#[test]
fn a_mounted_volume_is_left_alone_and_the_lines_are_shown() {
    let site = site(TWO);
    std::fs::create_dir(site.file("..1")).unwrap();
    std::fs::rename(site.file("auth.yml"), site.file("..1/auth.yml")).unwrap();
    symlink("..1", site.file("..data")).unwrap();
    symlink("..data/auth.yml", site.file("auth.yml")).unwrap();
    let ended = typed(&site, "keys rotate auth.yml");
    refused(&ended, 1, "change the ConfigMap or Secret that it comes from");
    refused(&ended, 1, "use: current}");
}

/// A service may get a key of its own; others keep theirs, and each registry is told of its own.
#[test]
fn keys_of_single_services_rotate_apart() {
    let site = site(
        "  keys:\n    - {name: main, certificate: cert.pem, key: key.pem}\n    \
         - {name: own, certificate: new.pem, key: new.key, use: next, services: [zot]}",
    );
    let count = |service: &str| {
        done(&site, &format!("keys export --bundle --service {service} auth.yml")).matches("BEGIN").count()
    };
    assert_eq!((count("zot"), count("other")), (2, 1));
    let said = done(&site, "keys rotate auth.yml");
    assert!(said.starts_with("own signs from now on.\n"), "nobody is retired: {said}");
    assert!(said.contains("--bundle --service SERVICE"), "{said}");
    assert_eq!(roles(&listed(&site, "")), [("main", "current"), ("own", "current")]);
    assert_eq!((count("zot"), count("other")), (1, 1));
}
