//! `config/reference.yml` has every key that the types which read it know, and the defaults that they have.

use std::collections::BTreeSet;
use std::path::Path;

use dockgate::config::audit::AuditConfig;
use dockgate::config::forward_auth::ForwardAuthConfig;
use dockgate::config::links::LinkOptions;
use dockgate::config::lockout::LockoutConfig;
use dockgate::config::log::LogConfig;
use dockgate::config::login::LoginConfig;
use dockgate::config::outbound::OutboundConfig;
use dockgate::config::passwords::PasswordsConfig;
use dockgate::config::server::{Limits, ServerConfig};
use dockgate::config::token::TokenConfig;
use dockgate::config::{later, yaml};
use dockgate_api::config::{KeyPath, Node};
use dockgate_external::ProgramConfig;
use dockgate_htpasswd::UsersFileConfig;
use dockgate_http::{HttpAuthConfig, HttpAuthzConfig};
use dockgate_ldap::LdapAuthConfig;
use dockgate_mtls::MtlsAuthConfig;
use dockgate_oauth2::{GithubAuthConfig, GitlabAuthConfig, GoogleAuthConfig, OidcAuthConfig};
use dockgate_static::{AclConfig, UsersConfig};
use dockgate_store::StoreConfig;
use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::refusal::FLAT;
use crate::process::{Site, dockgate, run};

fn reference() -> (String, Node) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("config/reference.yml");
    let text = std::fs::read_to_string(path).unwrap();
    let root = yaml::parse("reference.yml", &text, &mut Vec::new()).unwrap();
    (text, root)
}

fn at<'a>(root: &'a Node, path: &[&str]) -> &'a Node {
    path.iter().fold(root, |node, step| match step.parse::<usize>() {
        Ok(index) => &node.items().unwrap()[index],
        Err(_) => &node.get(step).unwrap_or_else(|| panic!("no {step} in {path:?}")).value,
    })
}

/// A schema and the keys that stand under it in the file.
struct Comparison {
    definitions: Value,
    wrong: Vec<String>,
    keys: usize,
}

impl Comparison {
    fn of<T: JsonSchema>(place: &str, nodes: &[&Node]) -> Self {
        let schema = schemars::schema_for!(T).to_value();
        let mut comparison = Self { definitions: schema["$defs"].clone(), wrong: Vec::new(), keys: 0 };
        comparison.compare(&schema, nodes, place);
        comparison
    }

    /// Walks schema and nodes at once; several nodes may stand in one place, as the items of a list do.
    fn compare(&mut self, schema: &Value, nodes: &[&Node], place: &str) {
        if let Some(name) = schema["$ref"].as_str() {
            let definition = self.definitions[name.rsplit('/').next().unwrap()].clone();
            return self.compare(&definition, nodes, place);
        }
        for variant in schema["anyOf"].as_array().into_iter().flatten() {
            self.compare(variant, nodes, place);
        }
        if let Some(properties) = schema["properties"].as_object() {
            let known: BTreeSet<&str> = properties.keys().map(String::as_str).collect();
            let entries = || nodes.iter().filter_map(|node| node.entries()).flatten();
            let written: BTreeSet<&str> = entries().map(|entry| entry.key.text.as_ref()).collect();
            self.wrong.extend(known.difference(&written).map(|key| format!("{place}.{key} is not there")));
            self.keys += known.len();
            for (key, below) in properties {
                let nodes: Vec<&Node> =
                    entries().filter(|entry| *entry.key.text == **key).map(|entry| &entry.value).collect();
                self.compare(below, &nodes, &format!("{place}.{key}"));
            }
        }
        if schema["additionalProperties"].is_object() {
            let values = nodes.iter().filter_map(|node| node.entries()).flatten().map(|entry| &entry.value);
            let values: Vec<&Node> = values.collect();
            self.compare(&schema["additionalProperties"], &values, &format!("{place}.*"));
        }
        if schema["items"].is_object() {
            let items: Vec<&Node> = nodes.iter().filter_map(|node| node.items()).flatten().collect();
            self.compare(&schema["items"], &items, &format!("{place}[]"));
        }
    }
}

/// A provider's section; docker_auth's token databases, of which one stands there at most, are elsewhere.
fn provider<T: JsonSchema>(root: &Node, key: &str) -> Comparison {
    let links = at(root, &["authn"]).items().unwrap();
    let section = links.iter().find_map(|link| link.get(key)).unwrap_or_else(|| panic!("no {key}"));
    let beside = ["x-docker-auths-redis", "x-google-with-groups"].map(|variant| at(root, &[variant]));
    Comparison::of::<T>(key, &[&[&section.value], &beside[..]].concat())
}

