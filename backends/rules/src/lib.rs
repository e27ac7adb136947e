//! The pattern layer of access rules.
//!
//! A rule names what it matches by patterns: a shell glob with the meaning of Go's `path.Match`, or `/regex/` in Go's
//! RE2 syntax, either with variables such as `${account}`. This crate parses and checks a pattern once, at load, and
//! then answers whether a text matches it for one request's values.
//!
//! * [`Template`]: a pattern as a rule writes it; the entry point.
//! * [`Bindings`] and [`Value`]: the values that one request gives to the variables.
//! * [`capture_order`]: checks the capture groups that the fields of one rule take from each other.
//! * [`Network`]: the address or network of `ip:`.
//! * [`Glob`] and [`go_regex`]: the two languages by themselves.
//!
//! What comes from outside is always literal. Only [`Value::Pattern`], which an administrator wrote, acts as a pattern.
//! A match that cannot be decided within its bounds is a [`MatchError`], never a silent "no": a skipped rule that denies
//! would open access.

mod acl;
mod bindings;
mod captures;
mod condition;
pub mod glob;
#[cfg(test)]
mod go_match_cases;
pub mod go_regex;
mod index;
mod lint;
mod network;
mod pattern;
mod regexes;
mod rule;
mod rule_config;
mod sharing;
mod takeover;
mod template;
mod token;
mod variable;

pub use acl::Acl;
pub use bindings::{Bindings, MatchError, Value};
pub use captures::{CaptureError, capture_order};
pub use condition::Condition;
pub use glob::{DoubleStar, Glob};
pub use lint::Lint;
pub use network::{Network, NetworkError};
pub use pattern::{Pattern, PatternError};
pub use regexes::Regexes;
pub use rule::{Effect, Rule};
pub use rule_config::{MatchConfig, RuleConfig};
pub use takeover::{Takeover, takeovers};
pub use template::{Groups, Parsed, Template, TemplateError};
pub use variable::{Field, Scope, Variable, VariableError};
