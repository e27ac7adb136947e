//! The JSON Schema of a whole configuration file, for editors (draft 2020-12).
//!
//! The sections describe themselves; what is put together here is what no single type knows: both forms of the chains,
//! what every section has in common, and what may stand in place of a value. The schema takes whatever the server takes,
//! so that no editor complains of a good file; the server refuses more.

mod loosen;

use dockgate_api::Registry;
use dockgate_store::StoreConfig;
use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, SchemaGenerator};
use serde_json::{Map, Value, json};

use super::audit::AuditConfig;
use super::forward_auth::ForwardAuthConfig;
use super::links::{ChainKind, LinkOptions};
use super::lockout::LockoutConfig;
use super::log::LogConfig;
use super::login::LoginConfig;
use super::outbound::OutboundConfig;
use super::passwords::PasswordsConfig;
use super::server::ServerConfig;
use super::token::TokenConfig;
use super::{NEEDED, SECTIONS, later};
use crate::backends::Backends;

/// The schema for a server with these backends.
pub fn schema(backends: &Backends) -> Value {
    let mut generator = SchemaSettings::draft2020_12().into_generator();
    let mut properties: Map<String, Value> = sections(&mut generator).into_iter().collect();
    let chains = [
        (
            ChainKind::Authn,
            "Who is this? Links are asked in order until one knows the account.",
            described(backends.authenticators(), &mut generator),
        ),
        (
            ChainKind::Authz,
            "What may they do? Links are asked in order until one has something to say.",
            described(backends.authorizers(), &mut generator),
        ),
    ];
    let options = plain::<LinkOptions>(&mut generator);
    let mut forms = Vec::new();
    for (kind, description, described) in chains {
        properties.insert(kind.list_key().to_owned(), list(description, &described, &options));
        for key in kind.flat_keys() {
            let section = described.iter().find(|(known, _)| known == key);
            properties.insert((*key).to_owned(), flat(section.map(|(_, schema)| schema)));
        }
        forms.push(one_form(kind));
    }
    let mut definitions: Map<String, Value> = generator.take_definitions(true);
    loosen::loosen(&mut definitions);
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "dockgate",
        "description": "Configuration of dockgate, token authentication server for container registries.",
        "type": "object",
        "properties": properties,
        "patternProperties": {"^x-": {"description": "Yours, for anchors."}},
        "additionalProperties": false,
        "required": ["server", "token"],
        "allOf": forms,
        "$defs": definitions,
    })
}

/// The sections beside the chains.
fn sections(generator: &mut SchemaGenerator) -> Vec<(String, Value)> {
    SECTIONS.iter().map(|key| ((*key).to_owned(), section(key, generator))).collect()
}

fn section(key: &str, generator: &mut SchemaGenerator) -> Value {
    match key {
        "server" => {
            written_by_templates::<ServerConfig>("Where and how to listen.", &later::SERVER, generator)
        }
        "token" => written_by_templates::<TokenConfig>("What is signed, and with what.", &[], generator),
        "log" => optional::<LogConfig>("How to log.", generator),
        "passwords" => optional::<PasswordsConfig>("How much hashing is taken on.", generator),
        "lockout" => {
            optional::<LockoutConfig>("Who fails too often is slowed, then refused for a while.", generator)
        }
        "audit" => optional::<AuditConfig>("A line for every decision, in a place of its own.", generator),
        "login" => optional::<LoginConfig>("The page where people sign in through a browser.", generator),
        "forward_auth" => {
            optional::<ForwardAuthConfig>("The gate that a proxy asks in front of any registry.", generator)
        }
        "outbound" => optional::<OutboundConfig>("How other servers are reached.", generator),
        "store" => {
            optional::<StoreConfig>("Where refresh tokens, API tokens and lock-outs are kept.", generator)
        }
        "acl_version" => json!({
            "description": "Only for a flat `acl`: 1 takes patterns as docker_auth does, 2 as in lists, where `**` crosses slashes.",
            "enum": [1, 2, null],
        }),
        // A section that nobody described here: everything is taken, and a test complains.
        _ => json!({"description": "not described yet"}),
    }
}

fn optional<T: JsonSchema>(description: &str, generator: &mut SchemaGenerator) -> Value {
    json!({"description": description, "anyOf": [generator.subschema_for::<T>(), {"type": "null"}]})
}

