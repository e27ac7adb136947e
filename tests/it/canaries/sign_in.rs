//! Signing in through a browser: of all that passes between browser, server and provider nothing is said.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use dockgate_testkit::fakes::TurnableClock;
use dockgate_testkit::provider::github::GitHub;
use dockgate_testkit::provider::openid::OpenId;
use dockgate_testkit::provider::{Asked, Mood, Reply};
use rustix::process::Signal;
use serde_json::json;

use super::Guarded;
use super::stored::shown;
use crate::process::{Address, Response, basic, encode, now, poll};

const PUBLIC: &str = "https://auth.example.com";
const SECRET: &str = "canary-client-secret-10";
const GRANT: &str = "urn:ietf:params:oauth:grant-type:device_code";
const PATIENCE: Duration = Duration::from_secs(60);

/// A browser, and whatever it was given to keep.
struct Browser<'a> {
    address: &'a Address,
    cookies: BTreeMap<String, String>,
    /// Cookies, and what stands in forms and URLs to prove who somebody is.
    secrets: BTreeSet<String>,
    answers: Vec<Response>,
}

impl<'a> Browser<'a> {
    fn new(address: &'a Address) -> Self {
        Self { address, cookies: BTreeMap::new(), secrets: BTreeSet::new(), answers: Vec::new() }
    }

    fn ask(&mut self, method: &str, target: &str, fields: &[(&str, &str)]) -> Response {
        let pairs: Vec<String> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let (cookie, kind) = (pairs.join("; "), "application/x-www-form-urlencoded");
        let headers = [("Cookie", cookie.as_str()), ("Content-Type", kind)];
        let body = crate::support::form(fields);
        let answer = self.address.request(method, target, &headers, body.as_bytes());
        for line in answer.head.lines().filter_map(|line| line.strip_prefix("set-cookie: ")) {
            let (name, value) = line.split(';').next().unwrap().split_once('=').unwrap();
            if value.is_empty() {
                self.cookies.remove(name);
            } else {
                self.secrets.insert(value.to_owned());
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
        self.answers.push(Response {
            status: answer.status,
            head: answer.head.clone(),
            body: answer.body.clone(),
        });
        answer
    }

    /// Where the provider's page is.
    fn start(&mut self, route: &str) -> String {
        let answer = self.ask("GET", route, &[]);
        let url = answer.header("location").unwrap_or_else(|| panic!("{answer:?}")).to_owned();
        let sent = Asked::new("GET", &url);
        self.secrets.extend(["state", "nonce"].iter().filter_map(|name| sent.param(name)).map(str::to_owned));
        url
    }

    /// The provider sends the browser back.
    fn come_back(&mut self, from: &Reply) -> Response {
        let callback = from.header("location").unwrap_or_else(|| panic!("{}", from.text()));
        let code = Asked::new("GET", callback).param("code").map(str::to_owned);
        self.secrets.extend(code);
        self.ask("GET", callback.strip_prefix(PUBLIC).unwrap(), &[])
    }

    fn csrf(&mut self) -> String {
        let page = self.ask("GET", "/", &[]);
        let csrf = between(&page.body, "name=\"csrf\" value=\"", "\"").to_owned();
        self.secrets.insert(csrf.clone());
        csrf
    }

    fn app_password(&mut self) -> String {
        let csrf = self.csrf();
        let made = self.ask("POST", "/app-passwords", &[("csrf", &csrf), ("name", "lap\u{2028}top")]);
        assert_eq!(made.status, 422, "{made:?}");
        let made = self.ask("POST", "/app-passwords", &[("csrf", &csrf), ("name", "laptop")]);
        between(&made.body, "<code id=\"secret\">", "</code>").to_owned()
    }

    /// A program's login, confirmed here.
    fn device_password(&mut self) -> String {
        let ask = |path: &str, fields: &[(&str, &str)]| self.address.post_form(path, fields);
        let codes = ask("/device/code", &[("client_id", "dockgate"), ("client_name", "box")]).json();
        let [device_code, code] =
            ["device_code", "user_code"].map(|name| codes[name].as_str().unwrap().to_owned());
        let fields = [("grant_type", GRANT), ("device_code", &device_code), ("client_id", "dockgate")];
        let mut wrong = fields;
        wrong[2].1 = "another";
        assert_eq!(ask("/device/token", &wrong).status, 400);
        let csrf = self.csrf();
        let typed = self.ask("POST", "/device", &[("csrf", &csrf), ("code", &code)]);
        assert_eq!(typed.status, 200, "{typed:?}");
        let fields_of_form = [("csrf", csrf.as_str()), ("code", &code), ("decision", "confirm")];
        assert_eq!(self.ask("POST", "/device/decision", &fields_of_form).status, 200);
        let given = self.address.post_form("/device/token", &fields);
        assert_eq!(given.status, 200, "{given:?}");
        let password = given.json()["password"].as_str().unwrap().to_owned();
        self.secrets.extend([device_code, code, password.clone()]);
        password
    }
}

fn between<'t>(text: &'t str, before: &str, after: &str) -> &'t str {
    let found = text.split_once(before).and_then(|(_, rest)| rest.split_once(after));
    found.unwrap_or_else(|| panic!("no {before} in {text}")).0
}

