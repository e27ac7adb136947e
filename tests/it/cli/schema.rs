//! `dockgate schema`: what an editor is told of a configuration.

use std::path::Path;

use dockgate::Backends;
use dockgate::config::{schema::schema, yaml};
use dockgate_api::config::{Node, Value as Written};
use dockgate_api::{Authenticator, BuildContext, BuildError, Configure};
use jsonschema::Validator;
use serde_json::{Map, Value};

use crate::process::{Site, dockgate, run};

fn directory() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("config")
}

fn printed() -> String {
    let ended = run(dockgate().arg("schema"));
    assert_eq!((ended.code, ended.stderr.as_str()), (Some(0), ""));
    ended.stdout
}

fn validator(backends: &Backends) -> Validator {
    jsonschema::validator_for(&schema(backends)).unwrap()
}

/// As an editor reads it: words without quotes are what YAML 1.2 makes of them.
fn json(node: &Node) -> Value {
    match &node.value {
        Written::Mapping(entries) => Value::Object(
            entries.iter().map(|entry| (entry.key.text.to_string(), json(&entry.value))).collect(),
        ),
        Written::Sequence(items) => items.iter().map(json).collect(),
        Written::Scalar { text, quoted: true } => text.as_ref().into(),
        Written::Scalar { .. } if node.is_null() => Value::Null,
        Written::Scalar { text, .. } => match text.as_ref() {
            "true" => true.into(),
            "false" => false.into(),
            word => word.parse::<i64>().map_or_else(|_| word.into(), Value::from),
        },
    }
}

fn read(text: &str) -> Value {
    let mut problems = Vec::new();
    let root = yaml::parse("test.yml", text, &mut problems).unwrap();
    assert!(problems.is_empty(), "{problems:?}");
    json(&root)
}

/// What is wrong, a line each.
fn wrong(validator: &Validator, text: &str) -> String {
    let instance = read(text);
    let errors = validator.iter_errors(&instance);
    errors.map(|error| format!("{}: {error}\n", error.instance_path())).collect()
}

const BASE: &str = r#"server:
  addr: ":5001"
token:
  issuer: "Acme"
  expiration: 900
authn:
  - users: {alice: {password: "$2y$10$mD2HjrwdrDbQBevHsQRoDOAeYYnbeK1TdoTK8jvVi9j/oqRkYEbvq"}}
authz:
  - acl: [{match: {account: alice}, actions: [pull]}]
"#;

#[test]
fn the_copy_that_is_kept_is_what_is_printed() {
    let kept = std::fs::read_to_string(directory().join("dockgate.schema.json")).unwrap();
    assert_eq!(kept, printed(), "write it anew: dockgate schema > config/dockgate.schema.json");
    assert_eq!(schema(&Backends::builtin()), serde_json::from_str::<Value>(&kept).unwrap());
}

#[test]
fn every_sample_is_valid() {
    let validator = validator(&Backends::builtin());
    let mut samples = 0;
    for entry in std::fs::read_dir(directory()).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "yml") {
            let said = wrong(&validator, &std::fs::read_to_string(&path).unwrap());
            assert!(said.is_empty(), "{}: {said}", path.display());
            samples += 1;
        }
    }
    assert!(samples >= 8, "{samples}");
}

