use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

use super::*;

const SOON: Duration = Duration::from_secs(30);
/// A busy machine may have no watch left for a test: then polling has to tell.
const BACKUP: Duration = Duration::from_secs(5);

/// One notice within half a minute.
async fn notice(watcher: &mut Watcher) {
    let told = timeout(SOON, watcher.changed()).await;
    assert!(told.is_ok(), "no notice: {watcher:?}");
}

/// No notice within a second: a test that must be able to fail can only wait. An event that comes late on a busy machine
/// may give one more notice before.
async fn silence(watcher: &mut Watcher) {
    let _late = timeout(Duration::from_secs(1), watcher.changed()).await;
    assert!(timeout(Duration::from_secs(1), watcher.changed()).await.is_err(), "a notice without a change");
}

fn both_kinds(paths: &[PathBuf]) -> [Watcher; 2] {
    [Watcher::with_poll(paths.to_vec(), BACKUP), Watcher::polling(paths.to_vec(), Duration::from_millis(250))]
}

fn rename_over(path: &Path, content: &str) {
    let new = path.with_extension("new");
    fs::write(&new, content).unwrap();
    fs::rename(new, path).unwrap();
}

#[tokio::test]
async fn a_file_is_rewritten_replaced_removed_and_made() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("key.pem");
    fs::write(&path, "one").unwrap();
    for mut watcher in both_kinds(std::slice::from_ref(&path)) {
        fs::write(&path, "a longer one").unwrap();
        notice(&mut watcher).await;
        rename_over(&path, "one");
        notice(&mut watcher).await;
        fs::remove_file(&path).unwrap();
        notice(&mut watcher).await;
        fs::write(&path, "one").unwrap();
        notice(&mut watcher).await;
        silence(&mut watcher).await;
    }
}

#[tokio::test]
async fn a_rewrite_of_the_same_length_is_told() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("key.pem");
    fs::write(&path, "one").unwrap();
    let mut watcher = Watcher::with_poll([path.clone()], BACKUP);
    for content in ["two", "six"] {
        fs::write(&path, content).unwrap();
        notice(&mut watcher).await;
    }
}

#[tokio::test]
async fn two_files_written_one_after_the_other_give_one_notice() {
    let dir = tempfile::tempdir().unwrap();
    let paths = ["cert.pem", "key.pem"].map(|name| dir.path().join(name));
    for mut watcher in both_kinds(&paths) {
        let writer = tokio::spawn({
            let paths = paths.clone();
            async move {
                for path in paths {
                    sleep(Duration::from_millis(80)).await;
                    fs::write(&path, "new").unwrap();
                }
                Instant::now()
            }
        });
        notice(&mut watcher).await;
        let told = Instant::now();
        assert!(writer.is_finished(), "told before the second file was there");
        assert!(told >= writer.await.unwrap() + Duration::from_millis(100), "told without a quiet moment");
        silence(&mut watcher).await;
    }
}

#[tokio::test]
async fn constant_writing_does_not_put_a_notice_off_for_ever() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("key.pem");
    let mut watcher = Watcher::with_poll([path.clone()], BACKUP);
    let writer = tokio::spawn(async move {
        for number in 0_u64.. {
            fs::write(&path, number.to_string()).unwrap();
            sleep(Duration::from_millis(20)).await;
        }
    });
    notice(&mut watcher).await;
    notice(&mut watcher).await;
    writer.abort();
}

#[tokio::test]
async fn other_files_of_the_directory_are_silent() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("key.pem");
    fs::write(&path, "one").unwrap();
    let mut watcher = Watcher::with_poll([path.clone()], BACKUP);
    let log = dir.path().join("access.log");
    let writer = tokio::spawn(async move {
        for number in 0_u64.. {
            fs::write(&log, number.to_string()).unwrap();
            sleep(Duration::from_millis(20)).await;
        }
    });
    silence(&mut watcher).await;
    fs::write(&path, "a longer one").unwrap();
    notice(&mut watcher).await;
    writer.abort();
}

/// Else who reads the files after a notice would get the next one.
#[tokio::test]
async fn reading_is_no_change() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("key.pem");
    fs::write(&path, "one").unwrap();
    for mut watcher in both_kinds(std::slice::from_ref(&path)) {
        fs::read(&path).unwrap();
        fs::read_dir(dir.path()).unwrap().count();
        silence(&mut watcher).await;
    }
}

/// A volume of Kubernetes: `key.pem -> ..data/key.pem`, `..data -> ..2026_1`, and an update exchanges `..data`.
#[tokio::test]
async fn the_exchange_of_a_mounted_volume_is_told() {
    let dir = tempfile::tempdir().unwrap();
    let version = |number: u32| {
        let name = format!("..2026_{number}");
        fs::create_dir(dir.path().join(&name)).unwrap();
        fs::write(dir.path().join(&name).join("key.pem"), "same length").unwrap();
        symlink(&name, dir.path().join("..data_tmp")).unwrap();
        fs::rename(dir.path().join("..data_tmp"), dir.path().join("..data")).unwrap();
    };
    version(0);
    let path = dir.path().join("key.pem");
    symlink("..data/key.pem", &path).unwrap();
    for (round, mut watcher) in (0..).zip(both_kinds(&[path])) {
        for number in 1..3 {
            version(10 * round + number);
            notice(&mut watcher).await;
        }
        fs::remove_dir_all(dir.path().join(format!("..2026_{}", 10 * round))).ok();
    }
}

