//! Files of docker_auth load unchanged and do what they did: written after its documentation, with values of our own.

use rustix::process::Signal;

use crate::process::{Response, Server, Site, basic, dockgate, encode, run};

/// `alpha-pass` at docker_auth's usual cost.
pub(super) const ALPHA: &str = "$2y$05$1vmfkJsY3ESSDSret8RuaO/dPRsUaocw3XLT6fV8o4sN3YXeyyMEK";
/// `beta-pass`, likewise.
pub(super) const BETA: &str = "$2y$05$wwXzjZ./3yOZGmJXtAlzf.KLsB.u8IdrMOmcd5kY4d8Gh3Nu4Iz1O";

const SERVER: &str = "server:\n  addr: \":5001\"\n";
const TOKEN: &str = "token:\n  issuer: \"Acme auth server\"\n  expiration: 900\n";
const PAIR: &str = "  certificate: \"cert.pem\"\n  key: \"key.pem\"\n";

/// Two users with hashes as `htpasswd` makes them.
fn users() -> String {
    format!("users:\n  \"admin\":\n    password: \"{ALPHA}\"\n  \"test\":\n    password: \"{BETA}\"\n")
}

const ACL: &str = r#"acl:
  - match: {account: "admin"}
    actions: ["*"]
    comment: "all for the administrator"
  - match: {account: "test"}
    actions: ["pull"]
    comment: "a reader"
"#;

/// A site whose configuration loads just as it is; then it is served on a port of the system's choice.
fn site(config: &str) -> Site {
    let site = Site::with(config);
    let checked = run(dockgate().args(["check", "auth.yml"]).current_dir(site.path()));
    assert_eq!(checked.code, Some(0), "it does not load: {checked:#?}\n{config}");
    site.write("auth.yml", config.replace(":5001\"", "127.0.0.1:0\""));
    site
}

fn serve(config: &str) -> Server {
    Server::start(&site(config), "auth.yml")
}

pub(super) const ADMIN: Option<(&str, &str)> = Some(("admin", "alpha-pass"));
pub(super) const TEST: Option<(&str, &str)> = Some(("test", "beta-pass"));
pub(super) const NOBODY: Option<(&str, &str)> = None;

/// What two users and nobody else may do.
pub(super) fn behaves_simply(ask: impl Fn(Option<(&str, &str)>, &str) -> Response) {
    for (login, scope, granted) in [
        (ADMIN, "repository:any/where:pull,push", "pull,push"),
        (ADMIN, "repository:any/where:*", "delete,pull,push"),
        (ADMIN, "registry:catalog:*", "*"),
        (TEST, "repository:any/where:pull,push", "pull"),
        (TEST, "repository:any/where:push", ""),
        (TEST, "registry:catalog:*", ""),
        (Some(("admin", "beta-pass")), "repository:a:pull", "401"),
        (Some(("admin", "")), "repository:a:pull", "401"),
        (Some(("mallory", "alpha-pass")), "repository:a:pull", "401"),
        (NOBODY, "repository:a:pull", "401"),
    ] {
        assert_eq!(ask(login, scope).granted(), granted, "{login:?} {scope}");
    }
}

#[test]
fn a_simple_file_serves_https_and_signs_with_the_same_pair() {
    let config = format!("{SERVER}{PAIR}\n{TOKEN}\n{}\n{ACL}", users());
    let site = site(&config);
    let warnings = run(dockgate().args(["check", "auth.yml"]).current_dir(site.path())).stdout;
    assert!(
        warnings.contains("warning: auth.yml:3:16: server.certificate: the TLS key signs tokens too"),
        "{warnings}"
    );
    assert!(warnings.contains("(HTTPS)"), "{warnings}");
    let server = Server::start(&site, "auth.yml");
    let certificate = site.pair.certificate_pem.clone();
    behaves_simply(|login, scope| {
        let target = format!("/auth?service=registry&scope={}", encode(scope));
        let header = login.map(|(account, password)| basic(account, password));
        let headers: Vec<_> = header.iter().map(|value| ("Authorization", value.as_str())).collect();
        server.address().get_tls(&certificate, &target, &headers)
    });
}

