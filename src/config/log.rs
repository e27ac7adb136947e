//! `log:` — what we say while serving.

use schemars::JsonSchema;
use serde::Deserialize;

/// The `log` section.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(default)]
pub struct LogConfig {
    /// `text` for people (the default), `json` for machines: one object a line.
    pub format: LogFormat,
    /// The least important kind of line that is written: `error`, `warn`, `info` (the default), `debug`, `trace`.
    pub level: LogLevel,
}

/// How a line looks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// For people.
    #[default]
    Text,
    /// For machines.
    Json,
}

/// How important a line is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum LogLevel {
    /// Something is broken.
    Error,
    /// Something will break.
    Warn,
    /// Every decision.
    #[default]
    Info,
    /// Why a decision fell as it did.
    Debug,
    /// Every step.
    Trace,
}
