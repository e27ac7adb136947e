//! "Control Read/Write Access to Your Private Docker Registry" (2015).

use std::fs;
use std::io::Write as _;

use crate::accounts::ALICE;
use crate::client::Client;
use crate::clients::podman::Podman;
use crate::clients::skopeo::Skopeo;
use crate::components::{CRANE, HTPASSWD, PODMAN, SKOPEO};
use crate::harness::process::Process;
use crate::image::Image;

use super::site::{Answer, SetUp};

struct Site {
    set_up: SetUp,
    host: String,
    _servers: [Process; 3],
}

/// Beside the two of the README: names that begin as an administrator's does, and an administrator's own.
const OTHERS: [&str; 4] = ["administrator", "adminfoo", "admin", "xadmin-x"];

impl Site {
    fn start() -> Option<Self> {
        let mut set_up = SetUp::of("read-write-control", &[HTPASSWD, SKOPEO, PODMAN, CRANE])?;
        set_up.follow("umask 077");
        set_up.follow("openssl rand -hex 12 > janedoe.password");
        let mut users = fs::File::options().append(true).open(set_up.path("config/registry_users")).unwrap();
        for name in OTHERS {
            writeln!(users, "{name}:{}", ALICE.hash).unwrap();
        }
        let (gate, gate_port) = set_up.dockgate("config/auth_config.yml", &[("172.30.71.0/29", "127.0.0.1")]);
        let (registry, registry_port) = set_up.registry(&[]);
        let (nginx, port) = set_up.nginx(&[
            ("server registry:5000", &format!("server 127.0.0.1:{registry_port}")),
            ("server gate:5001", &format!("server 127.0.0.1:{gate_port}")),
        ]);
        Some(Self { set_up, host: format!("127.0.0.1:{port}"), _servers: [nginx, gate, registry] })
    }

    fn password(&self, account: &str) -> String {
        if OTHERS.contains(&account) {
            return ALICE.password.to_owned();
        }
        self.set_up.read(&format!("{account}.password")).trim().to_owned()
    }

    /// What curl is answered, as somebody or, with an empty name, as nobody.
    #[track_caller]
    fn curl(&self, account: &str, method: &str, path: &str) -> Answer {
        let url = format!("https://{}{path}", self.host);
        let mut words = vec!["--cacert", "nginx/registry.crt", &url];
        words.extend(if method == "HEAD" { vec!["-I"] } else { vec!["-X", method] });
        if account.is_empty() {
            return self.set_up.curl(&words);
        }
        let user = format!("{account}:{}", self.password(account));
        self.set_up.curl(&[&words[..], &["-u", &user]].concat())
    }
}

const MANIFEST: &str = "/v2/team/app/manifests/1";
const UPLOADS: &str = "/v2/team/app/blobs/uploads/";

#[test]
fn administrators_write_everybody_reads_and_nobody_in_particular_does_nothing() {
    let Some(site) = Site::start() else { return };
    let image = Image::of(&["base", "app"]);
    let admin: Skopeo = site.set_up.client(&site.host);
    admin.login("admin-parente", "wrong").fails();
    admin.login("admin-parente", &site.password("admin-parente")).succeeds();
    for name in ["team/app:1", "hello-world:latest"] {
        admin.push(&image, name).succeeds();
    }
    let reader: Podman = site.set_up.client(&site.host);
    reader.login("janedoe", &site.password("janedoe")).succeeds();
    assert_eq!(reader.pulled("team/app:1"), image);
    reader.push(&image, "team/app:2").fails_with(Skopeo::DENIED);
    let reader: Skopeo = site.set_up.client(&site.host);
    reader.login("janedoe", &site.password("janedoe")).succeeds();
    assert!(reader.list_tags("team/app").unwrap().succeeds().stdout.contains("\"1\""));
    reader.push(&image, "janedoe/own:1").fails_with(Skopeo::DENIED);
    reader.delete("team/app:1").unwrap().fails_with(Skopeo::DENIED);
    let anybody: Skopeo = site.set_up.client(&site.host);
    anybody.pull("team/app:1").fails_with("authentication required");
    anybody.push(&image, "team/app:1").fails_with("authentication required");

    admin.delete("hello-world:latest").unwrap().succeeds();
    reader.pull("hello-world:latest").fails_with("manifest unknown");
    assert_eq!(reader.pulled("team/app:1"), image);
}

