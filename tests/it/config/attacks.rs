//! The configurations of `config/`, each tried by those who should not get in: first in every way in which one passes for
//! somebody else, then at what the sample is there to protect.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::sync::Arc;

use crate::process::{
    Address, DAY, Response, Server, Site, basic, dockgate, encode, now, pair, run, run_with_input,
};

use super::gates::{Asked, Front};
use super::samples::{ALWAYS_OPEN, KNOWN, issued, site as checked, with_hooks};
use super::{directories, sign_ins};

const PASSWORD: &str = "alpha-pass";
/// Its hash of the least cost: an attack is many guesses.
const CHEAP: &str = "$2y$04$d8oBrj6tsvqxTm68gfmzue7GlOlRNlgqIExZxp/6e1e1I5iux6Lm.";
const MINE: &str = "repository:mine/app:delete,pull,push";

/// One way of asking a server: a target and headers.
type Ask<'a> = &'a dyn Fn(&str, &[(&str, &str)]) -> Response;

fn site(name: &str) -> Site {
    let site = checked(name);
    for file in ["auth.yml", "users.htpasswd", "alice.hash", "ci.hash"] {
        let text = std::fs::read_to_string(site.file(file)).unwrap();
        site.write(file, text.replace(KNOWN, CHEAP));
    }
    open_to_guesses(&site);
    site
}

/// What is tried here is how to pass for somebody; that guesses are stopped after a few would hide whether one gets in.
fn open_to_guesses(site: &Site) {
    let text = std::fs::read_to_string(site.file("auth.yml")).unwrap();
    let (on, off) = ("\nlockout:\n  enabled: true", "\nlockout:\n  enabled: false");
    let open = if text.contains("\nlockout:") {
        text.replace(on, off)
    } else {
        format!("{text}\nlockout: {{enabled: false}}\n")
    };
    assert_ne!(open, text);
    site.write("auth.yml", open);
}

fn target(service: &str, scope: &str) -> String {
    format!("/auth?service={}&scope={}", encode(service), encode(scope))
}

/// Nobody passes for `account` without its password.
fn nobody_passes_for(account: &str, service: &str, ask: Ask<'_>) {
    let with = |account: &str, password: &str| {
        ask(&target(service, MINE), &[("Authorization", &basic(account, password))]).status
    };
    assert_eq!(with(account, PASSWORD), 200, "{account} cannot log in, so that a refusal proves nothing");
    let cut = &PASSWORD[..PASSWORD.len() - 1];
    let (nul, line) = (format!("{PASSWORD}\0"), format!("{PASSWORD}\n"));
    for password in ["wrong", "", " ", cut, &nul, &line, CHEAP, "$2y$04$", "*", "/.*/", "${account}"] {
        assert_eq!(with(account, password), 401, "{account} with {password:?}");
    }
    let (capital, blank, wide) = (account.to_uppercase(), format!("{account} "), format!("{account}*"));
    for other in [&capital, &blank, &wide, "*", "/.+/", "${account}", "nobody"] {
        assert_eq!(with(other, PASSWORD), 401, "{other:?} with the password of {account}");
    }
    // A name in the query is a claim, not a proof.
    let anonymous = ask(&target(service, MINE), &[]);
    let claimed = ask(&format!("{}&account={}", target(service, MINE), encode(account)), &[]);
    assert_eq!(claimed.granted(), anonymous.granted(), "account={account}");
    // {"alg":"none"} and claims of somebody who may do everything.
    let forged = "Bearer eyJhbGciOiJub25lIn0.eyJzdWIiOiJhZG1pbiIsImFjY2VzcyI6W119.";
    for header in [forged, "Basic", "Basic !", "Basic YWxpY2U=", "Digest username=\"alice\""] {
        let status = ask(&target(service, MINE), &[("Authorization", header)]).status;
        assert!([400, 401].contains(&status), "{header}: {status}");
    }
}

/// A served sample, and who has already failed to pass for the account.
fn attacked(name: &str, account: &str) -> (Site, Server) {
    attacked_site(site(name), name, account)
}

fn attacked_site(site: Site, name: &str, account: &str) -> (Site, Server) {
    let server = Server::start(&site, "auth.yml");
    nobody_passes_for(account, "registry", &|target, headers| {
        server.address().request("GET", target, headers, b"")
    });
    for (account, password) in [(account, "wrong"), (account, ""), ("nobody", PASSWORD)] {
        let form = [
            ("grant_type", "password"),
            ("service", "registry"),
            ("username", account),
            ("password", password),
        ];
        let answer = server.address().post_form("/auth", &form);
        assert!([400, 401].contains(&answer.status), "{name}: {account} {password:?} {answer:?}");
    }
    (site, server)
}

