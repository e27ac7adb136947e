//! One decision, by kind and number of rules.

use std::hint::black_box;
use std::time::Duration;

use criterion::{BenchmarkId, Criterion};

use crate::list::{KINDS, call, is_bench};

/// The matching rule last, and none.
pub(crate) fn decisions(criterion: &mut Criterion) {
    let (call, actions) = (call(), ["pull", "push"].into_iter().collect());
    let sizes: &[usize] = if is_bench() { &[10, 1000, 100_000] } else { &[10] };
    let mut group = criterion.benchmark_group("decision");
    group.warm_up_time(Duration::from_millis(300)).measurement_time(Duration::from_secs(1)).sample_size(20);
    for kind in KINDS {
        for &rules in sizes {
            let acl = kind.list(rules);
            for (which, number, expected) in [("last", rules - 1, true), ("none", rules + 1_000_000, false)] {
                let asked = kind.asked(number);
                assert_eq!(asked.decide(&acl, &call, &actions), expected, "{} {rules} {which}", kind.name);
                let id = BenchmarkId::new(format!("{}/{which}", kind.name), rules);
                group.bench_function(id, |bencher| {
                    bencher.iter(|| black_box(&asked).decide(&acl, &call, &actions));
                });
            }
        }
    }
}
