//! What is known of an identity beyond its name.

use std::collections::BTreeMap;
use std::sync::Arc;

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
///
/// Cheap to clone: clones share the values until one of them is given another.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Labels(Option<Arc<Known>>);

#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Known {
    values: BTreeMap<String, Vec<LabelValue>>,
    /// Whether there is a literal value, and a pattern.
    literals: bool,
    patterns: bool,
}

impl Labels {
    /// No label at all.
    pub fn new() -> Self {
        Self::default()
    }

    /// The values of a label; none if there is no such label.
    pub fn values(&self, name: &str) -> &[LabelValue] {
        self.0.as_ref().and_then(|known| known.values.get(name)).map_or(&[], Vec::as_slice)
    }

    /// Adds a value to a label.
    pub fn add(&mut self, name: impl Into<String>, value: LabelValue) {
        let known = Arc::make_mut(self.0.get_or_insert_default());
        match value {
            LabelValue::Literal(_) => known.literals = true,
            LabelValue::Pattern(_) => known.patterns = true,
        }
        known.values.entry(name.into()).or_default().push(value);
    }

    /// Label names with their values, by name.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &[LabelValue])> {
        let values = self.0.iter().flat_map(|known| &known.values);
        values.map(|(name, values)| (name.as_str(), values.as_slice()))
    }

    /// Whether there is no label.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How many labels there are; each has a value at least.
    pub fn len(&self) -> usize {
        self.0.as_ref().map_or(0, |known| known.values.len())
    }

    /// The same labels with every value a literal. Costs nothing where they are.
    #[must_use]
    pub fn into_literals(self) -> Self {
        let done = self.0.as_ref().is_none_or(|known| !known.patterns);
        if done { self } else { self.turned(LabelValue::into_literal) }
    }

    /// The same labels with every value a pattern. Costs nothing where they are.
    #[must_use]
    pub fn into_patterns(self) -> Self {
        let done = self.0.as_ref().is_none_or(|known| !known.literals);
        if done { self } else { self.turned(LabelValue::into_pattern) }
    }

    fn turned(self, turn: impl Fn(LabelValue) -> LabelValue) -> Self {
        let mut turned = Self::new();
        let Some(known) = self.0 else { return turned };
        for (name, values) in Arc::unwrap_or_clone(known).values {
            for value in values {
                turned.add(name.clone(), turn(value));
            }
        }
        turned
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(values: &[LabelValue]) -> Labels {
        let mut labels = Labels::new();
        for value in values {
            labels.add("groups", value.clone());
        }
        labels
    }

    #[test]
    fn values_are_turned_only_where_they_must_be() {
        let literal = LabelValue::Literal("a*".to_owned());
        let pattern = LabelValue::Pattern("a*".to_owned());
        let same = |before: &Labels, after: &Labels| match (&before.0, &after.0) {
            (Some(before), Some(after)) => Arc::ptr_eq(before, after),
            (before, after) => before.is_none() && after.is_none(),
        };
        for values in [
            vec![],
            vec![literal.clone(); 2],
            vec![pattern.clone(); 2],
            vec![literal.clone(), pattern.clone()],
        ] {
            let before = labels(&values);
            let literals = before.clone().into_literals();
            assert_eq!(literals, labels(&vec![literal.clone(); values.len()]));
            assert_eq!(same(&before, &literals), !values.contains(&pattern));
            let patterns = before.clone().into_patterns();
            assert_eq!(patterns, labels(&vec![pattern.clone(); values.len()]));
            assert_eq!(same(&before, &patterns), !values.contains(&literal));
        }
    }

    #[test]
    fn a_clone_keeps_its_own_values() {
        let one = labels(&[LabelValue::Literal("a".to_owned())]);
        let mut other = one.clone();
        other.add("teams", LabelValue::Literal("b".to_owned()));
        assert_eq!((one.len(), other.len()), (1, 2));
        assert!(one.values("teams").is_empty() && Labels::new().is_empty());
    }
}