/// Account, scope, and what of it is granted; "" is nobody in particular.
fn gets(server: &Server, asked: &[(&str, &str, &str)]) {
    for (account, scope, granted) in asked {
        let login = Some((*account, PASSWORD)).filter(|_| !account.is_empty());
        assert_eq!(server.ask(login, scope).granted(), *granted, "{account:?} {scope}");
    }
}

#[test]
fn simple() {
    let (_site, server) = attacked("simple.yml", "admin");
    gets(
        &server,
        &[
            ("reader", "repository:public/app:delete,push", ""),
            ("reader", "repository:any/app:*", "pull"),
            ("reader", "registry:catalog:delete,pull,push", ""),
            ("", "repository:public/app:*", "pull"),
            ("", "repository:admin/app:pull", ""),
            ("", "repository:public:pull", ""),
            ("", "repository:xpublic/app:pull", ""),
            ("", "repository:public/a/../../admin/app:pull", ""),
            ("", "registry:catalog:*", ""),
        ],
    );
}

#[test]
fn chains() {
    let (_site, server) = attacked("chains.yml", "ci-build");
    gets(
        &server,
        &[
            // Known to the second link, which is not asked for such names.
            ("ci-impostor", "repository:releases/a:push", "401"),
            ("ci-", "repository:releases/a:push", "401"),
            // What a machine is refused, the rules for people do not give back.
            ("ci-build", "repository:releases/a:delete", ""),
            ("ci-build", "repository:web/a:pull,push", ""),
            ("ci-build", "registry:catalog:*", ""),
            ("alice", "repository:webhook/a:pull,push", ""),
            ("alice", "repository:web:pull,push", ""),
            ("alice", "repository:releases/a:delete,push", ""),
        ],
    );
}

#[test]
fn users_file() {
    let (site, server) = attacked("users-file.yml", "alice");
    gets(
        &server,
        &[
            ("alice", "repository:dana/a:delete,push", ""),
            ("alice", "repository:alice:push", ""),
            ("dana", "repository:alice/a:push", ""),
            ("ci", "repository:ci/a:pull,push", ""),
        ],
    );
    drop(server);
    // Whoever writes the users' file makes a `ci` of his own there.
    let mine = run_with_input(dockgate().args(["hash", "--cost", "4"]), b"a password of mine");
    let users = std::fs::read_to_string(site.file("users.htpasswd")).unwrap();
    site.write(
        "users.htpasswd",
        format!("{users}ci:{}\nmallory:{}\n", mine.stdout.trim(), mine.stdout.trim()),
    );
    let server = Server::start(&site, "auth.yml");
    let with =
        |account| server.ask(Some((account, "a password of mine")), "repository:releases/a:push").status;
    assert_eq!(with("ci"), 401);
    assert_eq!(with("mallory"), 200, "the file is not read, so that the refusal proves nothing");
}

#[test]
fn program() {
    let (site, server) = attacked("program.yml", "alice");
    gets(
        &server,
        &[
            ("alice", "repository:ci/a:delete,push", ""),
            ("alice", "repository:alice:push", ""),
            ("alice", "repository:releases/a:push", ""),
            ("ci", "repository:ci/a:push", ""),
            ("ci", "repository:alice/a:push", ""),
            ("ci", "registry:catalog:*", ""),
            ("", "repository:alice/a:pull", "401"),
        ],
    );
    // Who writes the program's file makes no `ci` of his own: that account is another link's.
    let users = std::fs::read_to_string(site.file("users.htpasswd")).unwrap();
    let mine = run_with_input(dockgate().args(["hash", "--cost", "4"]), b"a password of mine");
    site.write("users.htpasswd", format!("{users}ci:{0}mallory:{0}", mine.stdout));
    let with =
        |account| server.ask(Some((account, "a password of mine")), "repository:releases/a:push").status;
    assert_eq!(with("ci"), 401);
    assert_eq!(with("mallory"), 200, "the file is not read, so that the refusal proves nothing");
    // What a script would expand, split or take for an option.
    for account in
        ["$(id)", "`id`", "alice;id", "-h", "--", "alice wrong", "alice\talpha-pass", "../alice", "~"]
    {
        for password in [PASSWORD, "wrong alpha-pass", "$(echo alpha-pass)"] {
            let status = server.ask(Some((account, password)), MINE).status;
            assert!([400, 401].contains(&status), "{account:?} {password:?}: {status}");
        }
    }
    drop(server);
    // After hours, whatever the rules behind it say.
    let config = std::fs::read_to_string(site.file("auth.yml")).unwrap();
    site.write("auth.yml", config.replace(ALWAYS_OPEN, "\"1-7\", \"0-0\""));
    let server = Server::start(&site, "auth.yml");
    gets(
        &server,
        &[
            ("alice", "repository:alice/a:pull", "pull"),
            ("alice", "repository:alice/a:delete,pull,push", ""),
            ("ci", "repository:releases/a:pull,push", ""),
        ],
    );
    // A program that cannot tell closes: nothing is signed, and nobody's password is called wrong.
    std::fs::remove_file(site.file("users.htpasswd")).unwrap();
    assert_eq!(server.ask(Some(("dana", PASSWORD)), MINE).status, 503);
}

