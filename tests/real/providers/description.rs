//! GitHub's description of its API (`OpenAPI` 3.0), as far as it says what an answer looks like.

use std::fs;

use jsonschema::{Draft, Validator};
use serde_json::{Map, Value, json};

use crate::components::{self, Component};

/// The description of github.com's API, or of an Enterprise Server's.
pub(super) struct Description(Value);

impl Description {
    /// `None` if it is not there: the test has nothing to say.
    pub(super) fn read(component: Component) -> Option<Self> {
        if !components::installed(&[component]) {
            return None;
        }
        let text = fs::read(components::find(component.program).unwrap()).unwrap();
        Some(Self(serde_json::from_slice(&text).unwrap()))
    }

    /// What is wrong with an answer: the status is one that the operation has, and the body is what belongs to it.
    pub(super) fn complaints(&self, operation: &str, status: u16, body: &Value) -> Vec<String> {
        let (method, path) = operation.split_once(' ').unwrap();
        let described = &self.0["paths"][path][method.to_lowercase()]["responses"];
        assert!(described.is_object(), "{operation} is not described");
        let response = self.followed(&described[status.to_string()]);
        // Errors that any operation has are described at few.
        if response.is_null() && matches!(status, 401 | 403 | 404) {
            return self.schema(&json!({"$ref": "#/components/schemas/basic-error"})).wrong(body);
        }
        if response.is_null() {
            return vec![format!("{operation} does not answer with {status}")];
        }
        let schema = &response["content"]["application/json"]["schema"];
        if schema.is_null() {
            return if body.is_null() { Vec::new() } else { vec![format!("{status} has no body")] };
        }
        self.schema(schema).wrong(body)
    }

    fn followed<'d>(&'d self, value: &'d Value) -> &'d Value {
        let reference = value.get("$ref").and_then(Value::as_str);
        reference.map_or(value, |to| self.0.pointer(to.trim_start_matches('#')).unwrap())
    }

    /// A schema with those that it refers to; the whole description would take minutes.
    fn schema(&self, schema: &Value) -> Schema {
        let (mut needed, mut open) = (Map::new(), vec![schema.clone()]);
        while let Some(one) = open.pop() {
            for name in references(&one) {
                if !needed.contains_key(&name) {
                    let mut found = self.0["components"]["schemas"][&name].clone();
                    allow_null(&mut found);
                    open.push(found.clone());
                    needed.insert(name, found);
                }
            }
        }
        let mut schema = schema.clone();
        allow_null(&mut schema);
        let root = json!({"allOf": [schema], "components": {"schemas": needed}});
        Schema(jsonschema::options().with_draft(Draft::Draft4).build(&root).unwrap())
    }
}

struct Schema(Validator);

impl Schema {
    fn wrong(&self, body: &Value) -> Vec<String> {
        self.0.iter_errors(body).map(|error| format!("{}: {error}", error.instance_path())).collect()
    }
}

/// The names of the schemas that a schema refers to.
fn references(value: &Value) -> Vec<String> {
    match value {
        Value::Array(items) => items.iter().flat_map(references).collect(),
        Value::Object(object) => {
            let own = object.get("$ref").and_then(Value::as_str);
            let own = own.and_then(|to| to.strip_prefix("#/components/schemas/")).map(str::to_owned);
            own.into_iter().chain(object.values().flat_map(references)).collect()
        }
        _ => Vec::new(),
    }
}

/// `nullable`, which only `OpenAPI` 3.0 knows, in the words of a JSON Schema.
fn allow_null(value: &mut Value) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(allow_null),
        Value::Object(object) => {
            object.remove("example");
            object.values_mut().for_each(allow_null);
            if object.remove("nullable") == Some(Value::Bool(true)) {
                let plain = Value::Object(std::mem::take(object));
                *object = Map::from_iter([("anyOf".to_owned(), json!([plain, {"type": "null"}]))]);
            }
        }
        _ => {}
    }
}
