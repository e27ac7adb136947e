use std::os::unix::fs::symlink;

use super::*;

/// A Secret as Kubernetes mounts it: links to one version of all files.
fn mount(secret: &Path, at: &Path, version: u32) {
    let files = at.join(format!("..version_{version}"));
    fs::create_dir(&files).unwrap();
    for entry in fs::read_dir(secret).unwrap() {
        let entry = entry.unwrap();
        let path = files.join(entry.file_name());
        fs::copy(entry.path(), &path).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o440)).unwrap();
        let link = at.join(entry.file_name());
        if fs::symlink_metadata(&link).is_err() {
            symlink(Path::new("..data").join(entry.file_name()), link).unwrap();
        }
    }
    symlink(files.file_name().unwrap(), at.join("..data_tmp")).unwrap();
    fs::rename(at.join("..data_tmp"), at.join("..data")).unwrap();
}

fn listing(dir: &Path) -> Vec<String> {
    let mut names: Vec<String> =
        fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn a_mounted_secret_gives_each_process_leaves_of_its_own() {
    let (secret, _) = made();
    for entry in [Entry::Leaf, Entry::Lock] {
        fs::remove_file(entry.of(secret.path())).unwrap();
    }
    let volume = tempfile::tempdir().unwrap();
    mount(secret.path(), volume.path(), 1);
    let before = listing(volume.path());
    let bundle = read(secret.path(), Entry::Bundle);

    let pods = [ManagedKeys::open(volume.path()).unwrap(), ManagedKeys::open(volume.path()).unwrap()];
    let firsts = pods.each_ref().map(|keys| keys.current(day(1), TOKEN).unwrap());
    assert_ne!(firsts[0].leaf.leaf().der(), firsts[1].leaf.leaf().der());
    for (keys, first) in pods.iter().zip(&firsts) {
        assert!(first.in_memory && trusts(&bundle, &first.leaf, day(1)));
        assert_eq!(worst(first), Some(Severity::Info), "{}", texts(first));
        assert!(texts(first).contains("keeps them in memory"));
        let same = keys.current(day(2), TOKEN).unwrap();
        assert_eq!(same.leaf.leaf().der(), first.leaf.leaf().der());
        assert_eq!(same.notices, first.notices, "the text stays the same, so that it is said once");

        let renewed = keys.current(day(12), TOKEN).unwrap();
        assert_ne!(renewed.leaf.leaf().der(), first.leaf.leaf().der());
        assert_eq!(renewed.leaf.leaf().not_after(), day(26));
        assert_eq!(renewed.previous.len(), 1);
        assert_eq!(renewed.previous[0].der(), first.leaf.leaf().der());
    }
    assert_eq!(listing(volume.path()), before, "nothing was written");
}

#[test]
fn a_mounted_secret_that_is_exchanged_is_taken() {
    let (secret, keys) = made();
    let volume = tempfile::tempdir().unwrap();
    mount(secret.path(), volume.path(), 1);
    let pod = ManagedKeys::open(volume.path()).unwrap();
    let first = pod.current(day(1), TOKEN).unwrap();
    assert!(!first.in_memory, "the leaf of the Secret is good");

    keys.publish_next_ca(day(2)).unwrap();
    keys.switch_ca(day(3), true).unwrap();
    mount(secret.path(), volume.path(), 2);
    let second = pod.current(day(3), TOKEN).unwrap();
    assert_eq!(second.bundle_pem, read(secret.path(), Entry::Bundle));
    assert!(trusts(&second.bundle_pem, &second.leaf, day(3)));
    assert!(!trusts(&first.bundle_pem, &second.leaf, day(3)), "the leaf is of the new CA");
}

#[test]
fn a_file_system_that_refuses_to_be_written_is_no_obstacle() {
    for kind in [io::ErrorKind::ReadOnlyFilesystem, io::ErrorKind::PermissionDenied] {
        let (dir, _) = made();
        let bundle = read(dir.path(), Entry::Bundle);
        let keys = gated(dir.path(), Refuses(kind));
        let on_disk = keys.current(day(1), TOKEN).unwrap();
        assert!(!on_disk.in_memory && worst(&on_disk).is_none());
        let own = keys.current(day(11), TOKEN).unwrap();
        assert!(own.in_memory && trusts(&bundle, &own.leaf, day(11)));
        assert_eq!(worst(&own), Some(Severity::Info), "{}", texts(&own));
        assert_eq!(own.previous[0].der(), on_disk.leaf.leaf().der());
        assert!(keys.publish_next_ca(day(11)).is_err());
    }
}

#[test]
fn a_next_ca_takes_over_in_memory_too() {
    let (dir, writer) = made();
    let reader = gated(dir.path(), Refuses(io::ErrorKind::ReadOnlyFilesystem));
    // Where nothing can be written, somebody has to be told.
    let told = reader.current(day(6 * YEAR + 200), TOKEN).unwrap();
    let text = texts(&told);
    assert!(text.contains("Warn") && text.contains("run `dockgate keys next-ca`"), "{text}");
    assert_eq!(told.authorities.len(), 1);

    let next = writer.publish_next_ca(day(6 * YEAR + 201)).unwrap();
    let before = reader.current(day(6 * YEAR + 202), TOKEN).unwrap();
    assert!(before.leaf.leaf().is_issued_by(&before.authorities[0]));
    let after = reader.current(day(9 * YEAR), TOKEN).unwrap();
    assert!(after.leaf.leaf().is_issued_by(&next.certificate), "{}", texts(&after));
    assert!(trusts(&next.bundle_pem, &after.leaf, day(9 * YEAR)));
}

/// A full disk, say. Here it is a directory where the lock should be.
#[test]
fn a_disk_that_cannot_be_written_is_told_and_signing_goes_on() {
    let (dir, keys) = made();
    let before = keys.current(day(1), TOKEN).unwrap();
    fs::remove_file(Entry::Lock.of(dir.path())).unwrap();
    fs::create_dir(Entry::Lock.of(dir.path())).unwrap();
    let due = keys.current(day(11), TOKEN).unwrap();
    assert_eq!(due.leaf.leaf().der(), before.leaf.leaf().der(), "good still, and known to JWKS readers");
    assert_eq!(worst(&due), Some(Severity::Error), "{}", texts(&due));
    assert!(texts(&due).contains("lock: cannot be written"), "{}", texts(&due));
    assert!(due.renew_at <= day(11) + DAY / 24);
    let ended = keys.current(day(15), TOKEN).unwrap();
    assert!(ended.in_memory && trusts(&before.bundle_pem, &ended.leaf, day(15)));
    fs::remove_dir(Entry::Lock.of(dir.path())).unwrap();
    let cured = keys.current(day(16), TOKEN).unwrap();
    assert!(!cured.in_memory && worst(&cured) < Some(Severity::Error), "{}", texts(&cured));
}
