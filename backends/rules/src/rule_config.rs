//! A rule as it is written, in a configuration file or a database.

use std::collections::BTreeMap;

use dockgate_api::config::Located;
use schemars::JsonSchema;
use serde::Deserialize;

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
}

/// The conditions of a rule; all that are given must hold.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(default)]
pub struct MatchConfig {
    /// A pattern for the account; "" is the anonymous account.
    pub account: Option<Located<String>>,
    /// A pattern for the resource type, such as `repository`.
    #[serde(rename = "type")]
    pub kind: Option<Located<String>>,
    /// A pattern for the resource's name.
    pub name: Option<Located<String>>,
    /// A pattern for the registry's service name.
    pub service: Option<Located<String>>,
    /// The client's address, or a network.
    pub ip: Option<Located<String>>,
    /// For each label a pattern that at least one of its values matches.
    pub labels: Option<BTreeMap<String, Located<String>>>,
}
