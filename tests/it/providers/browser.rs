//! A browser: it keeps cookies, follows redirects, and fills in forms.

use std::cell::RefCell;
use std::collections::BTreeMap;

use dockgate_testkit::provider::Reply;

use super::site::PUBLIC;
use crate::support::{Answer, Ask, TestServer, form};

/// Somebody's browser at the server.
pub(super) struct Browser<'s> {
    server: &'s TestServer,
    cookies: RefCell<BTreeMap<String, String>>,
}

impl<'s> Browser<'s> {
    pub(super) fn new(server: &'s TestServer) -> Self {
        Self { server, cookies: RefCell::default() }
    }

    pub(super) fn get(&self, path: &str) -> Answer {
        self.ask(Ask::get(path))
    }

    pub(super) fn post(&self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let kind = "application/x-www-form-urlencoded";
        self.ask(
            Ask::new("POST", path).header("content-type", kind).header("origin", PUBLIC).body(form(fields)),
        )
    }

    fn ask(&self, ask: Ask) -> Answer {
        let pairs: Vec<String> =
            self.cookies.borrow().iter().map(|(name, value)| format!("{name}={value}")).collect();
        let host = PUBLIC.trim_start_matches("https://");
        let ask = ask.header("host", host);
        let ask = if pairs.is_empty() { ask } else { ask.header("cookie", &pairs.join("; ")) };
        let answer = self.server.ask(&ask);
        for line in answer.headers.get_all("set-cookie") {
            let line = line.to_str().unwrap();
            let (name, value) = line.split(';').next().unwrap().split_once('=').unwrap();
            if line.contains("Max-Age=0") {
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
        assert!(matches!(answer.status, 302 | 303), "{}", answer.text());
        answer.header("location").to_owned()
    }

    /// The provider sends the browser back.
    pub(super) fn come_back(&self, from: &Reply) -> Answer {
        let callback = from.header("location").unwrap_or_else(|| panic!("{}", from.text()));
        self.get(callback.strip_prefix(PUBLIC).unwrap_or_else(|| panic!("elsewhere: {callback}")))
    }

    /// The first page of somebody who signed in just now.
    pub(super) fn signed_in(&self, from: &Reply) -> String {
        let answer = self.come_back(from);
        assert!(matches!(answer.status, 302 | 303), "{} {}", answer.status, answer.text());
        let page = self.get(answer.header("location"));
        assert_eq!(page.status, 200, "{}", page.text());
        assert!(page.text().contains("Signed in as"), "{}", page.text());
        page.text().to_owned()
    }

    /// Fills in the form for an app password, and copies it from the page.
    pub(super) fn app_password(&self, name: &str) -> String {
        let page = self.get("/");
        let token =
            between(page.text(), "name=\"csrf\" value=\"", "\"").unwrap_or_else(|| panic!("{}", page.text()));
        let fields = [("csrf", token), ("name", name), ("lifetime", ""), ("patterns", "")];
        let page = self.post("/app-passwords", &fields);
        let secret = between(page.text(), "<code id=\"secret\">", "</code>");
        secret.unwrap_or_else(|| panic!("{} {}", page.status, page.text())).to_owned()
    }
}

pub(super) fn between<'t>(text: &'t str, before: &str, after: &str) -> Option<&'t str> {
    text.split_once(before)?.1.split_once(after).map(|(found, _)| found)
}
