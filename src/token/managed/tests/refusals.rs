use super::*;

fn refused(dir: &Path) -> String {
    ManagedKeys::open(dir).unwrap_err().to_string()
}

#[test]
fn what_is_no_directory_of_managed_keys_is_refused_with_the_cure() {
    let dir = tempfile::tempdir().unwrap();
    let missing = dir.path().join("missing");
    assert!(refused(&missing).contains("no such directory; make one with `dockgate keys init"));
    assert!(refused(dir.path()).contains("is empty; fill it with `dockgate keys init"));
    assert!(fs::read_dir(dir.path()).unwrap().next().is_none(), "looking makes nothing");
    fs::write(dir.path().join("server.key"), "x").unwrap();
    let shown = refused(dir.path());
    assert!(shown.contains("it holds 'server.key' and no file `dockgate-keys`"), "{shown}");
    assert!(refused(&dir.path().join("server.key")).contains("this is a file; name a directory"));
}

#[test]
fn an_unknown_version_is_refused() {
    let (dir, _) = made();
    for (marker, shown) in
        [("dockgate managed keys, version 2\n", "version 2'"), ("", "begins with ''"), ("\x1b[2J", "'?[2J'")]
    {
        fs::write(Entry::Marker.of(dir.path()), marker).unwrap();
        let error = refused(dir.path());
        assert!(error.contains(shown) && error.contains("another version"), "{error}");
    }
}

#[test]
fn init_refuses_what_is_not_empty() {
    let (dir, _) = made();
    let before = cas(dir.path());
    let again = ManagedKeys::init(dir.path(), day(0)).unwrap_err();
    assert!(matches!(again, ManagedError::AlreadyManaged(_)), "{again}");
    assert_eq!(cas(dir.path()), before);

    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("notes.txt"), "mine").unwrap();
    let error = ManagedKeys::init(dir.path(), day(0)).unwrap_err().to_string();
    assert!(error.contains("is not empty, it holds 'notes.txt'"), "{error}");
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
}

#[test]
fn a_damaged_ca_is_named_and_nothing_is_made_in_its_place() {
    let (other, _) = made();
    let (dir, keys) = made();
    let good = read(dir.path(), Entry::Ca);
    let (key, certificate) = good.split_at(good.find("-----BEGIN CERTIFICATE").unwrap());
    let foreign = read(other.path(), Entry::Bundle);
    let leaf = read(dir.path(), Entry::Leaf);
    let cases = [
        (String::new(), "is empty"),
        (key.to_owned(), "holds a private key, not a certificate"),
        (certificate.to_owned(), "holds a certificate, not a private key"),
        (format!("{key}{foreign}"), "does not belong to the private key"),
        (leaf, "is no CA"),
        (good.replace("\nM", "\n*"), "base64"),
    ];
    for (content, message) in cases {
        for entry in [Entry::Ca, Entry::NextCa, Entry::OldCa] {
            fs::write(Entry::Ca.of(dir.path()), &good).unwrap();
            fs::write(entry.of(dir.path()), &content).unwrap();
            for shown in [refused(dir.path()), keys.current(day(13), TOKEN).unwrap_err().to_string()] {
                assert!(shown.contains(message) && shown.contains(entry.name()), "{shown}");
                assert!(shown.contains("restore the file from a copy"), "{shown}");
            }
            assert_eq!(read(dir.path(), entry), content);
            fs::remove_file(entry.of(dir.path())).unwrap();
        }
    }
}

#[test]
fn a_lost_ca_key_is_not_replaced() {
    let (dir, keys) = made();
    fs::remove_file(Entry::Ca.of(dir.path())).unwrap();
    fs::remove_file(Entry::Leaf.of(dir.path())).unwrap();
    let shown = keys.current(day(1), TOKEN).unwrap_err().to_string();
    assert!(shown.contains("the key of the CA is not here to make another"), "{shown}");
    for error in [keys.publish_next_ca(day(1)).unwrap_err(), keys.switch_ca(day(1), true).unwrap_err()] {
        assert!(matches!(error, ManagedError::NoCaKey(_)), "{error}");
    }
    assert!(!Entry::Ca.of(dir.path()).exists());
}

#[test]
fn tokens_that_outlive_leaves_are_refused() {
    let (_dir, keys) = made();
    assert!(keys.current(day(1), LONGEST_TOKEN).is_ok());
    let shown = keys.current(day(1), LONGEST_TOKEN + DAY).unwrap_err().to_string();
    assert!(
        shown.contains("144 hours") && shown.contains("set `token.expiration` to 5 days (432000)"),
        "{shown}"
    );
}

#[test]
fn neither_errors_nor_debug_show_a_key() {
    let (dir, keys) = made();
    keys.publish_next_ca(day(0)).unwrap();
    let secrets: Vec<String> = [Entry::Ca, Entry::NextCa, Entry::Leaf]
        .iter()
        .flat_map(|&entry| {
            let text = read(dir.path(), entry);
            let (key, _) = text.split_at(text.find("-----END PRIVATE").unwrap());
            key.lines().skip(1).map(|line| line[..20].to_owned()).collect::<Vec<_>>()
        })
        .collect();
    assert!(secrets.len() >= 6);
    let mut shown = format!("{keys:?} {:?}", keys.current(day(1), TOKEN).unwrap());
    shown += &format!("{:?}", contents::Contents::read(dir.path()).unwrap());
    shown += &format!(
        "{:?}",
        gated(dir.path(), Refuses(io::ErrorKind::ReadOnlyFilesystem)).current(day(12), TOKEN)
    );
    for entry in Entry::ALL {
        let good = read_or_empty(dir.path(), entry);
        for bad in [good.replace("-----END", ""), good.replace('\n', ""), good.replacen("\nM", "\n*", 1)] {
            fs::write(entry.of(dir.path()), bad).unwrap();
            if let Err(error) = keys.current(day(1), TOKEN) {
                shown += &format!("{error} {error:?}");
            }
        }
        fs::write(entry.of(dir.path()), good).unwrap();
    }
    for secret in secrets {
        assert!(!shown.contains(&secret), "{secret} in {shown}");
    }
}

fn read_or_empty(dir: &Path, entry: Entry) -> String {
    fs::read_to_string(entry.of(dir)).unwrap_or_default()
}

/// Names like our own do not make a file ours.
#[test]
fn init_takes_nobodys_lock_and_no_strangers_notes() {
    for name in ["lock", ".new-notes"] {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join(name), "precious").unwrap();
        assert!(
            matches!(ManagedKeys::init(dir.path(), day(0)), Err(ManagedError::NotEmpty { .. })),
            "{name}"
        );
        assert_eq!(fs::read_to_string(dir.path().join(name)).unwrap(), "precious");
    }
}

#[test]
fn only_the_directory_itself_is_closed_to_others() {
    use std::os::unix::fs::PermissionsExt as _;
    let dir = tempfile::tempdir().unwrap();
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    let (above, own) = (dir.path().join("above"), dir.path().join("above/keys"));
    let keys = ManagedKeys::init(&own, day(0)).unwrap();
    assert_eq!(mode(&own), 0o700);
    assert_ne!(mode(&above), 0o700, "others have things there");
    let into = dir.path().join("into");
    fs::create_dir(&into).unwrap();
    fs::set_permissions(&into, fs::Permissions::from_mode(0o755)).unwrap();
    keys.issue_leaf(&into, super::super::OFFLINE_LEAF_LIFE, day(0)).unwrap();
    assert_eq!(mode(&into), 0o700);
}
