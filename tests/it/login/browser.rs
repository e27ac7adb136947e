//! A browser that keeps cookies and runs no script.

use std::collections::BTreeMap;
use std::net::IpAddr;

use axum::body::Body;
use axum::http::Request;
use dockgate::http::{ClientAddress, Peer};

use crate::support::{Answer, TestServer, form};

/// A browser at a server.
#[derive(Clone)]
pub(super) struct Browser<'s> {
    server: &'s TestServer,
    pub(super) cookies: BTreeMap<String, String>,
    pub(super) host: String,
    pub(super) over_tls: bool,
    pub(super) address: IpAddr,
    /// What it sends beside the cookies.
    pub(super) headers: Vec<(String, String)>,
    pub(super) prefix: String,
}

impl<'s> Browser<'s> {
    pub(super) fn of(server: &'s TestServer) -> Self {
        Self {
            server,
            cookies: BTreeMap::new(),
            host: "auth.example.com".to_owned(),
            over_tls: true,
            address: [203, 0, 113, 7].into(),
            headers: Vec::new(),
            prefix: String::new(),
        }
    }

    /// The same browser at another server of the same name.
    pub(super) fn at<'o>(&self, server: &'o TestServer) -> Browser<'o> {
        let (cookies, headers) = (self.cookies.clone(), self.headers.clone());
        let (host, prefix) = (self.host.clone(), self.prefix.clone());
        Browser { server, cookies, host, headers, prefix, over_tls: self.over_tls, address: self.address }
    }

    pub(super) fn get(&mut self, path: &str) -> Answer {
        self.send("GET", path, None, Vec::new())
    }

    /// Sends a form, as a page of ours has it.
    pub(super) fn post(&mut self, path: &str, fields: &[(&str, &str)]) -> Answer {
        self.post_raw(path, "application/x-www-form-urlencoded", form(fields).into_bytes())
    }

    pub(super) fn post_raw(&mut self, path: &str, content_type: &str, body: Vec<u8>) -> Answer {
        self.send("POST", path, Some(content_type), body)
    }

    pub(super) fn send(
        &mut self,
        method: &str,
        path: &str,
        content_type: Option<&str>,
        body: Vec<u8>,
    ) -> Answer {
        let mut request = Request::builder().method(method).uri(format!("{}{path}", self.prefix));
        request = request.header("host", self.host.as_bytes());
        if !self.cookies.is_empty() {
            let pairs: Vec<String> =
                self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
            request = request.header("cookie", pairs.join("; "));
        }
        if let Some(content_type) = content_type {
            request = request.header("content-type", content_type);
        }
        for (name, value) in &self.headers {
            request = request.header(name, value);
        }
        let address = ClientAddress::of(self.address);
        let peer = Peer { address, over_tls: self.over_tls, certificate: None };
        let answer = self.server.send_over(peer, request.body(Body::from(body)).unwrap());
        for cookie in answer.headers.get_all("set-cookie") {
            let cookie = cookie.to_str().unwrap();
            let (name, rest) = cookie.split_once('=').unwrap();
            let (value, flags) = rest.split_once(';').unwrap();
            if flags.contains("Max-Age=0;") {
                self.cookies.remove(name);
            } else {
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
        answer
    }

    /// Starts a sign-in. Answers what the provider is told.
    pub(super) fn start(&mut self, route: &str) -> BTreeMap<String, String> {
        let answer = self.get(route);
        assert_eq!(answer.status, 303, "{}", answer.text());
        let url = answer.header("location");
        let (page, query) = url.split_once('?').unwrap();
        assert_eq!(page, "https://provider.example.com/authorize");
        form_urlencoded::parse(query.as_bytes()).into_owned().collect()
    }

    /// Comes back from the provider.
    pub(super) fn come_back(&mut self, route: &str, code: &str, state: &str) -> Answer {
        self.get(&format!("{route}?{}", form(&[("code", code), ("state", state)])))
    }

    /// The whole way.
    pub(super) fn sign_in(&mut self, route: &str, who: &str) {
        let sent = self.start(route);
        let answer = self.come_back(route, who, &sent["state"]);
        assert_eq!(answer.status, 303, "{}", answer.text());
    }

    /// What the forms of the first page carry.
    pub(super) fn csrf(&mut self) -> String {
        let page = self.get("/");
        value_after(page.text(), "name=\"csrf\" value=\"").expect("no form").to_owned()
    }

    /// A form with what it has to carry.
    pub(super) fn submit(&mut self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let csrf = self.csrf();
        let mut all = vec![("csrf", csrf.as_str())];
        all.extend_from_slice(fields);
        self.post(path, &all)
    }
}

/// What stands behind some text, up to the next quote.
pub(super) fn value_after<'t>(text: &'t str, before: &str) -> Option<&'t str> {
    text.split_once(before)?.1.split('"').next()
}
