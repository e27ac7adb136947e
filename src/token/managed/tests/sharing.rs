use std::sync::Barrier;

use super::*;

/// As several processes do: a lock taken through one descriptor keeps out all others, in the same process too.
#[test]
fn exactly_one_renews_and_the_others_take_what_they_find() {
    const PEERS: usize = 4;
    let (dir, _) = made();
    let rounds: Vec<SystemTime> = (0..25).map(|round| day(round * 120)).collect();
    let barrier = Barrier::new(PEERS);
    let peer = || {
        let keys = ManagedKeys::open(dir.path()).unwrap();
        let mut seen = Vec::new();
        for &now in &rounds {
            barrier.wait();
            let current = keys.current(now, TOKEN).unwrap();
            assert!(!current.in_memory, "{}", texts(&current));
            let renewed =
                current.notices.iter().filter(|notice| notice.text.contains("has been renewed")).count();
            let made = current.notices.iter().filter(|notice| notice.severity == Severity::Warn).count();
            seen.push((current.leaf.leaf().der().to_vec(), current.bundle_pem.clone(), renewed, made));
            barrier.wait();
        }
        seen
    };
    let seen: Vec<_> = std::thread::scope(|scope| {
        let peers: Vec<_> = (0..PEERS).map(|_| scope.spawn(peer)).collect();
        peers.into_iter().map(|peer| peer.join().unwrap()).collect()
    });
    for round in 0..rounds.len() {
        let of_round: Vec<_> = seen.iter().map(|peer| &peer[round]).collect();
        assert!(of_round.iter().all(|one| one.0 == of_round[0].0), "one leaf in round {round}");
        assert!(of_round.iter().all(|one| one.1 == of_round[0].1), "one bundle in round {round}");
        let renewals: usize = of_round.iter().map(|one| one.2).sum();
        assert_eq!(renewals, usize::from(round > 0), "round {round}");
    }
}

#[test]
fn one_of_two_makes_the_directory() {
    for _ in 0..20 {
        let dir = tempfile::tempdir().unwrap();
        let barrier = Barrier::new(2);
        let made: Vec<bool> = std::thread::scope(|scope| {
            let start = || {
                barrier.wait();
                ManagedKeys::init(dir.path(), day(0)).is_ok()
            };
            let peers = [scope.spawn(start), scope.spawn(start)];
            peers.into_iter().map(|peer| peer.join().unwrap()).collect()
        });
        assert_eq!(made.iter().filter(|&&made| made).count(), 1);
        let current = ManagedKeys::open(dir.path()).unwrap().current(day(0), TOKEN).unwrap();
        assert_eq!(worst(&current), None);
        assert!(trusts(&read(dir.path(), Entry::Bundle), &current.leaf, day(0)));
    }
}

#[test]
fn a_stuck_peer_is_named_and_does_not_stop_the_signing() {
    let (dir, keys) = made();
    let before = keys.current(day(0), TOKEN).unwrap();
    let stuck = Directory::new(dir.path().to_path_buf());
    let held = stuck.lock().unwrap();
    let patience = Duration::from_millis(100);
    let hasty = Directory::with_gate(
        dir.path().to_path_buf(),
        patience,
        Arc::new(Crash(AtomicUsize::new(usize::MAX))),
    );
    let hasty = ManagedKeys::in_directory(hasty);

    // The leaf is due, and good still.
    let current = hasty.current(day(11), TOKEN).unwrap();
    assert_eq!(current.leaf.leaf().der(), before.leaf.leaf().der());
    let text = texts(&current);
    assert!(text.contains("Error") && text.contains(&format!("process {}", std::process::id())), "{text}");
    assert!(current.renew_at <= day(11) + DAY / 24, "it tries again soon");
    // And when it is not.
    let current = hasty.current(day(15), TOKEN).unwrap();
    assert!(current.in_memory && trusts(&before.bundle_pem, &current.leaf, day(15)));
    let error = hasty.publish_next_ca(day(15)).unwrap_err();
    assert!(matches!(error, ManagedError::Locked { .. }), "{error}");

    drop(held);
    let current = hasty.current(day(15), TOKEN).unwrap();
    assert!(!current.in_memory && worst(&current) < Some(Severity::Error), "{}", texts(&current));
}

#[test]
fn a_lock_on_a_removed_file_is_no_lock() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("lock");
    let held = fs::File::create(&path).unwrap();
    assert!(lock::is_still_there(&path, &held));
    fs::remove_file(&path).unwrap();
    assert!(!lock::is_still_there(&path, &held));
    fs::File::create(&path).unwrap();
    assert!(!lock::is_still_there(&path, &held), "the next one locks the new file");
}

#[test]
fn a_removed_lock_file_does_not_let_two_in() {
    let (dir, _) = made();
    let directory = Directory::new(dir.path().to_path_buf());
    let first = directory.lock().unwrap();
    // The second one waits on the removed file, and must not take it for the lock when the first lets it go.
    let waiting = std::thread::scope(|scope| {
        let second = scope.spawn(|| {
            let second = directory.lock().unwrap();
            let hasty = Directory::with_gate(
                dir.path().to_path_buf(),
                Duration::from_millis(50),
                Arc::new(Crash(AtomicUsize::new(usize::MAX))),
            );
            let third = hasty.lock().is_err();
            drop(second);
            third
        });
        fs::remove_file(Entry::Lock.of(dir.path())).unwrap();
        drop(first);
        second.join().unwrap()
    });
    assert!(waiting, "two held the lock at once");
}

/// Root may run a command on a directory that belongs to the server's user, who must not gain by it.
#[test]
fn a_link_in_the_locks_place_is_not_followed() {
    let dir = tempfile::tempdir().unwrap();
    let keys = ManagedKeys::init(&dir.path().join("keys"), day(0)).unwrap();
    let victim = dir.path().join("victim");
    fs::write(&victim, "precious").unwrap();
    let lock = dir.path().join("keys/lock");
    for link in [std::os::unix::fs::symlink::<&Path, &Path>, |from: &Path, to: &Path| fs::hard_link(from, to)]
    {
        fs::remove_file(&lock).unwrap();
        link(&victim, &lock).unwrap();
        assert!(matches!(keys.renew(day(1)), Err(ManagedError::Unwritable { .. })));
        assert_eq!(fs::read_to_string(&victim).unwrap(), "precious");
    }
}
