//! "How to build an controlled environment to distribute docker images based on user accounts".

use std::fs;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use serde_json::Value;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::api::open;
use crate::client::{Client, Login, with_clients};
use crate::components::{CURL, Component, OPENSSL};
use crate::harness::command::Outcome;
use crate::harness::http::{encode, request, send};
use crate::harness::poll;
use crate::harness::process::{Process, free_port};
use crate::home::Home;
use crate::image::Image;
use crate::registry;

use super::site::SetUp;

const CONFIG: &str = "config/auth_config.yml";
/// Whom nginx takes its clients for: all of a test come from one machine, whose own address is nobody's.
const CLIENT: &str = "203.0.113.9";
/// The network between the containers.
const INSIDE: &str = "172.31.23.0/28";
const TAKEN_UP_WITHIN: Duration = Duration::from_secs(30);

with_clients!([skopeo Skopeo, podman Podman, crane Crane, docker Docker], labels_decide);

struct Site {
    set_up: SetUp,
    auth: Process,
    registry: Process,
    _nginx: Process,
    /// nginx, as clients call it: the registry, the server of tokens, and without TLS.
    front: String,
    front_auth: String,
    plain: String,
    /// Behind nginx.
    registry_host: String,
}

impl Site {
    fn start(clients: &[Component]) -> Option<Self> {
        let mut set_up = SetUp::of("mongodb-labels", &[clients, &[CURL]].concat())?;
        set_up.follow("umask 077");
        set_up.follow("mkdir -p nginx/cert/auth nginx/cert/registry");
        set_up.follow("for account in waldi busy-guy release visitor; do");
        let (auth, auth_port) = set_up.dockgate(CONFIG, &[(INSIDE, "127.0.0.1")]);
        let [tokens_port, plain_port] = [free_port(), free_port()];
        let front_auth = format!("localhost:{tokens_port}");
        let bundle = set_up.path("state/keys/bundle.pem").display().to_string();
        let (registry, registry_port) = set_up.registry(&[
            ("https://auth.example.com/auth", &format!("https://{front_auth}/auth")),
            ("/etc/registry-auth/bundle.pem", &bundle),
        ]);
        // Two names are two ports of one name: no other leads to this machine.
        let (nginx, port) = set_up.nginx(&[
            (
                "listen 443 ssl http2;\n        server_name auth.example.com;",
                &format!("listen 127.0.0.1:{tokens_port} ssl http2;\n        server_name localhost;"),
            ),
            ("server_name registry.example.com;", "server_name localhost;"),
            ("server_name auth.example.com registry.example.com;", "server_name localhost;"),
            ("listen 80", &format!("listen 127.0.0.1:{plain_port}")),
            ("http://auth:5001", &format!("http://127.0.0.1:{auth_port}")),
            ("http://registry:5000", &format!("http://127.0.0.1:{registry_port}")),
            ("$proxy_add_x_forwarded_for", CLIENT),
        ]);
        Some(Self {
            set_up,
            auth,
            registry,
            _nginx: nginx,
            front: format!("localhost:{port}"),
            front_auth,
            plain: format!("localhost:{plain_port}"),
            registry_host: format!("127.0.0.1:{registry_port}"),
        })
    }

    fn password(&self, account: &str) -> String {
        self.set_up.read(&format!("{account}.password")).trim().to_owned()
    }

    fn home(&self) -> Home {
        self.set_up.home(&self.front).trusting(self.set_up.path("trusted.pem"))
    }

    /// Another client, of somebody who logged in.
    #[track_caller]
    fn beside<C: Client>(&self, client: &C, account: &str) -> C {
        let other = client.beside(self.home());
        other.login(account, &self.password(account)).succeeds();
        other
    }

    /// What the server of tokens says to somebody, by way of nginx.
    fn token(&self, account: &str, scope: &str) -> Curl {
        let basic = STANDARD.encode(format!("{account}:{}", self.password(account)));
        let target = format!("/auth?service={}&scope={}", encode("Docker registry"), encode(scope));
        self.curl(
            &format!("https://{}{target}", self.front_auth),
            &["-H", &format!("Authorization: Basic {basic}")],
        )
    }

    /// What somebody is granted who wants to pull and push: the actions, or the status of a refusal.
    fn granted(&self, account: &str, repository: &str) -> String {
        let answer = self.token(account, &format!("repository:{repository}:pull,push"));
        if answer.status() != 200 {
            return answer.status().to_string();
        }
        let [_, claims] = open(answer.json()["token"].as_str().unwrap());
        let actions = claims["access"][0]["actions"].as_array().cloned().unwrap_or_default();
        actions.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(",")
    }

