//! Directories and files that are there, are not, or are not ours.

use std::fs;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, symlink};

use dockgate_api::{Record, Shelf};
use dockgate_testkit::fakes::{call, noon};
use redb::TableDefinition;

use super::*;

const SHELF: Shelf = Shelf::ApiTokens;

fn refused(directory: &Path) -> String {
    let opened = settings(directory, &World::new()).open();
    opened.err().unwrap().to_string()
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().mode() & 0o7777
}

#[tokio::test(flavor = "multi_thread")]
async fn directory_and_file_are_made_for_nobody_else() {
    let above = tempfile::tempdir().unwrap();
    let directory = above.path().join("store");
    let store = open(&directory, &World::new());
    let file = directory.join("store.redb");
    assert_eq!((mode(&directory), mode(&file)), (0o700, 0o600));
    let names: Vec<_> = fs::read_dir(&directory).unwrap().map(|it| it.unwrap().file_name()).collect();
    assert_eq!(names, ["store.redb"]);

    let record = Record::new("key", noon(), b"value".to_vec());
    store.put(&call(), SHELF, record.clone()).await.unwrap();
    drop(store);
    fs::set_permissions(&file, fs::Permissions::from_mode(0o644)).unwrap();
    fs::write(directory.join("store.redb.new-0123456789abcdef"), "left by a crash").unwrap();
    let store = open(&directory, &World::new());
    assert_eq!(mode(&file), 0o600);
    assert!(!directory.join("store.redb.new-0123456789abcdef").exists());
    assert_eq!(store.get(&call(), SHELF, "key").await.unwrap(), Some(record));
}

#[test]
fn what_is_no_directory_of_ours_is_told() {
    let above = tempfile::tempdir().unwrap();
    let message = refused(&above.path().join("not/there"));
    assert!(message.contains("the directory above it does not exist"), "{message}");
    let file = above.path().join("file");
    fs::write(&file, "").unwrap();
    let message = refused(&file);
    assert!(message.contains("is no directory"), "{message}");
    // Where nobody may write, whoever they are.
    let message = refused(Path::new("/sys"));
    assert!(message.contains("needs a directory that dockgate may write to"), "{message}");
    let message = refused(Path::new("/sys/dockgate"));
    assert!(message.contains("/sys/dockgate cannot be made"), "{message}");
    let located = Located { location: Location::unknown(), index: None, value: PathBuf::new() };
    let message = FileSettings::read(located, &World::new().build_context()).err().unwrap().to_string();
    assert!(message.contains("needs a directory"), "{message}");
}

#[test]
fn only_a_file_of_its_own_is_opened() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("store.redb");
    let elsewhere = tempfile::tempdir().unwrap();
    drop(open(elsewhere.path(), &World::new()));
    symlink(elsewhere.path().join("store.redb"), &file).unwrap();
    let message = refused(directory.path());
    assert!(message.contains("is a symbolic link"), "{message}");
    fs::remove_file(&file).unwrap();

    fs::create_dir(&file).unwrap();
    let message = refused(directory.path());
    assert!(message.contains("store.redb"), "{message}");
    fs::remove_dir(&file).unwrap();

    for bytes in [&b""[..], b"r", b"SQLite format 3\0", &[0; 8192]] {
        fs::write(&file, bytes).unwrap();
        let message = refused(directory.path());
        assert!(message.contains("is damaged or no store of dockgate"), "{message}");
        assert_eq!(fs::read(&file).unwrap(), bytes, "it is left as it is");
    }
}

#[test]
fn two_ways_to_write_a_directory_are_one_store() {
    let above = tempfile::tempdir().unwrap();
    let directory = above.path().join("store");
    let world = World::new();
    let early = settings(&directory, &world);
    fs::create_dir(&directory).unwrap();
    symlink(&directory, above.path().join("link")).unwrap();
    for other in ["link", "store", "./store", "store/../store/"] {
        assert!(early == settings(&above.path().join(other), &world), "{other}");
    }
    assert!(early != settings(&above.path().join("another"), &world));
}

#[test]
fn whoever_has_it_open_is_named_with_the_cure() {
    let directory = tempfile::tempdir().unwrap();
    let store = open(directory.path(), &World::new());
    let message = refused(directory.path());
    assert!(message.contains(&format!("({}, this process) has it open", std::process::id())), "{message}");
    assert!(message.contains("give each server a directory of its own"), "{message}");
    drop(store);
    drop(open(directory.path(), &World::new()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_is_damaged_anywhere_is_told_and_left() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("store.redb");
    let store = open(directory.path(), &World::new());
    for number in 0..200 {
        let record = Record::new(format!("key-{number}"), noon(), vec![7; 300]);
        store.put(&call(), SHELF, record).await.unwrap();
    }
    drop(store);
    let whole = fs::read(&file).unwrap();
    let used = whole.iter().rposition(|byte| *byte != 0).unwrap();
    let mut told = 0;
    for part in 0..12 {
        let mut damaged = whole.clone();
        let at = used * part / 12;
        for byte in &mut damaged[at..at + 4096.min(used - at)] {
            *byte ^= 0xff;
        }
        fs::write(&file, &damaged).unwrap();
        // Where it hits a page that is not in use, nothing is wrong.
        match settings(directory.path(), &World::new()).open() {
            Err(error) => {
                assert!(error.to_string().contains("is damaged or no store"), "at {at}: {error}");
                told += 1;
            }
            Ok(store) => {
                let found = store.get(&call(), SHELF, "key-199").await.unwrap();
                assert!(found.is_some(), "at {at}: opened, and something is missing");
            }
        }
    }
    assert!(told > 0);
    fs::write(&file, &whole[..whole.len() / 3]).unwrap();
    let message = refused(directory.path());
    assert!(message.contains("is damaged or no store"), "{message}");
    fs::write(&file, &whole).unwrap();
    assert!(open(directory.path(), &World::new()).get(&call(), SHELF, "key-0").await.unwrap().is_some());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_later_release_s_file_is_used_if_it_says_so_and_else_refused() {
    const ABOUT: TableDefinition<'_, &str, u64> = TableDefinition::new("about");
    const NEW: TableDefinition<'_, &str, &str> = TableDefinition::new("something new");
    let directory = tempfile::tempdir().unwrap();
    drop(open(directory.path(), &World::new()));
    let by_a_later_release = |layout: u64, least: u64| {
        let database = redb::Database::open(directory.path().join("store.redb")).unwrap();
        let change = database.begin_write().unwrap();
        change.open_table(NEW).unwrap().insert("a", "b").unwrap();
        change.open_table(ABOUT).unwrap().insert("layout", layout).unwrap();
        change.open_table(ABOUT).unwrap().insert("least", least).unwrap();
        change.commit().unwrap();
    };
    by_a_later_release(2, 1);
    let store = open(directory.path(), &World::new());
    store.put(&call(), SHELF, Record::new("key", noon(), vec![1])).await.unwrap();
    drop(store);
    by_a_later_release(3, 2);
    let message = refused(directory.path());
    assert!(message.contains("was written by a newer dockgate"), "{message}");
}
