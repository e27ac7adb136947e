//! `labels:` — from attributes to labels.

use std::collections::BTreeMap;

use dockgate_api::BuildError;
use dockgate_api::config::{Located, Remark};
use regex::Regex;
use schemars::JsonSchema;
use serde::Deserialize;

use super::key;
use crate::concealed::{self, is_secret};
use crate::labels::{LabelMap, Shape};

/// One label.
#[derive(Debug, Deserialize, JsonSchema)]
pub(super) struct LabelConfig {
    /// The attribute whose values it has.
    #[schemars(with = "String")]
    pub(super) attribute: Located<String>,
    /// Of a value that is a distinguished name: its first `cn` alone.
    #[serde(default)]
    parse_cn: bool,
    /// In lower case.
    #[serde(default)]
    lower_case: bool,
    /// A regular expression: of a value that it fits, what stands in its first parentheses; others are left out.
    #[schemars(with = "Option<String>")]
    capture: Option<Located<String>>,
}

pub(super) fn build(labels: BTreeMap<String, LabelConfig>, errors: &mut BuildError) -> Option<Vec<LabelMap>> {
    let mut maps = Vec::with_capacity(labels.len());
    let before = errors.clone();
    for (label, config) in labels {
        let below = |name: &str| key("labels").key(&label).key(name);
        if config.attribute.is_empty() {
            let message = "write the attribute whose values the label has, such as `memberOf`";
            errors.add(Remark::new(config.attribute.location.clone(), below("attribute"), message));
        }
        if is_secret(&config.attribute) {
            errors.add(Remark::new(config.attribute.location.clone(), below("attribute"), concealed::WHY));
        }
        let capture = config.capture.as_ref().and_then(|capture| {
            let refuse = |message: String| Remark::new(capture.location.clone(), below("capture"), message);
            regex(&capture.value).map_err(|message| errors.add(refuse(message))).ok()
        });
        let shape = Shape { parse_cn: config.parse_cn, capture, lower_case: config.lower_case };
        maps.push(LabelMap { label, attribute: config.attribute.value, shape });
    }
    (*errors == before).then_some(maps)
}

/// Beyond it a regular expression is refused, in bytes.
const LARGEST: usize = 1024 * 1024;

/// Reads a regular expression.
///
/// # Errors
/// What is wrong with it.
pub(super) fn regex(text: &str) -> Result<Regex, String> {
    let made = regex::RegexBuilder::new(text).size_limit(LARGEST).build();
    made.map_err(|error| {
        let error = error.to_string();
        format!("this is no regular expression: {}", error.lines().last().unwrap_or_default())
    })
}
