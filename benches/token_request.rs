//! One token request of a warm login in-process: from a parsed request to the body of the answer. `decision` and
//! `issue` are what it is mostly made of, `decision without lock-out` is what the counting of failures adds; `reused` has `token.reuse`. Sockets, HTTP/1 and the writing of the decision line are not in it;
//! `benches/load` sees those.

#![expect(clippy::unwrap_used, reason = "a bench that cannot be made has nothing to measure")]

mod support;

use criterion::{BatchSize, Criterion};

use support::{ALGORITHMS, Server};

fn token_request(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("token_request");
    for (name, algorithm) in ALGORITHMS.iter().take(3) {
        let server = Server::new(algorithm);
        group.bench_function(*name, |bencher| {
            let (make, answer) = (|| server.request(), |request| server.answer(request));
            bencher.iter_batched(make, answer, BatchSize::SmallInput);
        });
        let grant = server.grant();
        group.bench_function(format!("{name}/issue"), |bencher| bencher.iter(|| server.issue(&grant)));
        group.bench_function(format!("{name}/decision"), |bencher| bencher.iter(|| server.grant()));
    }
    let (name, algorithm) = ALGORITHMS[0];
    let unguarded = Server::of(algorithm, "", "lockout: {enabled: false}\n");
    group.bench_function(format!("{name}/decision without lock-out"), |bencher| {
        bencher.iter(|| unguarded.grant());
    });
    let server = Server::with(algorithm, ", reuse: 60s");
    group.bench_function(format!("{name}/reused"), |bencher| {
        let (make, answer) = (|| server.request(), |request| server.answer(request));
        bencher.iter_batched(make, answer, BatchSize::SmallInput);
    });
    group.finish();
}

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    token_request(&mut criterion);
    criterion.final_summary();
}
