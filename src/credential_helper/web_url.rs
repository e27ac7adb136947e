//! URLs that programs without a browser are given, or find.

use std::net::IpAddr;

use reqwest::Url;

const METADATA: &str = ".well-known/oauth-authorization-server";
/// Deeper than any prefix of a server.
const DEEPEST: usize = 6;

/// A URL that secrets may be sent to: `https`, or `http` to this machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct WebUrl(Url);

impl WebUrl {
    /// Reads one. Without a scheme it is `https`, or `http` to this machine.
    ///
    /// # Errors
    /// What is wrong with it, and the cure.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let shown = || text.chars().take(200).flat_map(char::escape_debug).collect::<String>();
        let whole = if text.contains("://") { text.to_owned() } else { format!("https://{text}") };
        let no_url = || format!("`{}` is no URL: write https://HOST", shown());
        let mut url = Url::parse(&whole).map_err(|_| no_url())?;
        if !url.username().is_empty() || url.password().is_some() {
            return Err("the URL must hold neither user nor password".to_owned());
        }
        let here = url.host_str().is_some_and(is_this_machine);
        if here && !text.contains("://") {
            url = Url::parse(&format!("http://{text}")).map_err(|_| no_url())?;
        }
        match url.scheme() {
            "https" if url.has_host() => Ok(Self(url)),
            "http" if here => Ok(Self(url)),
            "http" => Err(format!(
                "`{}` is not encrypted, and a password would pass: write https://, or a name of this machine",
                shown()
            )),
            _ => Err(no_url()),
        }
    }

    /// Scheme, host and port.
    pub(crate) fn origin(&self) -> String {
        self.0.origin().ascii_serialization()
    }

    /// Host and port, as registries are called.
    pub(crate) fn authority(&self) -> String {
        let host = self.0.host_str().unwrap_or_default();
        self.0.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
    }

    /// The places where a server says what it can, if this is one of its URLs: below its path, and below each beginning of
    /// that.
    pub(super) fn places(&self) -> Vec<String> {
        let path = self.0.path().trim_matches('/');
        let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).take(DEEPEST).collect();
        let origin = self.origin();
        let below =
            |depth: usize| -> String { parts.iter().take(depth).flat_map(|part| ["/", part]).collect() };
        (0..=parts.len()).rev().map(|depth| format!("{origin}{}/{METADATA}", below(depth))).collect()
    }
}

/// Whether a host is this machine by its name, so that nobody else hears what is sent there.
fn is_this_machine(host: &str) -> bool {
    let address = host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
    host == "localhost" || host.ends_with(".localhost") || address.is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_go_over_tls_or_nowhere_else_than_here() {
        for (text, origin) in [
            ("auth.example.com", "https://auth.example.com"),
            ("https://auth.example.com:8443/gate/", "https://auth.example.com:8443"),
            ("http://127.0.0.1:5001", "http://127.0.0.1:5001"),
            ("localhost:5001", "http://localhost:5001"),
            ("http://[::1]:5001", "http://[::1]:5001"),
            ("http://auth.localhost", "http://auth.localhost"),
        ] {
            assert_eq!(WebUrl::parse(text).unwrap().origin(), origin, "{text}");
        }
        for text in [
            "http://auth.example.com",
            "http://127.0.0.1.example.com",
            "https://user:canary@auth.example.com",
            "ftp://auth.example.com",
            "https://",
            "",
            "a b",
        ] {
            let why = WebUrl::parse(text).unwrap_err();
            assert!(!why.contains("canary"), "{why}");
        }
    }

    #[test]
    fn a_server_is_looked_for_below_its_path_and_above() {
        let places = WebUrl::parse("https://a.example/gate/auth?service=x").unwrap().places();
        assert_eq!(
            places,
            [
                "https://a.example/gate/auth/.well-known/oauth-authorization-server",
                "https://a.example/gate/.well-known/oauth-authorization-server",
                "https://a.example/.well-known/oauth-authorization-server",
            ]
        );
        assert_eq!(
            WebUrl::parse(&format!("https://a.example/{}", "a/".repeat(100))).unwrap().places().len(),
            7
        );
    }
}
