//! What rules cost: `cargo bench -p dockgate-rules`.

#![expect(clippy::unwrap_used, reason = "a bench that cannot run ends")]

mod decision;
mod labels;
mod list;
mod load;

use criterion::{criterion_group, criterion_main};

criterion_group!(benches, decision::decisions, labels::labels, load::load);
criterion_main!(benches);