/// By the server's own command, as the README has it.
#[test]
fn nothing_passes_beside_the_gate() {
    let Some(site) = Site::start() else { return };
    let here = [("https://localhost", format!("https://{}", site.host))];
    let here = here.each_ref().map(|(there, here)| (*there, here.as_str()));
    let proof = "dockgate forward-auth-test https://localhost --ca nginx/registry.crt --account janedoe \\";
    let told = site.set_up.follow_at(proof, &here).stdout;
    assert_eq!(told.matches(", 0 failed,").count(), 2, "{told}");
}

/// The article's commands are docker's; crane does what they do, and checks the certificate.
#[test]
fn crane_reads_with_one_account_and_writes_with_the_other() {
    let Some(site) = Site::start() else { return };
    let crane = |account: &str, words: &[&str]| {
        let home = site.set_up.home(&site.host);
        if !account.is_empty() {
            home.remember(account, &site.password(account));
        }
        let mut crane = home.command(CRANE.program);
        home.run(crane.env("SSL_CERT_FILE", site.set_up.path("nginx/registry.crt")).args(words))
    };
    let layout = site.set_up.path("image");
    let image = Image::of(&["cranes"]);
    image.write(&layout);
    let (layout, name) = (layout.display().to_string(), format!("{}/team/app:1", site.host));
    crane("janedoe", &["push", &layout, &name]).fails_with("DENIED");
    crane("admin-parente", &["push", &layout, &name]).succeeds();
    crane("janedoe", &["pull", "--format=oci", &name, &site.set_up.path("pulled").display().to_string()])
        .succeeds();
    assert_eq!(Image::read(&site.set_up.path("pulled")), image);
    assert_eq!(crane("janedoe", &["catalog", &site.host]).succeeds().stdout.trim(), "team/app");
    crane("", &["digest", &name]).fails_with("401");
}

#[test]
fn a_name_that_only_begins_as_an_administrators_does_reads() {
    let Some(site) = Site::start() else { return };
    for writes in ["admin", "admin-parente"] {
        assert_eq!(site.curl(writes, "POST", UPLOADS).status, 202, "{writes}");
    }
    for reads in ["administrator", "adminfoo", "xadmin-x", "janedoe"] {
        let refused = site.curl(reads, "POST", UPLOADS);
        assert_eq!(
            (refused.status, refused.body.contains("\"DENIED\"")),
            (403, true),
            "{reads}: {refused:?}"
        );
        assert_eq!(site.curl(reads, "GET", "/v2/").status, 200, "{reads}");
        // It comes to the registry, where there is none.
        assert_eq!(site.curl(reads, "HEAD", MANIFEST).status, 404, "{reads}");
        assert_eq!(site.curl(reads, "DELETE", MANIFEST).status, 403, "{reads}");
    }
}

/// There is no registry of 2015 here: today's knows none of its paths, so 404 is what passes the gate.
#[test]
fn the_paths_of_the_first_registries_are_read_and_written_alike() {
    let Some(site) = Site::start() else { return };
    let image = format!("/v1/images/{}/layer", "a".repeat(64));
    let place = format!("https://{}/v2/", site.host);
    let switched = ["--cacert", "nginx/registry.crt", &place, "-H", "Upgrade: websocket"];
    assert_eq!(site.set_up.curl(&switched).status, 400, "a connection stays what it is");
    let passed = [
        ("janedoe", "GET", "/v1/_ping"),
        ("janedoe", "POST", "/v1/users/"),
        ("janedoe", "GET", "/v1/users/"),
        ("janedoe", "GET", "/v1/repositories/team/app/tags"),
        ("janedoe", "HEAD", "/v1/repositories/app/images"),
        ("janedoe", "GET", &image),
        ("janedoe", "GET", "/v1/search?q=app"),
        ("admin-parente", "PUT", "/v1/repositories/team/app/tags/1"),
        ("admin-parente", "PUT", &image),
        ("admin-parente", "DELETE", "/v1/repositories/team/app/"),
    ];
    for (account, method, path) in passed {
        let answer = site.curl(account, method, path);
        assert_eq!(answer.status, 404, "{account}: {method} {path}: {answer:?}");
    }
    for (account, method, path) in passed {
        assert_eq!(site.curl("", method, path).status, 401, "nobody: {method} {path}");
        let writes = account == "admin-parente";
        assert_eq!(site.curl("janedoe", method, path).status == 403, writes, "janedoe: {method} {path}");
    }
    // What is a path of neither protocol, or could be read as another one.
    for path in
        ["/", "/metrics", "/v3/", "/v1/users/../repositories/a/b/", "/v2/%2e%2e/v1/users/", "//v1/users/"]
    {
        assert_eq!(site.curl("admin-parente", "GET", path).status, 403, "{path}");
    }
}