/// Whatever the server takes: forms of chains, spellings, values from the environment, keys that say nothing.
#[test]
fn what_the_server_takes_is_valid() {
    let site = Site::new();
    site.write("more.yml", "[]");
    let validator = validator(&Backends::builtin());
    for (good, other) in [
        ("expiration: 900", "expiration: ${env:SECONDS}"),
        ("expiration: 900", "expiration: 900\n  x5c: ${env:SWITCH}\n  disable_legacy_key_id: no"),
        ("expiration: 900", "expiration: 900\n  certificate: ~\n  services: {web: , lab: {expiration: 60}}"),
        ("expiration: 900", "expiration: 900\n  key_id: {text: 7}\n  reuse: 5s\n  other_services: sign"),
        ("issuer: \"Acme\"", "issuer: 5"),
        (
            "\":5001\"",
            "\":5001\"\n  net: \"\"\n  letsencrypt: {}\n  limits: {body_timeout: 1m30s, name: 100}",
        ),
        (
            "server:",
            "x-anchors: [anything, {at: all}]\nlog: ~\npasswords:\nacl_version: 2\nldap_auth: ~\nserver:",
        ),
        (
            "- users: {",
            "- name: people\n    on_error: next\n    timeout: 5s\n    accounts: \"a*\"\n    values: literal\n    users: {",
        ),
        ("- acl: [", "- acl: [{include: more.yml}, "),
        (
            "actions: [pull]",
            "actions: [pull], comment: 7, disabled: yes, valid: {until: 2099-12-31T18:00:00+01:00}",
        ),
        ("{account: alice}", "{account: , labels: {team: a}, ip: 10.0.0.1}"),
        (", actions: [pull]", ", actions: []"),
        ("authn:\n  - users: ", "users: "),
        ("authz:\n  - acl: ", "acl: "),
        (
            "{alice: {password: \"$2y$10$mD2HjrwdrDbQBevHsQRoDOAeYYnbeK1TdoTK8jvVi9j/oqRkYEbvq\"}}",
            "{\"\": {}, bob: {password_file: x, labels: {a: [1, b], c: }, disabled: false}}",
        ),
    ] {
        assert_eq!(BASE.matches(good).count(), 1, "{good}");
        let config = BASE.replace(good, other);
        let said = wrong(&validator, &config);
        assert!(said.is_empty(), "{config}{said}");
        site.write(
            "auth.yml",
            config
                .replace("${env:SECONDS}", "900")
                .replace("${env:SWITCH}", "true")
                .replace("issuer: 5", "issuer: 5\n"),
        );
        let config = std::fs::read_to_string(site.file("auth.yml")).unwrap();
        let config =
            config.replacen("issuer:", "managed_keys: keys\n  issuer:", 1).replace("  certificate: ~\n", "");
        site.write("auth.yml", config);
        let checked = run(dockgate().args(["check", "--offline", "auth.yml"]).current_dir(site.path()));
        assert_eq!(checked.code, Some(0), "the server takes it: {other:?} {checked:?}");
    }
}

/// None of these is more than a slip, and each is refused by the server too.
#[test]
fn mistakes_are_not_valid() {
    let site = Site::new();
    let validator = validator(&Backends::builtin());
    assert_eq!(wrong(&validator, BASE), "");
    let mut let_through = Vec::new();
    for (good, bad) in [
        ("expiration: 900", "expiraton: 900"),
        ("expiration: 900", "expiration: soon"),
        ("expiration: 900", "expiration: [900]"),
        ("expiration: 900", "expiration: 900\n  x5c: perhaps"),
        ("expiration: 900", "expiration: 900\n  key_id: thumbprint"),
        ("expiration: 900", "expiration: 900\n  key_id: {word: x}"),
        ("expiration: 900", "expiration: 900\n  other_services: ignore"),
        ("expiration: 900", "expiration: 900\n  services: [web]"),
        ("expiration: 900", "expiration: 900\n  services: {web: {expires: 5}}"),
        ("expiration: 900", "expiration: 900\n  keys: {a: b}"),
        ("expiration: 900", "expiration: 900\n  keys: [{certifcate: a.pem}]"),
        ("expiration: 900", "expiration: 900\n  reuse: 5 seconds"),
        ("  expiration: 900\n", ""),
        ("  issuer: \"Acme\"\n", ""),
        ("  issuer: \"Acme\"\n", "  issuer: [Acme]\n"),
        ("  addr: \":5001\"\n", "  adr: \":5001\"\n"),
        ("  addr: \":5001\"\n", "  addr: \":5001\"\n  net: udp\n"),
        ("  addr: \":5001\"\n", "  addr: \":5001\"\n  limits: {bodies: 1}\n"),
        ("  addr: \":5001\"\n", "  addr: \":5001\"\n  limits: {body_timeout: 10}\n"),
        ("  addr: \":5001\"\n", "  addr: \":5001\"\n  letsencrypt: {mail: a@b.example}\n"),
        ("token:", "tokens: {}\ntoken:"),
        ("token:", "log: {format: xml}\ntoken:"),
        ("token:", "log: {level: loud}\ntoken:"),
        ("token:", "passwords: {slots: 0}\ntoken:"),
        ("token:", "acl_version: 3\ntoken:"),
        ("token:", "users: {}\ntoken:"),
        ("token:", "ldap_auth: {addr: x}\ntoken:"),
        ("token:", "users_file: {path: x}\ntoken:"),
        ("authn:\n  - users:", "authn:\n    users:"),
        ("- users: {", "- user: {"),
        ("- users: {", "- users_file: {path: a}\n    users: {"),
        ("- users: {", "- on_errors: next\n    users: {"),
        ("- users: {", "- on_error: ignore\n    users: {"),
        ("- users: {", "- values: patterns\n    users: {"),
        ("- users: {", "- timeout: 5\n    users: {"),
        ("{alice: {password:", "{alice: {pasword:"),
        ("{alice: {password:", "{alice: {labels: [a], password:"),
        ("{alice: {password:", "{alice: {labels: {team: web}, password:"),
        ("{alice: {password:", "{bob: , alice: {password:"),
        ("{alice: {password:", "{alice: {valid: {}, password:"),
        ("{alice: {password:", "{alice: {valid: {until: 31.12.2026}, password:"),
        ("{alice: {password:", "{alice: {valid: {to: 2026-12-31}, password:"),
        ("{alice: {password:", "{alice: {disabled: maybe, password:"),
        ("- acl: [{", "- acl: {rules: [{"),
        ("- acl: [", "- acl: [{include: [a.yml]}, "),
        ("- acl: [", "- acl: [{include: a.yml, comment: x}, "),
        (", actions: [pull]", ""),
        (", actions: [pull]", ", actions: pull"),
        (", actions: [pull]", ", action: [pull], actions: [pull]"),
        ("match: {account: alice}, ", ""),
        ("match: {account: alice}", "match: alice"),
        ("match: {account: alice}", "match: {acount: alice}"),
        ("match: {account: alice}", "match: {account: [alice]}"),
        ("match: {account: alice}", "match: {labels: [team]}"),
    ] {
        assert_eq!(BASE.matches(good).count(), 1, "{good}");
        let config = BASE.replace(good, bad);
        let config =
            if bad.contains("acl: {rules") { config.replace("[pull]}]", "[pull]}]}") } else { config };
        if wrong(&validator, &config).is_empty() {
            let_through.push(bad);
        }
        site.write("auth.yml", &config);
        let checked = run(dockgate().args(["check", "--offline", "auth.yml"]).current_dir(site.path()));
        assert_eq!(checked.code, Some(2), "the server takes it: {bad:?} {checked:?}");
    }
    assert!(let_through.is_empty(), "{let_through:#?}");
    assert!(!wrong(&validator, BASE.split("authz:").next().unwrap()).is_empty(), "no authz");
}

