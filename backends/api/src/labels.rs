//! What is known of an identity beyond its name.

use std::collections::BTreeMap;

/// One value of a label, and how far it can be trusted.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum LabelValue {
    /// Stands for itself. Everything from outside (directory attributes, claims, team names) is this.
    Literal(String),
    /// Acts as a pattern where a rule refers to it; only an administrator may write such a value.
    Pattern(String),
}

impl LabelValue {
    /// The text, whatever it may do.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Literal(text) | Self::Pattern(text) => text,
        }
    }

    /// The same text as a literal.
    #[must_use]
    pub fn into_literal(self) -> Self {
        match self {
            Self::Literal(text) | Self::Pattern(text) => Self::Literal(text),
        }
    }

    /// The same text as a pattern.
    #[must_use]
    pub fn into_pattern(self) -> Self {
        match self {
            Self::Literal(text) | Self::Pattern(text) => Self::Pattern(text),
        }
    }
}

/// Label names and their values. Groups are the label `groups`, teams the label `teams`: nothing special.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Labels(BTreeMap<String, Vec<LabelValue>>);

impl Labels {
    /// No label at all.
    pub fn new() -> Self {
        Self::default()
    }

    /// The values of a label; none if there is no such label.
    pub fn values(&self, name: &str) -> &[LabelValue] {
        self.0.get(name).map_or(&[], Vec::as_slice)
    }

    /// Adds a value to a label.
    pub fn add(&mut self, name: impl Into<String>, value: LabelValue) {
        self.0.entry(name.into()).or_default().push(value);
    }

    /// Label names with their values, by name.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &[LabelValue])> {
        self.0.iter().map(|(name, values)| (name.as_str(), values.as_slice()))
    }

    /// Whether there is no label.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The same labels with every value turned by `turn`.
    #[must_use]
    pub fn map_values(self, turn: impl Fn(LabelValue) -> LabelValue) -> Self {
        Self(
            self.0
                .into_iter()
                .map(|(name, values)| (name, values.into_iter().map(&turn).collect()))
                .collect(),
        )
    }
}
