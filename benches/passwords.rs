//! Checking a password: `memo` knows it, `cold` computes the hash on the pool. The cost is bcrypt's.

#![expect(clippy::unwrap_used, reason = "a bench that cannot be made has nothing to measure")]

use std::time::{Duration, Instant};

use criterion::Criterion;
use dockgate::outside::{MemoryMetrics, SystemClock, SystemRandom};
use dockgate_api::secrecy::SecretString;
use dockgate_api::{Call, Clock as _, HashFormats, Passwords as _, RequestId};
use dockgate_passwords::{PasswordService, Pool, PoolOptions, hash_bcrypt};
use tokio::runtime::Runtime;

/// What checks one right password again and again.
struct Checks {
    runtime: Runtime,
    service: PasswordService,
    stored: String,
    password: SecretString,
}

impl Checks {
    fn new(cost: u32, memo_entries: usize) -> Self {
        let random = SystemRandom::default();
        let options = PoolOptions { memo_entries, ..PoolOptions::default() };
        let pool = Pool::new(options, &random, &MemoryMetrics::default()).unwrap();
        let password = SecretString::from("correct horse battery staple");
        let stored = hash_bcrypt(&password, cost, &random).unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        Self { runtime, service: PasswordService::new(&pool), stored, password }
    }

    fn check(&self) {
        let deadline = Instant::now() + Duration::from_secs(30);
        let cx = Call::new(SystemClock.now(), deadline, RequestId::from_bits(1));
        let checked = self.service.verify(&cx, &self.stored, HashFormats::Modern, &self.password);
        assert!(self.runtime.block_on(checked).unwrap(), "the password is right");
    }
}

fn passwords(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("passwords");
    group.sample_size(20).measurement_time(Duration::from_secs(3));
    let warm = Checks::new(5, 16);
    warm.check();
    group.bench_function("memo", |bencher| bencher.iter(|| warm.check()));
    for cost in [5, 10] {
        let cold = Checks::new(cost, 0);
        group.bench_function(format!("cold/bcrypt-{cost}"), |bencher| bencher.iter(|| cold.check()));
    }
    group.finish();
}

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    passwords(&mut criterion);
    criterion.final_summary();
}
