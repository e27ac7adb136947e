//! One attack: who comes meanwhile, what it may cost, and what is left of it.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use tokio::runtime::Builder;

use super::honest::{self, Manner};
use super::target::{Target, resident};

/// One at a time: they would measure each other.
static ALONE: Mutex<()> = Mutex::new(());

/// No attack may take longer.
const AT_MOST: Duration = Duration::from_secs(45);
/// No honest client may wait longer, in a debug build beside other tests.
const SLOWEST: Duration = Duration::from_secs(5);
/// Between two looks at the server's memory.
const LOOK: Duration = Duration::from_millis(20);

/// An attack, and what it may cost.
pub(super) struct Siege {
    pub(super) name: &'static str,
    pub(super) target: Target,
    /// Who comes meanwhile.
    pub(super) honest: Vec<Manner>,
    /// What the server's memory may grow by, in MiB.
    pub(super) budget: u64,
}

impl Siege {
    /// A server as it is configured by default, and regular visitors.
    pub(super) fn usual(name: &'static str, budget: u64) -> Self {
        Self { name, target: Target::with(""), honest: vec![Manner::Anew, Manner::Kept], budget }
    }

    /// Attacks; what `attack` answers is held until the honest clients have left.
    #[track_caller]
    pub(super) fn withstands<T>(self, attack: impl AsyncFnOnce(std::net::SocketAddr) -> T) {
        let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
        let Self { name, target, honest, budget } = self;
        let stop = Arc::new(AtomicBool::new(false));
        warm(&target, &honest);
        let (before, files) = (target.resident(), target.files());
        let clients: Vec<_> = honest
            .iter()
            .map(|manner| (manner.words(), honest::comes(manner.clone(), target.address, Arc::clone(&stop))))
            .collect();
        let most = watch(target.pid(), Arc::clone(&stop));
        let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let held = runtime.block_on(async { tokio::time::timeout(AT_MOST, attack(target.address)).await });
        stop.store(true, Ordering::Release);
        let most = most.join().unwrap();
        let mut lines = Vec::new();
        for (words, client) in clients {
            let latencies = client.join().unwrap_or_else(|_| panic!("{name}: {words}"));
            assert!(latencies.count() > 0, "{name}: nobody came: {words}");
            assert!(latencies.slowest() <= SLOWEST, "{name}: {words}: {latencies}");
            lines.push(format!("| {name} | {words} | {latencies} | {before} → {most} MiB |"));
        }
        let held = held.unwrap_or_else(|_| panic!("{name}: the attack takes longer than {AT_MOST:?}"));
        println!("{}", lines.join("\n"));
        assert!(
            most <= before + budget,
            "{name}: from {before} to {most} MiB, where {budget} more were allowed"
        );
        drop(held);
        drop(runtime);
        // The allocator keeps for a while what was freed; the next attack finds it there.
        target.recovers(files, before + budget, || warm(&target, &honest));
        println!("  after it: {} MiB", target.resident());
        target.ends();
    }
}

/// Everybody has been here before.
fn warm(target: &Target, honest: &[Manner]) {
    for manner in honest.iter().filter(|manner| !matches!(manner, Manner::Stranger)) {
        let once = Arc::new(AtomicBool::new(false));
        let client = honest::comes(manner.clone(), target.address, Arc::clone(&once));
        thread::sleep(Duration::from_millis(50)); // several of them
        once.store(true, Ordering::Release);
        client.join().unwrap();
    }
}

/// The most memory that was seen, in MiB.
fn watch(pid: u32, stop: Arc<AtomicBool>) -> thread::JoinHandle<u64> {
    thread::spawn(move || {
        let mut most = 0;
        while !stop.load(Ordering::Acquire) {
            most = most.max(resident(pid));
            thread::sleep(LOOK);
        }
        most
    })
}
