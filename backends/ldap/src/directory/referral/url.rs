//! URLs of references (RFC 4516, RFC 4511 section 4.5.3).

use crate::wire::{Endpoint, Scope, Search, Security};

/// What a URL of a reference says. What it does not say is as in the search that it answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Reference {
    tls: bool,
    /// None is the server that sent it.
    host: Option<String>,
    port: Option<u16>,
    base: Option<String>,
    scope: Option<Scope>,
    filter: Option<String>,
}

impl Reference {
    /// # Errors
    /// What is wrong with it.
    pub(super) fn parse(url: &str) -> Result<Self, String> {
        let (scheme, rest) = url.split_once("://").ok_or("it is no LDAP URL (RFC 4516)")?;
        let tls = match scheme.to_ascii_lowercase().as_str() {
            "ldap" => false,
            "ldaps" => true,
            _ => return Err(format!("`{scheme}` is a scheme that is not known here")),
        };
        let (place, rest) = match rest.find(['/', '?']) {
            Some(end) => rest.split_at(end),
            None => (rest, ""),
        };
        let (host, port) = host_and_port(place)?;
        let mut parts = rest.strip_prefix('/').unwrap_or(rest).split('?');
        let mut part = || parts.next().filter(|part| !part.is_empty());
        let base = part().map(decoded).transpose()?;
        // Which attributes are wanted is ours to say.
        let _ = part();
        let scope = match part().map(str::to_ascii_lowercase).as_deref() {
            None => None,
            Some("base") => Some(Scope::Base),
            Some("sub") => Some(Scope::Subtree),
            // Sent in answer to a search of one level only, and there is none here.
            Some(other) => return Err(format!("the scope `{other}` is not searched here")),
        };
        let filter = part().map(decoded).transpose()?;
        if part().is_some_and(|extensions| extensions.split(',').any(|it| it.starts_with('!'))) {
            return Err("it has a critical extension".to_owned());
        }
        Ok(Self { tls, host, port, base, scope, filter })
    }

    /// Where it leads, with the protection of our own servers or more; none if to the server that sent it.
    pub(super) fn endpoint(&self, ours: Security) -> Option<Endpoint> {
        let host = self.host.clone()?;
        let security = match (self.tls, ours) {
            (true, _) => Security::Tls,
            (false, Security::None) => Security::None,
            // Its port is one on which a connection begins in clear.
            (false, Security::StartTls | Security::Tls) => Security::StartTls,
        };
        let port = self.port.unwrap_or(if self.tls { 636 } else { 389 });
        Some(Endpoint { host, port, security })
    }

    /// The search as it is to be asked there.
    pub(super) fn applied_to(&self, search: &Search) -> Search {
        Search {
            base: self.base.clone().unwrap_or_else(|| search.base.clone()),
            scope: self.scope.unwrap_or(search.scope),
            filter: self.filter.clone().unwrap_or_else(|| search.filter.clone()),
            ..search.clone()
        }
    }
}

fn host_and_port(place: &str) -> Result<(Option<String>, Option<u16>), String> {
    let (host, port) = match place.strip_prefix('[') {
        Some(rest) => {
            let (address, rest) = rest.split_once(']').ok_or("its address has no end")?;
            (address, rest.strip_prefix(':').or(rest.is_empty().then_some("")))
        }
        None => match place.split_once(':') {
            Some((host, port)) => (host, Some(port)),
            None => (place, Some("")),
        },
    };
    let port = match port {
        Some("") => None,
        Some(port) => Some(port.parse().map_err(|_| format!("`{port}` is no port"))?),
        None => return Err("behind its address stands something else than a port".to_owned()),
    };
    let host = host.trim_end_matches('.').to_ascii_lowercase();
    let known = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_' | b':');
    if !host.bytes().all(known) {
        return Err(format!("`{host}` is no host"));
    }
    Ok(((!host.is_empty()).then_some(host), port))
}

