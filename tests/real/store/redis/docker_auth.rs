//! A Redis that docker_auth has filled: its passwords count until they lapse, and it is this server's store.

use std::sync::Arc;
use std::time::{Duration, Instant};

use dockgate::config::yaml;
use dockgate_api::config::secret::Secret;
use dockgate_api::config::{Key, KeyPath, Located, Location, Moment};
use dockgate_api::{
    Answer, Authenticator, BackendError, BuildContext, Call, Clock as _, Credential, Decision, Identity,
    LabelValue, Login, ReasonCode, Registry, RequestId, Store as _,
};
use dockgate_oauth2::{DockerAuthStore, GithubAuthConfig, TokenDbSection};
use dockgate_passwords::{PasswordService, Pool, PoolOptions};
use dockgate_store::{StoreConfig, StoreHandle};
use dockgate_testkit::fakes::{ScriptedHttp, World, build_context, noon};
use dockgate_testkit::store::conformance;
use serde_json::{Value, json};

use super::server::Server;
use super::{PATIENCE, call, record};
use crate::accounts::ALICE;
use crate::client::Client as _;
use crate::clients::skopeo::Skopeo;
use crate::image::Image;
use crate::registry::VERSIONS;
use crate::site::Site;

/// As docker_auth writes one, but for the tokens at the provider; `until` in RFC 3339.
fn written(until: &str) -> String {
    let hash = ALICE.hash.replacen("$2b$", "$2a$", 1);
    json!({"token_type": "bearer", "access_token": "gho_canary", "valid_until": until, "docker_password": hash,
           "labels": {"teams": ["core", "*"]}})
    .to_string()
}

fn provider(server: &Server) -> String {
    format!(
        "github_auth:\n  organization: acme\n  client_id: Iv1.1\n  client_secret: the-secret-of-the-client\n  \
         redis_token_db:\n    redis_options: {{addr: \"{}\", db: 2, poolsize: 5}}\n",
        server.addr()
    )
}

#[test]
fn docker_login_with_the_old_password_goes_on_working() {
    let Some(redis) = Server::start() else { return };
    redis.ask(&["-n", "2", "SET", "t:alice", &written("2099-01-01T00:00:00.123456789+01:00")]);
    redis.ask(&["-n", "2", "SET", "t:bob", &written("2020-01-01T00:00:00Z")]);
    let acl = "acl:\n  - match: {labels: {teams: core}, name: \"core/*\"}\n    actions: [\"*\"]\n";
    let chains = format!("{}{acl}", provider(&redis));
    let Some(site) = Site::deciding(VERSIONS[0], Skopeo::COMPONENTS, &chains) else { return };
    let client = site.client_of::<Skopeo>(&ALICE);
    client.push(&Image::of(&["hello"]), "core/hello:1").succeeds();
    client.push(&Image::of(&["hello"]), "other/hello:1").fails_with("denied");
    for (account, password) in [("alice", "wrong"), ("bob", ALICE.password), ("*", ALICE.password)] {
        site.client::<Skopeo>().login(account, password).fails_with("invalid username/password");
    }
    let log = site.dockgate.log();
    assert!(log.contains("sign in once more"), "{log}");
    assert!(!log.contains("gho_canary"), "{log}");
}

/// The link alone, with real hashing, at a time of the test's choice.
struct Bench {
    link: Arc<dyn Authenticator>,
    world: World,
}

