//! One identity with many labels.

use std::hint::black_box;
use std::time::Duration;

use criterion::{BenchmarkId, Criterion};
use dockgate_api::{Identity, LabelValue, Resource};
use dockgate_rules::Acl;
use serde_json::{Value as Json, json};

use crate::list::{Asked, call, compile, is_bench};

/// What the rule of a number asks for.
type Conditions = fn(usize) -> Json;

/// An identity with so many labels of so many values.
fn asked(labels: usize, values: usize, of: fn(String) -> LabelValue) -> Asked {
    let mut identity = Identity::new("alice");
    for label in 0..labels {
        for value in 0..values {
            identity.labels.add(format!("label-{label}"), of(format!("team-{label}-{value}")));
        }
    }
    let name = format!("team-0-{}/app", values - 1);
    Asked { identity, resource: Resource::repository(name) }
}

/// Rules with labels in them, for identities with few and with many.
pub(crate) fn labels(criterion: &mut Criterion) {
    let (call, actions) = (call(), ["pull", "push"].into_iter().collect());
    let mut group = criterion.benchmark_group("labels");
    group.warm_up_time(Duration::from_millis(300)).measurement_time(Duration::from_secs(1)).sample_size(20);
    let rules: [(&str, Conditions); 6] = [
        ("none in the rules", |n| json!({"name": format!("team-0-{n}/app")})),
        ("condition", |n| json!({"labels": {format!("label-{n}"): format!("team-{n}-0")}})),
        ("condition glob", |n| json!({"labels": {format!("label-{n}"): "*-0"}})),
        ("glob", |n| json!({"name": format!("${{labels:label-{n}}}/*")})),
        ("regex", |n| json!({"name": format!("/^${{labels:label-{n}}}\\/[a-z]+$/")})),
        ("two in a glob", |n| json!({"name": format!("${{labels:label-{n}}}*${{labels:label-{}}}*", n + 1)})),
    ];
    let sizes: &[(usize, usize)] =
        if is_bench() { &[(2, 1), (1000, 1), (1000, 100), (10, 10_000)] } else { &[(2, 1), (10, 100)] };
    for (name, rule) in rules {
        for of in [LabelValue::Literal, LabelValue::Pattern] {
            let what =
                if matches!(of(String::new()), LabelValue::Literal(_)) { "literals" } else { "patterns" };
            for &(labels, values) in sizes {
                let acl = Acl::new((0..labels).map(|number| compile(number, rule(number))).collect());
                let asked = asked(labels, values, of);
                let id = BenchmarkId::new(format!("{name}/{what}"), format!("{labels}x{values}"));
                group.bench_function(id, |bencher| {
                    bencher.iter(|| black_box(&asked).decide(&acl, &call, &actions));
                });
            }
        }
    }
}
