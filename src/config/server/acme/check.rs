//! What is wrong with them.

use std::net::IpAddr;
use std::path::PathBuf;

use dockgate_api::config::{KeyPath, Located, Location, Problem};

use super::super::ServerConfig;
use super::super::address::Net;
use super::{AcmeConfig, ExternalAccountConfig, LetsEncryptConfig, file, text};

/// More do not fit into one certificate of any authority that is common.
const MOST_HOSTS: usize = 100;
/// RFC 1035, section 2.3.4.
const LONGEST_HOST: usize = 253;
const LONGEST_LABEL: usize = 63;

impl ServerConfig {
    /// What types alone cannot say of the two.
    pub(in crate::config::server) fn validate_acme(&self, path: &KeyPath, problems: &mut Vec<Problem>) {
        let mut check = Check { problems };
        let (path, location) = match (self.asked_any(), self.asked_lets_encrypt()) {
            (Some(given), other) => {
                check.acme(given, &path.key("acme"));
                if let Some(other) = other {
                    let message = "`acme` says the same and more: keep one of the two";
                    check.refuse(&other.location, &path.key("letsencrypt"), message);
                }
                (path.key("acme"), &given.location)
            }
            (None, Some(given)) => {
                check.lets_encrypt(given, &path.key("letsencrypt"));
                (path.key("letsencrypt"), &given.location)
            }
            (None, None) => return,
        };
        if self.certificate.is_some() || self.key.is_some() {
            let message = "`certificate` and `key` stand beside it: keep the pair, or take the two away and let the \
                           authority issue one";
            check.refuse(location, &path, message);
            return;
        }
        let doors = self.public_doors();
        let mut ours = doors.iter().filter(|door| door.is_certified_by_an_authority());
        if !ours.any(|door| door.address.net == Net::Tcp) {
            let message = "the authority cannot reach any door that shows this certificate: it comes by TCP with TLS, not \
                           by a unix socket. Write an address such as `:443`, or take this key away";
            check.refuse(location, &path, message);
        }
    }
}

struct Check<'a> {
    problems: &'a mut Vec<Problem>,
}

impl Check<'_> {
    fn refuse(&mut self, location: &Location, path: &KeyPath, message: impl Into<String>) {
        self.problems.push(Problem::new(location.clone(), path.clone(), message));
    }

    fn lets_encrypt(&mut self, given: &Located<LetsEncryptConfig>, path: &KeyPath) {
        if let Some(host) = text(given.host.as_ref()) {
            self.host(host, &path.key("host"));
        } else {
            let message = "`host` is missing: write the name that clients know the server by. Without one docker_auth gets a \
                           certificate for whatever name a client asks for";
            self.refuse(&given.location, path, message);
        }
        self.cache_dir(given.cache_dir.as_ref(), &given.location, path);
        self.email(given.email.as_ref(), path);
    }

    fn acme(&mut self, acme: &Located<AcmeConfig>, path: &KeyPath) {
        self.cache_dir(acme.cache_dir.as_ref(), &acme.location, path);
        self.email(acme.email.as_ref(), path);
        self.hosts(acme, &path.key("hosts"));
        if let Some(directory) = text(acme.directory.as_ref())
            && !is_https(directory)
        {
            let message = "this is no URL of an authority's directory: write `https://HOST/PATH`";
            self.refuse(&directory.location, &path.key("directory"), message);
        }
        if acme.account().is_some_and(|given: &ExternalAccountConfig| given.whole().is_none()) {
            let message = "needs `key_id` and `key_file`: write what the authority gave";
            self.refuse(&acme.location, &path.key("external_account"), message);
        }
    }

    fn hosts(&mut self, acme: &Located<AcmeConfig>, path: &KeyPath) {
        if acme.hosts.is_empty() {
            self.refuse(&acme.location, path, "is empty: write the names of the server");
        }
        if acme.hosts.len() > MOST_HOSTS {
            let message = format!("one certificate has at most {MOST_HOSTS} names: write fewer");
            self.refuse(&acme.location, path, message);
            return;
        }
        for (position, host) in acme.hosts.iter().enumerate() {
            let path = path.item(host.index.unwrap_or(position));
            self.host(host, &path);
            if acme.hosts.iter().take(position).any(|other| other.eq_ignore_ascii_case(host)) {
                self.refuse(&host.location, &path, "stands in the list already: take one away");
            }
        }
    }

    fn cache_dir(&mut self, given: Option<&Located<PathBuf>>, place: &Location, section: &KeyPath) {
        if file(given).is_none() {
            let message = "`cache_dir` is missing: name a directory that exists and outlives the server; without one each \
                           start would order anew, until the authority refuses";
            self.refuse(place, section, message);
        }
    }

    fn email(&mut self, email: Option<&Located<String>>, path: &KeyPath) {
        let Some(given) = text(email) else { return };
        if !is_mail(given) {
            let message = "this is no mail address: write one, or take the key away";
            self.refuse(&given.location, &path.key("email"), message);
        }
    }

    fn host(&mut self, host: &Located<String>, path: &KeyPath) {
        if let Err(message) = name(host) {
            self.refuse(&host.location, path, message);
        }
    }
}