/// What the server told a provider in confidence.
fn told(asked: &[Asked]) -> BTreeSet<String> {
    let mut told = BTreeSet::new();
    for asked in asked {
        told.extend(asked.bearer().map(str::to_owned));
        told.extend(
            asked.header("authorization").and_then(|value| value.strip_prefix("Basic ")).map(str::to_owned),
        );
        let secret = ["code", "code_verifier", "refresh_token", "client_secret"];
        told.extend(secret.iter().filter_map(|name| asked.field(name)));
    }
    told
}

fn config(guarded: &Guarded, github: &GitHub, openid: &OpenId) -> String {
    let links = format!(
        "  - github_auth: {{client_id: dockgate, client_secret: {SECRET}, github_web_uri: \"{}\", github_api_uri: \"{}\", \
         organization: acme, revalidate_after: 1s, revalidate_grace: 1h}}\n  - oidc_auth: {{issuer: \"{}\", client_id: \
         dockgate, client_secret: {SECRET}, user_claim: sub, label_claims: [groups], scopes: [openid, offline_access], \
         revalidate_after: 1s, revalidate_grace: 1h}}\n",
        github.server().url(),
        github.api_url(),
        openid.issuer()
    );
    let config = guarded.config().replace("authz:\n", &format!("{links}authz:\n"));
    let config =
        config.replace("\"127.0.0.1:0\"", "\"127.0.0.1:0\", metrics: {net: unix, addr: metrics.sock}");
    format!(
        "{config}login: {{public_url: \"{PUBLIC}\", registries: [registry.example.com]}}\nstore: {{file: \
         store}}\n"
    )
}

/// What a provider says that is not well, with what it was told in it.
fn moods() -> Vec<Mood> {
    let basic = STANDARD.encode(format!("dockgate:{SECRET}"));
    let errors = ["invalid_grant", "invalid_client", "server_error", "unknown_thing", SECRET];
    let said = [SECRET, basic.as_str()].into_iter().flat_map(|words| {
        errors.map(|error| {
            Reply::json(400, &json!({"error": error, "error_description": format!("who is {words}?")}))
        })
    });
    said.map(Mood::Says)
        .chain([
            Mood::Says(Reply::status(500)),
            Mood::Says(Reply::garbage()),
            Mood::Says(Reply::json(200, &json!({"access_token": SECRET}))),
            Mood::Says(Reply::json(
                200,
                &json!({"access_token": 1, "refresh_token": SECRET, "token_type": "x"}),
            )),
            Mood::Says(Reply::redirect("http://127.0.0.1:1/")),
            Mood::HangUp,
        ])
        .collect()
}

/// Both, with somebody each.
fn providers() -> (GitHub, OpenId) {
    let (github, openid) = (GitHub::start(), OpenId::start());
    let clock = Arc::new(TurnableClock::at(now()));
    github.follow(clock.clone());
    openid.follow(clock);
    github.client("dockgate", SECRET, &[&format!("{PUBLIC}/github_auth")]);
    openid.client("dockgate", Some(SECRET), &[&format!("{PUBLIC}/oidc_auth")]);
    github.user("octocat");
    github.team("acme", "web", None);
    github.join_team("octocat", "acme", "web");
    openid.user("carol", json!({"groups": ["web"]}));
    openid.userinfo_only(&["groups"]);
    (github, openid)
}