#[test]
fn a_file_without_tls_signs_with_the_pair_of_the_token() {
    let config = format!("# behind a proxy\n{SERVER}\n{TOKEN}{PAIR}\n{}\n{ACL}", users());
    let server = serve(&config);
    behaves_simply(|login, scope| server.ask(login, scope));
    let claims = server.ask(ADMIN, "repository:a:pull").claims();
    assert_eq!((&claims["iss"], &claims["sub"]), (&"Acme auth server".into(), &"admin".into()), "{claims}");
    assert_eq!(server.ask(ADMIN, "").json()["expires_in"], 900);
    let header = server.ask(NOBODY, "repository:a:pull");
    assert_eq!(header.header("www-authenticate"), Some("Basic realm=\"Acme auth server\""));
}

#[test]
fn anchors_merge_keys_and_keys_of_ones_own() {
    let config = format!(
        r#"x-hash: &hash "{ALPHA}"
x-developer: &developer
  password: *hash
  labels: {{team: [blue]}}
x-rules:
  - &all {{actions: ["*"]}}
  - &read
    actions: ["pull"]
{SERVER}{TOKEN}{PAIR}
users:
  alice: *developer
  bob:
    <<: *developer
    labels: {{team: [red]}}
acl:
  - <<: *all
    match: {{account: "alice", name: "blue/*"}}
  - <<: [*read, *all]
    match: &team {{labels: {{team: red}}}}
  - match: {{<<: *team, name: "nothing"}}
    actions: []
"#
    );
    let server = serve(&config);
    for (account, scope, granted) in [
        ("alice", "repository:blue/a:pull,push", "pull,push"),
        ("alice", "repository:red/a:pull", ""),
        ("bob", "repository:red/a:pull,push", "pull"),
    ] {
        assert_eq!(server.ask(Some((account, "alpha-pass")), scope).granted(), granted, "{account} {scope}");
    }
}

/// YAML 1.1 would make numbers and truth values of them.
#[test]
fn names_that_look_like_something_else() {
    let names = ["1234", "0123", "0x1F", "1e3", "no", "Yes", "on", "true", "~x", "1.5", "2026-01-01", ".inf"];
    let user = |name: &&str| format!("  {name}: {{password: \"{ALPHA}\"}}\n");
    let rule = |name: &&str| format!("  - match: {{account: {name}, name: {name}}}\n    actions: [pull]\n");
    let users = names.iter().map(user).collect::<Vec<_>>().concat();
    let rules = names.iter().map(rule).collect::<Vec<_>>().concat();
    let server = serve(&format!("{SERVER}{TOKEN}{PAIR}users:\n{users}acl:\n{rules}"));
    for name in names {
        let granted = server.ask(Some((name, "alpha-pass")), &format!("repository:{name}:pull,push"));
        assert_eq!((granted.granted().as_str(), &granted.claims()["sub"]), ("pull", &name.into()), "{name}");
        let other = server.ask(Some((name, "alpha-pass")), "repository:other:pull");
        assert_eq!(other.granted(), "", "{name}");
    }
    // Other spellings of the same number or truth value are other names.
    for other in ["123", "31", "1000", "false", "yes"] {
        assert_eq!(server.ask(Some((other, "alpha-pass")), "repository:a:pull").granted(), "401", "{other}");
    }
}

/// docker_auth does not see a key with nothing behind it.
#[test]
fn keys_with_nothing_behind_them_are_absent() {
    let config = format!(
        r#"server:
  addr: ":5001"
  net:
  path_prefix:
  certificate:
  key:
  letsencrypt:
  real_ip_header:
  tls_min_version:
token:
  issuer: "Acme auth server"
  expiration: 900
  certificate: cert.pem
  key: key.pem
  disable_legacy_key_id:
{}
google_auth:
github_auth:
oidc_auth:
gitlab_auth:
ldap_auth:
mongo_auth:
xorm_auth:
ext_auth:
plugin_authn:
acl:
  - match: {{account: "admin", name: , ip: ~, labels: null}}
    actions: ["pull"]
    comment:
acl_mongo:
acl_xorm:
ext_authz:
plugin_authz:
casbin_authz:
"#,
        users()
    );
    let server = serve(&config);
    assert_eq!(server.ask(ADMIN, "repository:a:pull,push").granted(), "pull");
    assert_eq!(server.ask(TEST, "repository:a:pull,push").granted(), "");
}

