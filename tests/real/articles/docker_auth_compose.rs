//! "Setting up docker registry access control" (2023).

use crate::accounts::Account;
use crate::client::Client;
use crate::clients::crane::Crane;
use crate::clients::podman::Podman;
use crate::clients::skopeo::Skopeo;
use crate::components::{CRANE, Component, PODMAN, REGISTRY, REGISTRY_3_1, SKOPEO};
use crate::harness::process::Process;
use crate::image::Image;

use super::site::SetUp;

/// The hash is the article's.
const ADMIN: Account = Account { name: "admin", password: "badmin", hash: "" };
const WITH_QUOTATION_MARKS: [&str; 4] = ["REALM", "ISSUER", "SERVICE", "ROOTCERTBUNDLE"];

/// The rule names one repository: none that begins or ends so, nor what docker.io calls the same.
const OTHERS: [&str; 5] = [
    "team/other:1",
    "hello-world/more:1",
    "hello-world-2:1",
    "my-hello-world:1",
    "library/hello-world:latest",
];

struct Site {
    set_up: SetUp,
    host: String,
    _servers: [Process; 2],
}

impl Site {
    /// `quoted` puts the variables into quotation marks, as the article does.
    fn start(version: Component, quoted: bool) -> Option<Self> {
        let mut set_up = SetUp::of("docker-auth-compose", &[version, SKOPEO, PODMAN, CRANE])?;
        set_up.follow("echo \"DOCKGATE_USER=$(id -u):$(id -g)\" > .env");
        set_up.follow("# Generate private key");
        let config = set_up.path("auth-config");
        let (auth, auth_port) =
            set_up.dockgate("auth-config/auth_config.yml", &[("/config", config.to_str().unwrap())]);
        let mut environment = set_up.registry_environment(&[
            ("/auth/certs", config.to_str().unwrap()),
            ("localhost:5001", &format!("localhost:{auth_port}")),
            ("/data", set_up.path("registry-data").to_str().unwrap()),
        ]);
        for (name, value) in &mut environment {
            if quoted && WITH_QUOTATION_MARKS.iter().any(|end| name.ends_with(end)) {
                *value = format!("\"{value}\"");
            }
        }
        let (registry, port) = set_up.registry_of(version, &environment);
        Some(Self { set_up, host: format!("127.0.0.1:{port}"), _servers: [auth, registry] })
    }

    fn client<C: Client>(&self) -> C {
        self.set_up.client(&self.host)
    }
}

/// What the article promises, with one client; `DENIED` is what the client says to people.
fn gives<C: Client>(site: &Site) {
    let (hello, other) = (Image::of(&["hello"]), Image::of(&["other"]));
    let admin: C = site.client();
    admin.sign_in(&ADMIN);
    for (image, names) in [(&hello, &["hello-world:latest"][..]), (&other, &OTHERS)] {
        for name in names {
            admin.push(image, name).succeeds();
        }
    }
    assert_eq!(admin.pulled("team/other:1"), other);

    let anybody = admin.beside(site.set_up.home(&site.host));
    assert_eq!(anybody.pulled("hello-world:latest"), hello);
    anybody.push(&other, "hello-world:latest").fails_with(C::DENIED);
    for name in OTHERS {
        anybody.pull(name).fails_with(C::DENIED);
    }
    assert_eq!(anybody.pulled("hello-world:latest"), hello, "it was overwritten");
}

#[test]
fn skopeo() {
    let Some(site) = Site::start(REGISTRY, false) else { return };
    gives::<Skopeo>(&site);
    let (admin, anybody): (Skopeo, Skopeo) = (site.client(), site.client());
    admin.login(ADMIN.name, "wrong").fails_with("invalid username/password");
    admin.sign_in(&ADMIN);
    anybody.delete("hello-world:latest").unwrap().fails_with("unauthorized");
    admin.delete("hello-world:latest").unwrap().succeeds();
    anybody.pull("hello-world:latest").fails_with("manifest unknown");
}

#[test]
fn podman() {
    let Some(site) = Site::start(REGISTRY, false) else { return };
    gives::<Podman>(&site);
}

const CATALOG: &str =
    "hello-world\nhello-world/more\nhello-world-2\nlibrary/hello-world\nmy-hello-world\nteam/other\n";

#[test]
fn crane_with_the_third_generation_of_the_registry() {
    let Some(site) = Site::start(REGISTRY_3_1, false) else { return };
    gives::<Crane>(&site);
    let admin: Crane = site.client();
    admin.sign_in(&ADMIN);
    assert_eq!(admin.catalog().unwrap().succeeds().stdout, CATALOG);
}

/// A registry reads its variables as YAML, which takes the quotation marks away: the article's own values do.
#[test]
fn the_articles_quotation_marks() {
    for version in [REGISTRY, REGISTRY_3_1] {
        let Some(site) = Site::start(version, true) else { return };
        let (admin, image) = (site.client::<Skopeo>(), Image::of(&["quoted"]));
        admin.sign_in(&ADMIN);
        admin.push(&image, "hello-world:latest").succeeds();
        assert_eq!(site.client::<Skopeo>().pulled("hello-world:latest"), image);
    }
}
