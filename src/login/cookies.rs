//! The two cookies: a sign-in that is under way, and a session.

use std::time::Duration;

use axum::http::{HeaderMap, HeaderValue, header};

use super::PublicUrl;

/// What a cookie is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cookie {
    /// A sign-in that is under way at a provider.
    Pending,
    /// A session.
    Session,
}

impl Cookie {
    /// Its name. `__Host-` keeps other hosts, and this one without TLS, from planting it (RFC 6265bis, section 4.1.3.2).
    fn name(self, is_https: bool) -> &'static str {
        match (self, is_https) {
            (Self::Pending, true) => "__Host-dockgate-sign-in",
            (Self::Pending, false) => "dockgate-sign-in",
            (Self::Session, true) => "__Host-dockgate-session",
            (Self::Session, false) => "dockgate-session",
        }
    }

    /// What the browser sends; none if it sends two: one of them is somebody else's.
    pub(super) fn read<'h>(self, headers: &'h HeaderMap, here: &PublicUrl) -> Option<&'h str> {
        let name = self.name(here.is_https());
        // Beside ours may stand what is no text: a page of another host below the same domain can have put it there.
        let lines = headers.get_all(header::COOKIE).iter().map(HeaderValue::as_bytes);
        let pairs = lines.flat_map(|line| line.split(|byte| *byte == b';')).map(<[u8]>::trim_ascii);
        let mut values = pairs.filter_map(|pair| pair.strip_prefix(name.as_bytes())?.strip_prefix(b"="));
        match (values.next(), values.next()) {
            (Some(value), None) => std::str::from_utf8(value).ok(),
            _ => None,
        }
    }

    /// Has the browser keep a value, which is letters, digits and `-_.`, for so long; zero has it forget.
    pub(super) fn set(self, value: &str, lasts: Duration, here: &PublicUrl) -> Option<HeaderValue> {
        let (name, seconds) = (self.name(here.is_https()), lasts.as_secs());
        let secure = if here.is_https() { "; Secure" } else { "" };
        let text = format!("{name}={value}; Max-Age={seconds}; Path=/; HttpOnly{secure}; SameSite=Lax");
        HeaderValue::try_from(text).ok()
    }

    /// Has the browser forget it.
    pub(super) fn forget(self, here: &PublicUrl) -> Option<HeaderValue> {
        self.set("", Duration::ZERO, here)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(cookies: &[&str]) -> HeaderMap {
        cookies.iter().map(|cookie| (header::COOKIE, cookie.parse().unwrap())).collect()
    }

    #[test]
    fn a_cookie_is_read_under_its_own_name_and_never_twice() {
        let (https, http) =
            (PublicUrl::parse("https://a").unwrap(), PublicUrl::parse("http://localhost").unwrap());
        let sent = headers(&["a=b; __Host-dockgate-session=one", "dockgate-session=two"]);
        assert_eq!(Cookie::Session.read(&sent, &https), Some("one"));
        assert_eq!(Cookie::Session.read(&sent, &http), Some("two"));
        assert_eq!(Cookie::Pending.read(&sent, &https), None);
        for twice in [
            headers(&["__Host-dockgate-session=one; __Host-dockgate-session=two"]),
            headers(&["__Host-dockgate-session=one", "__Host-dockgate-session=two"]),
        ] {
            assert_eq!(Cookie::Session.read(&twice, &https), None);
        }
    }

    /// A host below the same domain can have the browser send what it likes, but not under this name.
    #[test]
    fn cookies_of_others_neither_hide_ours_nor_pass_for_it() {
        let https = PublicUrl::parse("https://a").unwrap();
        let sent =
            |bytes: &[u8]| HeaderMap::from_iter([(header::COOKIE, HeaderValue::from_bytes(bytes).unwrap())]);
        let ours = b"__Host-dockgate-session=one";
        for other in ["name=J\u{fc}rgen", "\u{fc}=1", "=x", "x", "", "a=b=c", "__Host-dockgate-session2=x"] {
            let beside = [other.as_bytes(), b"; ", ours, b";", other.as_bytes()].concat();
            assert_eq!(Cookie::Session.read(&sent(&beside), &https), Some("one"), "{other}");
        }
        for planted in [
            "\u{2000}__Host-dockgate-session=x",
            "\u{a0}__Host-dockgate-session=x",
            "__host-dockgate-session=x",
            "__Host-dockgate-session =x",
            "__Host-dockgate-session",
            "a=__Host-dockgate-session=x",
            "$Version=1, __Host-dockgate-session=x",
        ] {
            assert_eq!(Cookie::Session.read(&sent(planted.as_bytes()), &https), None, "{planted}");
        }
    }

    #[test]
    fn flags_with_and_without_tls() {
        let set = |url: &str| {
            let here = PublicUrl::parse(url).unwrap();
            Cookie::Session.set("v", Duration::from_secs(60), &here).unwrap().to_str().unwrap().to_owned()
        };
        assert_eq!(
            set("https://a/x"),
            "__Host-dockgate-session=v; Max-Age=60; Path=/; HttpOnly; Secure; SameSite=Lax"
        );
        assert_eq!(set("http://localhost"), "dockgate-session=v; Max-Age=60; Path=/; HttpOnly; SameSite=Lax");
    }
}
