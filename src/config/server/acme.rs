//! `letsencrypt` and `acme`: a certificate that an authority issues to the server itself (RFC 8555).
//!
//! `letsencrypt` is docker_auth's, `acme` says more: another authority, several hosts, an account that exists there.

use std::net::IpAddr;
use std::path::PathBuf;

use dockgate_api::config::{KeyPath, Located, Location, Problem};
use schemars::JsonSchema;
use serde::Deserialize;

use super::ServerConfig;
use super::address::{Net, host_and_port};

/// Let's Encrypt's own.
pub const LETS_ENCRYPT: &str = "https://acme-v02.api.letsencrypt.org/directory";

/// More do not fit into one certificate of any authority that is common.
const MOST_HOSTS: usize = 100;
/// RFC 1035, section 2.3.4.
const LONGEST_HOST: usize = 253;
const LONGEST_LABEL: usize = 63;
/// The port that authorities connect to (RFC 8737, section 3).
const HTTPS: u16 = 443;

/// `server.letsencrypt`, as docker_auth has it.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(default)]
pub struct LetsEncryptConfig {
    /// Where Let's Encrypt may write to about the account.
    pub email: Option<Located<String>>,
    /// A directory that exists, where account, key and certificate are kept.
    #[schemars(with = "Option<String>")]
    pub cache_dir: Option<Located<PathBuf>>,
    /// The name that clients know the server by.
    pub host: Option<Located<String>>,
}

/// `server.acme`: the same with any authority.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
pub struct AcmeConfig {
    /// The URL of the authority's directory; Let's Encrypt's if not given.
    pub directory: Option<Located<String>>,
    /// A PEM file with authorities that are trusted beside the others when the directory is asked.
    #[schemars(with = "Option<String>")]
    pub ca: Option<Located<PathBuf>>,
    /// Where the authority may write to about the account.
    pub email: Option<Located<String>>,
    /// A directory that exists, where account, key and certificate are kept.
    #[schemars(with = "String")]
    pub cache_dir: Located<PathBuf>,
    /// The names that clients know the server by, all in one certificate.
    pub hosts: Vec<Located<String>>,
    /// An account that exists at the authority, for those that want one.
    pub external_account: Option<ExternalAccountConfig>,
}

/// `server.acme.external_account`: RFC 8555, section 7.3.4.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
pub struct ExternalAccountConfig {
    /// The id of the key that the authority gave.
    pub key_id: Located<String>,
    /// A file with that key in base64url, as the authority shows it.
    #[schemars(with = "String")]
    pub key_file: Located<PathBuf>,
}

/// Either form, as the rest of the server sees it.
#[derive(Clone, Debug)]
pub struct WantedCertificate<'a> {
    /// The URL of the authority's directory.
    pub directory: &'a str,
    /// Authorities for the directory, beside the others.
    pub ca: Option<&'a Located<PathBuf>>,
    /// Where the authority may write to.
    pub email: Option<&'a str>,
    /// Names, in small letters.
    pub hosts: Vec<String>,
    /// Where everything is kept.
    pub cache_dir: &'a Located<PathBuf>,
    /// An account that exists.
    pub external_account: Option<&'a ExternalAccountConfig>,
    /// The section, for messages.
    pub path: KeyPath,
    /// Where it stands.
    pub location: &'a Location,
}

impl LetsEncryptConfig {
    /// To docker_auth, whose files are often written by templates, an empty text and an absent key are the same.
    fn is_nothing(&self) -> bool {
        let text = |given: &Option<Located<String>>| given.as_ref().is_none_or(|given| given.is_empty());
        text(&self.email)
            && text(&self.host)
            && self.cache_dir.as_ref().is_none_or(|path| path.as_os_str().is_empty())
    }
}

impl ServerConfig {
    /// Whether an authority is to be asked for the certificate, however incomplete the section is.
    pub(super) fn asks_an_authority(&self) -> bool {
        self.acme.is_some() || self.asked_lets_encrypt().is_some()
    }

    fn asked_lets_encrypt(&self) -> Option<&Located<LetsEncryptConfig>> {
        self.letsencrypt.as_ref().filter(|given| !given.is_nothing())
    }

