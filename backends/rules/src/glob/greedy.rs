//! Go's own algorithm, for globs in which every step is known.
//!
//! It takes the first place where the steps between two stars fit and never looks back. That differs from a full search
//! only where a class takes `/`: `*[^a]*b` does not match `x/b` in Go, and so not here.

use super::{Class, Element, char_at, end_of};

/// What stands at one place of the glob.
#[derive(Clone, Copy)]
pub(super) enum Step<'a> {
    Text(&'a str),
    AnyChar,
    Star,
    Class(&'a Class),
    Never,
}

impl<'a> Step<'a> {
    /// The step of an element that is no variable.
    pub(super) fn of(element: &'a Element) -> Self {
        match element {
            Element::Literal(text) => Self::Text(text),
            Element::AnyChar => Self::AnyChar,
            Element::Star | Element::DoubleStar => Self::Star,
            Element::Class(class) => Self::Class(class),
            Element::Variable(_) => Self::Never,
        }
    }
}

pub(super) struct Greedy<'t, S, T> {
    pub(super) text: &'t str,
    pub(super) len: usize,
    /// The step at an index below `len`.
    pub(super) step: S,
    /// Whether a class takes a character.
    pub(super) takes: T,
}

impl<'a, S: Fn(usize) -> Step<'a>, T: Fn(&Class, char) -> bool> Greedy<'_, S, T> {
    pub(super) fn matches(&self) -> bool {
        let mut at = 0;
        let mut index = 0;
        while index < self.len {
            let start = self.skip(index, true);
            let end = self.skip(start, false);
            let starred = start > index;
            if starred && end == start {
                return self.text.as_bytes().get(at..).is_some_and(|rest| !rest.contains(&b'/'));
            }
            let Some(next) = self.place(start, end, at, starred) else { return false };
            at = next;
            index = end;
        }
        at == self.text.len()
    }

    /// The first index from `index` on that is (or is not) a star.
    fn skip(&self, index: usize, stars: bool) -> usize {
        (index..self.len).find(|&i| matches!((self.step)(i), Step::Star) != stars).unwrap_or(self.len)
    }

    /// Where the steps from `start` to `end` leave off when they first fit.
    fn place(&self, start: usize, end: usize, at: usize, starred: bool) -> Option<usize> {
        let fits = |at| {
            let next = self.run(start, end, at)?;
            (end < self.len || next == self.text.len()).then_some(next)
        };
        if let Some(next) = fits(at) {
            return Some(next);
        }
        let rest = self.text.as_bytes().get(at..).filter(|_| starred)?;
        let skippable = rest.iter().take_while(|&&byte| byte != b'/').count();
        (1..=skippable).find_map(|skipped| fits(at + skipped))
    }

    fn run(&self, start: usize, end: usize, at: usize) -> Option<usize> {
        (start..end).try_fold(at, |at, index| match (self.step)(index) {
            Step::Text(part) => end_of(self.text, at, part),
            Step::AnyChar => char_at(self.text, at).filter(|&(c, _)| c != '/').map(|(_, width)| at + width),
            Step::Class(class) => {
                char_at(self.text, at).filter(|&(c, _)| (self.takes)(class, c)).map(|(_, width)| at + width)
            }
            Step::Star | Step::Never => None,
        })
    }
}
