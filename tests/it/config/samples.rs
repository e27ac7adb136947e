//! The configurations of `config/`: each loads without a warning, and its server is asked what it must grant and refuse.

use std::path::Path;

use super::gates::{self, Asked as AskedOfGate, Front};
use super::{directories, sign_ins};
use crate::hook_examples::web;
use crate::process::{Address, Server, Site, basic, dockgate, encode, run};

/// The hash of `alpha-pass`, in place of those of passwords that nobody knows.
pub(super) const KNOWN: &str = "$2y$10$mD2HjrwdrDbQBevHsQRoDOAeYYnbeK1TdoTK8jvVi9j/oqRkYEbvq";

/// Office hours that no test comes too late for.
pub(super) const ALWAYS_OPEN: &str = "\"1-7\", \"0-24\"";

pub(super) fn sample(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("config").join(name);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The sample as it is, with the files that it names beside it; then with our hash and an address for a test.
pub(super) fn site(name: &str) -> Site {
    let site = Site::new();
    for (file, content) in [
        ("signing.pem", &site.pair.certificate_pem),
        ("signing.key", &site.pair.key_pem),
        ("tls.pem", &site.pair.certificate_pem),
        ("tls.key", &site.pair.key_pem),
        ("fixed.pem", &site.pair.certificate_pem),
        ("fixed.key", &site.pair.key_pem),
        ("zot.pem", &site.pair.certificate_pem),
        ("zot.key", &site.pair.key_pem),
    ] {
        site.write(file, content);
    }
    let keys = run(dockgate().args(["keys", "init", "keys"]).current_dir(site.path()));
    assert_eq!(keys.code, Some(0), "{keys:#?}");
    site.write("alice.hash", format!("{KNOWN}\n"));
    site.write("ci.hash", KNOWN);
    site.program("hooks/who.sh", "#!/bin/sh\nexit 2\n");
    let worker = r#"while read -r line; do
        line=${line#?\"id\":\"}
        echo "{\"id\":\"${line%%\"*}\",\"decision\":\"no_match\"}"
    done"#;
    site.program("hooks/worker", &format!("#!/bin/sh\n{worker}\n"));
    site.program("hooks/may.sh", "#!/bin/sh\nexit 1\n");
    site.write("users.htpasswd", format!("alice:{KNOWN}\n# Apache ends lines so:\r\ndana:{KNOWN}\r\n"));
    for hook in ["htpasswd_file.sh", "office_hours.py"] {
        let program = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/hooks").join(hook);
        site.program(&format!("hooks/{hook}"), &std::fs::read_to_string(program).unwrap());
    }
    site.write("ca.pem", &site.pair.certificate_pem);
    site.write("people.pem", &site.pair.certificate_pem);
    site.write("Google.crt", &site.pair.certificate_pem);
    site.write("Google.key", &site.pair.key_pem);
    site.write("bind.password", "service-pass\n");
    for provider in ["github", "corp", "gitlab", "google", "oidc"] {
        site.write(&format!("{provider}.secret"), format!("{}\n", sign_ins::SECRET));
    }
    if sample(name).contains("service-account.json") {
        site.write("service-account.json", sign_ins::service_account());
    }
    site.write("redis.password", "service-pass\n");
    site.write("db.password", "service-pass\n");
    site.write("store.secret", "a secret that all replicas of this test share\n");
    site.write("gate.secret", format!("{}\n", gates::SECRET));
    std::fs::create_dir(site.file("certificates")).unwrap();
    site.write("hook.key", web::KEY);
    site.write("robots.json", web::robots_file("alpha-pass"));
    site.write("frozen.txt", "web/frozen\n");
    site.write("rules/team.yml", "- match: {account: \"ci\"}\n  actions: [\"pull\"]\n");
    let config = sample(name);
    site.write("auth.yml", &config);
    let checked = run(dockgate().args(["check", "auth.yml"]).current_dir(site.path()));
    assert_eq!(checked.code, Some(0), "{name} does not load: {checked:#?}");
    assert!(checked.stdout.contains("fine, 0 warning(s)"), "{name}: {}", checked.stdout);
    let served = with_known_hashes(&config)
        .replace("addr: \":5001\"", "addr: \"127.0.0.1:0\"")
        .replace("addr: \"127.0.0.1:5001\"", "addr: \"127.0.0.1:0\"")
        .replace("addr: \"127.0.0.1:9101\"", "addr: \"127.0.0.1:0\"")
        // Nobody listens there: a server starts, and serves, without the Redis that it is to share.
        .replace("redis.example.com:6379", "127.0.0.1:1")
        .replace("db.example.com", "127.0.0.1")
        .replace("/run/dockgate/", &format!("{}/", site.path().display()))
        .replace("/etc/dockgate/", &format!("{}/", site.path().display()))
        .replace("\"1-5\", \"8-18\"", ALWAYS_OPEN)
        .replace("group: 101}", "group: ~}")
        // A machine that is busy may hash for longer.
        .replace("timeout: \"5s\"", "timeout: \"60s\"");
    site.write("auth.yml", served);
    site
}

fn with_known_hashes(config: &str) -> String {
    let mut parts = config.split("$2y$10$");
    let head = parts.next().unwrap().to_owned();
    parts.fold(head, |text, part| text + KNOWN + &part[KNOWN.len() - "$2y$10$".len()..])
}

/// Account, scope, and what is granted; everybody's password is `alpha-pass`, and "" has none.
type Asked = (&'static str, &'static str, &'static str);

fn behaves(name: &str, asked: &[Asked]) {
    site_behaves(&site(name), name, asked);
}

fn site_behaves(site: &Site, name: &str, asked: &[Asked]) {
    let server = Server::start(site, "auth.yml");
    for (account, scope, granted) in asked {
        let login = Some((*account, "alpha-pass")).filter(|_| !account.is_empty());
        assert_eq!(
            server.ask(login, scope).granted(),
            *granted,
            "{name}: {account:?} {scope}\n{}",
            server.stderr()
        );
    }
    assert_eq!(server.ask(Some(("alice", "wrong")), "repository:a:pull").status, 401, "{name}");
    assert_eq!(server.ask(Some(("nobody", "alpha-pass")), "repository:a:pull").status, 401, "{name}");
}

#[test]
fn simple() {
    behaves(
        "simple.yml",
        &[
            ("admin", "repository:any/where:delete,pull,push", "delete,pull,push"),
            ("admin", "registry:catalog:*", "*"),
            ("reader", "repository:any/where:pull,push", "pull"),
            ("reader", "registry:catalog:*", ""),
            ("", "repository:public/app:pull,push", "pull"),
            ("", "repository:public/team/app:pull", ""),
            ("", "repository:publicity/app:pull", ""),
        ],
    );
}

#[test]
fn chains() {
    behaves(
        "chains.yml",
        &[
            ("ci-build", "repository:releases/a/b:pull,push,delete", "pull,push"),
            ("ci-build", "repository:web/a:pull", ""),
            ("ci-impostor", "repository:releases/a:pull", "401"),
            ("alice", "repository:web/a/b:delete,pull,push", "delete,pull,push"),
            ("alice", "repository:releases/a:pull,push", "pull"),
            ("alice", "repository:mobile/a:pull", ""),
            ("", "repository:releases/a:pull", "401"),
        ],
    );
}

#[test]
fn users_file() {
    behaves(
        "users-file.yml",
        &[
            ("alice", "repository:alice/a/b:delete,pull,push", "delete,pull,push"),
            ("alice", "repository:dana/a:pull,push", "pull"),
            ("dana", "repository:releases/a:pull,push", "pull"),
            ("ci", "repository:releases/a/b:pull,push", "pull,push"),
            ("ci", "repository:alice/a:pull", ""),
            ("", "repository:alice/a:pull", "401"),
        ],
    );
}

#[test]
fn program() {
    behaves(
        "program.yml",
        &[
            ("alice", "repository:alice/a/b:delete,pull,push", "delete,pull,push"),
            ("alice", "repository:dana/a:pull,push", "pull"),
            ("ci", "repository:releases/a/b:pull,push", "pull,push"),
            ("ci", "repository:alice/a:pull,push", "pull"),
            ("", "repository:releases/a:pull", "401"),
        ],
    );
}

/// The sample's hooks, and the site whose configuration knows where they are.
pub(super) fn with_hooks(site: Site) -> (Site, [web::Hook; 2]) {
    let robots = web::Hook::start("web_hook.py", &[&site.file("robots.json")]);
    let freezer = web::Hook::start("web_hook_signed.py", &[&site.file("hook.key"), &site.file("frozen.txt")]);
    let config = std::fs::read_to_string(site.file("auth.yml")).unwrap();
    let config = config.replace("http://127.0.0.1:8800/", &robots.url());
    site.write("auth.yml", config.replace("http://127.0.0.1:8801/", &freezer.url()));
    (site, [robots, freezer])
}

#[test]
fn web_hook() {
    let (site, _hooks) = with_hooks(site("web-hook.yml"));
    site_behaves(
        &site,
        "web-hook.yml",
        &[
            ("ci-web", "repository:web/app:pull,push", "pull,push"),
            ("ci-web", "repository:web/frozen:pull,push", ""),
            ("ci-web", "repository:web/frozen:pull", "pull"),
            ("ci-web", "repository:alice/a:pull", ""),
            ("ci-mobile", "repository:mobile/a:pull", "401"),
            ("alice", "repository:alice/a:delete,pull,push", "delete,pull,push"),
            ("alice", "repository:web/app:pull,push", "pull"),
            ("alice", "repository:web/frozen:pull,push", ""),
            ("", "repository:web/app:pull", "401"),
        ],
    );
}

#[test]
fn directories() {
    for (name, asked) in directories::ALL {
        println!("{name}");
        asked().behaves();
    }
    directories::active_directory().gets(&[
        ("CORP\\Alice", "repository:web/app:push", "push"),
        ("alice@corp.example.com", "repository:web/app:push", "push"),
    ]);
}

#[test]
fn sign_ins() {
    for (name, asked) in sign_ins::ALL {
        println!("{name}");
        asked().behaves();
    }
}

/// A certificate that was issued before, for `localhost` too.
pub(super) fn issued(site: &Site) -> String {
    let key = rcgen::KeyPair::generate().unwrap();
    let names = ["auth.example.com", "localhost"].map(str::to_owned);
    let issued = rcgen::CertificateParams::new(names).unwrap().self_signed(&key).unwrap();
    let kept = format!("{}{}", key.serialize_pem(), issued.pem());
    site.write("certificates/dockgate-auth.example.com-2eaeff44.pem", kept);
    issued.pem()
}

/// What was issued before serves at once, so that nobody is asked. Its place is for good: another one would order anew.
#[test]
fn letsencrypt() {
    let site = site("letsencrypt.yml");
    let issued = issued(&site);
    let server = Server::start(&site, "auth.yml");
    let target = "/auth?service=registry&scope=repository:a:pull,push";
    let header = basic("alice", "alpha-pass");
    let answer = server.address().get_tls(&issued, target, &[("Authorization", &header)]);
    assert_eq!(answer.granted(), "pull,push", "{}", server.stderr());
    assert_eq!(server.address().get_tls(&issued, target, &[]).status, 401);
    assert!(!server.stderr().contains("asking for a certificate"), "{}", server.stderr());
}

#[test]
fn anonymous_pull() {
    behaves(
        "anonymous-pull.yml",
        &[
            ("", "repository:any/where:pull,push", "pull"),
            ("", "repository:internal/a:pull", ""),
            ("", "repository:staging:pull", ""),
            ("", "repository:internals/a:pull", "pull"),
            ("", "repository:my-staging/a:pull", "pull"),
            ("", "registry:catalog:*", ""),
            ("publisher", "repository:internal/a:pull,push", "pull,push"),
            ("publisher", "registry:catalog:*", "*"),
        ],
    );
}

#[test]
fn namespaces_and_labels() {
    behaves(
        "namespaces-and-labels.yml",
        &[
            ("alice", "repository:alice/a/b:delete", "delete"),
            ("alice", "repository:web/a:delete,pull,push", "delete,pull,push"),
            ("alice", "repository:mobile/a:delete", "delete"),
            ("alice", "repository:web-web/shared:pull", "pull"),
            ("alice", "repository:web-mobile/shared:pull", ""),
            ("alice", "repository:bob/a:pull", ""),
            ("bob", "repository:web/a:delete,pull,push", "pull,push"),
            ("bob", "repository:mobile/a:pull", ""),
            ("auditor", "repository:web/a/b:pull,push", "pull"),
            ("auditor", "repository:mobile-17:pull,push", "pull"),
            ("auditor", "repository:mobile-x:pull", ""),
            ("eve@partner.example", "repository:from-partner/a:pull,push", "pull"),
            ("eve@partner.example", "repository:from-others/a:pull", ""),
            ("bob", "registry:catalog:*", "*"),
            ("", "repository:web/a:pull", "401"),
        ],
    );
}

#[test]
fn time_limited() {
    behaves(
        "time-limited.yml",
        &[
            ("alice", "repository:releases/a/b:delete,pull,push", "delete,pull,push"),
            ("contractor", "repository:audit/2026/a:pull,push", "pull"),
            ("contractor", "repository:web/a:delete,pull,push", "pull,push"),
            ("contractor", "repository:releases/a:pull", ""),
            ("trainee", "repository:web/a:pull", "401"),
            ("bob", "repository:web/a:pull", "401"),
            ("", "repository:web/a:pull", "401"),
        ],
    );
}

#[test]
fn several_registries() {
    let server = Server::start(&site("several-registries.yml"), "auth.yml");
    let ask = |account: &str, service: &str| {
        let header = basic(account, "alpha-pass");
        let target = format!("/auth?service={service}&scope=repository:a:pull,push");
        server.address().get(&target, Some(("Authorization", &header)))
    };
    for (account, service, granted, with_x5c) in [
        ("admin", "registry.example.com", "pull,push", true),
        ("reader", "registry.example.com", "pull", true),
        ("reader", "nightly.example.com", "", true),
        ("admin", "jwks.example.com", "pull,push", false),
        ("admin", "zot.example.com", "pull,push", true),
    ] {
        let answer = ask(account, service);
        assert_eq!(answer.granted(), granted, "{account} {service}");
        assert_eq!(answer.token_header().get("x5c").is_some(), with_x5c, "{service}");
    }
    for service in ["other.example.com", ""] {
        assert_eq!(ask("admin", service).status, 400, "{service:?}");
    }
}

#[test]
fn robots() {
    behaves(
        "robots.yml",
        &[
            ("alice", "repository:alice/a/b:delete,pull,push", "delete,pull,push"),
            ("alice", "repository:dana/a:pull,push", "pull"),
            ("ci-scan", "repository:alice/a/b:pull,push", "pull"),
            ("ci-release", "repository:releases/a:pull,push", "pull,push"),
            ("ci-release", "repository:alice/a:pull", ""),
            ("", "repository:alice/a:pull", "401"),
        ],
    );
}

#[test]
fn redis_store() {
    behaves(
        "redis-store.yml",
        &[("alice", "repository:any/a/b:pull,push", "pull,push"), ("", "repository:a:pull", "401")],
    );
}

#[test]
fn behind_unix_socket() {
    let site = site("behind-unix-socket.yml");
    let _server = Server::start(&site, "auth.yml");
    let address = Address::Unix(site.file("dockgate.sock"));
    for (account, scope, granted) in [
        ("alice", "repository:alice/a/b:push", "push"),
        ("alice", "repository:bob/a:pull", ""),
        ("", "repository:public/a/b:pull,push", "pull"),
        ("", "repository:alice/a:pull", ""),
        // Nobody is this machine here.
        ("", "repository:private/a:pull,push", ""),
    ] {
        let target = format!("/registry-auth/auth?service=registry&scope={}", encode(scope));
        let header = basic(account, "alpha-pass");
        let header = Some(("Authorization", header.as_str())).filter(|_| !account.is_empty());
        assert_eq!(address.get(&target, header).granted(), granted, "{account:?} {scope}");
    }
    assert_eq!(address.get("/auth", None).status, 404);
}

/// The test is the proxy; its clients write what they like into the header.
#[test]
fn behind_proxy() {
    let server = Server::start(&site("behind-proxy.yml"), "auth.yml");
    let ask = |login: Option<&str>, lines: &[&str]| {
        let authorization = login.map(|account| basic(account, "alpha-pass"));
        let mut headers: Vec<(&str, &str)> = lines.iter().map(|line| ("X-Forwarded-For", *line)).collect();
        headers.extend(authorization.as_deref().map(|value| ("Authorization", value)));
        let target = "/auth?service=registry&scope=repository:public/a:pull,push";
        let answer = server.address().request("GET", target, &headers, b"");
        if answer.status == 400 { "400".to_owned() } else { answer.granted() }
    };
    for (lines, alice, nobody) in [
        (&["192.0.2.7"][..], "pull,push", "pull"),
        (&["198.51.100.1"], "pull", ""),
        (&["192.0.2.7, 10.0.7.3"], "pull,push", "pull"),
        // Forged: what stands left of the address that a proxy added.
        (&["192.0.2.7, 198.51.100.1"], "pull", ""),
        (&["192.0.2.7, 198.51.100.1, 10.0.7.3"], "pull", ""),
        (&["192.0.2.7", "198.51.100.1, 10.0.7.3"], "pull", ""),
        (&["10.0.7.3, 198.51.100.1"], "pull", ""),
        (&["192.0.2.7, 10.0.8.1"], "pull", ""),
        // A client that no proxy named.
        (&[], "400", "400"),
        (&["127.0.0.1"], "400", "400"),
        (&["192.0.2.7, unknown"], "400", "400"),
        (&["192.0.2.7,"], "400", "400"),
    ] {
        assert_eq!(
            (ask(Some("alice"), lines).as_str(), ask(None, lines).as_str()),
            (alice, nobody),
            "{lines:?}"
        );
    }
}

#[test]
fn forward_auth_basic() {
    let server = Server::start(&site("forward-auth-basic.yml"), "auth.yml");
    let nginx = Front::nginx(&server);
    nginx.answers(&[
        AskedOfGate::of("alice", "GET", "/v2/", 200),
        AskedOfGate::of("alice", "PUT", "/v2/any/where/manifests/1", 200),
        AskedOfGate::of("alice", "GET", "/v2/_catalog", 200),
        AskedOfGate::of("bob", "GET", "/v2/any/where/manifests/1", 200),
        AskedOfGate::of("bob", "PUT", "/v2/any/where/manifests/1", 403),
        AskedOfGate::of("bob", "GET", "/v2/_catalog", 403),
        AskedOfGate::of("", "GET", "/v2/", 401),
        AskedOfGate::of("", "GET", "/v2/any/where/manifests/1", 401),
    ]);
    let alice = nginx.asks("alice", "GET", "/v2/any/where/tags/list");
    let told = ["x-auth-user", "x-auth-groups"].map(|name| alice.header(name).map(str::to_owned));
    assert_eq!(told, [Some("alice".to_owned()), Some("platform".to_owned())]);
    let nobody = nginx.asks("", "GET", "/v2/");
    assert_eq!(nobody.header("www-authenticate"), Some("Basic realm=\"Acme registry\""));
}

/// What the gate asks for is what the token endpoint gives.
#[test]
fn forward_auth_bearer() {
    let server = Server::start(&site("forward-auth-bearer.yml"), "auth.yml");
    let caddy = Front::caddy(&server);
    let nobody = caddy.asks("", "GET", "/v2/public/app/manifests/1");
    let challenge = "Bearer realm=\"https://auth.example.com/auth\",service=\"registry.example.com\",\
                     scope=\"repository:public/app:pull\"";
    assert_eq!((nobody.status, nobody.header("www-authenticate")), (401, Some(challenge)));
    let passes = |account: &str, scope: &str, method: &str, path: &str| {
        caddy.with_token(account, "registry.example.com", scope, method, path).status
    };
    for (account, name, pull, push) in [
        ("", "public/app", 200, 401),
        ("", "alice/app", 401, 401),
        ("bob", "bob/app", 200, 200),
        ("bob", "public/app", 200, 401),
        ("bob", "alice/app", 401, 401),
        ("alice", "public/app", 200, 200),
    ] {
        let scope = format!("repository:{name}:pull,push");
        let path = format!("/v2/{name}/manifests/1");
        assert_eq!(passes(account, &scope, "GET", &path), pull, "{account:?} pulls {name}");
        assert_eq!(passes(account, &scope, "PUT", &path), push, "{account:?} pushes {name}");
    }
    assert_eq!(caddy.asks("alice", "GET", "/v2/").status, 401, "a password is no token");
}

/// A store that is away keeps nobody from a token; the test is the proxy.
#[test]
fn replicas() {
    let site = site("replicas.yml");
    let served = site.file("auth.yml");
    let config = std::fs::read_to_string(&served).unwrap().replace("10.0.7.2", "127.0.0.1");
    std::fs::write(&served, config).unwrap();
    let server = Server::start(&site, "auth.yml");
    let ask = |password: &str| {
        let headers =
            [("X-Forwarded-For", "192.0.2.7"), ("Authorization", &basic("alice", password) as &str)];
        let target = "/auth?service=registry&offline_token=true&scope=repository:alice/a/b:pull,push";
        server.address().request("GET", target, &headers, b"")
    };
    let answer = ask("alpha-pass");
    assert_eq!(answer.granted(), "pull,push", "{}", server.stderr());
    assert_eq!(ask("wrong").status, 401);
}

#[test]
fn tls() {
    let site = site("tls.yml");
    let server = Server::start(&site, "auth.yml");
    let ask = |password: &str| {
        let header = basic("alice", password);
        let target = "/auth?service=registry&scope=repository:a:pull,push";
        server.address().get_tls(&site.pair.certificate_pem, target, &[("Authorization", &header)])
    };
    assert_eq!(ask("alpha-pass").granted(), "pull,push");
    assert_eq!(ask("wrong").granted(), "401");
}

#[test]
fn client_certificates() {
    let site = site("client-certificates.yml");
    let server = Server::start(&site, "auth.yml");
    let ask = |account: &str, password: &str| {
        let header = basic(account, password);
        let target = "/auth?service=registry&scope=repository:a:pull,push";
        server.address().get_tls(&site.pair.certificate_pem, target, &[("Authorization", &header)])
    };
    assert_eq!(ask("alice", "alpha-pass").granted(), "pull,push");
    assert_eq!(ask("alice", "wrong").granted(), "401");
}

#[test]
fn reference() {
    behaves(
        "reference.yml",
        &[
            ("alice", "repository:alice/a:delete,pull,push", "delete,pull,push"),
            // From 127.0.0.1, not from the rule's network.
            ("alice", "repository:web/a:pull", ""),
            ("ci", "repository:web/a:pull,push", "pull"),
            ("", "repository:web/a:pull", ""),
            ("dana", "repository:dana/a:pull,push", "pull,push"),
            ("dana", "repository:web/a:pull", ""),
        ],
    );
}

#[test]
fn no_sample_is_forgotten() {
    let here = include_str!("samples.rs");
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("config");
    let readme = sample("README.md");
    let mut found = 0;
    for entry in std::fs::read_dir(directory).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        if Path::new(&name).extension().is_some_and(|extension| extension == "yml") {
            found += 1;
            let of_directory = directories::ALL.iter().any(|(known, _)| *known == name);
            let of_provider = sign_ins::ALL.iter().any(|(known, _)| *known == name);
            assert!(
                of_directory || of_provider || here.contains(&format!("\"{name}\"")),
                "{name} is not tested"
            );
            assert!(readme.contains(&format!("({name})")), "{name} is not in the README");
        }
    }
    assert!(found >= 7, "only {found} samples");
}
