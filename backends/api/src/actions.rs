//! Where asked and granted actions meet.

use std::fmt;
use std::sync::Arc;

/// A set of action names in the order in which a token carries them: sorted, each once.
///
/// Registries know `pull`, `push`, `delete` and, for the catalog, `*`; other names pass through untouched
/// (distribution, `docs/content/spec/auth/scope.md`). Cheap to clone.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct ActionSet(
    /// None if it is empty, so that equal sets are equal.
    Option<Arc<Vec<String>>>,
);

impl ActionSet {
    /// The set without any action.
    pub const EMPTY: Self = Self(None);

    /// Whether there is no action at all.
    pub fn is_empty(&self) -> bool {
        self.0.is_none()
    }

    /// How many actions there are.
    pub fn len(&self) -> usize {
        self.known().len()
    }

    /// Whether exactly this action is in the set; `*` stands only for itself here.
    pub fn contains(&self, action: &str) -> bool {
        self.place(action).is_ok()
    }

    /// Adds an action; one that is there already changes nothing.
    pub fn insert(&mut self, action: impl Into<String>) {
        let action = action.into();
        if let Err(place) = self.place(&action) {
            Arc::make_mut(self.0.get_or_insert_default()).insert(place, action);
        }
    }

    /// Takes an action out and says whether it was there.
    pub fn remove(&mut self, action: &str) -> bool {
        let (Ok(place), Some(known)) = (self.place(action), &mut self.0) else { return false };
        let known = Arc::make_mut(known);
        known.remove(place);
        if known.is_empty() {
            self.0 = None;
        }
        true
    }

    fn known(&self) -> &[String] {
        self.0.as_ref().map_or(&[], |known| known.as_slice())
    }

    fn place(&self, action: &str) -> Result<usize, usize> {
        self.known().binary_search_by(|known| known.as_str().cmp(action))
    }

    /// The actions, sorted.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &str> {
        self.known().iter().map(String::as_str)
    }
}

impl<S: Into<String>> FromIterator<S> for ActionSet {
    fn from_iter<I: IntoIterator<Item = S>>(actions: I) -> Self {
        let mut actions: Vec<String> = actions.into_iter().map(Into::into).collect();
        actions.sort_unstable();
        actions.dedup();
        Self((!actions.is_empty()).then(|| Arc::new(actions)))
    }
}

impl<S: Into<String>> Extend<S> for ActionSet {
    fn extend<I: IntoIterator<Item = S>>(&mut self, actions: I) {
        for action in actions {
            self.insert(action);
        }
    }
}

impl fmt::Display for ActionSet {
    /// As in a scope: `pull,push`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.known().join(","))
    }
}

/// What an authorizer is willing to grant.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Actions {
    /// Whatever was asked (`actions: ["*"]`).
    All,
    /// No more than these; an empty set is a refusal (`actions: []`).
    Only(ActionSet),
}

impl Actions {
    /// Reads the `actions` of a rule: exactly `["*"]` means all, in any longer list `*` is an ordinary name.
    pub fn from_rule<S: Into<String>>(actions: impl IntoIterator<Item = S>) -> Self {
        let actions: Vec<String> = actions.into_iter().map(Into::into).collect();
        if actions == ["*"] { Self::All } else { Self::Only(actions.into_iter().collect()) }
    }

    /// Grants nothing.
    pub fn none() -> Self {
        Self::Only(ActionSet::EMPTY)
    }

    /// The actions that are both asked and granted: the one place where the two meet.
    ///
    /// An asked `*` has been replaced by the actions it stands for before this is called, so that a `*` which
    /// arrives here (the catalog's) is granted only by [`Actions::All`] or by a rule that names it.
    pub fn grant(&self, asked: &ActionSet) -> ActionSet {
        match self {
            Self::All => asked.clone(),
            Self::Only(granted) if asked.iter().all(|action| granted.contains(action)) => asked.clone(),
            Self::Only(granted) => asked.iter().filter(|action| granted.contains(action)).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn granted_is_what_was_asked_and_allowed() {
        let table: &[(&[&str], &[&str], &str)] = &[
            // rule, asked, granted
            (&["*"], &["push", "pull"], "pull,push"),
            (&["*"], &["*"], "*"),
            (&["*"], &["unknown"], "unknown"),
            (&["*"], &[], ""),
            (&[], &["pull"], ""),
            (&["pull"], &["push", "pull"], "pull"),
            (&["pull", "push"], &["push"], "push"),
            (&["pull", "push", "delete"], &["delete", "pull"], "delete,pull"),
            (&["pull"], &["delete"], ""),
            (&["pull"], &["*"], ""),
            (&["*", "pull"], &["pull", "push"], "pull"),
            (&["*", "pull"], &["*"], "*"),
            (&["*", "*"], &["pull"], ""),
            (&["Pull"], &["pull"], ""),
            (&["pull"], &["pull", "pull"], "pull"),
        ];
        for (rule, asked, granted) in table {
            let asked: ActionSet = asked.iter().copied().collect();
            assert_eq!(
                Actions::from_rule(rule.iter().copied()).grant(&asked).to_string(),
                *granted,
                "{rule:?} asked {asked}"
            );
        }
    }

    #[test]
    fn a_set_is_sorted_and_without_repeats() {
        let mut set: ActionSet = ["push", "pull", "push"].into_iter().collect();
        set.insert("delete");
        set.insert("pull");
        assert_eq!(set.to_string(), "delete,pull,push");
        assert!(set.remove("pull"));
        assert!(!set.remove("pull"));
        assert_eq!(set.len(), 2);
        assert!(set.remove("push") && set.remove("delete"));
        assert_eq!(set, ActionSet::EMPTY);
        assert_eq!(ActionSet::from_iter([""; 0]), ActionSet::EMPTY);
    }
}