#[test]
fn empty_users_and_an_empty_acl_deny_everyone() {
    let server = serve(&format!("{SERVER}{TOKEN}{PAIR}users: {{}}\n{ACL}"));
    assert_eq!(server.ask(ADMIN, "repository:a:pull").granted(), "401");
    assert_eq!(server.ask(NOBODY, "repository:a:pull").granted(), "401");
    let server = serve(&format!("{SERVER}{TOKEN}{PAIR}{}acl: []\n", users()));
    assert_eq!(server.ask(ADMIN, "repository:a:pull").granted(), "");
}

#[test]
fn a_socket_in_the_file_system() {
    let site = Site::with(&format!(
        "server:\n  net: \"unix\"\n  addr: \"auth.sock\"\n{TOKEN}{PAIR}{}{ACL}",
        users()
    ));
    // A relative path is relative to where the server was started, as for docker_auth.
    let mut command = dockgate();
    let server = Server::start_command(command.arg("auth.yml").current_dir(site.path()));
    let socket = site.file("auth.sock");
    let address = crate::process::Address::Unix(socket.clone());
    let answer = address.get(
        "/auth?service=r&scope=repository:a:pull,push",
        Some(("Authorization", &basic("test", "beta-pass"))),
    );
    assert_eq!(answer.granted(), "pull");
    assert_eq!(server.stop(Signal::TERM).code, Some(0));
    assert!(!socket.exists(), "the socket is left behind");
    // One that a killed server left behind does not keep the next from starting.
    drop(std::os::unix::net::UnixListener::bind(&socket).unwrap());
    assert!(socket.exists());
    let again = Server::start_command(command.current_dir(site.path()));
    assert_eq!(address.get("/healthz", None).status, 200);
    assert_eq!(again.stop(Signal::INT).code, Some(0));
}

#[test]
fn a_path_prefix_stands_before_every_path() {
    for prefix in ["/registry-auth", "/a/b/"] {
        let server = serve(&format!("{SERVER}  path_prefix: \"{prefix}\"\n{TOKEN}{PAIR}{}{ACL}", users()));
        let header = basic("test", "beta-pass");
        let get = |path: &str| {
            let target = format!("{path}?service=r&scope=repository:a:pull,push");
            server.address().get(&target, Some(("Authorization", &header)))
        };
        let prefix = prefix.trim_end_matches('/');
        assert_eq!(get(&format!("{prefix}/auth")).granted(), "pull", "{prefix}");
        assert_eq!(get(&format!("{prefix}/auth/token")).granted(), "pull", "{prefix}");
        assert_eq!(get("/auth").status, 404, "{prefix}");
    }
}

#[test]
fn the_key_id_of_either_registry() {
    let kid = |option: &str| {
        let server = serve(&format!("{SERVER}{TOKEN}{PAIR}{option}{}{ACL}", users()));
        server.ask(ADMIN, "").token_header()["kid"].as_str().unwrap().to_owned()
    };
    // libtrust: twelve groups of four; RFC 7638: 256 bits as base64url.
    assert_eq!((kid("").len(), kid("").matches(':').count()), (59, 11));
    assert_eq!(kid("  disable_legacy_key_id: false\n").matches(':').count(), 11);
    assert_eq!(kid("  disable_legacy_key_id: true\n").len(), 43);
}

#[test]
fn an_rsa_pair_signs_with_rs256() {
    let site = site(&format!("{SERVER}{TOKEN}{PAIR}{}{ACL}", users()));
    site.copy_key("rsa.crt", "cert.pem");
    for key in ["rsa.pkcs1.pem", "rsa.pkcs8.pem"] {
        site.copy_key(key, "key.pem");
        let server = Server::start(&site, "auth.yml");
        assert_eq!(server.ask(ADMIN, "").token_header()["alg"], "RS256", "{key}");
    }
}

#[test]
fn its_command_line_is_understood() {
    let site = site(&format!("{SERVER}{TOKEN}{PAIR}{}{ACL}", users()));
    for flags in
        [&["--v=2", "--alsologtostderr"][..], &["-logtostderr", "-v", "2", "-stderrthreshold=INFO"], &[]]
    {
        let server = Server::start_command(dockgate().args(flags).arg("auth.yml").current_dir(site.path()));
        assert_eq!(server.ask(TEST, "repository:a:pull,push").granted(), "pull");
        let said = server.stderr();
        assert_eq!(said.contains("is ignored"), !flags.is_empty(), "{flags:?}: {said}");
        assert!(flags.iter().all(|flag| said.contains(flag)), "{flags:?}: {said}");
    }
}
