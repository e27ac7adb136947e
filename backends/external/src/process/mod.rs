//! Running other people's programs so that nothing of them stays behind.
//!
//! A program runs in a process group of its own ([`Group`]), which is killed whole when the program has ended, is too
//! slow, or nobody wants its answer any more. What leaves the group (`setsid`) is found again by the mark in its
//! environment ([`Children`]).

mod children;
mod complaints;
mod group;
mod lines;
mod program;
mod run;
mod spawn;

pub(crate) use children::Children;
pub(crate) use complaints::Complaints;
pub(crate) use group::{Ended, Group};
pub(crate) use lines::{Line, LineReader};
pub(crate) use program::{Environment, Program};
pub(crate) use run::{Finished, Left, Stdout, drain, read_now, run};
pub(crate) use spawn::{Spawned, spawn};

#[cfg(test)]
mod tests;