/// Text without percent-encoding (RFC 3986 section 2.1).
fn decoded(text: &str) -> Result<String, String> {
    let wrong = || format!("`{text}` is not encoded as URLs are");
    let mut bytes = Vec::with_capacity(text.len());
    let mut pieces = text.split('%');
    bytes.extend_from_slice(pieces.next().unwrap_or_default().as_bytes());
    for piece in pieces {
        let (code, rest) = piece.split_at_checked(2).ok_or_else(wrong)?;
        if !code.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(wrong());
        }
        bytes.push(u8::from_str_radix(code, 16).map_err(|_| wrong())?);
        bytes.extend_from_slice(rest.as_bytes());
    }
    String::from_utf8(bytes).map_err(|_| wrong())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn search() -> Search {
        Search {
            base: "dc=example,dc=test".to_owned(),
            scope: Scope::Subtree,
            filter: "(uid=alice)".to_owned(),
            attributes: ["uid".to_owned()].into(),
            most: 2,
            paged: false,
        }
    }

    fn asked(url: &str) -> (Option<String>, String, Scope, String) {
        let reference = Reference::parse(url).unwrap();
        let Search { base, scope, filter, attributes, most, .. } = reference.applied_to(&search());
        assert_eq!((attributes, most), (["uid".to_owned()].into(), 2), "{url}");
        (reference.endpoint(Security::None).map(|endpoint| endpoint.to_string()), base, scope, filter)
    }

    #[test]
    fn what_a_url_does_not_say_is_as_it_was() {
        let (base, filter) = ("dc=example,dc=test".to_owned(), "(uid=alice)".to_owned());
        let same = |place: &str| (Some(place.to_owned()), base.clone(), Scope::Subtree, filter.clone());
        for (url, place) in [
            ("ldap://dc2.example.test", "ldap://dc2.example.test:389"),
            ("LDAPS://DC2.example.test./", "ldaps://dc2.example.test:636"),
            ("ldap://dc2.example.test:3268/??", "ldap://dc2.example.test:3268"),
            ("ldap://[::1]:3890/", "ldap://[::1]:3890"),
            ("ldap://[::1]", "ldap://[::1]:389"),
            ("ldap://dc2.example.test/?cn,mail?", "ldap://dc2.example.test:389"),
            ("ldap://dc2.example.test?", "ldap://dc2.example.test:389"),
        ] {
            assert_eq!(asked(url), same(place), "{url}");
        }
        assert_eq!(asked("ldap:///").0, None);
        let (_, base, scope, filter) = asked("ldap://h/o=caf%C3%A9%2cl%3Dx??BASE?(cn=%3f%2A)?x-a,bindname=x");
        assert_eq!((base.as_str(), scope, filter.as_str()), ("o=café,l=x", Scope::Base, "(cn=?*)"));
        assert_eq!(asked("ldap://h/o=x??sub").2, Scope::Subtree);
    }

    #[test]
    fn a_url_that_is_none_is_refused() {
        for url in [
            "",
            "dc2.example.test",
            "http://dc2.example.test/",
            "ldapi://%2ftmp%2fldapi/",
            "ldap://dc2.example.test:70000/",
            "ldap://dc2.example.test:x/",
            "ldap://a:b@c/",
            "ldap://[::1/",
            "ldap://[::1]x/",
            "ldap://h%20/",
            "ldap://h/o=%",
            "ldap://h/o=%4",
            "ldap://h/o=%+1",
            "ldap://h/o=%ff",
            "ldap://h/o=x??one",
            "ldap://h/o=x??sub?(cn=x)?!bindname=x",
            "ldap://h/o=x???(cn=x)?a,!b",
        ] {
            assert!(Reference::parse(url).is_err(), "{url}");
        }
    }

    #[test]
    fn protection_never_gets_less() {
        let security = |url, ours| Reference::parse(url).unwrap().endpoint(ours).unwrap().security;
        for ours in [Security::None, Security::StartTls, Security::Tls] {
            assert_eq!(security("ldaps://h", ours), Security::Tls);
        }
        assert_eq!(security("ldap://h", Security::None), Security::None);
        assert_eq!(security("ldap://h", Security::StartTls), Security::StartTls);
        assert_eq!(security("ldap://h", Security::Tls), Security::StartTls);
    }
}
