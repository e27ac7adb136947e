//! What a file may look like, and what is said of one that does not.

use proptest::prelude::*;

use super::*;

fn problems(content: impl AsRef<[u8]>) -> Vec<String> {
    bench(content).build().err().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn comments_ends_of_lines_and_marks_do_not_matter() {
    let [alice, bob, carol] = ["alice", "bob", "carol"].map(|account| renamed("sha", account));
    let long = "x".repeat(500);
    for content in [
        format!("{alice}\n{bob}\n{carol}\n"),
        format!("{alice}\n{bob}\n{carol}"),
        format!("{alice}\r\n{bob}\r\n\r\n{carol}\r\n"),
        format!("\u{feff}{alice}\n{bob}\n{carol}\n"),
        format!("\u{feff}# a list\n{alice}:Alice, room 7\n\n  \n#mallory:x\n  {bob}\t\n{carol}:{long}:x\n"),
    ] {
        let bench = bench(&content);
        let users = bench.build().unwrap_or_else(|problems| panic!("{content:?}: {problems:?}"));
        for account in ["alice", "bob", "carol"] {
            assert!(matches!(ask(&users, account, RIGHT).await, Decision::Allow(_)), "{content:?}");
        }
        assert_eq!(ask(&users, "#mallory", RIGHT).await, Decision::NoMatch);
    }
}

#[tokio::test]
async fn accounts_may_be_written_in_any_script() {
    let bench = bench(format!("{}\n{}\n", renamed("sha", "jürgen"), renamed("sha", "two words")));
    let users = bench.build().unwrap();
    for account in ["jürgen", "two words"] {
        assert!(matches!(ask(&users, account, RIGHT).await, Decision::Allow(_)), "{account}");
    }
}

#[tokio::test]
async fn everything_that_is_wrong_is_found_at_once() {
    let hash = renamed("apr1", "").split_off(1);
    let mut content = format!(
        "alice:{hash}\nno colon, perhaps hunter2\n:{hash}\nalice:{hash}\nb\tb:{hash}\ncarol :{hash}\n\
         dave:\nerin:hunter2\n  frank:$1$s$eSlDmdCX8nqs9SNxRTvrN.\ngrace:rEQUcq75bcDos\n{hash}:heidi\n"
    )
    .into_bytes();
    content.extend_from_slice(b"j\xfcrgen:x\n");
    let found = problems(content);
    for (place, what) in [
        ("2:1", "expected ACCOUNT:HASH"),
        ("3:1", "no account in front of the `:`"),
        ("4:1", "this account stands in line 1 already"),
        ("5:1", "control characters"),
        ("6:1", "white space between the account and the `:`"),
        ("7:6", "the password hash is empty"),
        ("8:6", "perhaps the password itself"),
        ("9:9", "MD5 crypt (`$1$`) hashes are not supported"),
        ("10:7", "DES crypt hashes are not supported"),
        ("11:39", "this is not a password hash"),
        ("12:1", "not UTF-8"),
    ] {
        let begin = format!("users.htpasswd:{place}: users_file.path: ");
        assert!(
            found.iter().any(|it| it.starts_with(&begin) && it.contains(what)),
            "{begin}{what}: {found:#?}"
        );
    }
    assert_eq!(found.len(), 11, "{found:#?}");
    for secret in ["hunter2", "heidi", &hash, "rEQUcq75bcDos"] {
        assert!(!found.concat().contains(secret), "{secret}: {found:#?}");
    }
}

#[test]
fn many_mistakes_are_counted() {
    let found = problems("x\n".repeat(1_000));
    assert_eq!(found.len(), 21);
    assert!(found[20].contains("and 980 more mistakes in users.htpasswd"), "{}", found[20]);
}

#[test]
fn a_file_that_cannot_be_read_is_said_where_it_is_named() {
    let bench = bench("");
    let of = |path: &str| bench.build_of(&map(vec![("path", Node::text(at(2), path))])).err().unwrap();
    let begin = "auth.yml:2:3: users_file.path: ";
    std::fs::create_dir(bench.directory.path().join("directory")).unwrap();
    let large = std::fs::File::create(bench.directory.path().join("large")).unwrap();
    large.set_len(32 * 1024 * 1024 + 1).unwrap();
    std::os::unix::fs::symlink("/dev/zero", bench.directory.path().join("endless")).unwrap();
    for (path, what) in [
        ("missing", "there is no file missing: make it with `htpasswd -cB -C 10 FILE ACCOUNT`"),
        ("directory", "directory is a directory"),
        ("large", "large is larger than 32 MiB"),
        ("endless", "cannot read endless: it is no regular file"),
    ] {
        assert_eq!(of(path).len(), 1, "{path}");
        assert!(of(path)[0].starts_with(&format!("{begin}{what}")), "{:?}", of(path));
    }
    assert!(bench.world.spawner.running().is_empty());
}

#[tokio::test]
async fn nobody_in_the_file_is_warned_of() {
    let bench = bench("# nobody yet\n");
    assert!(bench.build().is_ok());
    let warnings = bench.warnings();
    assert_eq!(warnings.len(), 1);
    assert!(warnings[0].starts_with("auth.yml:2:3: users_file.path: there is no account in"), "{warnings:?}");
}

#[tokio::test]
async fn unknown_keys_and_wrong_labels_are_refused() {
    let bench = bench("");
    let path = || ("path", Node::text(at(2), "users.htpasswd"));
    let refused = |entries| bench.build_of(&map(entries)).err().unwrap().concat();
    assert!(refused(vec![]).contains("`path`"));
    assert!(refused(vec![path(), ("file", Node::text(at(3), "x"))]).contains("unknown key `file`"));
    let labels = map(vec![("groups", Node::text(at(3), "staff"))]);
    assert!(refused(vec![path(), ("labels", labels)]).contains("expected a list"));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn any_line_is_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..80)) {
        let _ = line::read(&bytes);
    }

    #[test]
    fn what_stands_in_front_of_the_first_colon_is_the_account(
        account in "[^:#\\s\\pC][^:\\pC]{0,20}[^:\\s\\pC]", stored in "[^:\\s]{1,40}", comment in "(:.*)?",
    ) {
        let text = format!("{account}:{stored}{comment}");
        let column = u32::try_from(account.chars().count()).unwrap() + 2;
        prop_assert_eq!(
            line::read(text.as_bytes()),
            Ok(Line::Entry { account: &account, stored: &stored, column })
        );
    }
}
