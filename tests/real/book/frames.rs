//! Whoever copies a configuration out of the book gets what loads.
//!
//! A block is what its first key says ([`FRAMES`]). What a part of a configuration leaves out is put in, and the files
//! that it names are made.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use ::dockgate::config::yaml;
use dockgate_api::config::Node;
use serde_json::json;
use tempfile::TempDir;

use super::page::{Block, pages};
use crate::accounts::ALICE;
use crate::components;
use crate::dockgate;
use crate::harness::process::Process;
use crate::keys::Key;
use crate::registry::{self, VERSIONS};

#[derive(Clone, Copy, Debug, PartialEq)]
enum Frame {
    /// One or more sections of ours.
    Config,
    /// Links of `authn`.
    Authn,
    /// Links of `authz`.
    Authz,
    /// Rules.
    Rules,
    /// A registry's own configuration, or its section `auth`.
    Registry,
    /// Somebody else's; it must be YAML, and the test of that name does the rest.
    Others(&'static str),
}

/// By the first key of a block.
const FRAMES: &[(&str, Frame)] = &[
    ("server", Frame::Config),
    ("token", Frame::Config),
    ("users", Frame::Config),
    ("acl", Frame::Config),
    ("authn", Frame::Config),
    ("authz", Frame::Config),
    ("log", Frame::Config),
    ("audit", Frame::Config),
    ("passwords", Frame::Config),
    ("outbound", Frame::Config),
    ("lockout", Frame::Config),
    ("forward_auth", Frame::Config),
    ("login", Frame::Config),
    ("store", Frame::Config),
    ("ext_auth", Frame::Config),
    ("ext_authz", Frame::Config),
    ("- users", Frame::Authn),
    ("- users_file", Frame::Authn),
    ("- ext_auth", Frame::Authn),
    ("- http_auth", Frame::Authn),
    ("- mtls_auth", Frame::Authn),
    ("- ext_authz", Frame::Authz),
    ("- http_authz", Frame::Authz),
    ("- match", Frame::Rules),
    ("- include", Frame::Rules),
    ("auth", Frame::Registry),
    ("version", Frame::Registry),
    (
        "scrape_configs",
        Frame::Others("tests/real/monitoring.rs::prometheus_answers_what_the_board_and_the_rules_ask"),
    ),
    (
        "services",
        Frame::Others(
            "tests/real/quickstart_engine.rs::the_registry_runs_in_a_container_and_ends_with_the_server",
        ),
    ),
];

fn frame(block: &Block) -> Frame {
    let line = block.text.lines().find(|line| !line.trim().is_empty() && !line.trim().starts_with('#'));
    let first = line.unwrap_or_default().trim().replace("- {", "- ");
    let key = first.split(':').next().unwrap_or_default();
    let found = FRAMES.iter().find(|(known, _)| *known == key);
    found.unwrap_or_else(|| panic!("{}: nobody knows what `{key}` is a part of: FRAMES", block.place)).1
}

fn blocks(frames: impl Fn(Frame) -> bool) -> Vec<Block> {
    let blocks = pages().into_iter().flat_map(|page| page.blocks);
    blocks.filter(|block| block.language == "yaml" && frames(frame(block))).collect()
}

#[test]
fn every_configuration_loads() {
    let ours = [Frame::Config, Frame::Authn, Frame::Authz, Frame::Rules];
    let blocks = blocks(|frame| ours.contains(&frame));
    assert!(blocks.len() >= 12, "only {} blocks", blocks.len());
    let keys = tempfile::tempdir().unwrap();
    dockgate::run(keys.path(), &["keys", "init", "keys"]).succeeds();
    for block in &blocks {
        let config = whole(block);
        let site = tempfile::tempdir().unwrap();
        fs::write(site.path().join("auth.yml"), &config).unwrap();
        let is_here = write_files(&site, keys.path(), &config);
        // Files of a whole machine cannot be made here.
        let how: &[&str] = if is_here { &["check", "auth.yml"] } else { &["check", "--offline", "auth.yml"] };
        let checked = dockgate::run(site.path(), how);
        assert!(checked.is_success(), "{}: {checked}\n{config}", block.place);
    }
}

/// The configuration around a block. `…` stands for a hash, and in brackets for a list.
fn whole(block: &Block) -> String {
    let text = block.text.replace("$2y$10$…", "…").replace("[…]", "[]").replace('…', ALICE.hash);
    let indented = || text.lines().map(|line| format!("  {line}\n")).collect::<String>();
    let mut config = match frame(block) {
        Frame::Authn => format!("authn:\n{}", indented()),
        Frame::Authz => format!("authz:\n{}", indented()),
        Frame::Rules => format!("authz:\n- acl:\n{}", indented()),
        _ => text,
    };
    let root = parsed(&config);
    let has = |key: &str| root.get(key).is_some();
    let has_one = |section: &str, keys: &[&str]| {
        root.get(section).is_none_or(|section| keys.iter().any(|key| section.value.get(key).is_some()))
    };
    for (section, keys, instead) in [
        ("server", &["addr"][..], "addr: \":5001\""),
        ("token", &["issuer"], "issuer: i"),
        ("token", &["expiration"], "expiration: 300"),
        ("token", &["certificate", "managed_keys", "keys"], "managed_keys: keys"),
    ] {
        if !has_one(section, keys) {
            config = config.replacen(&format!("{section}: {{"), &format!("{section}: {{{instead}, "), 1);
            config = config.replacen(&format!("{section}:\n"), &format!("{section}:\n  {instead}\n"), 1);
        }
    }
    if !has("token") {
        config += "\ntoken: {issuer: i, expiration: 300, managed_keys: keys}\n";
    }
    for (here, section) in [
        (&["server"][..], "server: {addr: \":5001\"}"),
        (&["users", "ext_auth", "authn"], "authn: [{users: {}}]"),
        (&["acl", "ext_authz", "authz"], "authz: [{acl: []}]"),
    ] {
        if !here.iter().any(|key| has(key)) {
            config += &format!("\n{section}\n");
        }
    }
    config
}

fn parsed(config: &str) -> Node {
    yaml::parse("auth.yml", config, &mut Vec::new()).unwrap_or_else(|problem| panic!("{problem:?}\n{config}"))
}

/// Makes the files that a configuration names; false if one of them is not relative.
fn write_files(site: &TempDir, keys: &Path, config: &str) -> bool {
    let mut named = Vec::new();
    collect(&parsed(config), &mut named);
    let pair = Key::EcP256.write(keys);
    for (key, file) in &named {
        let place = site.path().join(file);
        if Path::new(file).is_absolute() {
            return false;
        }
        fs::create_dir_all(place.parent().unwrap()).unwrap();
        match key.as_str() {
            "managed_keys" => {
                let _ = std::os::unix::fs::symlink(keys.join("keys"), &place);
            }
            "certificate" | "ca_certificate" | "ca_bundle" | "ca" => {
                fs::copy(&pair.certificate, place).unwrap();
            }
            "key" => drop(fs::copy(&pair.key, place).unwrap()),
            "path" => fs::write(place, format!("alice:{}\n", ALICE.hash)).unwrap(),
            "password_file" => fs::write(place, ALICE.hash).unwrap(),
            "include" => fs::write(site.path().join(file.replace('*', "some")), "[]\n").unwrap(),
            "command" => {
                fs::write(&place, "#!/bin/sh\nexit 1\n").unwrap();
                fs::set_permissions(&place, fs::Permissions::from_mode(0o755)).unwrap();
            }
            "cache_dir" => fs::create_dir_all(place).unwrap(),
            "key_file" => fs::write(place, "a2V5").unwrap(),
            "signing_key_file" => fs::write(place, SIGNING_SECRET).unwrap(),
            "bearer_token_file" | "bind_password_file" | "client_secret_file" => {
                fs::write(place, "token\n").unwrap();
            }
            "service_account_file" => fs::write(place, service_account()).unwrap(),
            "secret_file" | "secret_before_file" | "previous_secret_file" => {
                fs::write(place, "0123456789abcdef".repeat(4)).unwrap();
            }
            _ => {} // made when it is written to
        }
    }
    true
}

/// The values of keys that name files. `key` is a file beside `certificate`, and elsewhere a name.
fn collect(node: &Node, named: &mut Vec<(String, String)>) {
    for item in node.items().into_iter().flatten() {
        collect(item, named);
    }
    for entry in node.entries().into_iter().flatten() {
        let key = entry.key.text.as_ref();
        let names_a_file = match key {
            "managed_keys"
            | "certificate"
            | "path"
            | "password_file"
            | "include"
            | "to"
            | "ca_certificate"
            | "ca_bundle"
            | "signing_key_file"
            | "bearer_token_file"
            | "bind_password_file"
            | "cache_dir"
            | "ca"
            | "key_file"
            | "secret_file"
            | "secret_before_file"
            | "previous_secret_file"
            | "client_secret_file"
            | "service_account_file"
            | "crl"
            | "file" => true,
            // Else it is a name of PATH.
            "command" => entry.value.as_text().is_some_and(|command| command.contains('/')),
            "key" => node.get("certificate").is_some(),
            _ => false,
        };
        match entry.value.as_text().filter(|_| names_a_file) {
            Some(file) => named.push((key.to_owned(), file.to_owned())),
            None => collect(&entry.value, named),
        }
    }
}

/// A key file as Google's console hands it out.
fn service_account() -> String {
    let site = tempfile::tempdir().unwrap();
    let key = fs::read_to_string(Key::Rsa2048.write(site.path()).key).unwrap();
    let mail = "dockgate@example.iam.gserviceaccount.com";
    json!({"type": "service_account", "client_email": mail, "private_key": key}).to_string()
}

/// As in the examples of Standard Webhooks.
const SIGNING_SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

/// For a key set.
const SIGNING: &str = "server: {addr: \":5001\"}\nusers: {}\nacl: []\n\
    token: {issuer: i, expiration: 300, certificate: token.crt, key: token.key}\n";

/// A registry is started with each.
#[test]
fn every_registrys_configuration_starts_one() {
    let blocks = blocks(|frame| frame == Frame::Registry);
    assert!(blocks.len() >= 2, "only {} blocks", blocks.len());
    let newest = VERSIONS[VERSIONS.len() - 1];
    if !components::installed(&[newest.component]) {
        return;
    }
    for block in &blocks {
        let site = tempfile::tempdir().unwrap();
        let pair = Key::EcP256.write(site.path());
        let jwks = site.path().join("jwks.json");
        fs::write(site.path().join("auth.yml"), SIGNING).unwrap();
        let exported = dockgate::run(site.path(), &["keys", "export", "--jwks", "auth.yml"]).succeeds();
        fs::write(&jwks, exported.stdout).unwrap();
        let root = parsed(&block.text);
        let token = root.get("auth").and_then(|auth| auth.value.get("token"));
        let token = token.unwrap_or_else(|| panic!("{}: no auth.token", block.place));
        // The section as it stands there, with files that are here.
        let mut auth = String::from("auth:\n  token:\n");
        for entry in token.value.entries().unwrap() {
            let value = match entry.key.text.as_ref() {
                "rootcertbundle" => pair.trusted.display().to_string(),
                "jwks" => jwks.display().to_string(),
                _ => entry.value.as_text().unwrap().to_owned(),
            };
            auth += &format!("    {}: \"{value}\"\n", entry.key.text);
        }
        let started: Result<(Process, u16), String> = registry::start_with(newest, site.path(), &auth);
        assert!(started.is_ok(), "{}: {}", block.place, started.err().unwrap());
    }
}

#[test]
fn what_belongs_to_others_is_yaml_and_has_a_test() {
    for block in blocks(|frame| matches!(frame, Frame::Others(_))) {
        let Frame::Others(covered_by) = frame(&block) else { continue };
        parsed(&block.text);
        let (file, function) = covered_by.split_once("::").unwrap();
        let source = fs::read_to_string(super::page::root().join(file)).unwrap();
        assert!(source.contains(&format!("fn {function}(")), "{covered_by} is gone");
    }
}
