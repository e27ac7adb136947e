//! Where browsers reach this server: as the configuration says, or as their requests do.

use std::net::IpAddr;

use axum::http::uri::Authority;
use axum::http::{HeaderMap, HeaderValue, Uri, header};

/// A scheme, a host, and the path before every route.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicUrl {
    is_https: bool,
    authority: String,
    path: String,
}

/// A request does not say where it was sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct BadHost;

const EXAMPLE: &str = "such as `https://auth.example.com`";

impl PublicUrl {
    /// Reads what an administrator wrote.
    ///
    /// # Errors
    /// What is wrong with it, and the cure.
    pub fn parse(text: &str) -> Result<Self, String> {
        let uri: Uri = text.parse().map_err(|_| format!("this is no URL: write one {EXAMPLE}"))?;
        let (Some(scheme @ ("http" | "https")), Some(authority)) = (uri.scheme_str(), uri.authority()) else {
            return Err(format!("a URL begins with `https://` or `http://`: write one {EXAMPLE}"));
        };
        if !is_host(authority) {
            return Err(format!("this is no host that browsers know: write one {EXAMPLE}"));
        }
        if uri.query().is_some() || text.contains('#') {
            return Err(format!("neither `?` nor `#` stands in it: write one {EXAMPLE}"));
        }
        let path = uri.path().trim_end_matches('/');
        if path.contains("//") || path.split('/').any(|part| part == "." || part == "..") {
            return Err(format!("this path is not what browsers would ask for: write one {EXAMPLE}"));
        }
        let is_https = scheme == "https";
        Ok(Self { is_https, authority: usual(authority.as_str(), is_https), path: path.to_owned() })
    }

    /// Where a request was sent. The scheme and the host of a proxy count if it is trusted.
    ///
    /// # Errors
    /// If its host is none.
    pub(super) fn of_request(
        uri: &Uri,
        headers: &HeaderMap,
        over_tls: bool,
        is_proxy_trusted: bool,
        path: &str,
    ) -> Result<Self, BadHost> {
        // A proxy adds its word to the line that there is, or writes a line of its own below it.
        let word = |name| headers.get_all(name).iter().next_back().filter(|_| is_proxy_trusted).map(last);
        let (proto, host) = (word("x-forwarded-proto"), word("x-forwarded-host"));
        let is_https = match proto {
            Some(proto) if proto.eq_ignore_ascii_case("https") => true,
            Some(proto) if proto.eq_ignore_ascii_case("http") => false,
            Some(_) => return Err(BadHost),
            None => over_tls,
        };
        let mut hosts = headers.get_all(header::HOST).iter();
        let authority: Authority = match (host, uri.authority()) {
            (Some(host), _) => host.parse().map_err(|_| BadHost)?,
            (None, Some(authority)) => authority.clone(),
            (None, None) => match (hosts.next().map(HeaderValue::to_str), hosts.next()) {
                (Some(Ok(host)), None) => host.parse().map_err(|_| BadHost)?,
                _ => return Err(BadHost),
            },
        };
        if !is_host(&authority) {
            return Err(BadHost);
        }
        Ok(Self { is_https, authority: usual(authority.as_str(), is_https), path: path.to_owned() })
    }

    /// The URL of a route, which begins with `/`.
    pub fn url(&self, route: &str) -> String {
        format!("{}{}{route}", self.origin(), self.path)
    }

    /// As browsers write it in `Origin` (RFC 6454, section 6.2).
    pub fn origin(&self) -> String {
        format!("{}://{}", if self.is_https { "https" } else { "http" }, self.authority)
    }

    /// What stands before every route; no `/` at the end.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// The same host with another path.
    pub(super) fn with_path(self, path: &str) -> Self {
        Self { path: path.to_owned(), ..self }
    }

    /// Whether browsers speak TLS to it.
    pub fn is_https(&self) -> bool {
        self.is_https
    }

    /// Whether it is the browser's own machine, where nobody listens on the way.
    pub fn is_loopback(&self) -> bool {
        let host = self.authority.rsplit_once(':').filter(|(_, port)| !port.ends_with(']'));
        let host = host.map_or(self.authority.as_str(), |(host, _)| host);
        let address = host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
        host == "localhost"
            || host.ends_with(".localhost")
            || address.is_ok_and(|address| address.is_loopback())
    }
}

/// Each proxy adds its own word at the end.
fn last(value: &HeaderValue) -> &str {
    value.to_str().unwrap_or_default().rsplit(',').next().unwrap_or_default().trim()
}

