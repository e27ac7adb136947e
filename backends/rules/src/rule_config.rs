//! A rule as it is written, in a configuration file or a database.

use std::collections::BTreeMap;

use dockgate_api::config::{KeyPath, Located, Remark, Window};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::condition::Condition;

/// One entry of an access control list.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
pub struct RuleConfig {
    /// What the rule is about; an empty mapping fits everything.
    #[serde(rename = "match")]
    pub conditions: MatchConfig,
    /// What is granted: exactly `["*"]` is all that was asked, `[]` is a denial.
    pub actions: Vec<String>,
    /// A note that log and audit show.
    pub comment: Option<String>,
    /// When the rule counts: `{from, until}`. Outside of it there is no such rule.
    #[serde(default)]
    pub valid: Window,
    /// Whether the rule is passed over as if it were not there.
    #[serde(default)]
    pub disabled: bool,
}

/// The conditions of a rule; all that are given must hold.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(default)]
pub struct MatchConfig {
    /// A pattern for the account; "" is the anonymous account.
    pub account: Condition<Located<String>>,
    /// A pattern for the resource type, such as `repository`.
    #[serde(rename = "type")]
    pub kind: Condition<Located<String>>,
    /// A pattern for the resource's name.
    pub name: Condition<Located<String>>,
    /// A pattern for the registry's service name.
    pub service: Condition<Located<String>>,
    /// A pattern, without variables, for the name of the link that authenticated.
    pub backend: Condition<Located<String>>,
    /// The client's address, or a network.
    pub ip: Condition<Located<String>>,
    /// For each label a pattern that at least one of its values matches.
    pub labels: Condition<BTreeMap<String, Located<String>>>,
}

impl MatchConfig {
    /// Warnings of the keys with nothing behind them, which docker_auth passes over.
    pub(crate) fn empty_keys(&self) -> impl Iterator<Item = Remark> {
        let Self { account, kind, name, service, backend, ip, labels } = self;
        let texts = [
            ("account", account),
            ("type", kind),
            ("name", name),
            ("service", service),
            ("backend", backend),
            ("ip", ip),
        ];
        let places = texts.into_iter().map(|(key, condition)| (key, condition.nothing()));
        places.chain([("labels", labels.nothing())]).filter_map(|(key, place)| {
            let cure = if key == "account" { "write `\"\"` for the anonymous account, or " } else { "" };
            let message =
                format!("nothing stands behind `{key}`, so that anything fits: {cure}take the key away");
            Some(Remark::new(place?.clone(), KeyPath::root().key(key), message))
        })
    }
}
