use super::*;

fn issued(life: Duration) -> (TempDir, ManagedKeys, TempDir) {
    let (ca, keys) = made();
    let server = tempfile::tempdir().unwrap();
    keys.issue_leaf(&server.path().join("keys"), life, day(0)).unwrap();
    (ca, keys, server)
}

#[test]
fn the_server_gets_a_leaf_and_no_ca_key() {
    let (ca, _, server) = issued(OFFLINE_LEAF_LIFE);
    let dir = server.path().join("keys");
    let mut names: Vec<_> =
        fs::read_dir(&dir).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    assert_eq!(names, ["bundle.pem", "dockgate-keys", "leaf.key", "lock"]);
    assert_eq!((mode(&dir), mode(&dir.join("leaf.key"))), (0o700, 0o600));
    assert_eq!(read(&dir, Entry::Bundle), read(ca.path(), Entry::Bundle));

    let keys = ManagedKeys::open(&dir).unwrap();
    let current = keys.current(day(1), TOKEN).unwrap();
    assert_eq!(worst(&current), None, "{}", texts(&current));
    assert_eq!(current.leaf.leaf().not_after(), day(90));
    assert!(trusts(&current.bundle_pem, &current.leaf, day(1)));
    assert!(matches!(keys.issue_leaf(&dir, OFFLINE_LEAF_LIFE, day(1)), Err(ManagedError::NoCaKey(_))));
}

#[test]
fn an_offline_leaf_is_not_renewed_but_its_end_is_told() {
    let (_ca, _, server) = issued(OFFLINE_LEAF_LIFE);
    let dir = server.path().join("keys");
    let keys = ManagedKeys::open(&dir).unwrap();
    let leaf = read(&dir, Entry::Leaf);
    let longest = 20 * DAY;
    let told = |number, token| keys.current(day(number), token).unwrap();

    assert_eq!(worst(&told(59, TOKEN)), None);
    let due = told(61, TOKEN);
    assert_eq!(worst(&due), Some(Severity::Warn));
    assert!(
        texts(&due).contains("the leaf ends on 2027-04-15; run `dockgate keys issue-leaf`"),
        "{}",
        texts(&due)
    );
    assert_eq!(worst(&told(55, longest)), Some(Severity::Warn));
    let cut = told(75, longest);
    assert!(worst(&cut) == Some(Severity::Error) && texts(&cut).contains("cut short"), "{}", texts(&cut));
    let ended = told(91, TOKEN);
    assert_eq!(worst(&ended), Some(Severity::Error));
    assert!(texts(&ended).contains("the leaf ended on") && texts(&ended).contains("issue-leaf"));
    assert!(ended.renew_at <= day(91) + DAY / 24);
    assert_eq!(read(&dir, Entry::Leaf), leaf);
    let early = keys.current(UNIX_EPOCH, TOKEN).unwrap();
    assert!(texts(&early).contains("set the clock"), "{}", texts(&early));
}

#[test]
fn a_leaf_is_refreshed() {
    let (_ca, keys, server) = issued(OFFLINE_LEAF_LIFE);
    let dir = server.path().join("keys");
    let before = ManagedKeys::open(&dir).unwrap().current(day(60), TOKEN).unwrap();
    let made = keys.issue_leaf(&dir, 400 * DAY, day(60)).unwrap();
    let after = ManagedKeys::open(&dir).unwrap().current(day(60), TOKEN).unwrap();
    assert_eq!(made.certificate.der(), after.leaf.leaf().der());
    assert_eq!(after.leaf.leaf().not_after(), day(460));
    assert_eq!(after.previous.len(), 1);
    assert_eq!(after.previous[0].der(), before.leaf.leaf().der());
}

#[test]
fn no_leaf_outlives_its_ca_and_none_is_shorter_than_a_day() {
    let (_ca, keys, server) = issued(OFFLINE_LEAF_LIFE);
    let dir = server.path().join("keys");
    let made = keys.issue_leaf(&dir, 100 * 366 * DAY, day(60)).unwrap();
    let ca = keys.current(day(60), TOKEN).unwrap().authorities[0].not_after();
    assert_eq!(made.certificate.not_after(), ca);
    let short = keys.issue_leaf(&dir, DAY / 2, day(60)).unwrap_err();
    assert!(matches!(short, ManagedError::LeafTooShort), "{short}");
}