#[test]
fn no_secret_of_a_sign_in_is_said() {
    for format in ["json", "text"] {
        let guarded = Guarded::new(format);
        let (github, openid) = providers();
        let site = &guarded.site;
        site.write("auth.yml", config(&guarded, &github, &openid));
        let server = guarded.start();
        let address = server.address();

        let (mut secrets, mut answers) = (BTreeSet::from([SECRET.to_owned()]), Vec::new());
        for (route, who) in [("/github_auth", "octocat"), ("/oidc_auth", "carol")] {
            let sign_in = |url: &str| match who {
                "carol" => openid.sign_in(url, who),
                _ => github.sign_in(url, who),
            };
            let provider = if who == "carol" { openid.server() } else { github.server() };
            let mut browser = Browser::new(address);
            let (first, second) = (browser.start(route), browser.start(route));
            assert_eq!(browser.come_back(&sign_in(&first)).status, 400, "another state");
            let back = sign_in(&second);
            assert_eq!(browser.come_back(&back).status, 303);
            assert_eq!(browser.come_back(&back).status, 400, "again");
            let passwords = [browser.app_password(), browser.device_password()];
            for password in &passwords {
                answers.extend(shown(address, password));
                let right = basic(who, password);
                let asked =
                    address.get("/auth?service=r&offline_token=true", Some(("Authorization", &right)));
                assert_eq!(asked.status, 200, "{asked:?}");
                assert!(!asked.body.contains("refresh_token"), "one makes another: {asked:?}");
                let wrong = basic("alice", password);
                let asked = address.get("/auth?service=r", Some(("Authorization", &wrong)));
                assert_eq!(asked.status, 401, "another's account: {asked:?}");
                answers.push(asked);
            }
            let fields = [("grant_type", "refresh_token"), ("refresh_token", passwords[1].as_str())];
            let renewed =
                address.post_form("/device/token", &fields).json()["password"].as_str().unwrap().to_owned();
            for path in ["/device/token", "/device/revoke"] {
                answers.push(address.post_form(path, &[&fields[..], &[("token", &renewed)]].concat()));
            }
            secrets.extend(passwords.iter().cloned().chain([renewed]));
            // The provider is asked again.
            let before = provider.asked().len();
            let right = basic(who, &passwords[0]);
            let again = || {
                let asked = address.get("/auth?service=r", Some(("Authorization", &right)));
                (asked.status == 200 && provider.asked().len() > before).then_some(())
            };
            poll(PATIENCE, again).expect("nobody is asked again");
            for mood in moods() {
                for part in ["/token", "/login/oauth/access_token"] {
                    provider.mood_of(part, mood.clone());
                }
                let mut other = Browser::new(address);
                let url = other.start(route);
                let refused = other.come_back(&sign_in(&url));
                assert!([403, 503].contains(&refused.status), "{mood:?}: {refused:?}");
                secrets.append(&mut other.secrets);
                answers.append(&mut other.answers);
            }
            for part in ["/token", "/login/oauth/access_token"] {
                provider.mood_of(part, Mood::Well);
            }
            let mut other = Browser::new(address);
            let state = Asked::new("GET", &other.start(route)).param("state").unwrap().to_owned();
            let no = format!("{route}?state={state}&error=access_denied&error_description={SECRET}");
            assert_eq!(other.ask("GET", &no, &[]).status, 403);
            answers.append(&mut other.answers);
            let csrf = browser.csrf();
            let out = browser.ask("POST", "/sign-out", &[("csrf", &csrf)]);
            assert_eq!(out.status, 200, "{out:?}");
            if let Some((_, rest)) = out.body.split_once("id_token_hint=") {
                secrets.insert(rest.split(['&', '"']).next().unwrap().to_owned());
            }
            let told = told(&provider.asked());
            assert!(told.len() >= 4, "{told:?}");
            secrets.extend(told);
            secrets.append(&mut browser.secrets);
            answers.append(&mut browser.answers);
        }
        let metrics = Address::Unix(site.file("metrics.sock")).get("/metrics", None);
        assert!(metrics.body.contains("dockgate_sign_ins_total"), "{metrics:?}");

        let ended = server.stop(Signal::TERM);
        assert!(ended.stderr.contains("TRACE") && ended.stderr.contains("signed in"), "{}", ended.stderr);
        search(&guarded, &secrets, &(ended.output() + &metrics.body), &answers);
    }
}

/// Looks for the secrets in all that was said, answered to those who were refused, and stored.
fn search(guarded: &Guarded, secrets: &BTreeSet<String>, said: &str, answers: &[Response]) {
    let mut canaries: Vec<String> = secrets.iter().filter(|secret| secret.len() >= 8).cloned().collect();
    canaries.extend(secrets.iter().map(|secret| encode(secret)).filter(|secret| secret.len() >= 8));
    canaries.push(STANDARD.encode(format!("dockgate:{SECRET}")));
    guarded.assert_silent(said, &canaries);
    guarded.assert_silent(&std::fs::read_to_string(guarded.site.file("audit.log")).unwrap(), &canaries);
    let mut refusals = String::new();
    for answer in answers.iter().filter(|answer| answer.status >= 400) {
        let _ = writeln!(refusals, "{}\n{}", answer.head, answer.body);
    }
    // A form that was wrong comes back with its own secret.
    let in_forms = |secret: &String| !refusals.contains(&format!("name=\"csrf\" value=\"{secret}\""));
    let others: Vec<String> = canaries.into_iter().filter(in_forms).collect();
    guarded.assert_silent(&refusals, &others);
    // What the store holds in clear is nobody's key: the secret of forms is worth nothing without the cookie.
    let stored = std::fs::read(guarded.site.file("store/store.redb")).unwrap();
    guarded.assert_silent(&String::from_utf8_lossy(&stored), &others);
}
