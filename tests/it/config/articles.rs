//! Set-ups that articles describe give the access that they describe: `tests/data/articles`.

use std::path::Path;

use crate::process::{Ended, Server, Site, dockgate, run};

fn article(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/articles").join(name);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The file with its key and certificate, which stand in a directory of a container, in one of ours.
fn site(name: &str) -> Site {
    let site = Site::new();
    let config = article(name)
        .replace("/config/auth.pem", &site.file("cert.pem").display().to_string())
        .replace("/config/auth.key", &site.file("key.pem").display().to_string())
        .replace("/ssl/domain.crt", &site.file("cert.pem").display().to_string())
        .replace("/ssl/domain.key", &site.file("key.pem").display().to_string());
    site.write("auth_config.yml", config);
    site
}

fn check(site: &Site) -> Ended {
    run(dockgate().args(["check", "auth_config.yml"]).current_dir(site.path()))
}

/// As the articles start it.
fn serve(site: &Site) -> Server {
    let checked = check(site);
    assert_eq!(checked.code, Some(0), "it does not load: {checked:#?}");
    let config = std::fs::read_to_string(site.file("auth_config.yml")).unwrap();
    let address = config.replace(":5001\"", "127.0.0.1:0\"").replace(":5001'", "127.0.0.1:0'");
    site.write("auth_config.yml", address);
    let flags = ["--v=2", "--alsologtostderr", "auth_config.yml"];
    Server::start_command(dockgate().args(flags).current_dir(site.path()))
}

/// Account (everybody's password is `alpha-pass`, nobody in particular has none), scope, and what is granted.
fn gives(name: &str, asked: &[(&str, &str, &str)]) {
    let server = serve(&site(name));
    for (account, scope, granted) in asked {
        let login = Some((*account, "alpha-pass")).filter(|_| !account.is_empty());
        assert_eq!(server.ask(login, scope).granted(), *granted, "{name}: {account:?} {scope}");
    }
    for login in [("waldi", "wrong"), ("admin", "wrong"), ("", "alpha-pass"), ("stranger", "alpha-pass")] {
        assert_eq!(server.ask(Some(login), "repository:hello-world:pull").status, 401, "{name}: {login:?}");
    }
}

#[test]
fn one_public_image() {
    gives(
        "one-public-image.yml",
        &[
            ("admin", "repository:hello-world:pull,push", "pull,push"),
            ("admin", "repository:any/where:delete,pull,push", "delete,pull,push"),
            ("admin", "registry:catalog:*", "*"),
            ("", "repository:hello-world:pull,push", "pull"),
            ("", "repository:hello-world:push", ""),
            ("", "repository:hello-world/more:pull", ""),
            ("", "repository:other:pull", ""),
            ("", "registry:catalog:*", ""),
        ],
    );
}

#[test]
fn labels_that_say_what_somebody_has() {
    gives(
        "labels.yml",
        &[
            ("waldi", "repository:test/a:delete,pull,push", "delete,pull,push"),
            ("waldi", "repository:prod/server:pull,push", "pull"),
            ("waldi", "repository:test:pull", ""),
            ("waldi", "repository:test/a/b:pull", ""),
            ("waldi", "repository:other/a:pull", ""),
            ("waldi-too", "repository:test:pull,push", "pull,push"),
            ("waldi-too", "repository:socke:pull,push", "pull,push"),
            ("waldi-too", "repository:sockenpuppe:pull,push", "pull,push"),
            ("waldi-too", "repository:test/a:pull", ""),
            ("waldi-too", "repository:nginx:pull,push", ""),
            ("busy", "repository:website/web-frontend:pull,push", "pull,push"),
            ("busy", "repository:api/webdev-backend:delete,pull,push", "pull,push"),
            ("busy", "repository:website/web-middle:pull", ""),
            ("busy", "repository:website/web:pull", ""),
            ("busy", "repository:test/a:pull", ""),
            ("", "repository:test/a:pull", "401"),
        ],
    );
}

/// Nothing else of the file is in the way of the backend that is still to come.
#[test]
fn users_and_rules_in_mongodb() {
    let refused = check(&site("mongodb.yml"));
    let not_in_this_build = |line: u32, key: &str| {
        format!(
            "auth_config.yml:{line}:1: {key}: `{key}` is not in this build: remove it, or stay with your present \
             server until it is\n"
        )
    };
    let problems = [not_in_this_build(10, "mongo_auth"), not_in_this_build(20, "acl_mongo")].concat();
    assert_eq!(refused.code, Some(2), "{refused:#?}");
    assert_eq!(refused.stderr, format!("{problems}auth_config.yml: 2 problems, nothing was started\n"));
}