    /// The certificate that an authority is asked for, if any.
    pub fn wanted_certificate(&self) -> Option<WantedCertificate<'_>> {
        let path = KeyPath::root().key("server");
        if let Some(acme) = &self.acme {
            return Some(WantedCertificate {
                directory: acme.directory.as_ref().map_or(LETS_ENCRYPT, |given| given.as_str()),
                ca: acme.ca.as_ref(),
                email: email(acme.email.as_ref()),
                hosts: acme.hosts.iter().map(|host| host.to_ascii_lowercase()).collect(),
                cache_dir: &acme.cache_dir,
                external_account: acme.external_account.as_ref(),
                path: path.key("acme"),
                location: &acme.location,
            });
        }
        let given = self.asked_lets_encrypt()?;
        Some(WantedCertificate {
            directory: LETS_ENCRYPT,
            ca: None,
            email: email(given.email.as_ref()),
            hosts: vec![given.host.as_ref()?.to_ascii_lowercase()],
            cache_dir: given.cache_dir.as_ref()?,
            external_account: None,
            path: path.key("letsencrypt"),
            location: &given.location,
        })
    }

    /// What is to be known of the way from the authority to this server, if it does not lead here by itself.
    pub fn way_from_the_authority(&self) -> Option<Problem> {
        let wanted = self.wanted_certificate()?;
        let doors = self.public_doors();
        let mut ours = doors.iter().filter(|door| door.is_certified_by_an_authority());
        let port = |addr: &str| host_and_port(addr).map(|(_, port)| port);
        if ours.clone().any(|door| port(&door.address.addr) == Ok(HTTPS)) {
            return None;
        }
        let addr = &ours.next()?.address.addr;
        let message = format!(
            "the authority connects to port {HTTPS} of {}: it must lead to `{addr}`, and TLS must end here",
            wanted.hosts.join(", ")
        );
        Some(Problem::new(wanted.location.clone(), wanted.path, message))
    }

    pub(super) fn validate_acme(&self, path: &KeyPath, problems: &mut Vec<Problem>) {
        let mut check = Check { problems };
        let key = if let Some(acme) = &self.acme {
            let path = path.key("acme");
            check.acme(acme, &path);
            if let Some(given) = self.asked_lets_encrypt() {
                let message = "`acme` says the same and more: keep one of the two";
                check.refuse(&given.location, &KeyPath::root().key("server").key("letsencrypt"), message);
            }
            (path, &acme.location)
        } else if let Some(given) = self.asked_lets_encrypt() {
            let path = path.key("letsencrypt");
            check.lets_encrypt(given, &path);
            (path, &given.location)
        } else {
            return;
        };
        let (path, location) = key;
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
        match &given.host {
            Some(given) if !given.is_empty() => self.host(given, &path.key("host")),
            _ => {
                let message = "`host` is missing: write the name that clients know the server by. Without one docker_auth \
                               gets a certificate for whatever name a client asks for";
                self.refuse(&given.location, path, message);
            }
        }
        match &given.cache_dir {
            Some(given) if !given.as_os_str().is_empty() => {}
            _ => {
                let message = "`cache_dir` is missing: name a directory that exists and outlives the server; without one \
                               each start would order anew, until the authority refuses";
                self.refuse(&given.location, path, message);
            }
        }
        self.email(given.email.as_ref(), path);
    }

    fn acme(&mut self, acme: &AcmeConfig, path: &KeyPath) {
        if acme.cache_dir.as_os_str().is_empty() {
            let message = "nothing is no directory: name one that exists and outlives the server";
            self.refuse(&acme.cache_dir.location, &path.key("cache_dir"), message);
        }
        let hosts = path.key("hosts");
        match acme.hosts.as_slice() {
            [] => self.refuse(&acme.cache_dir.location, &hosts, "is empty: write the names of the server"),
            [_, ..] if acme.hosts.len() > MOST_HOSTS => {
                let message = format!("one certificate has at most {MOST_HOSTS} names: write fewer");
                self.refuse(&acme.cache_dir.location, &hosts, message);
            }
            given => {
                for (position, host) in given.iter().enumerate() {
                    let path = hosts.item(host.index.unwrap_or(position));
                    self.host(host, &path);
                    let before = given.iter().take(position);
                    if before.clone().any(|other| other.eq_ignore_ascii_case(host)) {
                        self.refuse(&host.location, &path, "stands in the list already: take one away");
                    }
                }
            }
        }
        self.email(acme.email.as_ref(), path);
        if let Some(directory) = &acme.directory
            && !is_https(directory)
        {
            let message = "this is no URL of an authority's directory: write `https://HOST/PATH`";
            self.refuse(&directory.location, &path.key("directory"), message);
        }
        if let Some(account) = &acme.external_account
            && account.key_id.is_empty()
        {
            let path = path.key("external_account").key("key_id");
            self.refuse(
                &account.key_id.location,
                &path,
                "nothing is no id: write the one that the authority gave",
            );
        }
    }

    fn email(&mut self, email: Option<&Located<String>>, path: &KeyPath) {
        let Some(given) = email.filter(|given| !given.is_empty()) else { return };
        let is_one = |text: &str| {
            let plain = |c: char| c.is_ascii_graphic() && !"?,&%".contains(c);
            text.split_once('@').is_some_and(|(user, host)| !user.is_empty() && !host.is_empty())
                && text.chars().all(plain)
        };
        if !is_one(given) {
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

fn email(given: Option<&Located<String>>) -> Option<&str> {
    given.map(|given| given.as_str()).filter(|text| !text.is_empty())
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
