//! What is known about the groups that are still open.

use super::{parser::Flags, shape::Branch};

/// The atom that a repetition would apply to.
#[derive(Clone, Copy)]
pub(super) struct Last {
    /// Where it starts in the output.
    pub(super) at: usize,
    /// The product of the counted repetitions nested in it.
    pub(super) count: u32,
    pub(super) weight: u32,
    pub(super) repeated: bool,
}

/// A group that is still open; the outermost is the whole pattern.
pub(super) struct Frame {
    pub(super) position: usize,
    /// Where the group starts in the output.
    pub(super) at: usize,
    /// What closing the group restores.
    pub(super) flags: Flags,
    pub(super) last: Option<Last>,
    pub(super) count: u32,
    pub(super) weight: u32,
    pub(super) branches: Vec<Branch>,
    pub(super) branch: Branch,
}

impl Frame {
    pub(super) fn new(position: usize, at: usize, flags: Flags) -> Self {
        Self {
            position,
            at,
            flags,
            last: None,
            count: 1,
            weight: 0,
            branches: Vec::new(),
            branch: Branch::new(),
        }
    }

    pub(super) fn settle(&mut self) {
        if let Some(last) = self.last.take() {
            self.count = self.count.max(last.count);
            self.weight = self.weight.saturating_add(last.weight);
        }
    }

    pub(super) fn end_branch(&mut self) {
        self.settle();
        self.branches.push(std::mem::replace(&mut self.branch, Branch::new()));
    }
}
