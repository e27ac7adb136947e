//! Credentials of the server's own making, in the hands of the clients: docker and nerdctl keep a refresh token in
//! place of the password, the others find one where docker leaves it, and a robot's token is anybody's password.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::accounts::{ALICE, Account, BOB};
use crate::api;
use crate::client::{Client, with_clients};
use crate::clients::docker::Docker;
use crate::clients::nerdctl::Nerdctl;
use crate::components::Component;
use crate::dockgate;
use crate::harness::http::{Response, encode, request};
use crate::image::Image;
use crate::registry::{SERVICE, VERSIONS};
use crate::site::Site;

const APP: &str = "alice/app:1.0.0";
/// A server takes up a changed file within a second or two.
const TAKEN_UP_WITHIN: Duration = Duration::from_secs(30);

fn site(clients: &[Component]) -> Option<Site> {
    Site::keeping_tokens(VERSIONS[0], clients)
}

/// What `docker login` asks for, as its own request.
fn login(site: &Site, account: &Account) -> Response {
    let basic = format!("Basic {}", STANDARD.encode(format!("{}:{}", account.name, account.password)));
    let target = format!("/auth?service={}&offline_token=true&client_id=docker", encode(SERVICE));
    request("GET", &site.dockgate_host, &target, Some(&basic))
}

fn refresh_token(site: &Site, account: &Account) -> String {
    let answer = login(site, account);
    answer.json()["refresh_token"]
        .as_str()
        .unwrap_or_else(|| panic!("{answer:?}\n{}", site.logs()))
        .to_owned()
}

/// Runs a command of the server on itself.
fn command(site: &Site, words: &[&str]) -> String {
    dockgate::run(site.dir(), words).succeeds().stdout.trim().to_owned()
}

/// Gives alice bob's password, and waits until the running server has taken it up.
fn change_password(site: &Site) {
    let file = site.dir().join("dockgate.yml");
    let changed = fs::read_to_string(&file).unwrap().replace(ALICE.hash, BOB.hash);
    fs::write(&file, changed).unwrap();
    let begun = Instant::now();
    while site.api(Some(&ALICE)).request_token("").status != 401 {
        assert!(begun.elapsed() < TAKEN_UP_WITHIN, "the password does not change: {}", site.logs());
        std::thread::sleep(Duration::from_millis(100));
    }
}

#[test]
fn docker_keeps_a_token_and_forgets_the_password() {
    let Some(site) = site(Docker::COMPONENTS) else { return };
    let docker: Docker = site.client_of(&ALICE);
    let kept = docker.home().docker_remembers();
    let token = kept["identitytoken"].as_str().unwrap_or_else(|| panic!("{kept}\n{}", site.logs()));
    assert!(token.starts_with("dgr_"), "{kept}");
    assert_eq!(
        STANDARD.decode(kept["auth"].as_str().unwrap()).unwrap(),
        b"alice:",
        "no password is kept: {kept}"
    );

    let image = Image::of(&["first", "second"]);
    docker.push(&image, APP).succeeds();
    assert_eq!(docker.pulled(APP), image);
    let listed = command(&site, &["tokens", "list", "dockgate.yml", "--account", "alice"]);
    assert!(listed.contains("refresh token") && listed.contains("docker"), "{listed}");

    let other: Docker = docker.beside(site.home());
    other.sign_in(&ALICE);
    change_password(&site);
    docker.push(&Image::of(&["third"]), APP).fails();
    other.pull(APP).fails();
    assert_eq!(
        docker.home().docker_remembers()["identitytoken"].as_str(),
        Some(token),
        "docker keeps its first one"
    );
}

/// Who asks for a refresh token at login and keeps it, as docs/refresh-tokens.md has it.
const KEEPING: [&str; 2] = [Docker::NAME, Nerdctl::NAME];

with_clients!(
    [
        skopeo Skopeo, podman Podman, buildah Buildah, docker Docker, nerdctl Nerdctl, crane Crane, oras Oras,
        regctl Regctl, helm Helm
    ],
    a_login_keeps_a_token_or_asks_for_none
);

