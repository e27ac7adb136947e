//! Keys that docker_auth knows and this build does not, or never will: refused by name, never as typos.

use dockgate_api::config::{KeyPath, Node, Problem, Value};

/// Backends that are still to come: docker_auth's, then ours.
pub const BACKENDS: [&str; 19] = [
    "ext_auth",
    "google_auth",
    "github_auth",
    "oidc_auth",
    "gitlab_auth",
    "ldap_auth",
    "mongo_auth",
    "xorm_auth",
    "acl_mongo",
    "acl_xorm",
    "ext_authz",
    "casbin_authz",
    "users_file",
    "http_auth",
    "http_authz",
    "sql_auth",
    "acl_sql",
    "jwt_auth",
    "mtls_auth",
];

/// Options below `server` that are still to come.
pub const SERVER: [&str; 9] = [
    "letsencrypt",
    "real_ip_header",
    "real_ip_pos",
    "trusted_proxies",
    "hsts",
    "tls_min_version",
    "tls_curve_preferences",
    "tls_cipher_suites",
    "listeners",
];

/// Options below `token` that are still to come.
pub const TOKEN: [&str; 5] = ["keys", "managed_keys", "services", "refresh", "reuse"];

/// Go shared objects cannot be loaded into this server, ever.
pub const PLUGINS: [&str; 2] = ["plugin_authn", "plugin_authz"];

/// What to say of a key that is not in this build, if it is one of docker_auth's.
pub fn refusal(key: &str) -> Option<String> {
    if PLUGINS.contains(&key) {
        return Some(format!(
            "`{key}` loads a Go shared object, which this server cannot: let a program decide (`ext_auth`, `ext_authz`), \
             or build the server with a backend of your own (docs/writing-a-backend.md)"
        ));
    }
    let known = BACKENDS.contains(&key) || SERVER.contains(&key) || TOKEN.contains(&key);
    known.then(|| {
        format!("`{key}` is not in this build: remove it, or stay with your present server until it is")
    })
}

/// Takes the entries that are still to come out of a section and says so of each.
pub fn refuse(section: &mut Node, path: &KeyPath, later: &[&str], problems: &mut Vec<Problem>) {
    let Value::Mapping(entries) = &mut section.value else { return };
    entries.retain(|entry| {
        let key = entry.key.text.as_ref();
        if !later.contains(&key) {
            return true;
        }
        if let Some(message) = refusal(key) {
            problems.push(Problem::new(entry.key.location.clone(), path.key(key), message));
        }
        false
    });
}
