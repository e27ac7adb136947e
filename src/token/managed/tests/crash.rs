use super::*;

/// Runs an action on copies of a directory, and lets it crash before its first step, its second, and so on until it gets
/// through. Returns the directories that the crashes left.
fn crashes(template: &Path, action: impl Fn(&ManagedKeys) -> bool) -> Vec<TempDir> {
    let mut left = Vec::new();
    for steps in 0.. {
        let dir = copy(template);
        if action(&gated(dir.path(), Crash(AtomicUsize::new(steps)))) {
            break;
        }
        left.push(dir);
    }
    left
}

/// The process that starts after the crash has a whole directory, with every CA that registries may know.
fn recovers(dir: &Path, known: &[Vec<u8>], now: SystemTime) -> Current {
    let keys = ManagedKeys::open(dir).unwrap();
    let current = keys.current(now, TOKEN).unwrap();
    assert!(!current.in_memory && worst(&current) < Some(Severity::Error), "{}", texts(&current));
    assert!(trusts(&read(dir, Entry::Bundle), &current.leaf, now));
    assert_eq!(read(dir, Entry::Bundle), current.bundle_pem);
    let there = cas(dir);
    assert!(known.iter().all(|ca| there.contains(ca)), "a CA is lost");
    let again = keys.current(now, TOKEN).unwrap();
    assert_eq!(again.leaf.leaf().der(), current.leaf.leaf().der());
    current
}

#[test]
fn a_crash_while_a_leaf_is_renewed() {
    let (dir, keys) = made();
    let (known, before) = (cas(dir.path()), keys.current(day(1), TOKEN).unwrap());
    let left =
        crashes(dir.path(), |keys| worst(&keys.current(day(12), TOKEN).unwrap()) < Some(Severity::Error));
    assert!(left.len() >= 10, "{}", left.len());
    assert!(left.iter().any(|dir| temporaries(dir.path()) == 1), "some leave a temporary file");
    for dir in left {
        let current = recovers(dir.path(), &known, day(12));
        assert_eq!(cas(dir.path()), known);
        assert_eq!(current.leaf.leaf().not_after(), day(26));
        assert!(current.previous.iter().any(|one| one.der() == before.leaf.leaf().der()));
        assert_eq!(temporaries(dir.path()), 0);
    }
}

#[test]
fn a_crash_while_a_next_ca_is_published() {
    let (dir, _) = made();
    let known = cas(dir.path());
    let now = day(5 * YEAR);
    let by_itself =
        crashes(dir.path(), |keys| worst(&keys.current(now, TOKEN).unwrap()) < Some(Severity::Error));
    let by_hand = crashes(dir.path(), |keys| keys.publish_next_ca(now).is_ok());
    assert!(by_itself.len() >= 14 && by_hand.len() >= 8, "{} {}", by_itself.len(), by_hand.len());
    for dir in by_itself.into_iter().chain(by_hand) {
        let published = cas(dir.path()).get(1).cloned();
        let current = recovers(dir.path(), &known, now);
        assert_eq!(current.authorities.len(), 2);
        if let Some(published) = published {
            assert_eq!(current.authorities[1].der(), published, "what was made is kept");
        }
        assert_eq!(temporaries(dir.path()), 0);
    }
}

#[test]
fn a_crash_while_the_next_ca_takes_over() {
    let (dir, keys) = made();
    keys.current(day(5 * YEAR), TOKEN).unwrap();
    let known = cas(dir.path());
    let (soon, now) = (day(5 * YEAR + 9), day(9 * YEAR));
    let by_itself =
        crashes(dir.path(), |keys| worst(&keys.current(now, TOKEN).unwrap()) < Some(Severity::Error));
    let by_hand = crashes(dir.path(), |keys| keys.switch_ca(soon, true).is_ok());
    assert!(by_itself.len() >= 14 && by_hand.len() >= 14, "{} {}", by_itself.len(), by_hand.len());
    for dir in by_itself {
        let current = recovers(dir.path(), &known, now);
        assert_eq!(current.authorities[0].der(), known[1]);
        assert!(current.leaf.leaf().is_issued_by(&current.authorities[0]));
        assert!(!Entry::NextCa.of(dir.path()).exists());
    }
    let mut switched = 0;
    for dir in by_hand {
        let current = recovers(dir.path(), &known, soon);
        // As it was or as it should be: the administrator looks, and does it again if need be.
        assert_eq!(current.authorities.len(), 2);
        if current.authorities[0].der() == known[0] {
            ManagedKeys::open(dir.path()).unwrap().switch_ca(soon, true).unwrap();
        } else {
            switched += 1;
        }
        assert_eq!(cas(dir.path())[0], known[1]);
    }
    assert!(switched > 0);
}

#[test]
fn a_crash_while_a_directory_is_made() {
    for steps in 0.. {
        let dir = tempfile::tempdir().unwrap();
        let gate = Arc::new(Crash(AtomicUsize::new(steps)));
        let directory = Directory::with_gate(dir.path().to_path_buf(), Duration::from_secs(10), gate);
        if ManagedKeys::init_in(directory, day(0)).is_ok() {
            assert!(steps >= 16, "{steps}");
            break;
        }
        match ManagedKeys::open(dir.path()) {
            // The marker was there before the crash, and so was all else.
            Ok(keys) => assert_eq!(worst(&keys.current(day(0), TOKEN).unwrap()), None),
            Err(ManagedError::Empty(_)) => drop(ManagedKeys::init(dir.path(), day(0)).unwrap()),
            Err(ManagedError::Foreign { .. }) => {
                let shown = ManagedKeys::init(dir.path(), day(0)).unwrap_err().to_string();
                assert!(shown.contains("interrupted here, empty the directory first"), "{shown}");
            }
            Err(error) => panic!("{steps}: {error}"),
        }
    }
}

#[test]
fn a_crash_while_an_offline_leaf_is_refreshed() {
    let (ca, keys) = made();
    let parent = tempfile::tempdir().unwrap();
    keys.issue_leaf(parent.path(), OFFLINE_LEAF_LIFE, day(0)).unwrap();
    keys.publish_next_ca(day(1)).unwrap();
    keys.switch_ca(day(2), true).unwrap();
    for steps in 0.. {
        let target = copy(parent.path());
        let gate = Arc::new(Crash(AtomicUsize::new(steps)));
        let directory = Directory::with_gate(target.path().to_path_buf(), Duration::from_secs(10), gate);
        let done = keys.issue_leaf_into(&directory, OFFLINE_LEAF_LIFE, day(40)).is_ok();
        let current = ManagedKeys::open(target.path()).unwrap().current(day(40), TOKEN).unwrap();
        assert_eq!(worst(&current), None, "{}", texts(&current));
        assert!(trusts(&read(target.path(), Entry::Bundle), &current.leaf, day(40)));
        assert!(trusts(&read(ca.path(), Entry::Bundle), &current.leaf, day(40)));
        if done {
            assert!(steps >= 16, "{steps}");
            assert_eq!(current.leaf.leaf().not_after(), day(130));
            break;
        }
    }
}
