//! How much room an answer takes.

use dockgate_api::{Actions, Decision, Granted, Identity, LabelValue};

/// In bytes: what one of `entries` stands for. A larger answer counts as several.
const ENTRY: usize = 4 * 1024;
/// In bytes: what a text takes beside its letters.
const TEXT: usize = size_of::<String>();

/// What can be remembered.
pub trait Remembered: Clone {
    /// About how much memory it takes beside its own size, in bytes.
    fn bytes(&self) -> usize;
}

impl Remembered for Identity {
    fn bytes(&self) -> usize {
        let labels = self.labels.iter().map(|(name, values)| {
            let values = values.iter().map(|value| size_of::<LabelValue>() + value.as_str().len());
            TEXT + name.len() + values.sum::<usize>()
        });
        self.account.len() + self.subject.len() + labels.sum::<usize>()
    }
}

impl Remembered for Granted {
    fn bytes(&self) -> usize {
        let actions = match &self.actions {
            Actions::Only(actions) => actions.iter().map(|action| TEXT + action.len()).sum(),
            Actions::All => 0,
        };
        actions + self.because.comment.as_ref().map_or(0, |comment| comment.len())
    }
}

/// As how many entries a decision counts: at least one.
pub(super) fn entries<T: Remembered>(decision: &Decision<T>) -> u64 {
    let bytes = match decision {
        Decision::Allow(answer) => answer.bytes(),
        Decision::Deny(reason) => reason.detail.len(),
        Decision::NoMatch => 0,
    };
    u64::try_from(bytes.div_ceil(ENTRY)).unwrap_or(u64::MAX).max(1)
}

#[cfg(test)]
mod tests {
    use dockgate_api::{ActionSet, Because, Labels, Reason};

    use super::*;

    #[test]
    fn a_large_answer_counts_as_several() {
        let someone = |groups: usize| {
            let mut labels = Labels::new();
            for number in 0..groups {
                labels.add("groups", LabelValue::Literal(format!("group-{number:026}")));
            }
            Decision::Allow(Identity::new("alice").with_labels(labels))
        };
        assert_eq!(entries(&someone(0)), 1);
        assert_eq!(entries(&someone(50)), 1);
        assert!((2..=4).contains(&entries(&someone(150))));
        assert!((20..=30).contains(&entries(&someone(1_500))), "in proportion");
        let mut many = ActionSet::EMPTY;
        for number in 0..200 {
            many.insert(format!("action-{number}"));
        }
        let granted = Decision::Allow(Granted::new(Actions::Only(many), Because::at("hook")));
        assert!((2..=4).contains(&entries(&granted)));
        let comment = Because::at("hook").with_comment(Some("x".repeat(ENTRY + 1).into()));
        let granted = Granted::new(Actions::Only(ActionSet::EMPTY), comment);
        assert_eq!(entries(&Decision::Allow(granted)), 2);
        let refused: Decision<Identity> = Decision::Deny(Reason::bad_credentials("x".repeat(ENTRY + 1)));
        assert_eq!((entries(&refused), entries::<Identity>(&Decision::NoMatch)), (2, 1));
    }
}
