//! The registry's documentation, "Direct authentication through a proxy".

use std::fs;
use std::time::Duration;

use crate::accounts::Account;
use crate::client::Client;
use crate::clients::docker::Docker;
use crate::clients::podman::Podman;
use crate::clients::skopeo::Skopeo;
use crate::components::{self, HTPASSWD, PODMAN, SKOPEO};
use crate::harness::poll;
use crate::harness::process::Process;
use crate::image::Image;

use super::site::{Answer, SetUp};

/// As the article has it, hash and all.
const TESTUSER: Account = Account { name: "testuser", password: "testpassword", hash: "" };
const USER: &str = "testuser:testpassword";
/// The file is looked at every 30 seconds where the system tells of no changes.
const READ_WITHIN: Duration = Duration::from_secs(60);

struct Site {
    set_up: SetUp,
    host: String,
    gate: Process,
    _servers: [Process; 2],
}

impl Site {
    fn start() -> Option<Self> {
        let mut set_up = SetUp::of("registry-docs-direct", &[HTPASSWD, PODMAN, SKOPEO])?;
        set_up.follow("umask 077");
        let (gate, gate_port) = set_up.dockgate("config/auth_config.yml", &[("172.30.72.0/29", "127.0.0.1")]);
        let data = set_up.path("data");
        let (registry, registry_port) = set_up.registry(&[("/data", data.to_str().unwrap())]);
        let (nginx, port) = set_up.nginx(&[
            ("server registry:5000", &format!("server 127.0.0.1:{registry_port}")),
            ("server gate:5001", &format!("server 127.0.0.1:{gate_port}")),
        ]);
        Some(Self { set_up, host: format!("127.0.0.1:{port}"), gate, _servers: [nginx, registry] })
    }

    fn curl(&self, path: &str, words: &[&str]) -> Answer {
        let url = format!("https://{}{path}", self.host);
        self.set_up.curl(&[&["--cacert", "nginx/domain.crt", &url], words].concat())
    }

    /// What the article does with docker.
    fn logs_in_and_pushes<C: Client>(&self) {
        let image = Image::of(&[C::NAME]);
        let client: C = self.set_up.client(&self.host);
        client.login(TESTUSER.name, "wrong").fails();
        client.sign_in(&TESTUSER);
        client.push(&image, "toto:latest").succeeds();
        assert_eq!(client.pulled("toto:latest"), image);
        let anybody = client.beside(self.set_up.home(&self.host));
        anybody.pull("toto:latest").fails();
        anybody.push(&image, "toto:latest").fails();
    }
}

#[test]
fn skopeo() {
    let Some(site) = Site::start() else { return };
    site.logs_in_and_pushes::<Skopeo>();
    let client: Skopeo = site.set_up.client(&site.host);
    client.sign_in(&TESTUSER);
    client.delete("toto:latest").unwrap().succeeds();
    client.pull("toto:latest").fails_with("manifest unknown");
}

#[test]
fn podman() {
    let Some(site) = Site::start() else { return };
    site.logs_in_and_pushes::<Podman>();
}

#[test]
fn docker() {
    let Some(site) = Site::start() else { return };
    if components::installed(Docker::COMPONENTS) {
        site.logs_in_and_pushes::<Docker>();
    }
}

#[test]
fn every_answer_says_which_protocol_it_is() {
    let Some(mut site) = Site::start() else { return };
    let as_user = ["-u", USER];
    for (path, words, status) in [
        ("/v2/", &as_user[..], 200),
        ("/v2/", &[], 401),
        ("/v2/", &["-u", "testuser:wrong"], 401),
        ("/v2/toto/manifests/latest", &as_user, 404),
        ("/v2/toto/manifests/latest", &[], 401),
        ("/v2/toto/../../metrics", &as_user, 404),
        ("/v2/toto/%2e%2e/%2e%2e/metrics", &as_user, 404),
        ("/v2/unknown", &as_user, 403),
        ("/_gate", &as_user, 404),
        ("/", &as_user, 404),
    ] {
        let answer = site.curl(path, words);
        assert_eq!(answer.status, status, "{path} {words:?}: {answer:?}");
        assert_eq!(answer.headers("Docker-Distribution-Api-Version"), ["registry/2.0"], "{path} {answer:?}");
        let challenges = answer.headers("WWW-Authenticate");
        assert_eq!(challenges == ["Basic realm=\"registry.localhost\""], status == 401, "{path} {answer:?}");
    }
    assert_eq!(site.curl("/v2/", &["-u", USER, "-H", "Upgrade: websocket"]).status, 400);
    site.gate.kill();
    let answer = site.curl("/v2/", &as_user);
    assert_eq!(answer.status, 503, "{answer:?}");
    assert_eq!(answer.headers("Docker-Distribution-Api-Version"), ["registry/2.0"], "{answer:?}");
}

