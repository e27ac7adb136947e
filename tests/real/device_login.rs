//! `dockgate login` and its credential helper, with real clients: a code that somebody confirms in a browser lets a
//! machine in, whose clients then find the credential by themselves.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::Duration;

use ::dockgate::outside::SystemClock;
use dockgate_testkit::provider::openid::OpenId;
use serde_json::{Value, json};

use crate::accounts::Account;
use crate::api;
use crate::client::{Client, Home, with_clients};
use crate::clients::crane::Crane;
use crate::clients::docker::Docker;
use crate::components::Component;
use crate::dockgate;
use crate::harness::http::{Response, encode, send};
use crate::harness::logs::Logs;
use crate::harness::poll;
use crate::harness::process::Process;
use crate::image::Image;
use crate::registry::{SERVICE, VERSIONS};
use crate::site::Site;

const HELPER: &str = env!("CARGO_BIN_EXE_docker-credential-dockgate");
const LOGGED_IN_WITHIN: Duration = Duration::from_secs(30);
const APP: &str = "alice/app:1.0.0";

/// A server where alice signs in at a provider, and a registry.
struct Place {
    site: Site,
    provider: OpenId,
}

impl Place {
    fn new(clients: &[Component], login: &str) -> Option<Self> {
        let provider = OpenId::start();
        provider.follow(std::sync::Arc::new(SystemClock));
        provider.user("1", json!({"preferred_username": "alice"}));
        let chains = format!(
            "login: {login}\n\
             store: {{file: store}}\n\
             authn:\n\
             - oidc_auth:\n\
             \x20   issuer: \"{}\"\n\
             \x20   client_id: dockgate\n\
             \x20   client_secret: \"a secret of the tests\"\n\
             \x20   user_claim: preferred_username\n\
             \x20   scopes: [openid, offline_access]\n\
             authz:\n\
             - acl:\n\
             \x20 - match: {{account: \"/.+/\", name: \"${{account}}/*\"}}\n\
             \x20   actions: [\"*\"]\n",
            provider.issuer()
        );
        let site = Site::deciding(VERSIONS[0], clients, &chains)?;
        let host = &site.dockgate_host;
        provider.client("dockgate", Some("a secret of the tests"), &[&format!("http://{host}/oidc_auth")]);
        Some(Self { site, provider })
    }

    /// Logs the machine of a client in, and has alice confirm it. Answers what it said.
    fn log_in(&self, home: &Home, arguments: &[&str]) -> String {
        let mut command = Command::new("env");
        command.arg(format!("HOME={}", home.dir().display())).arg("HOSTNAME=build-7").arg(dockgate::PROGRAM);
        command.arg("login").args(arguments);
        // One log for each login.
        let name = format!("login-{}", fs::read_dir(home.dir()).unwrap().count());
        let mut program = Process::start(&mut command, home.dir(), &name).ready("Waiting until");
        let said = program.log();
        let code = said.lines().map(str::trim).find(|line| line.len() == 9 && line.as_bytes()[4] == b'-');
        self.confirm(code.unwrap_or_else(|| panic!("no code: {said}")));
        let ended = poll(LOGGED_IN_WITHIN, || (!program.is_running()).then_some(()));
        let (said, status) = (program.log(), program.terminate());
        assert!(
            ended.is_some() && status.is_some_and(|status| status.success()),
            "{said}\n{}",
            self.site.logs()
        );
        said
    }

    /// What alice does in her browser.
    fn confirm(&self, code: &str) {
        let mut browser = Browser { host: &self.site.dockgate_host, cookies: BTreeMap::new() };
        let away = browser.get("/oidc_auth?after=device");
        let url = away.header("location").unwrap_or_else(|| panic!("{away:?}\n{}", self.site.logs()));
        let back = self.provider.sign_in(url, "1");
        let back = back.header("location").unwrap_or_else(|| panic!("{}", back.text())).to_owned();
        let path = back.split_once(&self.site.dockgate_host).unwrap().1;
        let signed_in = browser.get(path);
        assert_eq!(signed_in.header("location"), Some("/device"), "{signed_in:?}\n{}", self.site.logs());
        let ask = browser.submit("/device", &[("code", code)]);
        assert!(ask.body.contains("127.0.0.1") && ask.body.contains("alice"), "{ask:?}");
        let done = browser.submit("/device/decision", &[("code", code), ("decision", "confirm")]);
        assert_eq!(done.status, 200, "{done:?}");
    }

    fn url(&self) -> String {
        format!("http://{}", self.site.dockgate_host)
    }

