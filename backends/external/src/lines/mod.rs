//! `protocol: lines`: programs that live on and answer one question after the other.
//!
//! A question is one line, the document with an `id`; an answer is one line with the same `id`, in whatever order. An id
//! is random and counts once. A worker that says anything else is killed with all that it started, and what it had not
//! answered is an error: nobody can know any more what its next line would belong to.

mod backoff;
mod document;
mod in_flight;
mod keeper;
mod outgoing;
mod table;
#[cfg(test)]
mod tests;
mod worker;
mod workers;

pub(crate) use workers::Workers;