fn is_mail(text: &str) -> bool {
    let plain = |c: char| c.is_ascii_graphic() && !"?,&%".contains(c);
    let (user, host) = text.split_once('@').unwrap_or_default();
    !user.is_empty() && !host.is_empty() && text.chars().all(plain)
}

/// Without a user, whose password would be shown.
fn is_https(text: &str) -> bool {
    let rest = text.strip_prefix("https://").unwrap_or_default();
    let host = rest.split('/').next().unwrap_or_default();
    !host.is_empty() && !host.contains('@') && text.chars().all(|c| c.is_ascii_graphic())
}

/// Whether an authority can look at the server of that name by TLS-ALPN (RFC 8737): an IP address and a wildcard have
/// none.
fn name(text: &str) -> Result<(), &'static str> {
    let bare = text.trim_start_matches('[').trim_end_matches(']');
    if bare.parse::<IpAddr>().is_ok() {
        return Err("this is an IP address, and the certificate is for a name: write the server's name");
    }
    if text.contains('*') {
        return Err("no certificate for a wildcard can be had this way: write each name of the server");
    }
    let label = |label: &str| {
        !label.is_empty()
            && label.len() <= LONGEST_LABEL
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    };
    if text.len() > LONGEST_HOST || !text.split('.').all(label) {
        return Err("this is no host name: write one such as `auth.example.com`, without scheme and port");
    }
    if !text.contains('.') {
        return Err("an authority issues nothing for a name without a dot: write the whole name");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::server::LETS_ENCRYPT;

    #[test]
    fn names_that_an_authority_can_look_at() {
        for good in ["auth.example.com", "AUTH.example.com", "xn--bcher-kva.example", "a.b", "1.example.com"]
        {
            assert_eq!(name(good), Ok(()), "{good}");
        }
        for (bad, cure) in [
            ("", "no host name"),
            ("192.0.2.1", "the server's name"),
            ("[2001:db8::1]", "the server's name"),
            ("*.example.com", "each name"),
            ("auth", "the whole name"),
            ("https://auth.example.com", "without scheme"),
            ("auth.example.com:443", "without scheme and port"),
            ("auth.example.com.", "no host name"),
            ("-a.example.com", "no host name"),
            ("a_b.example.com", "no host name"),
            ("b\u{fc}cher.example", "no host name"),
        ] {
            assert!(name(bad).unwrap_err().contains(cure), "{bad}");
        }
    }

    #[test]
    fn directories() {
        assert!(is_https(LETS_ENCRYPT));
        assert!(is_https("https://ca.internal:14000/dir"));
        for bad in [
            "",
            "https://",
            "https:///dir",
            "http://ca.internal/dir",
            "https://u:p@ca/dir",
            "https://ca/ dir",
        ] {
            assert!(!is_https(bad), "{bad}");
        }
    }
}
