mod validity;

use std::sync::Arc;

use dockgate_api::config::{Entry, Key, KeyPath, Location, Node, Value};
use dockgate_api::{
    Authenticator, BuildContext, ClientCertificate, Configure, Credential, Decision, Identity, KnownIdentity,
    LabelValue, Login, ReasonCode, Registry, Reloaded,
};
use dockgate_passwords::{PasswordService, Pool, PoolOptions, hash_bcrypt};
use dockgate_testkit::authenticator::{Anonymous, Fixture, Person, Reload, Unknown, conformance, rules};
use dockgate_testkit::fakes::{World, call};

use super::UsersConfig;

const BADMIN: &str = "$2y$05$LO.vzwpWC5LZGqThvEfznu8qhb5SGqvBSWY1J3yZ4AxtMRZ3kN5jC";
const ONE_TWO_THREE: &str = "$2y$05$WuwBasGDAgr.QCbGIjKJaep4dhxeai9gNZdmBnQXqpKly57oNutya";

fn at(line: u32) -> Location {
    Location::new("auth.yml", line, 3)
}

fn plain(line: u32, text: &str) -> Node {
    Node { location: at(line), value: Value::Scalar { text: text.into(), quoted: false } }
}

fn list(line: u32, items: &[&str]) -> Node {
    Node { location: at(line), value: Value::Sequence(items.iter().map(|item| plain(line, item)).collect()) }
}

fn map(line: u32, entries: Vec<(&str, Node)>) -> Node {
    let entries = entries
        .into_iter()
        .map(|(key, value)| Entry { key: Key { text: key.into(), location: value.location.clone() }, value })
        .collect();
    Node { location: at(line), value: Value::Mapping(entries) }
}

fn user(line: u32, stored: &str) -> Node {
    map(line, vec![("password", Node::text(at(line), stored))])
}

struct Bench {
    cx: BuildContext,
    world: World,
}

/// Real hashing.
fn bench() -> Bench {
    let world = World::new();
    let pool = Pool::new(PoolOptions::default(), &*world.random, &*world.metrics).unwrap();
    let (random, metrics) = (world.random.clone(), world.metrics.clone());
    let service = Arc::new(PasswordService::new(&pool));
    let cx = BuildContext::new(world.clock.clone(), random, world.spawner.clone(), metrics, service);
    Bench { cx: cx.for_link("users", cx.dialect()), world }
}

impl Bench {
    fn build(&self, section: &Node) -> Result<Arc<dyn Authenticator>, Vec<String>> {
        let mut registry: Registry<dyn Authenticator> = Registry::new();
        registry.register::<UsersConfig>("users").unwrap();
        let key = Key { text: "users".into(), location: section.location.clone() };
        let built = registry.build(&key, section, &KeyPath::root().key("users"), &self.cx);
        built.map_err(|problems| problems.iter().map(ToString::to_string).collect())
    }

    fn warnings(&self) -> Vec<String> {
        self.cx
            .take_warnings(&plain(1, ""), &KeyPath::root().key("users"))
            .iter()
            .map(ToString::to_string)
            .collect()
    }

    fn hashes(&self) -> u64 {
        self.world.metrics.counted("dockgate_password_hashes_total")
    }
}

fn users() -> Node {
    map(
        1,
        vec![
            ("admin", user(2, BADMIN)),
            (
                "test",
                map(
                    3,
                    vec![
                        ("password", plain(3, ONE_TWO_THREE)),
                        ("labels", map(4, vec![("groups", list(4, &["dev", "no", "0123", "test/*"]))])),
                    ],
                ),
            ),
            ("door", map(5, vec![("labels", map(5, vec![("groups", list(5, &["guests"]))]))])),
            ("", map(6, vec![])),
        ],
    )
}

fn problems(users: Vec<(&str, Node)>) -> Vec<String> {
    bench().build(&map(1, users)).err().unwrap()
}

async fn ask(users: &Arc<dyn Authenticator>, account: &str, credential: Credential) -> Decision<Identity> {
    users.authenticate(&call(), &Login::new(account, credential)).await.unwrap()
}

fn password(password: &str) -> Credential {
    Credential::password(password)
}

#[tokio::test]
async fn the_accounts_of_docker_auths_reference() {
    let bench = bench();
    let users = bench.build(&users()).unwrap();
    let bad =
        |decision| matches!(decision, Decision::Deny(reason) if reason.code == ReasonCode::BadCredentials);

    let admin = ask(&users, "admin", password("badmin")).await.allowed().unwrap();
    assert_eq!((admin.account.as_str(), admin.subject.as_str(), &*admin.link), ("admin", "admin", ""));
    assert!(bad(ask(&users, "admin", password("123")).await));
    assert!(bad(ask(&users, "admin", password("")).await));
    assert!(bad(ask(&users, "admin", Credential::None).await));

    let test = ask(&users, "test", password("123")).await.allowed().unwrap();
    let pattern = |value: &str| LabelValue::Pattern(value.to_owned());
    assert_eq!(test.labels.values("groups"), ["dev", "no", "0123", "test/*"].map(pattern));

    let hashes = bench.hashes();
    assert_eq!(ask(&users, "Admin", password("badmin")).await, Decision::NoMatch);
    for credential in [password("anything"), password(""), Credential::None] {
        let door = ask(&users, "door", credential).await.allowed().unwrap();
        assert_eq!((door.account.as_str(), door.epoch), ("door", None));
    }
    for credential in [Credential::None, password("anything")] {
        assert_eq!(ask(&users, "", credential).await, Decision::Allow(Identity::new("")));
    }
    assert_eq!(bench.hashes(), hashes);
    assert!(users.answers_without_proof(""));
    assert!(!bench.build(&map(1, vec![])).unwrap().answers_without_proof(""));
}