    /// An answer with its head, from whom the certificates of the README are for.
    fn curl(&self, url: &str, more: &[&str]) -> Curl {
        let words = [&["-sS", "-i", "--cacert", "trusted.pem"], more, &[url]].concat();
        Curl(self.set_up.run(CURL.program, &words))
    }

    /// Writes another text into the configuration of the running server.
    fn change(&self, file: &str, there: &str, here: &str) {
        let text = self.set_up.read(file);
        assert!(text.contains(there), "{there}\n{text}");
        fs::write(self.set_up.path(file), text.replace(there, here)).unwrap();
    }

    /// Asks until the running server has taken up a change.
    #[track_caller]
    fn soon(&self, account: &str, repository: &str, granted: &str) {
        let soon = poll(TAKEN_UP_WITHIN, || (self.granted(account, repository) == granted).then_some(()));
        assert!(soon.is_some(), "{account} is not granted {granted:?} of {repository}:\n{}", self.auth.log());
    }
}

/// What curl printed: the answer's head and body.
struct Curl(Outcome);

impl Curl {
    #[track_caller]
    fn status(&self) -> u16 {
        let status = self.0.stdout.split(' ').nth(1).and_then(|status| status.parse().ok());
        status.unwrap_or_else(|| panic!("no answer:\n{}", self.0))
    }

    fn head_and_body(&self) -> (&str, &str) {
        self.0.stdout.split_once("\r\n\r\n").unwrap_or((&self.0.stdout, ""))
    }

    fn json(&self) -> Value {
        serde_json::from_str(self.head_and_body().1).unwrap_or_else(|error| panic!("{error}:\n{}", self.0))
    }

    fn header(&self, name: &str) -> Option<&str> {
        let fields = self.head_and_body().0.lines().filter_map(|line| line.split_once(": "));
        fields.filter(|(field, _)| field.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim()).next()
    }
}

/// The article's way, from the login to the refused push.
fn labels_decide<C: Client>() {
    let Some(site) = Site::start(C::COMPONENTS) else { return };
    let nobody = C::at(site.home());
    if C::LOGIN == Login::Checked {
        nobody.login("waldi", "wrong").fails();
    }
    let image = Image::of(&["nginx", "shared"]);
    let waldi = site.beside(&nobody, "waldi");
    waldi.push(&image, "test/nginx:1").succeeds();
    assert_eq!(waldi.pulled("test/nginx:1"), image);

    // "Mounted from": layers that are there are not sent again.
    waldi.mount(&image, "test/nginx:1", "test/other:1").expect("it mounts").succeeds();
    let accesses = registry::accesses(&site.registry.log());
    let mounts = accesses
        .iter()
        .filter(|access| access.target.starts_with("/v2/test/other/blobs/uploads/?from=test%2Fnginx&mount="));
    let mounts: Vec<u16> = mounts.map(|access| access.status).collect();
    assert!(!mounts.is_empty() && mounts.iter().all(|status| *status == 201), "{mounts:?}");

    // "denied: requested access to the resource is denied"
    waldi.push(&image, "prod/nginx:1").fails_with(C::DENIED);
    waldi.push(&image, "elsewhere/nginx:1").fails_with(C::DENIED);
    waldi.push(&image, "test/deeper/nginx:1").fails_with(C::DENIED);

    site.beside(&nobody, "release").push(&image, "prod/nginx:1").succeeds();
    assert_eq!(waldi.pulled("prod/nginx:1"), image);
    let visitor = site.beside(&nobody, "visitor");
    assert_eq!(visitor.pulled("prod/nginx:1"), image);
    visitor.push(&Image::of(&["theirs"]), "prod/nginx:2").fails_with(C::DENIED);
    visitor.pull("test/nginx:1").fails();

    let busy = site.beside(&nobody, "busy-guy");
    busy.push(&image, "website/frontend-dev:1").succeeds();
    busy.push(&image, "website/frontend-prod:1").fails_with(C::DENIED);
    nobody.pull("prod/nginx:1").fails();
}