/// A name, an IPv4 address or an IPv6 address in brackets, and perhaps a port. It is repeated in what the provider and
/// the browser are sent.
fn is_host(authority: &Authority) -> bool {
    let (text, host) = (authority.as_str(), authority.host());
    let port = text.strip_prefix(host);
    let has_port = port.is_some_and(|port| {
        port.is_empty() || port.strip_prefix(':').is_some_and(|port| port.parse::<u16>().is_ok())
    });
    let bare = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
    let is_named = || host.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._".contains(&byte));
    has_port
        && text.len() <= 255
        && !host.is_empty()
        && match bare {
            Some(bare) => bare.parse::<std::net::Ipv6Addr>().is_ok(),
            None => is_named(),
        }
}

/// Browsers leave the usual port out and write hosts in small letters.
fn usual(authority: &str, is_https: bool) -> String {
    let authority = authority.to_ascii_lowercase();
    let port = if is_https { ":443" } else { ":80" };
    authority.strip_suffix(port).unwrap_or(&authority).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_an_administrator_writes() {
        for (text, origin, path) in [
            ("https://auth.example.com", "https://auth.example.com", ""),
            ("https://auth.example.com/", "https://auth.example.com", ""),
            ("https://AUTH.example.com:443/x/", "https://auth.example.com", "/x"),
            ("http://localhost:5001/a/b", "http://localhost:5001", "/a/b"),
            ("https://[2001:db8::1]:8443", "https://[2001:db8::1]:8443", ""),
        ] {
            let url = PublicUrl::parse(text).unwrap();
            assert_eq!((url.origin().as_str(), url.path()), (origin, path), "{text}");
        }
        for (text, cure) in [
            ("auth.example.com", "begins with `https://`"),
            ("", "no URL"),
            ("ftp://a", "begins with"),
            ("https://me@auth.example.com", "no host"),
            ("https://auth.example.com?x", "neither"),
            ("https://auth.example.com/#x", "neither"),
            ("https://auth.example.com/a/../b", "not what browsers"),
            ("https://auth.example.com//b", "not what browsers"),
            ("https://auth.example.com:99999", "no host"),
        ] {
            let message = PublicUrl::parse(text).unwrap_err();
            assert!(message.contains(cure), "{text}: {message}");
        }
    }

    #[test]
    fn where_a_request_was_sent() {
        let sent = |host: &[&str], forwarded: Option<(&str, &str)>, over_tls: bool, is_trusted: bool| {
            let mut headers = HeaderMap::new();
            for host in host {
                headers.append(header::HOST, HeaderValue::from_bytes(host.as_bytes()).unwrap());
            }
            if let Some((proto, host)) = forwarded {
                headers.insert("x-forwarded-proto", proto.parse().unwrap());
                headers.insert("x-forwarded-host", host.parse().unwrap());
            }
            PublicUrl::of_request(&Uri::from_static("/"), &headers, over_tls, is_trusted, "/p")
                .map(|url| url.url("/x"))
        };
        let ok = |text: &str| Ok(text.to_owned());
        let proxy = Some(("https", "auth.example.com"));
        assert_eq!(sent(&["a:5001"], None, false, false), ok("http://a:5001/p/x"));
        assert_eq!(sent(&["a:443"], None, true, false), ok("https://a/p/x"));
        assert_eq!(sent(&["a"], proxy, false, true), ok("https://auth.example.com/p/x"));
        assert_eq!(sent(&["a"], proxy, false, false), ok("http://a/p/x"), "a stranger's word");
        assert_eq!(sent(&["a"], Some(("http, https", "x, b")), false, true), ok("https://b/p/x"));
        assert_eq!(sent(&["a"], Some(("gopher", "b")), false, true), Err(BadHost));
        let mut headers = HeaderMap::new();
        for (name, value) in [
            ("x-forwarded-host", "evil"),
            ("x-forwarded-host", "b"),
            ("x-forwarded-proto", "http"),
            ("x-forwarded-proto", "https"),
        ] {
            headers.append(name, HeaderValue::from_static(value));
        }
        let url = PublicUrl::of_request(&Uri::from_static("/"), &headers, false, true, "");
        assert_eq!(url.map(|url| url.origin()), ok("https://b"), "the proxy's own line is the last");
        for host in [
            "", "a b", "a\"b", "me@a", "a/b", "a:b", "a:99999", "[::1", "a,b", "a<b>", "\u{e4}", "[a]",
            "a:1:2",
        ] {
            assert_eq!(sent(&[host], None, false, false), Err(BadHost), "{host}");
        }
        assert_eq!(sent(&[], None, false, false), Err(BadHost));
        assert_eq!(sent(&["a", "b"], None, false, false), Err(BadHost), "two of them");
    }

    #[test]
    fn the_browsers_own_machine() {
        for (url, is) in [
            ("http://localhost:5001", true),
            ("http://127.0.0.1", true),
            ("http://[::1]:5001", true),
            ("http://[::1]", true),
            ("http://a.localhost", true),
            ("http://localhost.example.com", false),
            ("http://10.0.0.1", false),
        ] {
            assert_eq!(PublicUrl::parse(url).unwrap().is_loopback(), is, "{url}");
        }
    }
}