fn a_login_keeps_a_token_or_asks_for_none<C: Client>() {
    let Some(site) = site(C::COMPONENTS) else { return };
    let client: C = site.client_of(&ALICE);
    let listed = command(&site, &["tokens", "list", "dockgate.yml", "--kind", "refresh-tokens", "--json"]);
    let listed: serde_json::Value = serde_json::from_str(&listed).unwrap();
    let made = listed["credentials"].as_array().unwrap().len();
    let is_kept = holds_a_token(client.home().dir());
    println!("{}: asked for {made}, keeps one: {is_kept}", C::NAME);
    assert_eq!(is_kept, KEEPING.contains(&C::NAME), "{} keeps what it logged in with", C::NAME);
    assert_eq!(made > 0, is_kept, "{} throws away what it asked for", C::NAME);
}

/// Whether some file of the client's has a refresh token in it.
fn holds_a_token(place: &Path) -> bool {
    let entries = fs::read_dir(place).into_iter().flatten().filter_map(Result::ok);
    entries.map(|entry| entry.path()).any(|path| {
        if path.is_symlink() {
            false
        } else if path.is_dir() {
            holds_a_token(&path)
        } else {
            path.is_file() && fs::read(&path).is_ok_and(|text| text.windows(4).any(|part| part == b"dgr_"))
        }
    })
}

with_clients!(
    [
        skopeo Skopeo, podman Podman, buildah Buildah, docker Docker, buildkit BuildKit, nerdctl Nerdctl, crane Crane,
        oras Oras, regctl Regctl, helm Helm
    ],
    an_identity_token_is_enough
);

fn an_identity_token_is_enough<C: Client>() {
    let Some(site) = site(C::COMPONENTS) else { return };
    let client: C = site.client();
    client.home().remember_token(ALICE.name, &refresh_token(&site, &ALICE));
    let image = Image::of(&["first", "second"]);
    client.push(&image, APP).succeeds();
    assert_eq!(client.pulled(APP), image);
    client.push(&image, "bob/app:1.0.0").fails();
    command(&site, &["revoke", "dockgate.yml", "--account", "Alice"]);
    client.push(&Image::of(&["third"]), APP).fails();
}

with_clients!(
    [
        skopeo Skopeo, podman Podman, buildah Buildah, docker Docker, buildkit BuildKit, ctr Ctr, nerdctl Nerdctl,
        crane Crane, oras Oras, regctl Regctl, helm Helm
    ],
    a_robots_token_is_a_password
);

fn a_robots_token_is_a_password<C: Client>() {
    let Some(site) = site(C::COMPONENTS) else { return };
    let engine: C = site.client();
    let image = Image::of(&["first", "second"]);
    let owner = engine.beside(site.home());
    owner.sign_in(&ALICE);
    owner.push(&image, APP).succeeds();

    let scope = ["--account", "alice", "--scope", "repository:alice/*:pull", "--note", "nightly"];
    let token = command(&site, &[&["tokens", "create", "dockgate.yml"], &scope[..]].concat());
    assert!(token.starts_with("dga_") && !token.contains(char::is_whitespace), "{token}");
    let robot = engine.beside(site.home());
    let account = Account { name: ALICE.name, password: token.leak(), hash: "" };
    robot.sign_in(&account);
    assert_eq!(robot.pulled(APP), image);
    robot.push(&Image::of(&["third"]), "alice/other:1.0.0").fails_with(C::DENIED);

    let listed = command(&site, &["tokens", "list", "dockgate.yml", "--kind", "api-tokens", "--json"]);
    let listed: serde_json::Value = serde_json::from_str(&listed).unwrap();
    let one = &listed["credentials"][0];
    assert_eq!(
        (one["note"].as_str(), one["scopes"][0].as_str()),
        (Some("nightly"), Some("repository:alice/*:pull"))
    );
    assert!(one["used"].is_string(), "{listed}");
    command(&site, &["tokens", "revoke", "dockgate.yml", one["id"].as_str().unwrap()]);
    // Asked of the server: some clients keep what they pulled.
    assert_eq!(site.api(Some(&account)).request_token("").status, 401);
}

/// The one request that shows it without a client: the grant of the specification.
#[test]
fn what_ended_is_an_invalid_grant() {
    let Some(site) = site(&[]) else { return };
    let token = refresh_token(&site, &ALICE);
    let by_token = Account { name: "<token>", password: token.leak(), hash: "" };
    assert_eq!(site.api(Some(&by_token)).request_token("repository:alice/app:pull").status, 200);
    change_password(&site);
    let refused = api::request_token(&site.dockgate_host, SERVICE, "", Some(&by_token));
    assert_eq!((refused.status, refused.json()["error"].as_str()), (401, Some("invalid_grant")));
}
