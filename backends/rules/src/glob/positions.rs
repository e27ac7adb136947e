//! Sets of places in a text: what a glob matches when a step has several outcomes.

use super::{char_at, end_of};

/// Byte offsets of a text, its end included.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Positions {
    words: Vec<u64>,
}

impl Positions {
    pub(super) fn none(text: &str) -> Self {
        Self { words: vec![0; text.len() / 64 + 1] }
    }

    pub(super) fn start(text: &str) -> Self {
        let mut positions = Self::none(text);
        positions.insert(0);
        positions
    }

    pub(super) fn insert(&mut self, at: usize) {
        if let Some(word) = self.words.get_mut(at / 64) {
            *word |= 1 << (at % 64);
        }
    }

    pub(super) fn contains(&self, at: usize) -> bool {
        self.words.get(at / 64).is_some_and(|word| word >> (at % 64) & 1 == 1)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.words.iter().all(|&word| word == 0)
    }

    pub(super) fn len(&self) -> usize {
        self.words.iter().map(|word| word.count_ones() as usize).sum()
    }

    pub(super) fn extend(&mut self, other: &Self) {
        for (word, more) in self.words.iter_mut().zip(&other.words) {
            *word |= more;
        }
    }

    fn iter(&self) -> impl Iterator<Item = usize> {
        self.words.iter().enumerate().flat_map(|(index, &word)| {
            let mut left = word;
            std::iter::from_fn(move || {
                let bit = left.trailing_zeros() as usize;
                left &= left.checked_sub(1)?;
                Some(index * 64 + bit)
            })
        })
    }

    fn map(&self, text: &str, next: impl Fn(usize) -> Option<usize>) -> Self {
        let mut reached = Self::none(text);
        for at in self.iter() {
            if let Some(at) = next(at) {
                reached.insert(at);
            }
        }
        reached
    }

    /// Behind `part`.
    pub(super) fn after_text(&self, text: &str, part: &str) -> Self {
        self.map(text, |at| end_of(text, at, part))
    }

    /// Behind one character that `takes` accepts.
    pub(super) fn after_char(&self, text: &str, takes: impl Fn(char) -> bool) -> Self {
        self.map(text, |at| char_at(text, at).filter(|&(c, _)| takes(c)).map(|(_, width)| at + width))
    }

    /// Behind any run of characters; of those that are no `/`, if `stop_at_slash`.
    pub(super) fn after_run(&self, text: &str, stop_at_slash: bool) -> Self {
        let mut reached = Self::none(text);
        let mut running = false;
        for at in 0..=text.len() {
            running |= self.contains(at);
            if running {
                reached.insert(at);
            }
            running &= !(stop_at_slash && text.as_bytes().get(at) == Some(&b'/'));
        }
        reached
    }
}
