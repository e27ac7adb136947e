//! The rules that may match a request, in their order.

use std::cmp::Reverse;
use std::collections::{BTreeSet, BinaryHeap};

/// Lists that are kept without an allocation: few requests have keys of more.
const INLINE: usize = 8;

/// Ascending lists of rule numbers, merged as far as they are read.
#[derive(Debug, Default)]
pub(crate) struct Candidates<'i> {
    few: [&'i [u32]; INLINE],
    used: usize,
    more: BinaryHeap<Reverse<(u32, &'i [u32])>>,
    /// The first rules of `more`, as they were added.
    known: BTreeSet<u32>,
    last: Option<u32>,
}

impl<'i> Candidates<'i> {
    /// Adds a list, before any is read. One that is there already changes nothing: a name that repeats one word finds
    /// the word's list at each place, and merging it with itself would cost a request what the whole list costs, each
    /// time. No rule is in two lists, so that its first rule tells a list.
    pub(super) fn add(&mut self, list: &'i [u32]) {
        let Some((first, rest)) = list.split_first() else { return };
        let few = self.few.iter().take(self.used);
        if few.filter_map(|known| known.first()).any(|known| known == first) {
            return;
        }
        if let Some(free) = self.few.get_mut(self.used) {
            *free = list;
            self.used += 1;
        } else if self.known.insert(*first) {
            self.more.push(Reverse((*first, rest)));
        }
    }

    #[cfg(test)]
    pub(super) fn lists(&self) -> usize {
        self.used + self.more.len()
    }

    fn next_of_more(&mut self) -> Option<u32> {
        let mut top = self.more.peek_mut()?;
        let Reverse((number, rest)) = *top;
        match rest.split_first() {
            Some((first, rest)) => *top = Reverse((*first, rest)),
            None => drop(std::collections::binary_heap::PeekMut::pop(top)),
        }
        Some(number)
    }
}

impl Candidates<'_> {
    fn lowest(&mut self) -> Option<u32> {
        let lists = self.few.iter_mut().take(self.used);
        let lowest = lists.filter(|list| !list.is_empty()).min_by_key(|list| list.first().copied());
        let Some(list) = lowest else { return self.next_of_more() };
        let (first, rest) = list.split_first()?;
        match self.more.peek() {
            Some(Reverse((other, _))) if other < first => self.next_of_more(),
            _ => {
                let first = *first;
                *list = rest;
                Some(first)
            }
        }
    }
}

impl Iterator for Candidates<'_> {
    type Item = usize;

    fn next(&mut self) -> Option<usize> {
        let mut number = self.lowest()?;
        while self.last == Some(number) {
            number = self.lowest()?;
        }
        self.last = Some(number);
        usize::try_from(number).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_lists_come_out_as_one_in_order() {
        for lists in [0, 1, 3, 8, 9, 50] {
            let all: Vec<Vec<u32>> =
                (0..lists).map(|list| (0..list).map(|item| item * lists + list).collect()).collect();
            let mut candidates = Candidates::default();
            // What is found twice counts once.
            for list in all.iter().chain(all.iter().step_by(2)) {
                candidates.add(list);
            }
            let mut expected: Vec<usize> = all.iter().flatten().map(|number| *number as usize).collect();
            expected.sort_unstable();
            assert_eq!(candidates.collect::<Vec<_>>(), expected);
        }
    }
}