fn bench(redis: &str) -> Bench {
    let world = World::new();
    let pool = Pool::new(PoolOptions::default(), &*world.random, &*world.metrics).unwrap();
    let service = Arc::new(PasswordService::new(&pool));
    let (random, metrics) = (world.random.clone(), world.metrics.clone());
    let cx = BuildContext::new(world.clock.clone(), random, world.spawner.clone(), metrics, service)
        .with_outbound(Arc::new(ScriptedHttp::new()));
    let mut registry: Registry<dyn Authenticator> = Registry::new();
    registry.register::<GithubAuthConfig>("github_auth").unwrap();
    let text =
        format!("{{organization: acme, client_id: Iv1.1, client_secret: a, redis_token_db: {{{redis}}}}}");
    let section = yaml::parse("auth.yml", &text, &mut Vec::new()).unwrap();
    let key = Key { text: "github_auth".into(), location: Location::unknown() };
    let link = registry.build(&key, &section, &KeyPath::root(), &cx.for_link("github_auth", cx.dialect()));
    Bench { link: link.unwrap_or_else(|problems| panic!("{problems:?}")), world }
}

impl Bench {
    async fn login(&self, account: &str, password: &str) -> Answer<Identity> {
        let deadline = Instant::now() + PATIENCE;
        let call = Call::new(self.world.clock.now(), deadline, RequestId::from_bits(1));
        self.link.authenticate(&call, &Login::new(account, Credential::password(password))).await
    }

