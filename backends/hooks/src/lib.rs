//! What programs and web hooks are asked, and how their answers are read: the contract that is the same whether the
//! question goes down a pipe or over the network.
//!
//! A question is one JSON document ([`Question`]), an answer another ([`read_identity`], [`read_granted`]). Nothing but
//! an exact `allow` allows, and what cannot be read is an error, never a decision.

mod answer;
mod cache;
mod object;
mod question;
mod redact;
mod slots;

pub use answer::{AnswerError, Reply, read_granted, read_identity};
pub use cache::{Cache, CacheConfig, Remembered};
pub use object::Object;
pub use question::{Question, VERSION};
pub use redact::{clean, redact};
pub use slots::{Limits, LimitsConfig, MaxConcurrent, MaxQueue, Slot, Slots};