#[tokio::test]
async fn certificates_and_tokens_are_for_others() {
    let users = bench().build(&users()).unwrap();
    for account in ["admin", "door", "nobody"] {
        let certificate = Credential::ClientCertificate(ClientCertificate::new(vec![]));
        assert_eq!(ask(&users, account, certificate).await, Decision::NoMatch);
        assert_eq!(ask(&users, account, Credential::Bearer("badmin".into())).await, Decision::NoMatch);
    }
}

#[tokio::test]
async fn reload_knows_who_is_left() {
    let bench = bench();
    let before = bench.build(&users()).unwrap();
    let admin = ask(&before, "admin", password("badmin")).await.allowed().unwrap();
    let test = ask(&before, "test", password("123")).await.allowed().unwrap();
    let door = ask(&before, "door", Credential::None).await.allowed().unwrap();

    let after = map(
        1,
        vec![("admin", user(2, ONE_TWO_THREE)), ("test", user(3, ONE_TWO_THREE)), ("door", user(4, BADMIN))],
    );
    let after = bench.build(&after).unwrap();
    let cx = call();
    let reload = async |users: &Arc<dyn Authenticator>, of: &Identity| {
        users.reload(&cx, &KnownIdentity::of(of)).await.unwrap()
    };
    for identity in [&admin, &test, &door] {
        assert_eq!(reload(&before, identity).await, Reloaded::Current(identity.clone()));
    }
    assert!(
        matches!(reload(&after, &admin).await, Reloaded::Gone(reason) if reason.code == ReasonCode::BadCredentials)
    );
    assert!(matches!(reload(&after, &door).await, Reloaded::Gone(_)), "it has a password now");
    let Reloaded::Current(test_now) = reload(&after, &test).await else { panic!("test is still there") };
    assert!(test_now.labels.is_empty() && !test.labels.is_empty(), "labels are today's");
    let removed = reload(&after, &Identity::new("removed")).await;
    assert!(matches!(removed, Reloaded::Gone(reason) if reason.code == ReasonCode::Removed));
}

#[tokio::test(flavor = "multi_thread")]
async fn keeps_the_contract() {
    let bench = bench();
    let right = "a long right password";
    let stored = hash_bcrypt(&right.into(), 4, &*bench.world.random).unwrap();
    let with_anonymous = map(1, vec![("alice", user(2, &stored)), ("", map(3, vec![]))]);
    let without = map(1, vec![("alice", user(2, &stored))]);
    let why = "`\"\"` is not in this list";
    for (section, anonymous) in
        [(with_anonymous, Anonymous::Allowed), (without, Anonymous::NotSupported(why))]
    {
        let report = conformance(
            bench.build(&section).unwrap(),
            Fixture {
                known: Person::new("alice", right),
                canonical: "alice".to_owned(),
                unknown: Unknown::NoMatch("mallory".to_owned()),
                anonymous,
                reload: Reload::Supported { removed: "removed".to_owned(), epoch: true },
            },
        )
        .await;
        assert!(rules::ALL.iter().all(|rule| report.ran(rule)));
    }
}

#[test]
fn everything_that_is_wrong_is_found_at_once() {
    let found = problems(vec![
        ("a", plain(2, "")),
        ("b", map(3, vec![("password", plain(3, "~"))])),
        ("c", map(4, vec![("pasword", Node::text(at(4), BADMIN))])),
        ("d", map(5, vec![("password", list(5, &["x"]))])),
        (
            "e",
            map(
                6,
                vec![("password", Node::text(at(6), BADMIN)), ("labels", map(7, vec![("g", plain(7, "x"))]))],
            ),
        ),
        ("f", plain(8, BADMIN)),
    ]);
    assert_eq!(
        found,
        [
            "auth.yml:2:3: users.a: nothing stands behind this account: give it a `password` (a hash; `dockgate hash` makes one), or write `{}` if any password is to do",
            "auth.yml:3:3: users.b.password: nothing stands behind `password`: write a hash (`dockgate hash` makes one), or take the key away if any password is to do",
            "auth.yml:4:3: users.c.pasword: unknown key `pasword`: did you mean `password`?",
            "auth.yml:5:3: users.d.password: expected text, found a list",
            "auth.yml:7:3: users.e.labels.g: expected a list of values: write `[developers]` also for a single one",
            "auth.yml:8:3: users.f: expected a mapping with keys such as `password`, `password_file`, `labels`, `valid`, `disabled`, found a single value",
        ]
    );
}

