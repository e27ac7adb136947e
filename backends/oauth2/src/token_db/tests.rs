use dockgate_api::config::{KeyPath, Node};
use dockgate_testkit::fakes::World;
use serde_json::{Value, json};

use super::*;

/// As a provider's section has them.
#[derive(Deserialize)]
#[expect(clippy::struct_field_names, reason = "they are called as the keys are")]
struct Section {
    level_token_db: Option<Located<LevelTokenDb>>,
    redis_token_db: Option<Located<RedisTokenDb>>,
    gcs_token_db: Option<Located<GcsTokenDb>>,
}

struct Read {
    legacy: bool,
    problems: String,
    warnings: String,
    notes: String,
}

fn read(section: Value) -> Read {
    let Section { level_token_db, redis_token_db, gcs_token_db } = serde_json::from_value(section).unwrap();
    let keys = TokenDbKeys { level_token_db, redis_token_db, gcs_token_db };
    let cx = World::new().build_context();
    let mut errors = BuildError::none();
    let legacy = keys.read(&cx, &mut errors).is_some();
    let (node, path) = (Node::text(Location::unknown(), ""), KeyPath::root());
    let lines = |problems: Vec<dockgate_api::config::Problem>| {
        problems
            .iter()
            .map(|problem| format!("{}: {}\n", problem.path, problem.message))
            .collect::<Vec<_>>()
            .concat()
    };
    Read {
        legacy,
        warnings: lines(cx.take_warnings(&node, &path)),
        notes: lines(cx.take_notes(&node, &path)),
        problems: lines(errors.into_problems(&node, &path)),
    }
}

#[test]
fn what_docker_auth_takes_is_taken() {
    let level = read(json!({"level_token_db": {"path": "/data/tokens.ldb", "token_hash_cost": 5}}));
    assert_eq!((level.legacy, level.problems.as_str()), (false, ""));
    assert!(level.notes.contains("level_token_db.token_hash_cost: has no meaning here"), "{}", level.notes);

    let one = read(json!({"redis_token_db": {"redis_options": {
        "addr": ":6379", "network": "tcp", "password": "", "db": 2, "dialtimeout": "2s", "readtimeout": 1_000_000_000,
        "writetimeout": -1, "poolsize": 7, "maxretries": 3, "idletimeout": "5m"
    }}}));
    assert_eq!((one.legacy, one.problems.as_str(), one.warnings.as_str()), (true, "", ""));
    assert_eq!(
        one.notes,
        "redis_token_db.redis_options: these options of the Go client have no meaning here: `writetimeout`, `poolsize`, \
         `idletimeout`, `maxretries`\n"
    );

    let cluster = read(json!({"redis_token_db": {
        "redis_options": {"addr": "localhost:6379"},
        "redis_cluster_options": {"addrs": ["localhost:7000", "localhost:7001"], "routebylatency": true}
    }}));
    assert!(cluster.legacy);
    assert_eq!(
        cluster.warnings,
        "redis_token_db.redis_options: `redis_cluster_options` stands there too and counts: take this away\n"
    );

    let nothing_said = read(json!({"redis_token_db": {"redis_options": {}}}));
    assert!(nothing_said.legacy, "the Go client asks this machine then: {}", nothing_said.problems);
}

#[test]
fn a_way_that_others_can_read_is_warned_of_under_the_names_of_the_section() {
    let open = read(json!({"redis_token_db": {"redis_options": {"addr": "redis.example.com:6379"}}}));
    assert!(open.warnings.starts_with("redis_token_db.redis_options.addr: whoever is on the way"));
    assert!(open.warnings.contains("`tlsconfig: {}`"));
    let closed =
        json!({"addr": "redis.example.com:6379", "tlsconfig": {"servername": "redis", "minversion": 771}});
    let closed = read(json!({"redis_token_db": {"redis_options": closed}}));
    assert_eq!((closed.warnings.as_str(), closed.problems.as_str()), ("", ""));
    assert!(closed.notes.contains("redis_options.tlsconfig: these options of Go's TLS"), "{}", closed.notes);
}

#[test]
fn what_is_wrong_is_told_with_the_cure_and_without_the_secret() {
    let redis = |options: Value| json!({"redis_token_db": {"redis_options": options}});
    for (section, said) in [
        (json!({"redis_token_db": {}}), "redis_token_db: say where Redis is: `redis_options: {addr:"),
        (json!({"level_token_db": {"path": ""}}), "level_token_db.path: needs a directory"),
        (
            json!({"gcs_token_db": {"bucket": "b", "client_secret_file": "f"}}),
            "`level_token_db: {path: DIRECTORY}` for one; people sign in once more",
        ),
        (
            json!({"level_token_db": {"path": "p"}, "redis_token_db": {"redis_options": {}}}),
            "redis_token_db: `level_token_db` stands there too: keep one of them",
        ),
        (redis(json!({"addr": "redis://u:Secret1@redis"})), "redis_options.addr: this is a URL"),
        (redis(json!({"addr": "localhost", "network": "udp"})), "redis_options.network: write `tcp`"),
        (redis(json!({"addr": "a.sock", "network": "unix"})), "redis_options.network: write the whole path"),
        (
            redis(json!({"addr": "localhost", "username": "u"})),
            "redis_options.username: its password is missing: write `password`",
        ),
        (
            redis(json!({"addr": "localhost", "dialtimeout": "48h"})),
            "redis_options.dialtimeout: out of range",
        ),
        (
            redis(json!({"addr": "localhost", "tlsconfig": {"insecureskipverify": true}})),
            "redis_options.tlsconfig.insecureskipverify: certificates are always checked here",
        ),
        (
            redis(json!({"addr": "localhost", "tlsconfig": {"servername": "a b"}})),
            "redis_options.tlsconfig.servername: write a host name",
        ),
        (
            json!({"redis_token_db": {"redis_cluster_options": {"addrs": []}}}),
            "redis_cluster_options: say where Redis is: `addrs: [HOST:PORT, …]`",
        ),
        (
            json!({"redis_token_db": {"redis_cluster_options": {"addrs": ["a:1", "a:1"]}}}),
            "redis_cluster_options.addrs: a:1 is there twice",
        ),
    ] {
        let shown = section.to_string();
        let found = read(section);
        assert!(found.problems.contains(said), "{shown}: {}", found.problems);
        assert!(!found.problems.contains("Secret1"));
    }
}

#[test]
fn the_key_of_the_seals_depends_on_the_clients_secret_alone() {
    let secret = |client_secret: &str| {
        let section = json!({"client_secret": client_secret, "redis_token_db": {"redis_options": {}}});
        let section: TokenDbSection = serde_json::from_value(section).unwrap();
        match section.store(&World::new().build_context()) {
            Some(DockerAuthStore::Redis { secret, .. }) => {
                use dockgate_api::secrecy::ExposeSecret as _;
                secret.map(|secret| secret.expose_secret().to_owned())
            }
            _ => panic!("it is in Redis"),
        }
    };
    let known = "2464be5216917a138a9998f9c200f47d9b1e0b43de9ced77cf41777dbe2b4ba6";
    assert_eq!(
        secret("a client's secret").as_deref(),
        Some(known),
        "records of earlier releases are to be read"
    );
    assert_ne!(secret("another"), secret("a client's secret"));
    assert_eq!(secret(""), None);
}
