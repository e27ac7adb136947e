//! The samples of `config/` whose people sign in at a provider, each with a double of it in the provider's place.

mod browser;
mod holds;
mod openid;
mod software;

use std::sync::Arc;

use dockgate::outside::SystemClock;
use dockgate_testkit::provider::Reply;
use dockgate_testkit::provider::google::Google;

use super::samples::site as checked;
use crate::process::{Response, Server, Site, basic, encode};
use browser::Browser;

/// How a sample is served.
type Serve = fn() -> Asked;

/// Each sample.
pub(super) const ALL: [(&str, Serve); 9] = [
    ("github.yml", software::github),
    ("gitlab.yml", software::gitlab),
    ("google.yml", openid::google),
    ("keycloak.yml", openid::keycloak),
    ("entra-id.yml", openid::entra_id),
    ("okta.yml", openid::okta),
    ("auth0.yml", openid::auth0),
    ("authentik.yml", openid::authentik),
    ("dex.yml", openid::dex),
];

/// In the samples' files; no log may hold it.
pub(super) const SECRET: &str = "the secret of a client";

/// How somebody signs in at a provider: the URL with which it was called, and who they say that they are.
type SignIn = Box<dyn Fn(&str, &str) -> Reply>;

/// Somebody: where they sign in, as whom, and the account that they are here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Person {
    pub(super) route: &'static str,
    pub(super) name: &'static str,
    pub(super) account: &'static str,
}

/// A sample that is served, and the providers behind it.
pub(super) struct Asked {
    pub(super) server: Server,
    _site: Site,
    /// By route.
    providers: Vec<(&'static str, SignIn)>,
    /// Somebody, a scope, and what is granted of it.
    grants: Vec<(Person, &'static str, &'static str)>,
    /// Whom the provider knows and the sample does not let in.
    strangers: Vec<Person>,
    /// Whoever may do most.
    chief: Person,
}

/// The file of Google's service account, for the samples that name one.
pub(super) fn service_account() -> String {
    Google::start("example.com").key_file().to_string()
}

/// A server of a sample in which some lines are about a double.
fn serve(name: &str, lines: &[(&str, String)], files: &[(&str, String)]) -> (Site, Server) {
    let site = checked(name);
    for (file, text) in files {
        site.write(file, text);
    }
    let mut config = std::fs::read_to_string(site.file("auth.yml")).unwrap();
    for (line, instead) in lines {
        assert_eq!(config.matches(line).count(), 1, "{name} does not have once: {line}");
        config = config.replace(line, instead);
    }
    site.write("auth.yml", config + "\nlog: {level: trace}\nlockout: {enabled: false}\n");
    let server = Server::start(&site, "auth.yml");
    (site, server)
}

/// The clock that the served samples go by.
fn clock() -> Arc<SystemClock> {
    Arc::new(SystemClock)
}

impl Asked {
    /// The provider sends somebody back: what the server says to that.
    fn comes_back(&self, browser: &Browser<'_>, person: Person) -> Response {
        let (_, sign_in) = self.providers.iter().find(|(route, _)| *route == person.route).unwrap();
        let back = sign_in(&browser.start(person.route), person.name);
        let Some(callback) = back.header("location") else {
            return Response { status: back.status, head: String::new(), body: back.text() };
        };
        let path = callback.strip_prefix(browser::PUBLIC);
        browser.get(path.unwrap_or_else(|| panic!("elsewhere: {callback}")))
    }

    /// Signs in over the pages, and makes an app password.
    fn app_password(&self, person: Person) -> String {
        let browser = Browser::new(&self.server);
        let answer = self.comes_back(&browser, person);
        assert_eq!(answer.status, 303, "{person:?}: {}\n{}", answer.body, self.server.stderr());
        let page = browser.get(answer.header("location").unwrap()).body;
        assert!(page.contains(&format!("<strong>{}</strong>", person.account)), "{person:?}: {page}");
        assert!(page.contains("--password-stdin registry.example.com<"), "{page}");
        browser.app_password()
    }

    /// Asks for a token, behind the proxy.
    fn ask(&self, login: Option<(&str, &str)>, scope: &str) -> Response {
        let target = format!("/auth?service=registry&scope={}", encode(scope));
        let authorization = login.map(|(account, password)| basic(account, password));
        let mut headers = vec![("X-Forwarded-For", "192.0.2.7")];
        headers.extend(authorization.as_deref().map(|value| ("Authorization", value)));
        self.server.address().request("GET", &target, &headers, b"")
    }

    /// What everybody gets, by their groups of today.
    pub(super) fn behaves(&self) {
        let page = Browser::new(&self.server).get("/").body;
        for (route, _) in &self.providers {
            assert!(page.contains(&format!("href=\"{route}\"")), "{route}: {page}");
        }
        let mut known: Vec<(Person, String)> = Vec::new();
        for &(person, scope, granted) in &self.grants {
            let found = known.iter().find(|(who, _)| *who == person).map(|(_, password)| password.clone());
            let password = found.unwrap_or_else(|| {
                let password = self.app_password(person);
                known.push((person, password.clone()));
                password
            });
            let answer = self.ask(Some((person.account, &password)), scope);
            assert_eq!(answer.granted(), granted, "{person:?} {scope}\n{}", self.server.stderr());
        }
        for &person in &self.strangers {
            let browser = Browser::new(&self.server);
            assert_eq!(self.comes_back(&browser, person).status, 403, "{person:?}");
            assert_eq!(browser.csrf(), None, "{person:?} is signed in");
        }
        assert_eq!(self.ask(None, "repository:apps/a:pull").status, 401);
        assert_eq!(self.ask(Some(("nobody", "alpha-pass")), "repository:apps/a:pull").status, 401);
        self.keeps_secrets(known.iter().map(|(_, password)| password.as_str()));
    }

    /// No secret is in what the server says of all that, at its most talkative.
    fn keeps_secrets<'p>(&self, passwords: impl Iterator<Item = &'p str>) {
        let said = self.server.stderr();
        assert!(said.contains(self.chief.account), "nothing was said:\n{said}");
        for secret in passwords.chain([SECRET, "access-", "refresh-", "code-"]) {
            assert!(!said.contains(secret), "{secret:?} in\n{said}");
        }
    }
}
