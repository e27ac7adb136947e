use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use dockgate_api::config::{Entry, Key, KeyPath, Location, Node, Value};
use dockgate_api::{
    Authenticator, BuildContext, Configure, Credential, Decision, Health, Identity, KnownIdentity,
    LabelValue, LabelValues, Login, Passwords, ReasonCode, Registry, Reloaded,
};
use dockgate_passwords::{PasswordService, Pool, PoolOptions};
use dockgate_testkit::authenticator::{Anonymous, Fixture, Person, Reload, Unknown, conformance, rules};
use dockgate_testkit::fakes::{World, call};
use tempfile::TempDir;

use crate::UsersFileConfig;
use crate::line::{self, Line};

mod reading;

/// `htpasswd -nbB -C 5`, `-nbm`, `-nbs`, `-nb2`, `-nb5`, each of "a right password".
const EVERY_KIND: &str = include_str!("tests/every_kind.htpasswd");
const RIGHT: &str = "a right password";

struct Bench {
    cx: BuildContext,
    world: World,
    directory: TempDir,
    passwords: Arc<PasswordService>,
}

/// Real hashing, and changes that are told by hand.
fn bench(content: impl AsRef<[u8]>) -> Bench {
    let (world, directory) = (World::new(), tempfile::tempdir().unwrap());
    let pool = Pool::new(PoolOptions::default(), &*world.random, &*world.metrics).unwrap();
    let (random, metrics) = (world.random.clone(), world.metrics.clone());
    let passwords = Arc::new(PasswordService::new(&pool));
    let cx =
        BuildContext::new(world.clock.clone(), random, world.spawner.clone(), metrics, passwords.clone());
    let cx = cx.with_file_watcher(world.files.clone()).with_base_dir(directory.path());
    let bench = Bench { cx: cx.for_link("staff", cx.dialect()), world, directory, passwords };
    bench.write(content);
    bench
}

fn at(line: u32) -> Location {
    Location::new("auth.yml", line, 3)
}

fn map(entries: Vec<(&str, Node)>) -> Node {
    let entry = |(key, value): (&str, Node)| Entry { key: Key { text: key.into(), location: at(2) }, value };
    Node { location: at(1), value: Value::Mapping(entries.into_iter().map(entry).collect()) }
}

impl Bench {
    fn path(&self) -> PathBuf {
        self.directory.path().join("users.htpasswd")
    }

    fn write(&self, content: impl AsRef<[u8]>) {
        std::fs::write(self.path(), content).unwrap();
    }

    fn build(&self) -> Result<Arc<dyn Authenticator>, Vec<String>> {
        self.build_of(&map(vec![("path", Node::text(at(2), "users.htpasswd"))]))
    }

    /// What is wrong, with the file's directory taken away.
    fn build_of(&self, section: &Node) -> Result<Arc<dyn Authenticator>, Vec<String>> {
        let mut registry: Registry<dyn Authenticator> = Registry::new();
        registry.register::<UsersFileConfig>("users_file").unwrap();
        let key = Key { text: "users_file".into(), location: at(1) };
        let built = registry.build(&key, section, &KeyPath::root().key("users_file"), &self.cx);
        built.map_err(|problems| problems.iter().map(|problem| self.shown(problem)).collect())
    }

    fn warnings(&self) -> Vec<String> {
        let section = map(Vec::new());
        let warnings = self.cx.take_warnings(&section, &KeyPath::root().key("users_file"));
        warnings.iter().map(|warning| self.shown(warning)).collect()
    }

    fn shown(&self, problem: &impl ToString) -> String {
        problem.to_string().replace(&format!("{}/", self.directory.path().display()), "")
    }

    fn hashes(&self) -> u64 {
        self.world.metrics.counted("dockgate_password_hashes_total")
    }
}

async fn ask(users: &Arc<dyn Authenticator>, account: &str, password: &str) -> Decision<Identity> {
    users.authenticate(&call(), &Login::new(account, Credential::password(password))).await.unwrap()
}

fn is_bad(decision: &Decision<Identity>) -> bool {
    matches!(decision, Decision::Deny(reason) if reason.code == ReasonCode::BadCredentials)
}

