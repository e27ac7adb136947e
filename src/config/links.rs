//! `authn` and `authz`, or docker_auth's flat keys: which backends are asked, in which order.

use std::collections::HashMap;
use std::time::Duration;

use dockgate_api::config::{GoDuration, Key, KeyPath, Located, Node, Problem};
use dockgate_api::{Dialect, LabelValues};
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer};

use super::later;
use super::server::positive;

/// docker_auth's order of asking who somebody is.
pub const FLAT_AUTHN: [&str; 10] = [
    "users",
    "ext_auth",
    "google_auth",
    "github_auth",
    "oidc_auth",
    "gitlab_auth",
    "ldap_auth",
    "mongo_auth",
    "xorm_auth",
    "plugin_authn",
];

/// docker_auth's order of asking what they may do.
pub const FLAT_AUTHZ: [&str; 6] =
    ["acl", "acl_mongo", "acl_xorm", "ext_authz", "plugin_authz", "casbin_authz"];

/// One link of a chain, before its backend is made.
#[derive(Clone, Debug)]
pub struct LinkConfig<'a> {
    /// Unique within its chain.
    pub name: String,
    /// The backend's key.
    pub key: &'a Key,
    /// The backend's section.
    pub section: &'a Node,
    /// The way to the list item, or to the top of the file.
    pub item: KeyPath,
    /// The way to the section.
    pub path: KeyPath,
    /// What the file says around it.
    pub options: LinkOptions,
    /// Whose meaning counts.
    pub dialect: Dialect,
}

/// The keys that may stand beside a backend in a list.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
pub struct LinkOptions {
    /// The link's name, if its key does not do.
    pub name: Option<String>,
    /// What an error of the backend means; `fail` if not given.
    pub on_error: Option<Located<OnError>>,
    /// The longest that the backend is waited for.
    #[serde(default, deserialize_with = "positive_if_any")]
    pub timeout: Option<GoDuration>,
    /// The accounts that this link owns: others skip it, and these go nowhere else.
    pub accounts: Option<Located<String>>,
    /// Whether label values act as patterns in rules.
    pub values: Option<Located<Values>>,
}

const OPTIONS: [&str; 5] = ["name", "on_error", "timeout", "accounts", "values"];

fn positive_if_any<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<GoDuration>, D::Error> {
    positive(deserializer).map(Some)
}

/// What an error of a backend means.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum OnError {
    /// The request ends with 503.
    #[default]
    Fail,
    /// The next link is asked; only its consent counts.
    Next,
}

/// Whether label values act as patterns in rules.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Values {
    /// They stand for themselves.
    Literal,
    /// They act as patterns: only for values that an administrator writes.
    Pattern,
}

/// Which of the two chains.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChainKind {
    /// Who is this?
    Authn,
    /// What may they do?
    Authz,
}

impl ChainKind {
    /// The key of the list.
    pub fn list_key(self) -> &'static str {
        match self {
            Self::Authn => "authn",
            Self::Authz => "authz",
        }
    }

    /// The other one.
    #[must_use]
    pub fn other(self) -> Self {
        match self {
            Self::Authn => Self::Authz,
            Self::Authz => Self::Authn,
        }
    }

    /// docker_auth's keys, in its order.
    pub fn flat_keys(self) -> &'static [&'static str] {
        match self {
            Self::Authn => &FLAT_AUTHN,
            Self::Authz => &FLAT_AUTHZ,
        }
    }

    fn needed(self) -> &'static str {
        match self {
            Self::Authn => {
                "nothing says who may log in: add `users:` (an empty `users: {}` denies everyone) or an `authn:` list"
            }
            Self::Authz => {
                "nothing says who may do what: add `acl:` (an empty `acl: []` denies everything) or an `authz:` list"
            }
        }
    }
}

/// Reads one chain, from its list or from docker_auth's flat keys.
///
/// `known` are the backends of this build. Problems go to the list; what is sound is returned.
pub fn read<'a>(
    root: &'a Node,
    kind: ChainKind,
    known: &[&str],
    problems: &mut Vec<Problem>,
) -> Vec<LinkConfig<'a>> {
    let flat: Vec<LinkConfig<'a>> = kind.flat_keys().iter().filter_map(|key| flat_link(root, key)).collect();
    let Some(list) = root.get(kind.list_key()) else {
        if flat.is_empty() {
            problems.push(Problem::new(root.location.clone(), KeyPath::root(), kind.needed()));
        }
        return flat;
    };
    let path = KeyPath::root().key(kind.list_key());
    for link in flat {
        let message = format!(
            "the chain is given twice, by `{}` and by the list in line {}: move it into the list",
            link.name, list.key.location.line
        );
        problems.push(Problem::new(link.key.location.clone(), link.path, message));
    }
    let Some(items) = list.value.items() else {
        let message = format!("expected a list of backends, found {}", list.value.describe());
        problems.push(Problem::new(list.value.location.clone(), path, message));
        return Vec::new();
    };
    if items.is_empty() {
        problems.push(Problem::new(list.value.location.clone(), path.clone(), kind.needed()));
    }
    let links = items.iter().enumerate().filter_map(|(index, item)| {
        listed_link(item, &path.item(index), kind, known)
            .map_err(|mut found| problems.append(&mut found))
            .ok()
    });
    let links: Vec<LinkConfig<'a>> = links.collect();
    refuse_equal_names(&links, problems);
    links
}