#[test]
fn a_docker_that_is_too_old_is_told_that_there_is_nothing() {
    let Some(site) = Site::start() else { return };
    for (agent, status) in [
        ("docker/1.3.2 go/go1.3.3 kernel/3.2 os/linux arch/amd64", 404),
        ("docker/1.5.0", 404),
        ("Go 1.1 package http", 404),
        ("docker/1.5.0-dev", 200),
        ("docker/1.6.0 go/go1.4.2", 200),
        ("docker/1.13.1 go/go1.7.5", 200),
        ("docker/20.10.24+dfsg1 go/go1.19.8", 200),
        ("Go-http-client/1.1", 200),
    ] {
        assert_eq!(site.curl("/v2/", &["-u", USER, "-A", agent]).status, status, "{agent}");
    }
}

/// Of more than nginx takes by itself, which is 1 MiB, and of a length that is not said before.
#[test]
fn a_layer_has_any_size_and_comes_in_chunks() {
    let Some(site) = Site::start() else { return };
    let begun =
        site.curl("/v2/toto/blobs/uploads/", &["-u", USER, "-X", "POST", "-d", "", "-H", "Content-Type:"]);
    assert_eq!(begun.status, 202, "{begun:?}");
    let place = format!("https://{}/", site.host);
    let upload = begun.headers("Location")[0].strip_prefix(&place).expect("it is at nginx").to_owned();
    fs::write(site.set_up.path("layer"), vec![b'x'; 5 << 20]).unwrap();
    let chunked =
        ["-u", USER, "-X", "PATCH", "-T", "layer", "-H", "Transfer-Encoding: chunked", "-H", "Expect:"];
    let sent = site.curl(&format!("/{upload}"), &chunked);
    assert_eq!((sent.status, sent.headers("Range")), (202, vec!["0-5242879"]), "{sent:?}");
    let refused = site.curl(&format!("/{upload}"), &chunked[2..]);
    assert_eq!(refused.status, 401, "{refused:?}");
}

#[test]
fn accounts_come_and_go_while_all_runs() {
    let Some(site) = Site::start() else { return };
    let reaches = || site.curl("/v2/", &["-u", "second:another"]).status == 200;
    let htpasswd = |words: &[&str]| drop(site.set_up.run(HTPASSWD.program, words).succeeds());
    htpasswd(&["-bB", "-C", "10", "config/registry.password", "second", "another"]);
    // Nobody guesses meanwhile.
    let read_again = || site.gate.log().contains("the users file was read again").then_some(());
    poll(READ_WITHIN, read_again).expect("it is read again");
    poll(READ_WITHIN, || reaches().then_some(())).expect("a new account");
    htpasswd(&["-D", "config/registry.password", "second"]);
    poll(READ_WITHIN, || (!reaches()).then_some(())).expect("it is gone");
    assert_eq!(site.curl("/v2/", &["-u", USER]).status, 200);
    site.set_up.follow("openssl rand -hex 12 > testuser.password");
    let as_before = || site.curl("/v2/", &["-u", USER]).status == 200;
    poll(READ_WITHIN, || (!as_before()).then_some(())).expect("the article's password is none any more");
    let user = format!("testuser:{}", site.set_up.read("testuser.password").trim());
    assert_eq!(site.curl("/v2/", &["-u", &user]).status, 200);
}