/// A section in which an entry that says nothing counts as none, and keys that are still to come may say nothing.
fn written_by_templates<T: JsonSchema>(
    description: &str,
    later: &[&str],
    generator: &mut SchemaGenerator,
) -> Value {
    let mut schema = plain::<T>(generator);
    if let Value::Object(schema) = &mut schema {
        loosen::loosen_one(schema);
        schema.insert("description".to_owned(), description.into());
    }
    let nothing = json!({"enum": [null, ""]});
    for (key, property) in schema.get_mut("properties").and_then(Value::as_object_mut).into_iter().flatten() {
        if !NEEDED.contains(&key.as_str()) {
            loosen::or(property, nothing.clone());
        }
    }
    if let Some(properties) = schema.get_mut("properties").and_then(Value::as_object_mut) {
        for key in later {
            let unset = json!({
                "description": "Not in this build.",
                "deprecated": true,
                "enum": [null, "", 0, "0", false, "false", "no", "off", [], {}],
            });
            properties.entry(*key).or_insert(unset);
        }
    }
    schema
}

/// The schema of a type, where it stands and not in `$defs`.
fn plain<T: JsonSchema>(generator: &mut SchemaGenerator) -> Value {
    T::json_schema(generator).to_value()
}

/// Every backend's section, by its key.
fn described<B: ?Sized>(
    registry: &Registry<B>,
    generator: &mut SchemaGenerator,
) -> Vec<(&'static str, Value)> {
    let schemas = registry.schemas(generator).into_iter();
    let mut all: Vec<(&'static str, Value)> = schemas.map(|(key, schema)| (key, schema.to_value())).collect();
    for (_, section) in all.iter_mut().filter(|(key, _)| *key == "acl") {
        *section = with_includes(section, generator);
    }
    all
}

/// `- {include: "rules/*.yml"}` may stand in the place of a rule.
fn with_includes(acl: &Value, generator: &SchemaGenerator) -> Value {
    let definition = acl
        .get("$ref")
        .and_then(Value::as_str)
        .and_then(|reference| generator.definitions().get(reference.rsplit('/').next()?));
    let mut acl = definition.unwrap_or(acl).clone();
    if let Some(rule) = acl.get_mut("items") {
        let include = json!({
            "type": "object",
            "description": "Rules from other files.",
            "properties": {"include": {
                "type": "string",
                "description": "A file, or a pattern such as rules/*.yml, relative to this file.",
            }},
            "required": ["include"],
            "additionalProperties": false,
        });
        *rule = json!({"anyOf": [rule.take(), include]});
    }
    acl
}

/// A list of links: each a backend's key beside the keys that every link has.
fn list(description: &str, backends: &[(&'static str, Value)], options: &Value) -> Value {
    let mut properties = Map::new();
    for (key, schema) in backends {
        properties.insert((*key).to_owned(), schema.clone());
    }
    for (key, option) in options.get("properties").and_then(Value::as_object).into_iter().flatten() {
        properties.insert(key.clone(), option.clone());
    }
    let mut link = Map::new();
    link.insert("type".to_owned(), "object".into());
    link.insert("properties".to_owned(), properties.into());
    loosen::loosen_one(&mut link);
    let one: Vec<Value> = backends.iter().map(|(key, _)| json!({"required": [key]})).collect();
    link.insert("oneOf".to_owned(), one.into());
    json!({"description": description, "type": "array", "minItems": 1, "items": link})
}

/// docker_auth's key; one with nothing behind it is none, whether the backend is there or not.
fn flat(section: Option<&Value>) -> Value {
    match section {
        Some(section) => {
            let mut section = section.clone();
            loosen::or(&mut section, json!({"type": "null"}));
            if let Value::Object(section) = &mut section {
                section.entry("description").or_insert_with(|| "As in a list, in docker_auth's form.".into());
            }
            section
        }
        None => json!({"description": "Not in this build.", "deprecated": true, "type": "null"}),
    }
}

/// A list, or at least one of docker_auth's keys.
fn one_form(kind: ChainKind) -> Value {
    let none: Map<String, Value> =
        kind.flat_keys().iter().map(|key| ((*key).to_owned(), json!({"type": "null"}))).collect();
    let some = kind
        .flat_keys()
        .iter()
        .map(|key| json!({"required": [key], "not": {"properties": {*key: {"type": "null"}}}}));
    let some: Vec<Value> = some.collect();
    json!({
        "if": {"required": [kind.list_key()]},
        "then": {"properties": none},
        "else": {"anyOf": some},
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_section_is_described() {
        let schema = schema(&Backends::builtin());
        for key in SECTIONS {
            let description = schema["properties"][key]["description"].as_str().unwrap_or_default();
            assert!(!description.is_empty() && !description.contains("not described yet"), "{key}");
        }
    }
}