#[test]
fn web_hook() {
    let (site, hooks) = with_hooks(site("web-hook.yml"));
    let (site, server) = attacked_site(site, "web-hook.yml", "ci-web");
    gets(
        &server,
        &[
            ("ci-web", "repository:webs/app:pull,push", ""),
            ("ci-web", "repository:alice/app:pull", ""),
            ("ci-web", "registry:catalog:*", ""),
            ("ci-web", "repository:web/frozen:delete", ""),
            ("ci-web", "repository:web/frozen:*", ""),
            ("ci-catalog", "registry:catalog:*", "401"),
            ("alice", "repository:web/app:push", ""),
            ("", "repository:web/app:pull", "401"),
        ],
    );
    // Nobody asks the freezer in the server's place, and nobody answers in the place of a hook that is gone.
    let [robots, freezer] = hooks;
    assert_eq!(freezer.post(&[], b"{}").status, 401);
    drop(robots);
    let status = |account: &str, password: &str| {
        server.ask(Some((account, password)), "repository:web/other:pull").status
    };
    assert_eq!(status("ci-web", "never asked before"), 503);
    assert_eq!(status("alice", PASSWORD), 503, "the hook might have refused it");
    drop((server, site));
}

#[test]
fn directories() {
    for (name, asked) in directories::ALL {
        println!("{name}");
        let asked = asked();
        asked.holds();
        let eve = if name == "active-directory.yml" { "401" } else { "" };
        asked.gets(&[
            ("eve", "repository:web/app:push", eve),
            ("eve", "repository:registry-admins/app:push", eve),
            ("alice", "repository:ops/app:push", ""),
            ("alice", "repository:web:push", ""),
            ("alice", "repository:registry-admins/app:push", ""),
            ("alice", "registry:catalog:*", ""),
        ]);
    }
}

#[test]
fn sign_ins() {
    for (name, asked) in sign_ins::ALL {
        println!("{name}");
        asked().holds();
    }
}

#[test]
fn anonymous_pull() {
    let (_site, server) = attacked("anonymous-pull.yml", "publisher");
    gets(
        &server,
        &[
            ("", "repository:any/where:*", "pull"),
            ("", "repository:any/where:delete,push", ""),
            ("", "repository:internal:pull", ""),
            ("", "repository:internal/a/b:*", ""),
            ("", "repository(plugin):internal/a:pull", ""),
            ("", "repository:staging/a:pull", ""),
            ("", "registry:catalog:pull", ""),
        ],
    );
}

#[test]
fn namespaces_and_labels() {
    let (_site, server) = attacked("namespaces-and-labels.yml", "eve@partner.example");
    gets(
        &server,
        &[
            ("bob", "repository:alice/a:delete,pull,push", ""),
            ("bob", "repository:web/a:delete", ""),
            ("bob", "repository:bobby/a:pull,push", ""),
            ("bob", "repository:web:pull", ""),
            ("alice", "repository:webmobile/a:pull", ""),
            ("auditor", "repository:web/a:delete,push", ""),
            ("auditor", "repository:mobile-17/x:pull", ""),
            ("auditor", "repository:xmobile-17:pull", ""),
            ("eve@partner.example", "repository:from-partner/a:delete,push", ""),
            ("eve@partner.example", "repository:from-partners/a:pull", ""),
            ("eve@partner.example", "repository:web/a:pull", ""),
            // Accounts that would fit a pattern, if names were patterns.
            ("${labels:team}", "repository:web/a:pull", "401"),
            ("mallory@partner.example", "repository:from-partner/a:pull", "401"),
        ],
    );
}

