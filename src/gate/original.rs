//! What the proxy's client asked for, as the proxy tells it.

use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, Uri, header};

use super::{Gate, Source};
use crate::http::{BadAddress, ClientAddress};
use crate::lockout::Standing;

/// The request that a question is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Original<'a> {
    /// Its method.
    pub method: &'a str,
    /// Its path with the query, undecoded.
    pub target: &'a str,
    /// What it says of its body.
    pub content_type: Option<&'a str>,
}

/// Why a question of the proxy cannot be answered with yes: what it says can be read in more than one way, or not at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotAsked(pub &'static str);

impl Gate {
    /// What the client asked for. `path` is the gate's own.
    ///
    /// # Errors
    /// If it is not said, said twice, or a header is there by which another proxy would say it: then the client wrote one
    /// of them.
    pub fn original<'a>(
        &self,
        path: &str,
        method: &'a Method,
        uri: &'a Uri,
        headers: &'a HeaderMap,
    ) -> Result<Original<'a>, NotAsked> {
        self.refuse_ambiguous(headers)?;
        let behind = uri.path().strip_prefix(path).unwrap_or_default();
        let (method, target) = match &self.headers.source {
            Source::RequestLine => {
                let target = uri.path_and_query().map_or("", |target| target.as_str());
                (method.as_str(), target.strip_prefix(path).unwrap_or_default())
            }
            Source::Headers { .. } if !behind.is_empty() => {
                return Err(NotAsked("the proxy asks behind the gate's own path: only Envoy does"));
            }
            Source::Headers { method, uri, is_url } => {
                let target =
                    only(headers, uri)?.ok_or(NotAsked("the proxy did not say the client's path"))?;
                let method =
                    only(headers, method)?.ok_or(NotAsked("the proxy did not say the client's method"))?;
                (method, if *is_url { behind_host(target)? } else { target })
            }
        };
        Ok(Original { method, target, content_type: only(headers, &header::CONTENT_TYPE)? })
    }

    /// Whose request it is, and whether the address is really the client's. An address of the proxy's own machine is no
    /// client's: then nothing is known of it.
    ///
    /// # Errors
    /// If the proxy does not say it, or something that is none.
    pub fn client(
        &self,
        peer: ClientAddress,
        headers: &HeaderMap,
    ) -> Result<(ClientAddress, Standing), NotAsked> {
        match self.addresses.resolve(peer, headers) {
            Ok(address) => Ok((address, self.addresses.standing(peer, address))),
            Err(BadAddress::Loopback) => Ok((ClientAddress(None), Standing::Shared)),
            Err(bad @ (BadAddress::Missing | BadAddress::Garbage)) => Err(NotAsked(bad.message())),
        }
    }

    fn refuse_ambiguous(&self, headers: &HeaderMap) -> Result<(), NotAsked> {
        if headers.contains_key(header::UPGRADE) {
            return Err(NotAsked(
                "the client asks for another protocol: what it says in that nobody would ask about",
            ));
        }
        for name in headers.keys() {
            if self.foreign.contains(name) {
                return Err(NotAsked(
                    "a header is there by which another kind of proxy says what is asked for",
                ));
            }
            if self.identity.names().any(|own| own == name) {
                return Err(NotAsked("the client sent a header by which the registry is told who it is"));
            }
            if self.is_guarded_otherwise(name) {
                return Err(NotAsked("a header is written with signs that some servers take for hyphens"));
            }
        }
        // By bytes: what is no text may stand beside a name, and a proxy drops that all the same.
        let taken_away = |listed: &[u8]| {
            HeaderName::from_bytes(listed.trim_ascii()).is_ok_and(|name| self.guarded.contains(&name))
        };
        let mut connection = headers.get_all(header::CONNECTION).iter();
        if connection.any(|value| value.as_bytes().split(|byte| *byte == b',').any(taken_away)) {
            return Err(NotAsked("the client asks the proxy to drop a header that counts"));
        }
        Ok(())
    }

    /// CGI and its heirs write `X_AUTH_USER` for `X-Auth-User` and `X_Auth_User`, and some for `X.Auth.User`.
    fn is_guarded_otherwise(&self, name: &HeaderName) -> bool {
        let is_plain = |c: char| c.is_ascii_alphanumeric() || c == '-';
        if name.as_str().chars().all(is_plain) {
            return false;
        }
        let hyphened = name.as_str().replace(|c| !is_plain(c), "-");
        HeaderName::from_bytes(hyphened.as_bytes()).is_ok_and(|name| self.guarded.contains(&name))
    }
}

/// A header that stands once, or not at all.
fn only<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Result<Option<&'a str>, NotAsked> {
    let mut values = headers.get_all(name).iter();
    match (values.next().map(HeaderValue::to_str), values.next()) {
        (None, _) => Ok(None),
        (Some(Ok(value)), None) => Ok(Some(value)),
        (Some(Err(_)), None) => Err(NotAsked("a header that counts holds bytes that are no text")),
        (Some(_), Some(_)) => Err(NotAsked("a header that counts is there more than once")),
    }
}

/// The path of a URL whose host the client chose.
fn behind_host(url: &str) -> Result<&str, NotAsked> {
    let bad = NotAsked("the proxy's URL of the request has no scheme, host and path");
    let rest = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://")).ok_or(bad)?;
    let (host, _) = rest.split_once('/').ok_or(bad)?;
    let is_host = !host.is_empty()
        && host.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._:[]".contains(&byte));
    if is_host { rest.get(host.len()..).ok_or(bad) } else { Err(bad) }
}
