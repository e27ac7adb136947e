//! Somebody's browser, which a proxy sends to one server or the other.

use std::cell::RefCell;
use std::collections::BTreeMap;

use dockgate_testkit::provider::openid::OpenId;

use super::people::{PUBLIC, ROUTE};
use super::replica::Replica;
use crate::harness::http::{Response, encode, send};

/// It keeps cookies.
#[derive(Clone, Default)]
pub(super) struct Visitor(RefCell<BTreeMap<String, String>>);

impl Visitor {
    /// Somebody who has signed in.
    #[track_caller]
    pub(super) fn signed_in(server: &Replica, provider: &OpenId, subject: &str) -> Self {
        let visitor = Self::default();
        let callback = visitor.goes_to(server, provider, subject);
        let answer = visitor.get(server, &callback);
        assert_eq!(answer.status, 303, "{answer:?}");
        visitor
    }

    /// Starts a sign-in at a server, and says at the provider who it is: the path to come back by.
    #[track_caller]
    pub(super) fn goes_to(&self, server: &Replica, provider: &OpenId, subject: &str) -> String {
        let answer = self.get(server, ROUTE);
        let there = answer.header("location").unwrap_or_else(|| panic!("{answer:?}"));
        let back = provider.sign_in(there, subject);
        let back = back.header("location").unwrap_or_else(|| panic!("{}", back.text()));
        back.strip_prefix(PUBLIC).unwrap_or_else(|| panic!("elsewhere: {back}")).to_owned()
    }

    pub(super) fn get(&self, server: &Replica, path: &str) -> Response {
        self.ask("GET", server, path, &[], "")
    }

    /// Sends a form of the first page, as that page has it at the same server.
    #[track_caller]
    pub(super) fn submits(&self, server: &Replica, path: &str, fields: &[(&str, &str)]) -> Response {
        let page = self.get(server, if path.starts_with("/device") { "/device" } else { "/" });
        let token = between(&page.body, "name=\"csrf\" value=\"", "\"");
        let token = token.unwrap_or_else(|| panic!("no form: {page:?}"));
        let fields = [&[("csrf", token)], fields].concat();
        let form: Vec<String> =
            fields.iter().map(|(name, value)| format!("{name}={}", encode(value))).collect();
        let head = [("Content-Type", "application/x-www-form-urlencoded"), ("Origin", PUBLIC)];
        self.ask("POST", server, path, &head, &form.join("&"))
    }

    /// Makes an app password.
    #[track_caller]
    pub(super) fn app_password(&self, server: &Replica) -> String {
        let fields = [("name", "laptop"), ("lifetime", ""), ("patterns", "")];
        let page = self.submits(server, "/app-passwords", &fields);
        let secret = between(&page.body, "<code id=\"secret\">", "</code>");
        secret.unwrap_or_else(|| panic!("{page:?}")).to_owned()
    }

    pub(super) fn is_signed_in(&self, server: &Replica) -> bool {
        self.get(server, "/").body.contains("Signed in as")
    }

    fn ask(&self, method: &str, server: &Replica, path: &str, head: &[(&str, &str)], body: &str) -> Response {
        let cookies: Vec<String> =
            self.0.borrow().iter().map(|(name, value)| format!("{name}={value}")).collect();
        let cookies = cookies.join("; ");
        let fields = [head, &proxied(), &[("Cookie", &cookies)]].concat();
        let answer = send(method, &server.host(), path, &fields, body);
        for line in answer.headers("set-cookie") {
            let (name, value) = line.split(';').next().and_then(|pair| pair.split_once('=')).unwrap();
            if line.contains("Max-Age=0") {
                self.0.borrow_mut().remove(name);
            } else {
                self.0.borrow_mut().insert(name.to_owned(), value.to_owned());
            }
        }
        answer
    }
}

/// What a proxy says.
pub(super) fn proxied() -> [(&'static str, &'static str); 3] {
    let host = PUBLIC.trim_start_matches("https://");
    [("X-Forwarded-For", "203.0.113.7"), ("X-Forwarded-Proto", "https"), ("X-Forwarded-Host", host)]
}

pub(super) fn between<'t>(text: &'t str, before: &str, after: &str) -> Option<&'t str> {
    text.split_once(before)?.1.split_once(after).map(|(found, _)| found)
}