#[test]
fn time_limited() {
    let (_site, server) = attacked("time-limited.yml", "contractor");
    gets(
        &server,
        &[
            ("contractor", "repository:web/a:delete", ""),
            ("contractor", "repository:audit/a:delete,push", ""),
            ("contractor", "repository:any/a:pull", ""),
            ("trainee", "repository:trainee/a:pull", "401"),
            ("bob", "repository:bob/a:pull", "401"),
        ],
    );
    // Whose account is closed learns nothing from the answer: it is that to a wrong password.
    let answer = |account, password| {
        let Response { status, body, .. } = server.ask(Some((account, password)), MINE);
        (status, body)
    };
    for closed in ["bob", "trainee"] {
        assert_eq!(answer(closed, PASSWORD), answer(closed, "wrong"), "{closed}");
    }
}

#[test]
fn several_registries() {
    let site = site("several-registries.yml");
    // Three keys, as the sample has them.
    for name in ["fixed", "zot"] {
        let pair = pair(now() - DAY, now() + 365 * DAY);
        site.write(&format!("{name}.pem"), &pair.certificate_pem);
        site.write(&format!("{name}.key"), &pair.key_pem);
    }
    let server = Server::start(&site, "auth.yml");
    let ask = |target: &str, headers: &[(&str, &str)]| server.address().request("GET", target, headers, b"");
    nobody_passes_for("admin", "registry.example.com", &ask);
    let admin = basic("admin", PASSWORD);
    let asked = |service: &str| ask(&target(service, MINE), &[("Authorization", &admin)]);
    // One registry's token is none for another: zot looks at nothing but the key.
    let key_of = |service: &str| {
        let answer = asked(service);
        assert_eq!(answer.claims()["aud"], service);
        answer.token_header()["kid"].clone()
    };
    let keys = ["registry.example.com", "jwks.example.com", "zot.example.com"].map(key_of);
    assert!(keys[0] != keys[1] && keys[1] != keys[2] && keys[0] != keys[2], "{keys:?}");
    for service in
        ["zot", "ZOT.example.com", "zot.example.com ", "zot.example.com.", "*", "unlisted.example.com", ""]
    {
        assert_eq!(asked(service).status, 400, "{service:?}");
    }
    let both = format!("{}&service=zot.example.com", target("registry.example.com", MINE));
    let both = ask(&both, &[("Authorization", &admin)]);
    assert!(both.status == 400 || both.token_header()["kid"] == keys[0], "{both:?}");
    let reader = basic("reader", PASSWORD);
    for (service, granted) in
        [("nightly.example.com", ""), ("registry.example.com", "pull"), ("zot.example.com", "pull")]
    {
        assert_eq!(
            ask(&target(service, MINE), &[("Authorization", &reader)]).granted(),
            granted,
            "{service}"
        );
    }
}

/// A token for a robot, as an administrator makes it.
fn robots_token(site: &Site) -> String {
    let made = run(dockgate()
        .args(["tokens", "create", "auth.yml", "--account", "ci-scan", "--scope", "repository:alice/*:pull"])
        .current_dir(site.path()));
    assert_eq!(made.code, Some(0), "{made:?}");
    made.stdout.trim().to_owned()
}