#[test]
fn every_key_of_every_section_stands_in_it() {
    let (_, root) = reference();
    let links: Vec<&Node> = at(&root, &["authn"]).items().unwrap().iter().collect();
    let programs = ["2", "3"].map(|index| at(&root, &["authn", index, "ext_auth"]));
    let stores = ["store", "x-store-with-redis", "x-store-with-postgres"];
    let comparisons = [
        (Comparison::of::<ServerConfig>("server", &[at(&root, &["server"])]), 16),
        (Comparison::of::<TokenConfig>("token", &[at(&root, &["token"])]), 21),
        (Comparison::of::<LogConfig>("log", &[at(&root, &["log"])]), 2),
        (Comparison::of::<LoginConfig>("login", &[at(&root, &["login"])]), 10),
        (Comparison::of::<AuditConfig>("audit", &[at(&root, &["audit"])]), 2),
        (Comparison::of::<PasswordsConfig>("passwords", &[at(&root, &["passwords"])]), 3),
        (Comparison::of::<StoreConfig>("store", &stores.map(|section| at(&root, &[section]))), 34),
        (Comparison::of::<LockoutConfig>("lockout", &[at(&root, &["lockout"])]), 15),
        (Comparison::of::<LoginConfig>("login", &[at(&root, &["login"])]), 10),
        (Comparison::of::<ForwardAuthConfig>("forward_auth", &[at(&root, &["forward_auth"])]), 15),
        (Comparison::of::<OutboundConfig>("outbound", &[at(&root, &["outbound"])]), 1),
        (Comparison::of::<LinkOptions>("authn[]", &links), 5),
        (Comparison::of::<UsersConfig>("users", &[at(&root, &["authn", "0", "users"])]), 7),
        (Comparison::of::<UsersFileConfig>("users_file", &[at(&root, &["authn", "1", "users_file"])]), 2),
        (Comparison::of::<ProgramConfig>("ext_auth", &programs), 12),
        (Comparison::of::<HttpAuthConfig>("http_auth", &[at(&root, &["authn", "4", "http_auth"])]), 21),
        (Comparison::of::<HttpAuthzConfig>("http_authz", &[at(&root, &["authz", "2", "http_authz"])]), 20),
        (Comparison::of::<LdapAuthConfig>("ldap_auth", &[at(&root, &["authn", "5", "ldap_auth"])]), 50),
        (Comparison::of::<MtlsAuthConfig>("mtls_auth", &[at(&root, &["authn", "6", "mtls_auth"])]), 5),
        (provider::<GithubAuthConfig>(&root, "github_auth"), 60),
        (provider::<GitlabAuthConfig>(&root, "gitlab_auth"), 60),
        (provider::<GoogleAuthConfig>(&root, "google_auth"), 60),
        (provider::<OidcAuthConfig>(&root, "oidc_auth"), 60),
        (Comparison::of::<AclConfig>("acl", &[at(&root, &["authz", "0", "acl"])]), 14),
    ];
    for (comparison, least) in comparisons {
        assert!(comparison.wrong.is_empty(), "{}", comparison.wrong.join("\n"));
        assert!(comparison.keys >= least, "the schema was not walked: {} keys", comparison.keys);
    }
}

/// The sections are those that the refusal of an unknown one lists.
#[test]
fn every_section_stands_in_it() {
    let site = Site::with(&format!("qqqqqqqqqqqqqq: 1\n{FLAT}"));
    let refused = run(dockgate().args(["check", "auth.yml"]).current_dir(site.path())).stderr;
    let (_, listed) = refused.lines().next().unwrap().split_once("known here: ").unwrap();
    let sections: Vec<&str> = listed.split(", ").map(|key| key.trim_matches('`')).collect();
    let sections: Vec<&str> = sections.into_iter().filter(|key| later::backend(key).is_none()).collect();
    assert!(sections.len() >= 9, "{sections:?}");
    let (text, root) = reference();
    for section in sections {
        let there = root.get(section).is_some() || text.contains(&format!("- {section}:"));
        assert!(there, "{section} is not in reference.yml");
    }
}

#[test]
fn its_values_are_the_defaults() {
    fn decoded<T: DeserializeOwned>(node: &Node) -> T {
        node.decode(&KeyPath::root()).unwrap()
    }
    let (_, root) = reference();
    let limits: Limits = decoded(at(&root, &["server", "limits"]));
    assert_eq!(format!("{limits:?}"), format!("{:?}", Limits::default()));
    assert_eq!(decoded::<LogConfig>(at(&root, &["log"])), LogConfig::default());
    let audit: AuditConfig = decoded(at(&root, &["audit"]));
    assert_eq!((&audit.to, audit.is_required()), (&None, AuditConfig::default().is_required()));
    assert!(decoded::<OutboundConfig>(at(&root, &["outbound"])).ca_bundle.is_none());
    let passwords: PasswordsConfig = decoded(at(&root, &["passwords"]));
    let memo = dockgate_passwords::PoolOptions::default().memo_entries;
    assert_eq!((passwords.slots, passwords.queue, passwords.memo), (None, None, u32::try_from(memo).ok()));
    let lockout = decoded::<LockoutConfig>(at(&root, &["lockout"])).settings();
    assert_eq!(format!("{lockout:?}"), format!("{:?}", LockoutConfig::default().settings()));
    // What a section that says only what it must comes to.
    let token: TokenConfig = decoded(at(&root, &["token"]));
    let least = yaml::parse("least.yml", "{issuer: a, expiration: 1}", &mut Vec::new()).unwrap();
    let least: TokenConfig = decoded(&least);
    assert_eq!((token.x5c, token.disable_legacy_key_id), (least.x5c, least.disable_legacy_key_id));
    assert_eq!(token.others_get_tokens(), least.others_get_tokens());
    let server: ServerConfig = decoded(at(&root, &["server"]));
    let least: ServerConfig =
        decoded(&yaml::parse("least.yml", "{addr: \":5001\"}", &mut Vec::new()).unwrap());
    assert_eq!((server.net, server.prefix()), (least.net, least.prefix()));
    assert!(server.certificate.is_none() && server.key.is_none());
}