#[test]
fn what_types_cannot_tell_is_found_at_once_too() {
    let found = problems(vec![
        ("a\tb", user(2, BADMIN)),
        ("carol", user(3, "hunter2 in plain text")),
        ("d.e", map(4, vec![("password", Node::text(at(5), &*BADMIN.replace("$05$", "$15$")))])),
        ("", user(6, BADMIN)),
        ("frank", map(7, vec![("labels", plain(7, ""))])),
        ("grace", user(8, "")),
    ]);
    let expected = [
        ("auth.yml:2:3: users.\"a\\tb\": ", "control characters"),
        ("auth.yml:3:3: users.carol.password: ", "not a password hash"),
        ("auth.yml:5:3: users.\"d.e\".password: ", "bcrypt cost 15 is out of range"),
        ("auth.yml:6:3: users.\"\".password: ", "write `\"\": {}`"),
        ("auth.yml:7:3: users.frank: ", "nothing stands behind `labels`"),
        ("auth.yml:8:3: users.grace.password: ", "the password hash is empty"),
    ];
    assert_eq!(found.len(), expected.len(), "{found:#?}");
    for (place, what) in expected {
        assert!(
            found.iter().any(|it| it.starts_with(place) && it.contains(what)),
            "{place}{what}: {found:#?}"
        );
    }
    assert!(!found.concat().contains("hunter2"));
}

#[test]
fn what_is_odd_is_warned_of() {
    let bench = bench();
    bench.build(&users()).unwrap();
    let warnings = bench.warnings();
    assert_eq!(warnings.len(), 2, "{warnings:#?}");
    assert!(warnings[0].starts_with("auth.yml:5:3: users.door: anybody who knows this name gets in"));
    assert!(warnings[1].starts_with("auth.yml:2:3: users.admin.password: bcrypt cost 5 is low"));
    assert!(warnings[1].ends_with("(and 1 more in this section)"));

    let good = BADMIN.replace("$05$", "$10$");
    bench.build(&map(1, vec![("admin", user(2, &good)), ("", map(3, vec![]))])).unwrap();
    assert_eq!(bench.warnings(), [""; 0]);
}

#[test]
fn nothing_behind_labels_is_no_labels_beside_a_password() {
    let entry = map(2, vec![("password", Node::text(at(2), BADMIN)), ("labels", plain(3, ""))]);
    assert!(bench().build(&map(1, vec![("admin", entry)])).is_ok());
    let no_values =
        map(2, vec![("password", plain(2, BADMIN)), ("labels", map(3, vec![("g", plain(3, ""))]))]);
    assert!(bench().build(&map(1, vec![("admin", no_values)])).is_ok());
}

#[test]
fn other_formats_mean_the_same_and_hashes_stay_hidden() {
    let read = |text: &str| serde_json::from_str::<UsersConfig>(text);
    let config =
        read(&format!(r#"{{"admin": {{"password": "{BADMIN}", "labels": {{"g": ["x"]}}}}, "": {{}}}}"#));
    let config = config.unwrap();
    assert!(!format!("{config:?}").contains("LO.vzwp"));
    assert!(config.build(&bench().cx).is_ok());
    for wrong in [
        r#"{"a": null}"#,
        r#"{"a": {"password": null}}"#,
        r#"{"a": {"x": 1}}"#,
        r#"{"a": {"labels": {"g": "x"}}}"#,
    ] {
        assert!(read(wrong).is_err(), "{wrong}");
    }
}

#[test]
fn the_schema_asks_for_what_is_read() {
    let schema = schemars::schema_for!(UsersConfig).to_value();
    let user = &schema["$defs"]["User"];
    assert_eq!(schema["additionalProperties"]["$ref"], "#/$defs/User");
    assert_eq!((&user["additionalProperties"], &user["type"]), (&false.into(), &"object".into()));
    assert_eq!(user["properties"]["password"]["type"], "string");
    assert_eq!(user["required"], serde_json::Value::Null);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hash_may_stand_in_a_file() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("hash");
    std::fs::write(&file, format!("{BADMIN}\n")).unwrap();
    let in_file = |path: &std::path::Path| ("password_file", Node::text(at(3), path.display().to_string()));
    let users = bench().build(&map(1, vec![("admin", map(2, vec![in_file(&file)]))])).unwrap();
    assert!(matches!(ask(&users, "admin", password("badmin")).await, Decision::Allow(_)));
    assert!(matches!(ask(&users, "admin", password("wrong")).await, Decision::Deny(_)));

    let missing = directory.path().join("missing");
    let refused = problems(vec![
        ("admin", map(2, vec![in_file(&missing)])),
        ("both", map(4, vec![in_file(&file), ("password", Node::text(at(5), BADMIN))])),
    ]);
    assert!(refused[0].contains("users.admin.password_file: cannot read"), "{refused:?}");
    assert!(
        refused[1].contains("users.both.password_file: `password` and `password_file` both"),
        "{refused:?}"
    );
}