#[test]
fn robots() {
    let (site, server) = attacked("robots.yml", "ci-scan");
    gets(
        &server,
        &[
            ("ci-scan", "repository:releases/a:delete,push", ""),
            ("ci-release", "repository:releases/a:delete", ""),
            ("ci-release", "repository:alice/a:pull,push", ""),
            ("ci-other", "repository:releases/a:pull", "401"),
            ("alice", "repository:dana/a:delete,push", ""),
        ],
    );
    let token = robots_token(&site);
    let with = |account: &str, token: &str, scope: &str| server.ask(Some((account, token)), scope).granted();
    assert_eq!(with("ci-scan", &token, "repository:alice/a:delete,pull,push"), "pull");
    assert_eq!(with("ci-scan", &token, "repository:dana/a:pull"), "", "its account may, the token may not");
    let (cut, loud) = (token[..token.len() - 1].to_owned(), token.to_uppercase());
    let other_kind = token.replace("dga_", "dgr_");
    for (account, token) in [
        ("alice", &token),
        ("ci-release", &token),
        ("ci-scan", &cut),
        ("ci-scan", &loud),
        ("ci-scan", &other_kind),
    ] {
        assert_eq!(with(account, token, "repository:alice/a:pull"), "401", "{account} with {token}");
    }
    // No credential makes another one, and a refresh token is good for one registry.
    let offline = |account: &str, password: &str| {
        let target = format!("{}&offline_token=true", target("registry", ""));
        server.address().get(&target, Some(("Authorization", &basic(account, password))))
    };
    assert!(offline("ci-scan", &token).json().get("refresh_token").is_none());
    let refresh = offline("alice", PASSWORD).json()["refresh_token"].as_str().unwrap().to_owned();
    let at = |service: &str| {
        let form = [("grant_type", "refresh_token"), ("service", service), ("refresh_token", &refresh)];
        server.address().post_form("/auth", &form).status
    };
    assert_eq!((at("registry"), at("zot")), (200, 401));
    // Whoever leaves takes nothing along; the others keep theirs, over a restart too.
    let users = std::fs::read_to_string(site.file("users.htpasswd")).unwrap();
    drop(server);
    site.write("users.htpasswd", users.replace("alice:", "alina:"));
    let server = Server::start(&site, "auth.yml");
    let form = [("grant_type", "refresh_token"), ("service", "registry"), ("refresh_token", &refresh)];
    assert_eq!(server.address().post_form("/auth", &form).status, 401);
    assert_eq!(server.ask(Some(("ci-scan", &token)), "repository:alice/a:pull").granted(), "pull");
    let revoked =
        run(dockgate().args(["revoke", "auth.yml", "--account", "ci-scan"]).current_dir(site.path()));
    assert_eq!(revoked.stdout, "revoked: 1\n", "{revoked:?}");
    assert_eq!(server.ask(Some(("ci-scan", &token)), "repository:alice/a:pull").status, 401);
}

/// The server's store is away: nobody gets in by what it keeps, or is given what is not kept.
fn keeps_nothing(server: &Server, mine: &str) {
    let elsewhere = site("robots.yml");
    let other = Server::start(&elsewhere, "auth.yml");
    let token = robots_token(&elsewhere);
    drop(other);
    for (account, token) in [("ci-scan", &token), ("alice", &token), ("<token>", &token)] {
        assert_eq!(server.ask(Some((account, token)), mine).status, 503, "{account}");
    }
    let form = [("grant_type", "refresh_token"), ("service", "registry")];
    let refresh = token.replace("dga_", "dgr_");
    let answer = server.address().post_form("/auth", &[&form[..], &[("refresh_token", &refresh)]].concat());
    assert!([401, 503].contains(&answer.status), "{answer:?}");
    let offline = format!("{}&offline_token=true", target("registry", mine));
    let answer = server.address().get(&offline, Some(("Authorization", &basic("alice", PASSWORD))));
    assert_eq!(answer.granted(), "delete,pull,push");
    assert!(answer.json().get("refresh_token").is_none(), "what is not kept is not handed out");
}

#[test]
fn redis_store() {
    let (_site, server) = attacked("redis-store.yml", "alice");
    keeps_nothing(&server, MINE);
}

#[test]
fn replicas() {
    let (_site, server) = attacked("replicas.yml", "alice");
    gets(
        &server,
        &[
            ("alice", "repository:bob/a:pull", ""),
            ("alice", "registry:catalog:*", ""),
            ("bob", "repository:bob/a:pull", "401"),
            ("", "repository:alice/a:pull", "401"),
        ],
    );
    keeps_nothing(&server, "repository:alice/app:delete,pull,push");
}

#[test]
fn behind_unix_socket() {
    let site = site("behind-unix-socket.yml");
    let _server = Server::start(&site, "auth.yml");
    let address = Address::Unix(site.file("dockgate.sock"));
    let ask = |target: &str, headers: &[(&str, &str)]| {
        address.request("GET", &format!("/registry-auth{target}"), headers, b"")
    };
    nobody_passes_for("alice", "registry", &ask);
    // Who says that he is this machine gets what everybody gets.
    for header in ["X-Forwarded-For", "X-Real-IP", "Forwarded", "Host"] {
        for says in ["127.0.0.1", "for=127.0.0.1", "localhost"] {
            let answer = ask(&target("registry", "repository:alice/a:pull,push"), &[(header, says)]);
            // Two hosts are no request at all.
            let gets = if header == "Host" { "400" } else { "" };
            assert_eq!(answer.granted(), gets, "{header}: {says}");
        }
    }
    for path in ["/auth", "/token", "/auth/token", "/registry-auth/../auth", "/registry-authauth"] {
        assert_eq!(address.get(&format!("{path}?service=registry"), None).status, 404, "{path}");
    }
}

