//! From what a type says of itself to what may stand in a file.
//!
//! Our decoder is stricter than serde in one thing, unknown keys, and more lenient in others: text needs no quotes, truth
//! values have YAML 1.1's words, and a value may come from the environment.

use serde_json::{Map, Value, json};

/// Keys that hold schemas by name, lists of schemas, and a single schema.
const NAMED: [&str; 3] = ["properties", "patternProperties", "$defs"];
const LISTED: [&str; 3] = ["anyOf", "oneOf", "allOf"];
const SINGLE: [&str; 3] = ["items", "additionalProperties", "not"];

/// Keys that are about the place and not about the value.
const ANNOTATIONS: [&str; 4] = ["title", "description", "default", "deprecated"];

/// Does so with definitions, and adds its own.
pub(super) fn loosen(definitions: &mut Map<String, Value>) {
    for definition in definitions.values_mut() {
        visit(definition);
    }
    definitions.insert(
        "FromEnvironment".to_owned(),
        json!({
            "description": "A value from the environment: ${env:NAME}.",
            "type": "string",
            "pattern": "\\$\\{env:[^}]+\\}",
        }),
    );
    definitions.insert(
        "Switch".to_owned(),
        json!({"enum": ["yes", "no", "on", "off", "Yes", "No", "On", "Off", "YES", "NO", "ON", "OFF", "y", "n"]}),
    );
}

/// Does so with a schema that stands in no definition.
pub(super) fn loosen_one(schema: &mut Map<String, Value>) {
    let mut value = Value::Object(std::mem::take(schema));
    visit(&mut value);
    if let Value::Object(loosened) = value {
        *schema = loosened;
    }
}

/// Lets something else stand there too.
pub(super) fn or(schema: &mut Value, other: Value) {
    let Value::Object(object) = schema else { return };
    if let Some(Value::Array(variants)) = object.get_mut("anyOf")
        && !variants.is_empty()
    {
        if !variants.contains(&other) {
            variants.push(other);
        }
        return;
    }
    let mut inner = std::mem::take(object);
    for key in ANNOTATIONS {
        if let Some(annotation) = inner.remove(key) {
            object.insert(key.to_owned(), annotation);
        }
    }
    object.insert("anyOf".to_owned(), json!([inner, other]));
}

fn visit(schema: &mut Value) {
    let Value::Object(object) = schema else { return };
    for key in NAMED {
        if let Some(Value::Object(named)) = object.get_mut(key) {
            named.values_mut().for_each(visit);
        }
    }
    for key in LISTED {
        if let Some(Value::Array(listed)) = object.get_mut(key) {
            listed.iter_mut().for_each(visit);
        }
    }
    for key in SINGLE {
        if let Some(single) = object.get_mut(key) {
            visit(single);
        }
    }
    if object.contains_key("properties") && !object.contains_key("additionalProperties") {
        object.insert("additionalProperties".to_owned(), false.into());
    }
    let is = |wanted: &str| match object.get("type") {
        Some(Value::String(kind)) => kind == wanted,
        Some(Value::Array(kinds)) => kinds.iter().any(|kind| kind == wanted),
        _ => false,
    };
    let words = object.contains_key("enum") || object.contains_key("const") || object.contains_key("pattern");
    let (number, boolean, text) = (is("integer") || is("number"), is("boolean"), is("string"));
    if boolean {
        or(schema, json!({"$ref": "#/$defs/Switch"}));
    }
    if number || boolean || words {
        or(schema, json!({"$ref": "#/$defs/FromEnvironment"}));
    } else if text {
        unquoted(schema);
    }
}

/// Text needs no quotes, also where it looks like a number.
fn unquoted(schema: &mut Value) {
    let Some(kind) = schema.get_mut("type") else { return };
    let mut kinds = match kind.take() {
        Value::Array(kinds) => kinds,
        one => vec![one],
    };
    kinds.extend(["number", "boolean"].map(Value::from));
    *kind = kinds.into();
}
