//! What goes wrong while a node is decoded, where, and what the rounds of decoding share.

use std::cell::RefCell;
use std::collections::HashSet;
use std::fmt;

use serde::de::{self, Expected, Unexpected};

use super::{Key, KeyPath, Node, Problem, nearest};

/// How many problems of one section are shown: enough to mend a file, little enough to read, and each costs a round.
const MOST_PROBLEMS: usize = 50;

/// What the rounds share.
#[derive(Default)]
pub(super) struct Run {
    problems: RefCell<Vec<Problem>>,
    /// Nodes that are at fault, by identity: the tree does not move while it is decoded.
    left_out: RefCell<HashSet<*const Node>>,
    /// Mappings that have lost a key this way.
    robbed: RefCell<HashSet<(*const Node, String)>>,
}

impl Run {
    pub(super) fn is_left_out(&self, node: &Node) -> bool {
        let left_out = self.left_out.borrow();
        !left_out.is_empty() && left_out.contains(&std::ptr::from_ref(node))
    }

    pub(super) fn note_robbed(&self, mapping: &Node, key: &Key) {
        self.robbed.borrow_mut().insert((std::ptr::from_ref(mapping), key.text.to_string()));
    }

    pub(super) fn refuse_unknown_keys(&self, mapping: &Node, trail: Trail<'_>, known: &[&'static str]) {
        for entry in mapping.entries().unwrap_or_default() {
            if !known.contains(&entry.key.text.as_ref())
                && self.left_out.borrow_mut().insert(std::ptr::from_ref(&entry.value))
            {
                self.problems.borrow_mut().push(Problem::unknown_key(&entry.key, &trail.path(), known));
            }
        }
    }

    /// Whether another round makes sense.
    pub(super) fn leave_out(&self, failure: Failure, top: &Node) -> bool {
        let Failure::At { node, problem } = failure else { return false };
        self.problems.borrow_mut().extend(problem);
        !std::ptr::eq(node, top)
            && self.problems.borrow().len() < MOST_PROBLEMS
            && self.left_out.borrow_mut().insert(node)
    }

    pub(super) fn into_problems(self) -> Vec<Problem> {
        let mut problems = self.problems.into_inner();
        problems.sort_by(|a, b| a.location.cmp(&b.location));
        problems
    }
}

/// The way to a node, made into text only when there is something to say.
#[derive(Clone, Copy)]
pub(super) enum Trail<'p> {
    Root(&'p KeyPath),
    Key(&'p Trail<'p>, &'p str),
    Item(&'p Trail<'p>, usize),
}

impl Trail<'_> {
    pub(super) fn index(self) -> Option<usize> {
        match self {
            Self::Item(_, index) => Some(index),
            Self::Root(_) | Self::Key(..) => None,
        }
    }

    fn path(self) -> KeyPath {
        match self {
            Self::Root(path) => path.clone(),
            Self::Key(above, key) => above.path().key(key),
            Self::Item(above, index) => above.path().item(index),
        }
    }
}

/// Why decoding stopped.
#[derive(Debug)]
pub(super) enum Failure {
    /// Something is wrong with the value that is being decoded.
    Message(String),
    /// A mapping lacks a key.
    Missing(&'static str),
    /// A mapping has fewer keys than it needs, whichever these are.
    TooFew(String),
    /// Placed. Without a problem it is only the consequence of one that is known.
    At { node: *const Node, problem: Option<Problem> },
}

impl Failure {
    /// Places what has no place yet: the innermost node that is asked gets it.
    pub(super) fn at(self, node: &Node, trail: Trail<'_>, run: &Run) -> Self {
        let message = match self {
            Self::At { .. } => return self,
            Self::Message(message) => message,
            Self::Missing(key) => {
                let address = std::ptr::from_ref(node);
                if run.robbed.borrow().contains(&(address, key.to_owned())) {
                    return Self::At { node: address, problem: None };
                }
                format!("the key `{key}` is missing")
            }
            Self::TooFew(message) => {
                let address = std::ptr::from_ref(node);
                if run.robbed.borrow().iter().any(|(mapping, _)| *mapping == address) {
                    return Self::At { node: address, problem: None };
                }
                message
            }
        };
        let problem = Problem::new(node.location.clone(), trail.path(), message);
        Self::At { node, problem: Some(problem) }
    }
}

/// What a type of Rust's, by which serde names what it expects, can hold.
fn range(kind: &str) -> Option<(i128, i128)> {
    Some(match kind {
        "u8" => (0, u8::MAX.into()),
        "u16" => (0, u16::MAX.into()),
        "u32" => (0, u32::MAX.into()),
        "u64" | "usize" => (0, u64::MAX.into()),
        "i8" => (i8::MIN.into(), i8::MAX.into()),
        "i16" => (i16::MIN.into(), i16::MAX.into()),
        "i32" => (i32::MIN.into(), i32::MAX.into()),
        "i64" | "isize" => (i64::MIN.into(), i64::MAX.into()),
        _ => return None,
    })
}

impl de::Error for Failure {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self::Message(message.to_string())
    }

    fn missing_field(field: &'static str) -> Self {
        Self::Missing(field)
    }

    fn invalid_type(_: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self::Message(format!("expected {expected}"))
    }

    fn invalid_length(_: usize, expected: &dyn Expected) -> Self {
        Self::TooFew(format!("expected {expected}"))
    }

    fn invalid_value(found: Unexpected<'_>, expected: &dyn Expected) -> Self {
        let (kind, number) = match found {
            Unexpected::Unsigned(number) => (expected.to_string(), i128::from(number)),
            Unexpected::Signed(number) => (expected.to_string(), i128::from(number)),
            _ => (String::new(), 0),
        };
        if let Some((least, most)) = range(&kind) {
            return Self::Message(format!("{number} is out of range: write a number from {least} to {most}"));
        }
        Self::Message(format!("{found} is out of range: expected {expected}"))
    }

    fn unknown_variant(found: &str, known: &'static [&'static str]) -> Self {
        let listed = known.iter().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(", ");
        Self::Message(match nearest(found, known.iter().copied()) {
            Some(near) => format!("`{found}` is not one of {listed}: did you mean `{near}`?"),
            None => format!("`{found}` is not one of {listed}"),
        })
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Message(message) | Self::TooFew(message) => f.write_str(message),
            Self::Missing(key) => write!(f, "the key `{key}` is missing"),
            Self::At { problem: Some(problem), .. } => problem.fmt(f),
            Self::At { problem: None, .. } => Ok(()),
        }
    }
}

impl std::error::Error for Failure {}
