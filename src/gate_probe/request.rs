//! A request, written as it is: no library makes it better on its way.

use std::fmt;

use axum::http::HeaderName;

use super::place::Place;

/// What the proxy's log shows.
const USER_AGENT: &str = concat!("dockgate-forward-auth-test/", env!("CARGO_PKG_VERSION"));

/// A header's name as people write it, `X-Auth-User`.
pub(crate) fn written(name: &HeaderName) -> String {
    let mut is_first = true;
    let capital = |c: char| {
        let was_first = std::mem::replace(&mut is_first, c == '-');
        if was_first { c.to_ascii_uppercase() } else { c }
    };
    name.as_str().chars().map(capital).collect()
}

/// One request.
#[derive(Clone)]
pub(super) struct Request {
    pub(super) method: &'static str,
    /// What stands in the request line.
    pub(super) target: String,
    headers: Vec<(String, String)>,
    body: &'static str,
    login: Option<String>,
}

impl Request {
    pub(super) fn new(method: &'static str, target: impl Into<String>) -> Self {
        Self { method, target: target.into(), headers: Vec::new(), body: "", login: None }
    }

    pub(super) fn get(target: impl Into<String>) -> Self {
        Self::new("GET", target)
    }

    /// The same with one header more.
    pub(super) fn with(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    /// The same with a body of text.
    pub(super) fn body(mut self, body: &'static str) -> Self {
        self.body = body;
        self
    }

    /// The same by somebody: what stands in `Authorization`, and is never shown.
    pub(super) fn by(mut self, login: Option<String>) -> Self {
        self.login = login;
        self
    }

    /// What goes over the wire, in HTTP/1.1.
    pub(super) fn bytes(&self, place: &Place) -> Vec<u8> {
        let mut text = format!(
            "{} {} HTTP/1.1\r\nHost: {}\r\nUser-Agent: {USER_AGENT}\r\nAccept: */*\r\n",
            self.method,
            self.target,
            place.authority()
        );
        // One header of a name alone, where it is what is tried out.
        if !self.headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("connection")) {
            text.push_str("Connection: close\r\n");
        }
        let login = self.login.iter().map(|login| ("Authorization", login.as_str()));
        let headers = self.headers.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        for (name, value) in login.chain(headers) {
            text.push_str(&format!("{name}: {value}\r\n"));
        }
        if !matches!(self.method, "GET" | "HEAD") {
            text.push_str(&format!("Content-Length: {}\r\n", self.body.len()));
        }
        text.push_str("\r\n");
        text.push_str(self.body);
        text.into_bytes()
    }
}

impl fmt::Display for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.method, self.target.escape_default())?;
        if self.login.is_some() {
            f.write_str(", with the login")?;
        }
        for (place, (name, value)) in self.headers.iter().enumerate() {
            write!(f, "{} {name}: {}", if place == 0 { ", with" } else { " and" }, value.escape_default())?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_written_with_capitals() {
        let name = HeaderName::from_static("x-auth-user-2");
        assert_eq!(written(&name), "X-Auth-User-2");
    }

    #[test]
    fn what_is_sent_is_what_was_written_and_the_login_is_not_shown() {
        let request = Request::get("//v2/../").with("X-A", "1").by(Some("Basic canary".to_owned()));
        let place = Place::parse("http://127.0.0.1:5000", false).unwrap();
        let sent = String::from_utf8(request.bytes(&place)).unwrap();
        assert!(sent.starts_with("GET //v2/../ HTTP/1.1\r\nHost: 127.0.0.1:5000\r\n"), "{sent}");
        assert!(sent.ends_with("Authorization: Basic canary\r\nX-A: 1\r\n\r\n"), "{sent}");
        assert_eq!(request.to_string(), "GET //v2/../, with the login, with X-A: 1");
    }
}