#[test]
fn tls() {
    let site = site("tls.yml");
    let server = Server::start(&site, "auth.yml");
    let trusted = &site.pair.certificate_pem;
    nobody_passes_for("alice", "registry", &|target, headers| {
        server.address().get_tls(trusted, target, headers)
    });
    // A password in the clear is answered by nothing that looks like a token.
    let mut plain = TcpStream::connect(("127.0.0.1", server.address().port())).unwrap();
    let header = basic("alice", PASSWORD);
    let request = format!("GET {} HTTP/1.0\r\nAuthorization: {header}\r\n\r\n", target("registry", MINE));
    let mut answer = Vec::new();
    // Either may end by a reset.
    let _ = plain.write_all(request.as_bytes()).and_then(|()| plain.read_to_end(&mut answer).map(drop));
    let answer = String::from_utf8_lossy(&answer).into_owned();
    assert!(!answer.contains("token") && !answer.contains("200"), "{answer:?}");
}

#[test]
fn client_certificates() {
    let site = site("client-certificates.yml");
    let server = Server::start(&site, "auth.yml");
    let trusted = &site.pair.certificate_pem;
    nobody_passes_for("alice", "registry", &|target, headers| {
        server.address().get_tls(trusted, target, headers)
    });
    // Machines have no passwords, and no header stands in for a certificate.
    let header = basic("ci-build", PASSWORD);
    for name in ["X-SSL-Client-S-DN", "X-Client-Cert", "X-Forwarded-Client-Cert", "Ssl-Client-Cert"] {
        let headers = [("Authorization", header.as_str()), (name, "CN=ci-build")];
        assert_eq!(
            server.address().get_tls(trusted, &target("registry", MINE), &headers).status,
            401,
            "{name}"
        );
        let alone = server.address().get_tls(trusted, &target("registry", MINE), &[(name, "CN=ci-build")]);
        assert_eq!(alone.status, 401, "{name}");
    }
}

#[test]
fn reference() {
    let (_site, server) = attacked("reference.yml", "alice");
    let alice = basic("alice", PASSWORD);
    // The rule is for the network 10.0.0.0/8, and we are not there, whatever we say.
    for (header, says) in
        [("X-Forwarded-For", "10.0.0.1"), ("X-Real-IP", "10.0.0.1"), ("Forwarded", "for=10.0.0.1")]
    {
        let headers = [("Authorization", alice.as_str()), (header, says)];
        let answer =
            server.address().request("GET", &target("registry", "repository:web/a:pull,push"), &headers, b"");
        assert_eq!(answer.granted(), "", "{header}");
    }
    gets(
        &server,
        &[
            ("ci", "repository:web/a:delete,push", ""),
            ("dana", "repository:alice/a:pull", ""),
            ("", "repository:alice/a:pull", ""),
        ],
    );
}

#[test]
fn behind_proxy() {
    let site = site("behind-proxy.yml");
    let server = Server::start(&site, "auth.yml");
    let from = |address: &str, headers: &[(&str, &str)], target: &str| {
        let headers = [&[("X-Forwarded-For", address)], headers].concat();
        server.address().request("GET", target, &headers, b"")
    };
    nobody_passes_for("alice", "registry", &|target, headers| from("192.0.2.7", headers, target));
    // A stranger does not come from the office by saying so.
    let alice = basic("alice", PASSWORD);
    let mine = target("registry", MINE);
    for says in ["192.0.2.7, 198.51.100.1", "192.0.2.7,198.51.100.1, 10.0.7.3", "192.0.2.7;198.51.100.1"] {
        let answer = from(says, &[("Authorization", &alice)], &mine);
        assert!(["pull", "400"].contains(&answer.granted().as_str()), "{says}: {answer:?}");
    }
    for header in ["X-Real-IP", "Forwarded", "X-Client-IP", "True-Client-IP"] {
        let answer = from("198.51.100.1", &[("Authorization", &alice), (header, "192.0.2.7")], &mine);
        assert_eq!(answer.granted(), "pull", "{header}");
    }
    let (public, internal) =
        (target("registry", "repository:public/a:*"), target("registry", "repository:internal/a:*"));
    assert_eq!(from("192.0.2.7", &[], &public).granted(), "pull");
    assert_eq!(from("192.0.2.7", &[], &internal).granted(), "");
    assert_eq!(from("198.51.100.1", &[], &public).granted(), "");
}

