use x509_parser::extensions::ParsedExtension as E;

use super::*;

#[test]
fn a_new_directory_has_a_ca_and_a_leaf() {
    let parent = tempfile::tempdir().unwrap();
    let dir = parent.path().join("a/keys");
    let keys = ManagedKeys::init(&dir, day(0)).unwrap();
    let current = keys.current(day(0), TOKEN).unwrap();
    assert_eq!(texts(&current), "");
    assert!(!current.in_memory && current.previous.is_empty());
    assert_eq!(current.authorities.len(), 1);
    assert_eq!(current.bundle_pem, read(&dir, Entry::Bundle));
    assert!(trusts(&current.bundle_pem, &current.leaf, day(0)));
    assert_eq!(current.leaf.x5c().count(), 1, "the CA does not travel");

    let leaf = current.leaf.leaf();
    assert_eq!((leaf.not_before(), leaf.not_after()), (day(0) - DAY / 24, day(14)));
    let ca = &current.authorities[0];
    let life = ca.not_after().duration_since(ca.not_before()).unwrap();
    assert!(ca.not_before() == day(0) - DAY / 24 && life > DAY * 3652 && life < DAY * 3653);
    assert!(ca.subject().starts_with("CN=dockgate signing CA "), "{}", ca.subject());
    // Opened by the next process, it is the same.
    let again = ManagedKeys::open(&dir).unwrap().current(day(0), TOKEN).unwrap();
    assert_eq!(again.leaf.leaf().der(), leaf.der());
}

#[test]
fn the_files_have_their_modes() {
    let parent = tempfile::tempdir().unwrap();
    let dir = parent.path().join("keys");
    let keys = ManagedKeys::init(&dir, day(0)).unwrap();
    keys.publish_next_ca(day(0)).unwrap();
    keys.switch_ca(day(1), true).unwrap();
    keys.publish_next_ca(day(1)).unwrap();
    assert_eq!(mode(&dir), 0o700);
    let expected = [
        ("dockgate-keys", 0o644),
        ("ca.key", 0o600),
        ("ca-next.key", 0o600),
        ("ca-old.key", 0o600),
        ("leaf.key", 0o600),
        ("previous.pem", 0o644),
        ("bundle.pem", 0o644),
        ("lock", 0o600),
    ];
    for (name, wanted) in expected {
        assert_eq!(mode(&dir.join(name)), wanted, "{name}");
    }
    assert_eq!(fs::read_dir(&dir).unwrap().count(), expected.len());
    for name in ["bundle.pem", "previous.pem", "dockgate-keys", "lock"] {
        assert!(!fs::read_to_string(dir.join(name)).unwrap().contains("PRIVATE"), "{name}");
    }
}

#[test]
fn the_ca_can_do_nothing_but_sign_leaves() {
    let (_dir, keys) = made();
    let current = keys.current(day(0), TOKEN).unwrap();
    let (_, ca) = X509Certificate::from_der(current.authorities[0].der()).unwrap();
    let (_, leaf) = X509Certificate::from_der(current.leaf.leaf().der()).unwrap();

    let constraints = ca.basic_constraints().unwrap().unwrap();
    assert!(constraints.critical && constraints.value.ca);
    assert_eq!(constraints.value.path_len_constraint, Some(0));
    let usage = ca.key_usage().unwrap().unwrap().value;
    assert!(usage.key_cert_sign() && usage.crl_sign() && !usage.digital_signature());

    let constraints = leaf.basic_constraints().unwrap().unwrap();
    assert!(!constraints.value.ca);
    let usage = leaf.key_usage().unwrap().unwrap().value;
    assert!(usage.digital_signature() && !usage.key_cert_sign());

    let subject_id = ca.extensions().iter().find_map(|extension| match extension.parsed_extension() {
        E::SubjectKeyIdentifier(id) => Some(id.0),
        _ => None,
    });
    let authority_id = leaf.extensions().iter().find_map(|extension| match extension.parsed_extension() {
        E::AuthorityKeyIdentifier(id) => id.key_identifier.as_ref().map(|id| id.0),
        _ => None,
    });
    assert!(subject_id.is_some());
    assert_eq!(authority_id, subject_id);
}

#[test]
fn no_key_has_a_coordinate_that_begins_with_zero() {
    let (_dir, keys) = made();
    let found = keys.read().unwrap();
    // Without the second draw, one of so many has such a coordinate in 99 of 100 runs.
    for _ in 0..600 {
        let pem = found.ca().unwrap().issue(day(0), DAY).unwrap();
        let leaf = contents::Leaf::read(Path::new("leaf"), Some(pem.into_bytes()));
        assert!(!leaf.sound().unwrap().public_key().has_leading_zero_coordinate());
    }
}

#[test]
fn each_ca_has_a_name_of_its_own() {
    let (a, b) = (made(), made());
    let [a, b] =
        [a, b].map(|(_dir, keys)| keys.read().unwrap().ca().unwrap().certificate().subject().to_owned());
    assert_ne!(a, b);
}

#[test]
fn a_certificate_is_written_as_it_was_read() {
    let (dir, keys) = made();
    let current = keys.current(day(0), TOKEN).unwrap();
    let [ca] = current.authorities.as_slice() else { panic!("one CA") };
    assert_eq!(&super::super::contents::certificates(ca.pem().as_bytes()).unwrap(), std::slice::from_ref(ca));
    assert!(read(dir.path(), Entry::Ca).replace("\r\n", "\n").contains(&ca.pem()));
}
