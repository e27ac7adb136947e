//! Where something is asked: a scheme, a host, a port, and what stands behind them.

use std::net::IpAddr;

use reqwest::Url;

use crate::access::explanation::shown;

/// A server, and a path there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    /// Whether TLS is spoken there.
    pub(super) is_https: bool,
    /// Without the brackets of an IPv6 address.
    pub(super) host: String,
    pub(super) port: u16,
    /// The path with the query.
    pub(super) target: String,
}

impl Place {
    /// Reads a URL. Passwords go there, so that `http` is for this machine alone, unless it is allowed.
    ///
    /// # Errors
    /// What is wrong with it, and the cure.
    pub(crate) fn parse(text: &str, allow_http: bool) -> Result<Self, String> {
        let no_url = || format!("`{}` is no URL: write https://HOST", shown(text));
        let url = Url::parse(text).map_err(|_| no_url())?;
        if !url.username().is_empty() || url.password().is_some() {
            return Err("the URL must hold neither user nor password".to_owned());
        }
        let host = url.host_str().filter(|host| !host.is_empty()).ok_or_else(no_url)?;
        let host = host.trim_start_matches('[').trim_end_matches(']').to_owned();
        let is_https = match url.scheme() {
            "https" => true,
            "http" if allow_http || is_here(&host) => false,
            "http" => {
                return Err(format!(
                    "`{}` is not encrypted, and a password would pass: write https://, or `--allow-http` for a network \
                     of your own",
                    shown(text)
                ));
            }
            _ => return Err(no_url()),
        };
        let query = url.query().map(|query| format!("?{query}")).unwrap_or_default();
        let port = url.port_or_known_default().ok_or_else(no_url)?;
        Ok(Self { is_https, host, port, target: format!("{}{query}", url.path()) })
    }

    /// The registry: nothing stands behind the host, as clients put `/v2/` there.
    ///
    /// # Errors
    /// As [`parse`](Self::parse).
    pub(crate) fn registry(text: &str, allow_http: bool) -> Result<Self, String> {
        let place = Self::parse(text, allow_http)?;
        if !matches!(place.target.as_str(), "/" | "/v2/") {
            return Err(format!(
                "`{}` has a path: write the registry as clients reach it, such as https://registry.example.com",
                shown(text)
            ));
        }
        Ok(place)
    }

    /// `HOST:PORT` of something that may or may not speak TLS; here it does not.
    ///
    /// # Errors
    /// If it is none.
    pub(crate) fn address(text: &str) -> Result<Self, String> {
        let place = Self::parse(&format!("http://{text}"), true)
            .ok()
            .filter(|place| place.target == "/" && !text.contains('/') && text.contains(':'));
        place.ok_or_else(|| format!("`{}` is no address: write HOST:PORT", shown(text)))
    }

    /// The same with TLS.
    pub(super) fn over_tls(&self) -> Self {
        Self { is_https: true, ..self.clone() }
    }

    /// What stands in `Host`.
    pub(super) fn authority(&self) -> String {
        let host = if self.host.contains(':') { format!("[{}]", self.host) } else { self.host.clone() };
        let usual = if self.is_https { 443 } else { 80 };
        if self.port == usual { host } else { format!("{host}:{}", self.port) }
    }

    /// Scheme, host and port.
    pub(super) fn origin(&self) -> String {
        format!("{}://{}", if self.is_https { "https" } else { "http" }, self.authority())
    }
}

impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.origin())
    }
}

/// Whether a host is this machine by its name.
fn is_here(host: &str) -> bool {
    let is_loopback = host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback());
    host == "localhost" || host.ends_with(".localhost") || is_loopback
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passwords_go_over_tls_or_to_this_machine() {
        for (text, origin) in [
            ("https://registry.example.com", "https://registry.example.com"),
            ("https://registry.example.com:8443/v2/", "https://registry.example.com:8443"),
            ("http://127.0.0.1:5000", "http://127.0.0.1:5000"),
            ("http://[::1]:5000/", "http://[::1]:5000"),
        ] {
            assert_eq!(Place::registry(text, false).unwrap().origin(), origin, "{text}");
        }
        for (text, why) in [
            ("http://registry.example.com", "not encrypted"),
            ("registry.example.com", "no URL"),
            ("https://u:canary@registry.example.com", "neither user nor password"),
            ("https://registry.example.com/sub", "has a path"),
        ] {
            let said = Place::registry(text, false).unwrap_err();
            assert!(said.contains(why) && !said.contains("canary"), "{text}: {said}");
        }
        assert!(Place::registry("http://registry.example.com", true).is_ok());
    }

    #[test]
    fn an_address_has_a_host_and_a_port() {
        assert_eq!(Place::address("10.0.0.1:5000").unwrap().authority(), "10.0.0.1:5000");
        assert_eq!(Place::address("[::1]:5000").unwrap().host, "::1");
        for text in ["registry", "http://registry:5000", "registry:5000/v2/", "registry:99999", ""] {
            assert!(Place::address(text).is_err(), "{text}");
        }
    }
}