    /// Whether the server takes a password of alice's.
    fn takes(&self, password: &str) -> bool {
        let account = Account { name: "alice", password: password.to_owned().leak(), hash: "" };
        api::request_token(&self.site.dockgate_host, SERVICE, "", Some(&account)).status == 200
    }
}

/// A browser without a window.
struct Browser<'a> {
    host: &'a str,
    cookies: BTreeMap<String, String>,
}

impl Browser<'_> {
    fn get(&mut self, path: &str) -> Response {
        self.send("GET", path, "")
    }

    /// Sends a form of the page with the code.
    fn submit(&mut self, path: &str, fields: &[(&str, &str)]) -> Response {
        let page = self.get("/device");
        let csrf = page.body.split_once("name=\"csrf\" value=\"").unwrap_or_else(|| panic!("{page:?}")).1;
        let csrf = csrf.split('"').next().unwrap();
        let fields = [&[("csrf", csrf)], fields].concat();
        let body: Vec<String> =
            fields.iter().map(|(name, value)| format!("{name}={}", encode(value))).collect();
        self.send("POST", path, &body.join("&"))
    }

    fn send(&mut self, method: &str, path: &str, body: &str) -> Response {
        let cookies: Vec<String> =
            self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let cookies = cookies.join("; ");
        let mut fields = vec![("Content-Type", "application/x-www-form-urlencoded")];
        if !cookies.is_empty() {
            fields.push(("Cookie", &cookies));
        }
        let answer = send(method, self.host, path, &fields, body);
        for cookie in answer.headers("set-cookie") {
            let (name, rest) = cookie.split_once('=').unwrap();
            let value = rest.split(';').next().unwrap();
            if rest.contains("Max-Age=0") {
                self.cookies.remove(name);
            } else {
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
        answer
    }
}

/// What the helper keeps in a client's home.
fn kept(home: &Home) -> Value {
    serde_json::from_str(&fs::read_to_string(kept_in(home)).unwrap()).unwrap()
}

fn kept_in(home: &Home) -> PathBuf {
    home.path(".config/dockgate/credentials.json")
}

fn secret(home: &Home) -> String {
    kept(home)["logins"][0]["secret"].as_str().unwrap().to_owned()
}

/// As the command says that it is to be done for podman and its kin.
fn tell_podman(home: &Home) {
    let helpers = json!({"credHelpers": {home.host(): "dockgate"}});
    fs::write(home.path("auth.json"), helpers.to_string()).unwrap();
}

with_clients!(
    [skopeo Skopeo, podman Podman, buildah Buildah, docker Docker, crane Crane, oras Oras, helm Helm, nerdctl Nerdctl],
    a_machine_that_is_let_in_pulls_and_pushes
);

fn a_machine_that_is_let_in_pulls_and_pushes<C: Client>() {
    let Some(place) = Place::new(C::COMPONENTS, "{}") else { return };
    let client: C = place.site.client();
    let said = place.log_in(client.home(), &[&place.url(), "--registry", client.home().host()]);
    assert!(said.contains(&format!("Logged in to {} as alice.", client.home().host())), "{said}");
    tell_podman(client.home());
    let image = Image::of(&["first", "second"]);
    client.push(&image, APP).succeeds();
    assert_eq!(client.pulled(APP), image);
    client.push(&image, "bob/app:1.0.0").fails();
    let password = secret(client.home());
    for file in [".docker/config.json", "auth.json"] {
        let text = fs::read_to_string(client.home().path(file)).unwrap();
        assert!(!text.contains(&password), "{file} holds the password: {text}");
    }
}

/// The registry's own name is enough: it says where its clients go.
#[test]
fn a_login_by_the_registrys_name_that_only_pulls() {
    let Some(place) = Place::new(Crane::COMPONENTS, "{}") else { return };
    let owner: Crane = place.site.client();
    place.log_in(owner.home(), &[&place.url(), "--registry", owner.home().host()]);
    let image = Image::of(&["first", "second"]);
    owner.push(&image, APP).succeeds();

    let client: Crane = place.site.client();
    let registry = client.home().host().to_owned();
    let said = place.log_in(client.home(), &[&registry, "--pull-only", "--name", "reader"]);
    assert!(said.contains(&format!("Logged in to {registry} as alice.")), "{said}");
    assert_eq!(client.pulled(APP), image);
    client.push(&Image::of(&["third"]), APP).fails();
}

#[test]
fn docker_logout_gives_the_password_back() {
    let Some(place) = Place::new(Docker::COMPONENTS, "{}") else { return };
    let docker: Docker = place.site.client();
    place.log_in(docker.home(), &[&place.url(), "--registry", docker.home().host()]);
    docker.push(&Image::of(&["first"]), APP).succeeds();
    let password = secret(docker.home());
    assert!(place.takes(&password));
    docker.home().run(docker.tool().args(["logout", docker.home().host()])).succeeds();
    assert_eq!(kept(docker.home())["logins"], json!([]));
    assert!(!place.takes(&password), "{}", place.site.logs());
    docker.push(&Image::of(&["second"]), APP).fails();
}

/// A second login takes the place of the first, whose password is given back.
#[test]
fn a_login_in_place_of_another() {
    let Some(place) = Place::new(Crane::COMPONENTS, "{}") else { return };
    let client: Crane = place.site.client();
    let arguments = [&place.url(), "--registry", client.home().host()];
    let arguments: Vec<&str> = arguments.to_vec();
    place.log_in(client.home(), &arguments);
    let first = secret(client.home());
    place.log_in(client.home(), &arguments);
    let second = secret(client.home());
    assert!(first != second && !place.takes(&first) && place.takes(&second));
}

#[test]
fn when_half_of_its_life_is_over_one_of_many_renews_it() {
    let Some(place) = Place::new(Crane::COMPONENTS, "{app_passwords: {lifetime: 1h}}") else { return };
    let client: Crane = place.site.client();
    let host = client.home().host().to_owned();
    place.log_in(client.home(), &[&place.url(), "--registry", &host]);
    let image = Image::of(&["first"]);
    client.push(&image, APP).succeeds();

    // As the file will be half an hour later.
    let (mut file, first) = (kept(client.home()), secret(client.home()));
    for time in ["made", "ends"] {
        file["logins"][0][time] = json!(file["logins"][0][time].as_u64().unwrap() - 1900);
    }
    fs::write(kept_in(client.home()), file.to_string()).unwrap();
    let asking: Vec<_> = (0..8)
        .map(|_| {
            let mut helper = client.home().command(HELPER);
            let mut child = helper.arg("get").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
            std::io::Write::write_all(&mut child.stdin.take().unwrap(), host.as_bytes()).unwrap();
            child
        })
        .collect();
    let answers: Vec<Value> = asking
        .into_iter()
        .map(|child| serde_json::from_slice(&child.wait_with_output().unwrap().stdout).unwrap())
        .collect();
    let second = secret(client.home());
    assert_ne!(first, second, "{}", place.site.logs());
    // Who asked meanwhile has the one before, which is good for a while.
    for answer in &answers {
        let given = answer["Secret"].as_str().unwrap();
        assert!(
            answer["Username"] == "alice" && [&first, &second].iter().any(|one| *one == given),
            "{answer}"
        );
        assert!(place.takes(given), "{}", place.site.logs());
    }
    let list =
        dockgate::run(place.site.dir(), &["tokens", "list", "dockgate.yml", "--json"]).succeeds().stdout;
    let list: Value = serde_json::from_str(&list).unwrap();
    assert_eq!(list["credentials"].as_array().unwrap().len(), 2, "it was renewed once: {list}");
    assert_eq!(client.pulled(APP), image);
}

/// The password of somebody who is gone is not renewed, and the client says what to do.
#[test]
fn whoever_is_gone_is_told_to_log_in_again() {
    let Some(place) = Place::new(Crane::COMPONENTS, "{}") else { return };
    let client: Crane = place.site.client();
    place.log_in(client.home(), &[&place.url(), "--registry", client.home().host()]);
    let password = secret(client.home());
    let body = format!("token={password}");
    let form = [("Content-Type", "application/x-www-form-urlencoded")];
    assert_eq!(send("POST", &place.site.dockgate_host, "/device/revoke", &form, &body).status, 200);
    let mut file = kept(client.home());
    file["logins"][0]["made"] = json!(0);
    fs::write(kept_in(client.home()), file.to_string()).unwrap();
    let told = client.pull(APP).fails();
    let said = format!("{}{}", told.stdout, told.stderr);
    assert!(said.contains("has ended: run `dockgate login") && !said.contains(&password), "{said}");
}

/// A secret stands in one file, which is its owner's alone; no command and no log holds it.
#[test]
fn the_password_is_in_one_file() {
    let Some(place) = Place::new(Crane::COMPONENTS, "{}") else { return };
    let client: Crane = place.site.client();
    let said = place.log_in(client.home(), &[&place.url(), "--registry", client.home().host()]);
    client.push(&Image::of(&["first"]), APP).succeeds();
    let password = secret(client.home());
    let logs: Logs = place.site.logs();
    assert!(!said.contains(&password) && !logs.to_string().contains(&password));
    let mode =
        std::os::unix::fs::PermissionsExt::mode(&fs::metadata(kept_in(client.home())).unwrap().permissions());
    assert_eq!(mode & 0o777, 0o600);
}