#[test]
fn forward_auth_basic() {
    let (_site, server) = attacked("forward-auth-basic.yml", "alice");
    let nginx = Front::nginx(&server);
    nginx.is_not_fooled("alice", "/v2/any/where/manifests/1");
    nginx.answers(&[
        Asked::of("bob", "POST", "/v2/any/where/blobs/uploads/", 403),
        Asked::of("bob", "DELETE", "/v2/any/where/manifests/1", 403),
        Asked::of("bob", "GET", "/v2/_catalog?n=1", 403),
        Asked::of("bob", "GET", "/v1/search?q=a", 403),
        Asked::of("bob", "PUT", "/v1/repositories/any/where/", 403),
        Asked::of("", "HEAD", "/v2/any/where/manifests/1", 401),
    ]);
    // What is a login is no token.
    let bearer = nginx.with_token("alice", "registry.example.com", MINE, "GET", "/v2/mine/app/tags/list");
    assert_eq!(bearer.status, 401, "{bearer:?}");
}

#[test]
fn forward_auth_bearer() {
    let (_site, server) = attacked("forward-auth-bearer.yml", "alice");
    let caddy = Front::caddy(&server);
    let tags = "/v2/alice/app/tags/list";
    let mine = "repository:alice/app:pull";
    let with = |account: &str, service: &str, scope: &str, path: &str| {
        caddy.with_token(account, service, scope, "GET", path).status
    };
    let here = "registry.example.com";
    assert_eq!(with("alice", here, mine, tags), 200, "nobody passes, so that a refusal proves nothing");
    // For another registry, of another kind, for another repository, of somebody else.
    for (account, service, scope, path) in [
        ("alice", "zot.example.com", mine, tags),
        ("alice", "", mine, tags),
        ("alice", here, "repository:alice/*:pull", tags),
        ("alice", here, "repository:alice/app2:pull", tags),
        ("alice", here, "repository:alice/app:push", tags),
        ("alice", here, "", tags),
        ("bob", here, mine, tags),
        ("", here, mine, tags),
    ] {
        assert_eq!(with(account, service, scope, path), 401, "{account:?} {service:?} {scope}");
    }
    caddy.takes_no_forged_token(mine, tags);
}

#[test]
fn letsencrypt() {
    let site = site("letsencrypt.yml");
    let trusted = issued(&site);
    let server = Server::start(&site, "auth.yml");
    nobody_passes_for("alice", "registry", &|target, headers| {
        server.address().get_tls(&trusted, target, headers)
    });
    // Who comes as an authority does, while nothing is ordered, gets neither proof nor connection.
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = rustls::ClientConfig::builder_with_provider(provider);
    let config = config.with_safe_default_protocol_versions().unwrap();
    let mut config = config.with_root_certificates(rustls::RootCertStore::empty()).with_no_client_auth();
    config.alpn_protocols = vec![b"acme-tls/1".to_vec()];
    let config = Arc::new(config);
    for name in ["auth.example.com", "localhost", "x.example"] {
        let name = rustls::pki_types::ServerName::try_from(name).unwrap();
        let mut client = rustls::ClientConnection::new(Arc::clone(&config), name.clone()).unwrap();
        let mut stream = TcpStream::connect(("127.0.0.1", server.address().port())).unwrap();
        let refused = client.complete_io(&mut stream).unwrap_err().to_string();
        assert!(refused.contains("AccessDenied"), "{name:?}: {refused}");
    }
}

#[test]
fn no_sample_is_left_in_peace() {
    let here = include_str!("attacks.rs");
    for entry in std::fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("config")).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        let is_sample = Path::new(&name).extension().is_some_and(|extension| extension == "yml");
        let of_directory = directories::ALL.iter().any(|(known, _)| *known == name);
        let of_provider = sign_ins::ALL.iter().any(|(known, _)| *known == name);
        let is_attacked = of_directory || of_provider || here.contains(&format!("(\"{name}\""));
        assert!(!is_sample || is_attacked, "nobody attacks {name}");
    }
}
