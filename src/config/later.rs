//! Keys that docker_auth knows and this build does not, or never will: refused by name, never as typos.

use dockgate_api::config::{KeyPath, Node, Problem, Value};

/// Backends that are still to come: docker_auth's, then ours.
pub const BACKENDS: [&str; 8] =
    ["mongo_auth", "xorm_auth", "acl_mongo", "acl_xorm", "casbin_authz", "sql_auth", "acl_sql", "jwt_auth"];

/// Options below `server` that are still to come.
pub const SERVER: [&str; 0] = [];

/// Go shared objects cannot be loaded into this server, ever.
pub const PLUGINS: [&str; 2] = ["plugin_authn", "plugin_authz"];

/// What to say of a backend that is not in this build, if it is one of those known elsewhere.
pub fn backend(key: &str) -> Option<String> {
    if PLUGINS.contains(&key) {
        return Some(format!(
            "`{key}` loads a Go shared object, which this server cannot: let a program decide (`ext_auth`, `ext_authz`), \
             or build the server with a backend of your own (docs/writing-a-backend.md)"
        ));
    }
    BACKENDS.contains(&key).then(|| not_in_this_build(key))
}

fn not_in_this_build(key: &str) -> String {
    format!("`{key}` is not in this build: remove it, or stay with your present server until it is")
}

/// Takes out of a section the entries that are still to come, and says so of each. One that only repeats docker_auth's
/// default asks for nothing and is taken out in silence.
pub fn refuse(section: &mut Node, path: &KeyPath, later: &[&str], problems: &mut Vec<Problem>) {
    let Value::Mapping(entries) = &mut section.value else { return };
    entries.retain(|entry| {
        let key = entry.key.text.as_ref();
        if !later.contains(&key) {
            return true;
        }
        if !is_nothing(&entry.value) {
            problems.push(Problem::new(entry.key.location.clone(), path.key(key), not_in_this_build(key)));
        }
        false
    });
}

fn is_nothing(value: &Node) -> bool {
    match &value.value {
        Value::Scalar { text, .. } => {
            value.is_null() || matches!(text.to_ascii_lowercase().as_str(), "" | "0" | "false" | "no" | "off")
        }
        Value::Sequence(items) => items.is_empty(),
        Value::Mapping(entries) => entries.iter().all(|entry| is_nothing(&entry.value)),
    }
}

/// Takes out of a section the entries that say nothing: to docker_auth, whose files are often written by templates, an
/// empty text and an absent key are the same. Those that are `needed` stay.
pub fn drop_empty(section: &mut Node, needed: &[&str]) {
    let Value::Mapping(entries) = &mut section.value else { return };
    entries.retain(|entry| match &entry.value.value {
        _ if needed.contains(&entry.key.text.as_ref()) => true,
        Value::Scalar { text, .. } => !text.is_empty() && !entry.value.is_null(),
        Value::Sequence(_) | Value::Mapping(_) => true,
    });
}