/// `badge_auth: {prefix: "B-"}`
#[derive(serde::Deserialize, schemars::JsonSchema)]
struct BadgeConfig {
    /// What every badge begins with.
    #[serde(rename = "prefix")]
    _prefix: String,
}

impl Configure<dyn Authenticator> for BadgeConfig {
    fn build(self, _: &BuildContext) -> Result<std::sync::Arc<dyn Authenticator>, BuildError> {
        Err(BuildError::new("only its schema is looked at"))
    }
}

#[test]
fn a_backend_of_ones_own_is_in_it() {
    let backends = Backends::builtin().authenticator::<BadgeConfig>("badge_auth");
    let (ours, theirs) = (validator(&Backends::builtin()), validator(&backends));
    let config = BASE.replace("  - users:", "  - badge_auth: {prefix: B-}\n    name: badges\n  - users:");
    assert_eq!(wrong(&theirs, &config), "");
    assert!(!wrong(&ours, &config).is_empty());
    assert!(!wrong(&theirs, &config.replace("prefix: B-", "prefx: B-")).is_empty());
    assert!(schema(&backends).to_string().contains("What every badge begins with."));
}

/// What an editor shows when the pointer rests on a key.
#[test]
fn every_key_says_what_it_is() {
    fn silent(schema: &Value, place: &str, found: &mut Vec<String>) {
        for (key, below) in schema["properties"].as_object().unwrap_or(&Map::new()) {
            let place = format!("{place}.{key}");
            if below["description"].as_str().is_none_or(str::is_empty) && below.get("$ref").is_none() {
                found.push(place.clone());
            }
            silent(below, &place, found);
        }
        for list in ["anyOf", "oneOf"] {
            schema[list].as_array().into_iter().flatten().for_each(|variant| silent(variant, place, found));
        }
        if schema["items"].is_object() {
            silent(&schema["items"], &format!("{place}[]"), found);
        }
    }
    let schema = schema(&Backends::builtin());
    let mut found = Vec::new();
    silent(&schema, "", &mut found);
    for (name, definition) in schema["$defs"].as_object().unwrap() {
        silent(definition, name, &mut found);
    }
    found.retain(|place| !place.starts_with("KeyId."));
    assert!(found.is_empty(), "{found:#?}");
}