/// As certbot does it: the file is a link to a link in another directory, and that one is exchanged.
#[tokio::test]
async fn a_link_on_the_way_is_exchanged() {
    let dir = tempfile::tempdir().unwrap();
    for name in ["etc", "live", "archive"] {
        fs::create_dir(dir.path().join(name)).unwrap();
    }
    for number in 1..3 {
        fs::write(dir.path().join(format!("archive/key{number}.pem")), "same length").unwrap();
    }
    symlink("../archive/key1.pem", dir.path().join("live/privkey.pem")).unwrap();
    symlink("../live/privkey.pem", dir.path().join("etc/key.pem")).unwrap();
    let look = Look::at(&[dir.path().join("etc/key.pem")]);
    let watched: Vec<_> = look.directories.keys().filter_map(|path| path.canonicalize().ok()).collect();
    for name in ["etc", "live", "archive"] {
        assert!(watched.contains(&dir.path().join(name).canonicalize().unwrap()), "{name} in {watched:?}");
    }
    let mut watcher = Watcher::with_poll([dir.path().join("etc/key.pem")], BACKUP);
    symlink("../archive/key2.pem", dir.path().join("live/new")).unwrap();
    fs::rename(dir.path().join("live/new"), dir.path().join("live/privkey.pem")).unwrap();
    notice(&mut watcher).await;
}

#[tokio::test]
async fn a_directory_goes_and_comes_back() {
    let dir = tempfile::tempdir().unwrap();
    let keys = dir.path().join("keys");
    let path = keys.join("key.pem");
    for mut watcher in both_kinds(std::slice::from_ref(&path)) {
        fs::create_dir(&keys).unwrap();
        fs::write(&path, "one").unwrap();
        notice(&mut watcher).await;
        fs::remove_dir_all(&keys).unwrap();
        notice(&mut watcher).await;
        fs::create_dir(&keys).unwrap();
        fs::write(&path, "one").unwrap();
        notice(&mut watcher).await;
        // The new directory is watched as the old one was, though its number may be the same.
        fs::remove_dir_all(&keys).unwrap();
        fs::create_dir(&keys).unwrap();
        fs::write(&path, "two").unwrap();
        notice(&mut watcher).await;
        fs::write(&path, "three, rewritten in place").unwrap();
        notice(&mut watcher).await;
        fs::remove_dir_all(&keys).unwrap();
        notice(&mut watcher).await;
    }
}

/// The system forgets its watch with the directory, also if another one gets its name and its number at once.
#[tokio::test]
async fn a_directory_that_went_is_watched_again_whatever_its_number() {
    let dir = tempfile::tempdir().unwrap();
    let keys = dir.path().join("keys");
    fs::create_dir(&keys).unwrap();
    let look = Look::at(&[keys.join("key.pem")]);
    let mut events = Events::of_the_system(&[keys.join("key.pem")]);
    assert!(events.watch(&look.directories), "a new one");
    assert!(!events.watch(&look.directories), "it is watched already");
    fs::remove_dir(&keys).unwrap();
    fs::create_dir(&keys).unwrap();
    let end = Instant::now() + SOON;
    while !events.watch(&look.directories) {
        assert!(Instant::now() < end, "the new directory is not watched");
        sleep(Duration::from_millis(10)).await;
    }
}

#[tokio::test]
async fn what_happens_between_two_calls_is_told_at_the_next() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("key.pem");
    for mut watcher in both_kinds(std::slice::from_ref(&path)) {
        fs::write(&path, "one").unwrap();
        // Given up while it settles.
        assert!(timeout(Duration::from_millis(150), watcher.changed()).await.is_err());
        notice(&mut watcher).await;
        fs::remove_file(&path).unwrap();
        notice(&mut watcher).await;
    }
}

#[tokio::test]
async fn what_cannot_be_watched_is_polled() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("key.pem");
    let mut watcher = Watcher::with_poll([path.clone()], Duration::from_millis(250));
    // As after a refusal by the system.
    watcher.events = Events::none();
    fs::write(&path, "one").unwrap();
    notice(&mut watcher).await;
}

#[tokio::test]
async fn a_dropped_watcher_leaves_no_thread() {
    let dir = tempfile::tempdir().unwrap();
    let watcher = Watcher::new([dir.path().join("key.pem")]);
    let held = watcher.events.held();
    assert!(held());
    drop(watcher);
    let end = Instant::now() + SOON;
    while held() {
        assert!(Instant::now() < end, "the thread of the events is still there");
        sleep(Duration::from_millis(20)).await;
    }
}