/// Where only this command runs, it is the one that publishes the next CA and switches to it.
#[test]
fn issuing_takes_care_of_the_ca() {
    let (_ca, keys, server) = issued(OFFLINE_LEAF_LIFE);
    let dir = server.path().join("keys");
    let made = keys.issue_leaf(&dir, OFFLINE_LEAF_LIFE, day(6 * YEAR)).unwrap();
    assert_eq!(made.bundle_pem.matches("BEGIN CERTIFICATE").count(), 2);
    assert!(made.notices.iter().any(|notice| notice.severity == Severity::Warn), "{:?}", made.notices);
    assert_eq!(read(&dir, Entry::Bundle), made.bundle_pem);
    keys.issue_leaf(&dir, OFFLINE_LEAF_LIFE, day(9 * YEAR)).unwrap();
    let current = ManagedKeys::open(&dir).unwrap().current(day(9 * YEAR), TOKEN).unwrap();
    assert!(trusts(&made.bundle_pem, &current.leaf, day(9 * YEAR)));
    assert!(current.leaf.leaf().is_issued_by(&current.authorities[0]));
}

#[test]
fn a_directory_of_something_else_is_refused() {
    let (ca, keys) = made();
    let kept = cas(ca.path());
    let refused = |into: &Path| keys.issue_leaf(into, OFFLINE_LEAF_LIFE, day(1)).unwrap_err().to_string();
    let shown = refused(ca.path());
    assert!(shown.contains("it holds the key of CN=dockgate signing CA"), "{shown}");
    assert_eq!(cas(ca.path()), kept);

    let (_other_ca, _, server) = issued(OFFLINE_LEAF_LIFE);
    let other = server.path().join("keys");
    let leaf = read(&other, Entry::Leaf);
    assert!(refused(&other).contains("which is another CA"));
    fs::remove_file(Entry::Marker.of(&other)).unwrap();
    assert!(refused(&other).contains("a bundle.pem of something else"));
    assert_eq!(read(&other, Entry::Leaf), leaf);

    let foreign = tempfile::tempdir().unwrap();
    fs::write(foreign.path().join("authorized_keys"), "x").unwrap();
    assert!(refused(foreign.path()).contains("it holds 'authorized_keys'"));
}

#[test]
fn damage_is_named_with_the_cure() {
    let (_ca, _, server) = issued(OFFLINE_LEAF_LIFE);
    let (_other_ca, _, other) = issued(OFFLINE_LEAF_LIFE);
    let (dir, other) = (server.path().join("keys"), other.path().join("keys"));
    let keys = ManagedKeys::open(&dir).unwrap();
    let cases = [
        (Entry::Leaf, String::new(), "leaf.key: is empty"),
        (Entry::Leaf, read(&other, Entry::Leaf), "leaf.key: the leaf is of no CA in bundle.pem"),
        (Entry::Bundle, String::new(), "bundle.pem: holds no certificate"),
        (Entry::Bundle, read(&other, Entry::Bundle), "leaf.key: the leaf is of no CA in bundle.pem"),
    ];
    for (entry, content, message) in cases {
        let good = read(&dir, entry);
        fs::write(entry.of(&dir), &content).unwrap();
        let shown = keys.current(day(1), TOKEN).unwrap_err().to_string();
        assert!(shown.contains(message) && shown.contains("run `dockgate keys issue-leaf`"), "{shown}");
        fs::remove_file(entry.of(&dir)).unwrap();
        let shown = keys.current(day(1), TOKEN).unwrap_err().to_string();
        assert!(shown.contains(entry.name()) && shown.contains("issue-leaf"), "{shown}");
        fs::write(entry.of(&dir), good).unwrap();
    }
    assert!(keys.current(day(1), TOKEN).is_ok());
}
