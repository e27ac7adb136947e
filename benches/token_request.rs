//! One token request of a warm login in-process: from a parsed request to the body of the answer. `decision` and
//! `issue` are what it is mostly made of, `decision without lock-out` is what the counting of failures adds; `app password` is the whole of it for who signed in through a browser,
//! with a store in a file; `reused` has `token.reuse`. Sockets, HTTP/1 and the writing of the decision line are not in it;
//! `benches/load` sees those.

#![expect(clippy::unwrap_used, reason = "a bench that cannot be made has nothing to measure")]

mod support;

use criterion::{BatchSize, Criterion};

use dockgate::credentials::{AppPasswordTerms, NewAppPassword};
use dockgate_api::secrecy::{ExposeSecret as _, SecretString};
use dockgate_api::{Owner, SignInAnswer};
use rcgen::SignatureAlgorithm;

use support::{ALGORITHMS, Server, configuration, request};

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
    let server = with_app_password(algorithm);
    group.bench_function(format!("{name}/app password"), |bencher| {
        let (make, answer) = (|| server.request(), |request| server.answer(request));
        bencher.iter_batched(make, answer, BatchSize::SmallInput);
    });
    group.finish();
}

/// Who logs in has signed in through a browser, and shows an app password. The store is a file.
fn with_app_password(algorithm: &'static SignatureAlgorithm) -> Server {
    let text = configuration(100, "").replace("authz:", "  - provider: {}\nauthz:")
        + "store: {file: target/bench-store}\n";
    let mut server = Server::made(algorithm, &text, request(""));
    let shown = |problems: Vec<_>| format!("{problems:?}");
    server.state.open_store().map_err(shown).unwrap();
    let secret = server.runtime.block_on(async {
        let (access, cx) = (server.state.access(), server.call());
        let nothing = || SecretString::from("");
        let answer = SignInAnswer::new(nothing(), nothing(), String::new(), String::new());
        let identity = access.sign_in(&cx, "provider", &answer, None).await.unwrap();
        let wanted = NewAppPassword { name: "bench".to_owned(), ..NewAppPassword::default() };
        let (owner, terms) = (Owner::of(&identity), AppPasswordTerms::default());
        access.create_app_password(&cx, &owner, wanted, &terms, None).await.unwrap().0
    });
    server.request = request(secret.expose_secret());
    server.log_in();
    server
}

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    token_request(&mut criterion);
    criterion.final_summary();
}
