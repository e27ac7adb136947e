use proptest::prelude::*;

use super::*;

#[derive(Debug, Clone)]
enum Damage {
    Byte(prop::sample::Index, u8),
    Cut(prop::sample::Index),
    Garbage(Vec<u8>),
    Gone,
    /// The content of another file of the directory.
    Mixed(usize),
}

fn damage() -> impl Strategy<Value = Damage> {
    prop_oneof![
        (any::<prop::sample::Index>(), any::<u8>()).prop_map(|(at, byte)| Damage::Byte(at, byte)),
        any::<prop::sample::Index>().prop_map(Damage::Cut),
        prop::collection::vec(any::<u8>(), 0..300).prop_map(Damage::Garbage),
        Just(Damage::Gone),
        (0..Entry::ALL.len()).prop_map(Damage::Mixed),
    ]
}

/// Public keys of every CA key in the directory, whatever else is damaged.
fn ca_keys(dir: &Path) -> Vec<Vec<u8>> {
    let read = |entry: Entry| fs::read(entry.of(dir)).ok();
    let parse = |entry: Entry| authority::Authority::read(&entry.of(dir), &read(entry)?).ok();
    let cas = [Entry::Ca, Entry::NextCa, Entry::OldCa].into_iter().filter_map(parse);
    cas.map(|ca| ca.certificate().public_key().unwrap().spki().to_vec()).collect()
}

/// A directory with every file there is; made once, because keys are slow to draw.
fn template() -> &'static TempDir {
    static TEMPLATE: std::sync::OnceLock<TempDir> = std::sync::OnceLock::new();
    TEMPLATE.get_or_init(|| {
        let (dir, keys) = made();
        keys.publish_next_ca(day(1)).unwrap();
        keys.switch_ca(day(2), true).unwrap();
        keys.publish_next_ca(day(3)).unwrap();
        dir
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    /// Whatever happens to the files: no panic, no CA that was not there, and what is given out is trusted.
    #[test]
    fn damaged_files_never_lead_to_another_ca(
        damages in prop::collection::vec((0..Entry::ALL.len(), damage()), 1..4),
        number in prop_oneof![4..40_u32, Just(5 * YEAR), Just(9 * YEAR)],
    ) {
        let dir = copy(template().path());
        for (entry, damage) in damages {
            let path = Entry::ALL[entry].of(dir.path());
            let mut bytes = fs::read(&path).unwrap_or_default();
            match damage {
                Damage::Byte(at, byte) if !bytes.is_empty() => {
                    let at = at.index(bytes.len());
                    bytes[at] = byte;
                }
                Damage::Cut(at) if !bytes.is_empty() => bytes.truncate(at.index(bytes.len())),
                Damage::Byte(..) | Damage::Cut(_) => {}
                Damage::Garbage(garbage) => bytes = garbage,
                Damage::Mixed(other) => bytes = fs::read(Entry::ALL[other].of(dir.path())).unwrap_or_default(),
                Damage::Gone => {
                    let _ = fs::remove_file(&path);
                    continue;
                }
            }
            fs::write(&path, bytes).unwrap();
        }
        let before = ca_keys(dir.path());
        let original = ca_keys(template().path());
        let now = day(number);
        let result = ManagedKeys::open(dir.path()).and_then(|keys| keys.current(now, TOKEN));
        let after = ca_keys(dir.path());
        // A next CA is made by time alone, and only for a sound CA.
        let made = after.iter().filter(|ca| !original.contains(ca)).count();
        let may_publish = number >= 5 * YEAR && result.is_ok() && !before.is_empty();
        prop_assert!(made <= usize::from(may_publish), "{made} new CAs");
        if let Ok(current) = result {
            prop_assert!(after.len() >= before.iter().collect::<std::collections::BTreeSet<_>>().len().min(2));
            if worst(&current) < Some(Severity::Error) {
                prop_assert!(trusts(&current.bundle_pem, &current.leaf, now));
            }
        } else {
            prop_assert_eq!(&after, &before, "an error changes no CA");
        }
    }
}