/// What the article does in its database: rights change, and accounts end, under the running server.
#[test]
fn rights_change_on_the_fly() {
    let Some(site) = Site::start(&[]) else { return };
    assert_eq!(site.granted("waldi", "test/nginx"), "pull,push");
    assert_eq!(site.granted("waldi", "prod/nginx"), "pull");
    let label = "{full-access: [\"test/*\"], read-only-access: [\"prod/*\"]}";
    site.change(CONFIG, label, "{read-only-access: [\"test/*\"]}");
    site.soon("waldi", "test/nginx", "pull");
    assert_eq!(site.granted("waldi", "prod/nginx"), "");

    site.change("config/rules.yml", "actions: [\"pull\"]", "actions: []");
    site.soon("waldi", "test/nginx", "");

    // The end has come, and nothing of the account is left.
    assert_eq!(site.granted("busy-guy", "website/frontend-dev"), "pull,push");
    site.change(CONFIG, "2099-07-01", "2020-07-01");
    site.soon("visitor", "prod/nginx", "401");
    assert_eq!(site.granted("busy-guy", "website/frontend-dev"), "pull,push");
}

/// No token outlives the end of its account.
#[test]
fn a_token_ends_with_its_account() {
    let Some(site) = Site::start(&[]) else { return };
    assert_eq!(site.token("visitor", "").json()["expires_in"], 900);
    let end = OffsetDateTime::now_utc() + Duration::from_secs(600);
    site.change(CONFIG, "2099-07-01", &end.format(&Rfc3339).unwrap());
    let shorter = || {
        let left = site.token("visitor", "").json()["expires_in"].as_u64().unwrap();
        (left <= 600).then_some(())
    };
    assert!(poll(TAKEN_UP_WITHIN, shorter).is_some(), "{}", site.auth.log());
}

/// The article's last test: "if the Nginx is secured".
#[test]
fn nothing_is_open_but_what_nginx_has_to_offer() {
    let Some(site) = Site::start(&[OPENSSL]) else { return };
    // The one service with ports of the machine's own.
    let composed = site.set_up.composed();
    assert_eq!(composed.matches("    ports:\n").count(), 1, "{composed}");
    assert!(
        composed.contains("    ports:\n    - published: 80\n      target: 80\n    - published: 443\n"),
        "{composed}"
    );
    assert!(composed.contains("  inside:\n    internal: true\n"), "{composed}");

    // Without TLS nothing but the way to it.
    let moved = send("GET", &site.plain, "/v2/?a=b", &[], "");
    let moved = (moved.status, moved.header("location").map(str::to_owned));
    assert_eq!(moved, (301, Some("https://localhost/v2/?a=b".to_owned())));
    assert_eq!(site.curl(&format!("http://{}/v2/", site.front), &[]).status(), 400);
    site.curl(&format!("http://{}/v2/", site.plain), &["-H", "Host: elsewhere.example.com"]).0.fails();

    // No version before TLS 1.3, and no name that is not meant.
    let shakes = |more: &[&str]| {
        let words = [&["s_client", "-brief", "-connect", &site.front], more].concat();
        site.set_up.run(OPENSSL.program, &words)
    };
    shakes(&["-servername", "localhost", "-tls1_3"]).succeeds();
    shakes(&["-servername", "localhost", "-tls1_2"]).fails();
    shakes(&["-servername", "elsewhere.example.com"]).fails();
    shakes(&["-noservername"]).fails();

    // What it says goes with every answer, refusals too.
    for (url, status) in [
        (format!("https://{}/v2/", site.front), 401),
        (format!("https://{}/", site.front), 404),
        (format!("https://{}/auth?service=s", site.front_auth), 401),
        (format!("https://{}/healthz", site.front_auth), 404),
        (format!("https://{}/.well-known/jwks.json", site.front_auth), 404),
        (format!("https://{}/auth/token", site.front_auth), 404),
    ] {
        let answer = site.curl(&url, &[]);
        assert_eq!(answer.status(), status, "{url}: {}", answer.0);
        assert_eq!(answer.header("strict-transport-security"), Some("max-age=63072000"), "{url}");
        assert_eq!(answer.header("x-content-type-options"), Some("nosniff"), "{url}");
    }
    let refused = site.curl(&format!("https://{}/v2/", site.front), &[]);
    let challenge = format!("Bearer realm=\"https://{}/auth\",service=\"Docker registry\"", site.front_auth);
    assert_eq!(refused.header("www-authenticate"), Some(challenge.as_str()));
    assert_eq!(refused.header("docker-distribution-api-version"), Some("registry/2.0"));

    // Whoever gets past nginx all the same needs a token for the registry, and says who it is by no header.
    let direct = request("GET", &site.registry_host, "/v2/test/nginx/tags/list", None);
    assert_eq!(direct.status, 401, "{direct:?}");
}
