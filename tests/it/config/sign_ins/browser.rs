//! A browser, behind the proxy that the samples expect.

use std::cell::RefCell;
use std::collections::BTreeMap;

use crate::process::{Response, Server, encode};

/// Where browsers reach the server, as the samples have it.
pub(super) const PUBLIC: &str = "https://auth.example.com";

/// Somebody's browser: it keeps cookies.
pub(super) struct Browser<'s> {
    server: &'s Server,
    cookies: RefCell<BTreeMap<String, String>>,
}

impl<'s> Browser<'s> {
    pub(super) fn new(server: &'s Server) -> Self {
        Self { server, cookies: RefCell::default() }
    }

    pub(super) fn get(&self, path: &str) -> Response {
        self.send("GET", path, &[], "")
    }

    /// Sends a form from a page of this origin.
    pub(super) fn post(&self, path: &str, origin: &str, fields: &[(&str, &str)]) -> Response {
        let pair = |(name, value): &(&str, &str)| format!("{}={}", encode(name), encode(value));
        let body = fields.iter().map(pair).collect::<Vec<_>>().join("&");
        let headers = [("Content-Type", "application/x-www-form-urlencoded"), ("Origin", origin)];
        self.send("POST", path, &headers, &body)
    }

    fn send(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Response {
        let pairs: Vec<String> =
            self.cookies.borrow().iter().map(|(name, value)| format!("{name}={value}")).collect();
        let cookies = pairs.join("; ");
        let mut headers = [headers, &[("X-Forwarded-For", "192.0.2.7")]].concat();
        if !cookies.is_empty() {
            headers.push(("Cookie", &cookies));
        }
        let answer = self.server.address().request(method, path, &headers, body.as_bytes());
        let lines = answer.head.lines().filter_map(|line| line.split_once(": "));
        for (_, line) in lines.filter(|(name, _)| name.eq_ignore_ascii_case("set-cookie")) {
            let (pair, flags) = line.split_once(';').unwrap();
            let (name, value) = pair.split_once('=').unwrap();
            assert!(name.starts_with("__Host-") && flags.contains("Secure"), "{line}");
            if flags.contains("Max-Age=0") {
                self.cookies.borrow_mut().remove(name);
            } else {
                self.cookies.borrow_mut().insert(name.to_owned(), value.to_owned());
            }
        }
        answer
    }

    /// Clicks on a provider: where the browser is sent.
    pub(super) fn start(&self, route: &str) -> String {
        let answer = self.get(route);
        assert_eq!(answer.status, 303, "{route}: {}", answer.body);
        answer.header("location").unwrap().to_owned()
    }

    /// What the forms of the first page carry; none if nobody is signed in.
    pub(super) fn csrf(&self) -> Option<String> {
        between(&self.get("/").body, "name=\"csrf\" value=\"", "\"").map(str::to_owned)
    }

    /// Fills in the form for an app password, and copies it from the page.
    pub(super) fn app_password(&self) -> String {
        let csrf = self.csrf().expect("nobody is signed in");
        let fields = [("csrf", csrf.as_str()), ("name", "laptop"), ("lifetime", ""), ("patterns", "")];
        let page = self.post("/app-passwords", PUBLIC, &fields);
        let secret = between(&page.body, "<code id=\"secret\">", "</code>");
        secret.unwrap_or_else(|| panic!("{} {}", page.status, page.body)).to_owned()
    }
}

fn between<'t>(text: &'t str, before: &str, after: &str) -> Option<&'t str> {
    text.split_once(before)?.1.split_once(after).map(|(found, _)| found)
}
