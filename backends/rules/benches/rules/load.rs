//! From rules as they are written to a list that decides.

use std::time::Duration;

use criterion::{BenchmarkId, Criterion};

use crate::list::{KINDS, is_bench};

/// Compiles and indexes lists.
pub(crate) fn load(criterion: &mut Criterion) {
    let rules = if is_bench() { 100_000 } else { 100 };
    let mut group = criterion.benchmark_group("load");
    group.warm_up_time(Duration::from_millis(1)).measurement_time(Duration::from_secs(3)).sample_size(10);
    for kind in KINDS {
        group.bench_function(BenchmarkId::new(kind.name, rules), |bencher| {
            bencher.iter_with_large_drop(|| kind.list(rules));
        });
    }
}