/// Waits until something is so; what never comes is a failure, not a wait.
async fn until<F: Future<Output = bool>>(what: &str, so: impl Fn() -> F) {
    for _ in 0..3_000 {
        if so().await {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("still not so: {what}");
}

/// One line for an account; every kind of hash has one in the file.
fn line_of(account: &str) -> &'static str {
    EVERY_KIND.lines().find(|line| line.starts_with(&format!("{account}:"))).unwrap()
}

fn renamed(account: &str, to: &str) -> String {
    line_of(account).replacen(account, to, 1)
}

#[tokio::test(flavor = "multi_thread")]
async fn every_kind_of_htpasswd_logs_in() {
    let bench = bench(EVERY_KIND);
    let users = bench.build().unwrap();
    for account in ["bcrypt", "apr1", "sha", "sha256", "sha512"] {
        let allowed = ask(&users, account, RIGHT).await.allowed().unwrap();
        assert_eq!((allowed.account.as_str(), allowed.subject.as_str()), (account, account));
        assert!(allowed.epoch.is_some() && allowed.labels.is_empty());
        assert!(is_bad(&ask(&users, account, "a wrong password").await), "{account}");
        assert!(is_bad(&ask(&users, account, "").await), "{account}");
        let nothing = users.authenticate(&call(), &Login::new(account, Credential::None)).await;
        assert!(is_bad(&nothing.unwrap()), "{account}");
        let bearer = Login::new(account, Credential::Bearer(RIGHT.into()));
        assert_eq!(users.authenticate(&call(), &bearer).await, Ok(Decision::NoMatch));
    }
    for unknown in ["nobody", "", "Bcrypt", "bcrypt "] {
        assert_eq!(ask(&users, unknown, RIGHT).await, Decision::NoMatch);
        assert!(!users.answers_without_proof(unknown));
    }
    let warnings = bench.warnings();
    assert_eq!(warnings.len(), 1, "{warnings:#?}");
    assert!(
        warnings[0].starts_with("users.htpasswd:2:8: users_file.path: bcrypt cost 5 is low"),
        "{warnings:?}"
    );
    assert!(warnings[0].ends_with("(and 4 more in this file)"), "{warnings:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn keeps_the_contract() {
    let bench = bench(EVERY_KIND);
    for account in ["bcrypt", "sha512"] {
        let report = conformance(
            bench.build().unwrap(),
            Fixture {
                known: Person::new(account, RIGHT),
                canonical: account.to_owned(),
                unknown: Unknown::NoMatch("mallory".to_owned()),
                anonymous: Anonymous::NotSupported("a file of people"),
                reload: Reload::Supported { removed: "removed".to_owned(), epoch: true },
            },
        )
        .await;
        assert!(report.ran(&rules::RELOAD) && report.ran(&rules::EPOCH));
    }
}

#[tokio::test]
async fn labels_are_everybodys_and_literal_unless_the_link_says_otherwise() {
    let bench = bench(EVERY_KIND);
    let values = |values: &[&str]| Node {
        location: at(3),
        value: Value::Sequence(values.iter().map(|value| Node::text(at(3), *value)).collect()),
    };
    let path = || ("path", Node::text(at(2), "users.htpasswd"));
    let section = map(vec![path(), ("labels", map(vec![("groups", values(&["staff", "dev*"]))]))]);
    let users = bench.build_of(&section).unwrap();
    let allowed = ask(&users, "sha", RIGHT).await.allowed().unwrap();
    let literal = |value: &str| LabelValue::Literal(value.to_owned());
    assert_eq!(allowed.labels.values("groups"), [literal("staff"), literal("dev*")]);
    assert_eq!(UsersFileConfig::label_values(bench.cx.dialect()), LabelValues::Literal);

    let known = KnownIdentity::of(&allowed);
    let reloaded = users.reload(&call(), &known).await;
    assert!(matches!(reloaded, Ok(Reloaded::Current(now)) if now.labels == allowed.labels));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_counts_at_the_next_login() {
    let bench = bench(format!("{}\n{}\n", renamed("bcrypt", "alice"), renamed("sha", "bob")));
    let users = bench.build().unwrap();
    assert_eq!(bench.world.files.watched(), [bench.path()]);
    assert_eq!(bench.world.spawner.running(), ["users_file"]);
    let alice = ask(&users, "alice", RIGHT).await.allowed().unwrap();
    assert!(matches!(ask(&users, "bob", RIGHT).await, Decision::Allow(_)));
    let hashes = bench.hashes();
    assert!(matches!(ask(&users, "alice", RIGHT).await, Decision::Allow(_)));
    assert_eq!(bench.hashes(), hashes, "remembered");

    // Another hash of the same password: nothing changes for who logs in, but what was issued for the old one ends.
    bench.write(format!("{}\n{}\n", renamed("sha", "alice"), renamed("sha", "carol")));
    bench.world.files.tell();
    until("carol is in", || async { matches!(ask(&users, "carol", RIGHT).await, Decision::Allow(_)) }).await;
    assert_eq!(ask(&users, "bob", RIGHT).await, Decision::NoMatch);
    assert!(matches!(ask(&users, "alice", RIGHT).await, Decision::Allow(_)));
    let reloaded = users.reload(&call(), &KnownIdentity::of(&alice)).await;
    assert!(matches!(reloaded, Ok(Reloaded::Gone(_))), "{reloaded:?}");

    // Nobody is left: also a change.
    bench.write("");
    bench.world.files.tell();
    until("alice is out", || async { ask(&users, "alice", RIGHT).await == Decision::NoMatch }).await;
    assert_eq!(users.health(&call()).await, Health::Up);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bad_file_changes_nothing_and_is_told() {
    let bench = bench(renamed("apr1", "alice"));
    let users = bench.build().unwrap();
    let degraded = |what: &'static str| {
        let users = Arc::clone(&users);
        async move { matches!(users.health(&call()).await, Health::Degraded(text) if text.contains(what)) }
    };
    let good = renamed("apr1", "alice");
    bench.write(format!("{good}\nbob:hunter2 in plain text\n"));
    bench.world.files.tell();
    until("a bad line", || degraded("users.htpasswd:2:5: this is not a password hash")).await;
    assert!(matches!(ask(&users, "alice", RIGHT).await, Decision::Allow(_)));
    assert!(matches!(users.health(&call()).await, Health::Degraded(text) if !text.contains("hunter2")));

    std::fs::remove_file(bench.path()).unwrap();
    bench.world.files.tell();
    until("no file", || degraded("there is no file")).await;
    assert!(matches!(ask(&users, "alice", RIGHT).await, Decision::Allow(_)));

    bench.write(renamed("apr1", "bob"));
    bench.world.files.tell();
    until("good again", || async { users.health(&call()).await == Health::Up }).await;
    assert_eq!(ask(&users, "alice", RIGHT).await, Decision::NoMatch);
    assert!(matches!(ask(&users, "bob", RIGHT).await, Decision::Allow(_)));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_that_is_read_again_counts_its_hashes_once() {
    let Bench { world, directory, .. } = bench("alice:one\nbob:two\ncarol:three\n");
    let config = map(vec![("path", Node::text(at(2), "users.htpasswd"))]);
    let config: UsersFileConfig = config.decode(&KeyPath::root()).unwrap();
    let users = config.build(&world.build_context().with_base_dir(directory.path())).unwrap();
    assert_eq!(world.passwords.in_use(), 3);
    for (content, accounts) in [("alice:one\ndave:four\n", 2), ("alice:one\nalice:two\n", 2), ("", 0)] {
        std::fs::write(directory.path().join("users.htpasswd"), content).unwrap();
        world.files.tell();
        until("so many are in use", || async { world.passwords.in_use() == accounts }).await;
    }
    assert_eq!(ask(&users, "alice", "one").await, Decision::NoMatch);
    drop(users);
}

#[tokio::test]
async fn offline_nothing_is_read_or_watched() {
    let bench = bench("nonsense");
    let Bench { cx, world, directory, passwords } = bench;
    let bench = Bench { cx: cx.with_offline(true), world, directory, passwords };
    let users = bench.build().unwrap();
    assert_eq!(ask(&users, "alice", RIGHT).await, Decision::NoMatch);
    assert!(bench.world.files.watched().is_empty() && bench.world.spawner.running().is_empty());
    assert!(bench.passwords.accept("x", dockgate_api::HashFormats::Modern).is_err());
}

#[tokio::test]
async fn a_path_that_would_break_the_lines_of_a_log_is_refused() {
    let bench = bench("");
    for path in ["users\nFORGED", "users\0", "users\u{1b}[2K"] {
        let refused = bench.build_of(&map(vec![("path", Node::text(at(2), path))])).err().unwrap();
        assert_eq!(
            refused,
            [
                "auth.yml:2:3: users_file.path: a file's path holds no control characters: write it in one line"
            ]
        );
    }
}