/// A key without a value is one that docker_auth does not see.
fn flat_link<'a>(root: &'a Node, key: &str) -> Option<LinkConfig<'a>> {
    let entry = root.get(key).filter(|entry| !entry.value.is_null())?;
    Some(LinkConfig {
        name: key.to_owned(),
        key: &entry.key,
        section: &entry.value,
        item: KeyPath::root(),
        path: KeyPath::root().key(key),
        options: LinkOptions::default(),
        dialect: Dialect::DockerAuth,
    })
}

fn listed_link<'a>(
    item: &'a Node,
    path: &KeyPath,
    kind: ChainKind,
    known: &[&str],
) -> Result<LinkConfig<'a>, Vec<Problem>> {
    let problem = |message: String| vec![Problem::new(item.location.clone(), path.clone(), message)];
    let Some(entries) = item.entries() else {
        return Err(problem(format!(
            "expected one backend, such as `- users: {{…}}`, found {}",
            item.describe()
        )));
    };
    let (options, backends): (Vec<_>, Vec<_>) =
        entries.iter().partition(|entry| OPTIONS.contains(&entry.key.text.as_ref()));
    let backend = match backends.as_slice() {
        [backend] => backend,
        [] => return Err(problem(format!("which backend? Known here: {}", known.join(", ")))),
        [_, second, ..] => {
            if let Some(stray) = backends.iter().find(|entry| !known.contains(&entry.key.text.as_ref()))
                && later::backend(&stray.key.text).is_none()
            {
                let all: Vec<&str> = known.iter().chain(&OPTIONS).copied().collect();
                return Err(vec![Problem::unknown_key(&stray.key, path, &all)]);
            }
            let message =
                format!("a second backend in one item: begin `{}` with a `-` of its own", second.key.text);
            return Err(vec![Problem::new(second.key.location.clone(), path.clone(), message)]);
        }
    };
    let options = Node {
        location: item.location.clone(),
        value: dockgate_api::config::Value::Mapping(options.into_iter().cloned().collect()),
    };
    let options: LinkOptions = options.decode(path)?;
    if kind == ChainKind::Authz
        && let Some(on_error) = options.on_error.as_ref().filter(|on_error| on_error.value == OnError::Next)
    {
        let message = "authorization always fails closed: remove `on_error: next`";
        return Err(vec![Problem::new(on_error.location.clone(), path.key("on_error"), message)]);
    }
    Ok(LinkConfig {
        name: options.name.clone().unwrap_or_else(|| backend.key.text.to_string()),
        key: &backend.key,
        section: &backend.value,
        item: path.clone(),
        path: path.key(&backend.key.text),
        options,
        dialect: Dialect::Native,
    })
}

fn refuse_equal_names(links: &[LinkConfig<'_>], problems: &mut Vec<Problem>) {
    let mut first: HashMap<&str, &Key> = HashMap::new();
    for link in links {
        if let Some(earlier) = first.insert(&link.name, link.key) {
            let message = format!(
                "two links are called `{}`, the first in line {}: give each a `name:` of its own",
                link.name, earlier.location.line
            );
            problems.push(Problem::new(link.key.location.clone(), link.path.clone(), message));
        }
    }
}

impl LinkOptions {
    /// What an error means.
    pub fn on_error(&self) -> OnError {
        self.on_error.as_ref().map_or(OnError::Fail, |on_error| on_error.value)
    }

    /// The longest that the backend is waited for.
    pub fn timeout(&self) -> Option<Duration> {
        self.timeout.map(|timeout| timeout.0)
    }

    /// Whether label values act as patterns, where the file says so.
    pub fn values(&self) -> Option<LabelValues> {
        self.values.as_ref().map(|values| match values.value {
            Values::Literal => LabelValues::Literal,
            Values::Pattern => LabelValues::Pattern,
        })
    }
}
