//! The examples as they are configured: a whole server, and what its tokens say.

use std::fs;
use std::path::Path;

use super::passwords::Service;
use super::{SHELLS, api, file, passwords, web, worker};
use crate::process::{Server, Site, built_example};

/// Chains of one example, and rules for whoever it lets in.
fn serve(chains: &str) -> (Site, Server) {
    let site = Site::with(&format!(
        "server: {{addr: \"127.0.0.1:0\"}}\n\
         token: {{issuer: a, expiration: 900, certificate: cert.pem, key: key.pem}}\n\
         log: {{level: trace}}\n{chains}"
    ));
    let server = Server::start(&site, "auth.yml");
    (site, server)
}

fn path(name: &str) -> String {
    file(name).display().to_string()
}

/// Account, password, scope, and what of it is granted.
type Asked<'a> = (&'a str, &'a str, &'a str, &'a str);

fn grants(server: &Server, asked: &[Asked<'_>]) {
    for (account, password, scope, granted) in asked {
        let answer = server.ask(Some((*account, *password)), scope);
        assert_eq!(answer.granted(), *granted, "{account:?} {scope}\n{}", server.stderr());
    }
    for (_, password, ..) in asked.iter().filter(|asked| asked.1.len() > 8) {
        assert!(!server.stderr().contains(password), "{}", server.stderr());
    }
}

#[test]
fn a_script_of_either_form_under_either_shell() {
    let users = tempfile::tempdir().unwrap();
    let users = passwords::htpasswd(&users).display().to_string();
    let script = path("htpasswd_file.sh");
    for shell in SHELLS {
        let section = format!("{{command: {shell}, args: [\"{script}\", \"{users}\"]}}");
        let rules = "[{match: {account: alice}, actions: [pull]}]";
        for chains in [
            format!("ext_auth: {section}\nacl: {rules}\n"),
            format!("authn: [{{ext_auth: {section}}}]\nauthz: [{{acl: {rules}}}]\n"),
        ] {
            let (_site, server) = serve(&chains);
            grants(
                &server,
                &[
                    ("alice", passwords::ALICE, "repository:a:pull,push", "pull"),
                    ("alice", "not the right one", "repository:a:pull", "401"),
                    ("nobody", passwords::ALICE, "repository:a:pull", "401"),
                    ("bob", passwords::BOB, "repository:a:pull", ""),
                    ("alice x", passwords::ALICE, "repository:a:pull", "401"),
                ],
            );
            assert_eq!(server.ask(None, "repository:a:pull").status, 401, "nobody in particular");
        }
    }
}

/// Somebody looks for a mistake, and forgets it.
#[test]
fn a_script_that_tells_what_it_does_tells_no_password() {
    let users = tempfile::tempdir().unwrap();
    let users = passwords::htpasswd(&users).display().to_string();
    let script = path("htpasswd_file.sh");
    for shell in SHELLS {
        let (_site, server) = serve(&format!(
            "authn: [{{ext_auth: {{command: {shell}, args: [\"-x\", \"{script}\", \"{users}\"]}}}}]\nauthz: [{{acl: []}}]\n"
        ));
        grants(&server, &[("alice", "canary-0917", "repository:a:pull", "401")]);
        server.said("password=[redacted]", 1);
    }
}

#[test]
fn pam() {
    let Some(service) = Service::new() else { return };
    let (script, name) = (path("pam.sh"), &service.name);
    let (_site, server) = serve(&format!(
        "authn: [{{ext_auth: {{command: \"{script}\", args: [\"{name}\"]}}}}]\n\
         authz: [{{acl: [{{match: {{}}, actions: [pull]}}]}}]\n"
    ));
    grants(
        &server,
        &[
            ("alice", passwords::ALICE, "repository:a:pull,push", "pull"),
            ("alice", "not the right one", "repository:a:pull", "401"),
            ("carol", passwords::BOB, "repository:a:pull", "401"),
            ("nobody", passwords::BOB, "repository:a:pull", "401"),
        ],
    );
    fs::remove_file(service.passwords()).unwrap();
    grants(&server, &[("alice", passwords::ALICE, "repository:a:pull", "503")]);
}

#[test]
fn groups_of_an_api_become_labels() {
    let people = api::answer("200 OK", r#"{"login": "alice", "groups": ["dev", "*"]}"#);
    let (address, heard) = api::api(people);
    let script = path("groups_from_api.py");
    let (_site, server) = serve(&format!(
        "authn:\n- ext_auth:\n    command: \"{script}\"\n    args: [\"http://{address}/me\"]\n    protocol: json\n    \
         cache: {{ttl: 1h}}\n\
         authz: [{{acl: [{{match: {{name: \"${{labels:groups}}/*\"}}, actions: [pull, push]}}]}}]\n"
    ));
    for _ in 0..3 {
        grants(
            &server,
            &[
                ("alice", "a long password", "repository:dev/app:pull,push", "pull,push"),
                // What others wrote is no pattern.
                ("alice", "a long password", "repository:ops/app:pull", ""),
            ],
        );
    }
    assert_eq!(heard.try_iter().count(), 1, "the same question is asked once");
    grants(&server, &[("bob", "a long password", "repository:dev/app:pull", "401")]);
    let (_site, server) = serve(&format!(
        "authn: [{{ext_auth: {{command: \"{script}\", args: [\"http://127.0.0.1:9/me\"], protocol: json}}}}]\nauthz: [{{acl: []}}]\n"
    ));
    grants(&server, &[("alice", "a long password", "repository:dev/app:pull", "503")]);
}

/// The hash of `alpha-pass`.
const USERS: &str =
    "users: {alice: {password: \"$2y$04$d8oBrj6tsvqxTm68gfmzue7GlOlRNlgqIExZxp/6e1e1I5iux6Lm.\"}}";

#[test]
fn office_hours_go_before_the_rules() {
    let script = path("office_hours.py");
    for (hours, granted) in [("0-24", "pull,push"), ("0-0", "")] {
        let (_site, server) = serve(&format!(
            "authn: [{{{USERS}}}]\n\
             authz:\n- ext_authz: {{command: \"{script}\", args: [Europe/Berlin, 1-7, {hours}], protocol: json, \
             cache: {{ttl: 1h, negative_ttl: 1h}}}}\n\
             - acl: [{{match: {{name: \"alice/*\"}}, actions: [\"*\"]}}]\n"
        ));
        grants(
            &server,
            &[
                ("alice", "alpha-pass", "repository:alice/app:pull,push", granted),
                ("alice", "alpha-pass", "repository:alice/app:pull", "pull"),
                ("alice", "alpha-pass", "repository:bob/app:pull", ""),
            ],
        );
    }
}

#[test]
fn a_place_of_their_own() {
    let program = built_example("own_place").display().to_string();
    let (_site, server) = serve(&format!(
        "authn: [{{{USERS}}}]\n\
         authz:\n- ext_authz: {{command: \"{program}\", args: [home], protocol: json}}\n\
         - acl: [{{match: {{name: \"public/*\"}}, actions: [pull]}}]\n"
    ));
    grants(
        &server,
        &[
            ("alice", "alpha-pass", "repository:home/alice/a/b:delete,pull,push", "delete,pull,push"),
            ("alice", "alpha-pass", "repository:home/alice/a:*", "delete,pull,push"),
            ("alice", "alpha-pass", "repository:home/bob/a:pull", ""),
            ("alice", "alpha-pass", "repository:public/a:pull,push", "pull"),
        ],
    );
    server.said("own_place", 1);
}

/// What was copied out of the repository, with the modes that a copy keeps.
#[test]
fn each_can_be_named_as_the_command() {
    let site = Site::new();
    for name in ["htpasswd_file.sh", "pam.sh", "groups_from_api.py", "office_hours.py", "worker.py"] {
        let mode = Path::new(&path(name)).metadata().unwrap().permissions();
        assert!(!mode.readonly());
        let command = path(name);
        site.write(
            "auth.yml",
            format!(
                "server: {{addr: \":0\"}}\ntoken: {{issuer: a, expiration: 9, certificate: cert.pem, key: key.pem}}\n\
                 authn: [{{ext_auth: {{command: \"{command}\"}}}}]\nauthz: [{{ext_authz: {{command: \"{command}\"}}}}]\n"
            ),
        );
        let checked = crate::process::run(
            crate::process::dockgate().args(["check", "auth.yml"]).current_dir(site.path()),
        );
        assert_eq!(checked.code, Some(0), "{checked:#?}");
    }
}

#[test]
fn a_worker_that_stays() {
    let directory = tempfile::tempdir().unwrap();
    let people = worker::people(&directory).display().to_string();
    let section =
        format!("{{command: \"{}\", args: [\"{people}\"], protocol: lines, workers: 2}}", path("worker.py"));
    let (_site, server) =
        serve(&format!("authn: [{{ext_auth: {section}}}]\nauthz: [{{ext_authz: {section}}}]\n"));
    for _ in 0..4 {
        grants(
            &server,
            &[
                ("alice", "right wörd", "repository:web/app:delete,pull,push", "delete,pull,push"),
                ("alice", "right wörd", "repository:mobile/app:pull", ""),
                ("alice", "wrong wörd", "repository:web/app:pull", "401"),
                ("nobody", "right wörd", "repository:web/app:pull", "401"),
            ],
        );
    }
    // Somebody whose entry is torn: the worker ends with a word, and the others are served by the next.
    grants(&server, &[("torn", "whatever it is", "repository:web/app:pull", "503")]);
    server.said("cannot answer: KeyError", 1);
    grants(&server, &[("alice", "right wörd", "repository:web/app:pull", "pull")]);
}

#[test]
fn web_hooks() {
    let files = tempfile::tempdir().unwrap();
    let (robots, frozen, key) =
        (files.path().join("robots.json"), files.path().join("frozen.txt"), files.path().join("hook.key"));
    fs::write(&robots, web::robots_file("a long token")).unwrap();
    fs::write(&frozen, "web/frozen\n").unwrap();
    fs::write(&key, web::KEY).unwrap();
    let hook = web::Hook::start("web_hook.py", &[&robots]);
    let freezer = web::Hook::start("web_hook_signed.py", &[&key, &frozen]);
    let (url, freezer_url) = (hook.url(), freezer.url());
    let chains = |key: &str| {
        format!(
            "authn: [{{http_auth: {{url: \"{url}\"}}}}]\n\
             authz:\n- http_authz: {{url: \"{freezer_url}\", signing_key: {key}}}\n  name: freezer\n\
             - http_authz: {{url: \"{url}\"}}\n  name: robots\n"
        )
    };
    let (_site, server) = serve(&chains(web::KEY));
    let asked: &[Asked<'_>] = &[
        ("ci-web", "a long token", "repository:web/app:pull,push", "pull,push"),
        ("ci-web", "a long token", "repository:web/frozen:pull,push", ""),
        ("ci-web", "a long token", "repository:web/frozen:pull", "pull"),
        ("ci-web", "a long token", "repository:mobile/app:pull", ""),
        ("ci-web", "another token", "repository:web/app:pull", "401"),
        ("ci-mobile", "a long token", "repository:mobile/app:pull", "401"),
    ];
    grants(&server, asked);
    assert_eq!(server.ask(None, "repository:web/app:pull").status, 401);
    // A key that the hook does not know: it answers nobody, and nothing is granted.
    let (_site, server) = serve(&chains("whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"));
    grants(&server, &[("ci-web", "a long token", "repository:web/app:pull", "503")]);
    drop(hook);
    let (_site, server) = serve(&chains(web::KEY));
    grants(&server, &[("ci-web", "a long token", "repository:web/app:pull", "503")]);
}