    async fn refused(&self, account: &str, password: &str) -> (ReasonCode, String) {
        match self.login(account, password).await {
            Ok(Decision::Deny(reason)) => (reason.code, reason.detail),
            other => panic!("{account}: {other:?}"),
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_password_counts_until_it_lapses_and_not_a_moment_longer() {
    let Some(redis) = Server::start() else { return };
    let minute = Duration::from_secs(60);
    redis.ask(&["SET", "t:alice", &written(&Moment(noon() + minute).to_string())]);
    let bench = bench(&format!("redis_options: {{addr: \"{}\"}}", redis.addr()));
    let moment = Duration::from_nanos(1);
    bench.world.clock.turn(minute.saturating_sub(moment));
    let Ok(Decision::Allow(identity)) = bench.login("alice", ALICE.password).await else { panic!("refused") };
    assert_eq!((identity.account.as_str(), identity.subject.as_str()), ("alice", "alice"));
    assert_eq!(identity.expires_at, Some(noon() + minute), "no token outlives it");
    let literal = |text: &str| LabelValue::Literal(text.to_owned());
    assert_eq!(identity.labels.values("teams"), [literal("core"), literal("*")]);
    assert!(!bench.link.can_reload(), "it makes no refresh tokens");
    assert_eq!(bench.refused("alice", "wrong").await.0, ReasonCode::BadCredentials);
    bench.world.clock.turn(Duration::from_nanos(1));
    let (code, detail) = bench.refused("alice", ALICE.password).await;
    assert_eq!(code, ReasonCode::Expired);
    assert!(detail.contains("sign in once more"), "{detail}");
    assert_eq!(bench.refused("alice", "wrong").await.0, ReasonCode::BadCredentials);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_is_a_name_and_nothing_else() {
    let Some(redis) = Server::start() else { return };
    let record = written("2099-01-01T00:00:00Z");
    let odd = "a*[b]?{c}\r\nGET t:alice";
    for key in ["t:alice", "t:{alice", &format!("t:{odd}")] {
        redis.ask(&["SET", key, &record]);
    }
    let bench = bench(&format!("redis_options: {{addr: \"{}\"}}", redis.addr()));
    for account in ["alice", "{alice", odd] {
        assert!(matches!(bench.login(account, ALICE.password).await, Ok(Decision::Allow(_))), "{account}");
    }
    for account in ["*", "ali*", "al?ce", "[a]lice", "alice ", "ALICE", "t:alice", "", &"a".repeat(100_000)] {
        let answer = bench.login(account, ALICE.password).await;
        assert!(matches!(answer, Ok(Decision::NoMatch)), "{account}: {answer:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_record_is_an_error_that_repeats_nothing() {
    let Some(redis) = Server::start() else { return };
    for (account, text) in [("text", "canary"), ("half", "{\"docker_password\": \"canary"), ("none", "{}")] {
        redis.ask(&["SET", &format!("t:{account}"), text]);
    }
    redis.ask(&["RPUSH", "t:list", "canary"]);
    redis.ask(&["SET", "t:hash", &written("2099-01-01T00:00:00Z").replace("$2a$", "canary")]);
    let without = written("2099-01-01T00:00:00Z").replace("docker_password", "another");
    redis.ask(&["SET", "t:without", &without]);
    let bench = bench(&format!("redis_options: {{addr: \"{}\"}}", redis.addr()));
    for account in ["text", "half", "none", "hash", "list"] {
        let Err(error) = bench.login(account, ALICE.password).await else { panic!("{account} is let in") };
        assert!(account == "list" || matches!(error, BackendError::Protocol(_)), "{account}: {error}");
        assert!(!error.to_string().contains("canary"), "{error}");
    }
    assert_eq!(bench.refused("without", ALICE.password).await.0, ReasonCode::BadCredentials);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_redis_that_is_away_is_no_refusal_and_is_found_again() {
    let Some(mut redis) = Server::start() else { return };
    redis.ask(&["SET", "t:alice", &written("2099-01-01T00:00:00Z")]);
    let bench = bench(&format!("redis_options: {{addr: \"{}\"}}", redis.addr()));
    assert!(matches!(bench.login("alice", ALICE.password).await, Ok(Decision::Allow(_))));
    redis.kill();
    let away = bench.login("alice", ALICE.password).await;
    assert!(matches!(away, Err(BackendError::Unavailable(_))), "{away:?}");
    redis.start_again();
    let start = Instant::now();
    while !matches!(bench.login("alice", ALICE.password).await, Ok(Decision::Allow(_))) {
        assert!(start.elapsed() < PATIENCE, "it is not found again");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    // One that is there and says nothing.
    let frozen = redis.freeze();
    let silent = bench.login("alice", ALICE.password).await;
    assert!(matches!(silent, Err(BackendError::Timeout(_) | BackendError::Unavailable(_))), "{silent:?}");
    drop(frozen);
}

/// The store that a provider's section makes.
fn store(section: &Value) -> Arc<StoreHandle> {
    let section: TokenDbSection = serde_json::from_value(section.clone()).unwrap();
    let (file, redis, secret) = match section.store(&build_context()) {
        Some(DockerAuthStore::File(path)) => (Some(path), None, None),
        Some(DockerAuthStore::Redis { config, secret }) => (None, Some(*config), secret),
        None => panic!("it describes none"),
    };
    let secret = secret.map(|secret| Located {
        location: Location::unknown(),
        index: None,
        value: Secret::from(secret),
    });
    let config = StoreConfig {
        file,
        redis,
        postgres: None,
        recheck: None,
        secret,
        secret_file: None,
        secret_before: None,
        secret_before_file: None,
    };
    let handle = StoreHandle::new(config, &build_context()).unwrap_or_else(|error| panic!("{error}"));
    handle.open().unwrap_or_else(|error| panic!("{error}"));
    Arc::new(handle)
}

#[tokio::test(flavor = "multi_thread")]
async fn the_stores_of_both_pass() {
    let dir = tempfile::tempdir().unwrap();
    let level = dir.path().join("tokens.ldb");
    conformance(store(&json!({"level_token_db": {"path": level}}))).await;
    // docker_auth never asked what its Redis keeps.
    let Some(redis) = Server::with(&[]) else { return };
    let section = |secret: &str| {
        let options = json!({"addr": redis.addr(), "db": 2});
        json!({"client_secret": secret, "redis_token_db": {"redis_options": options}})
    };
    conformance(store(&section("the-secret-of-the-client"))).await;
    let first = store(&section("the-secret-of-the-client"));
    first.put(&call(), super::SHELF, record("one")).await.unwrap();
    assert!(first.get(&call(), super::SHELF, "one").await.unwrap().is_some());
    let another = store(&section("another-secret"));
    assert!(another.get(&call(), super::SHELF, "one").await.unwrap().is_none(), "it is not sealed");
}
