//! `letsencrypt` and `acme`: a certificate that an authority issues to the server itself (RFC 8555).
//!
//! `letsencrypt` is docker_auth's, `acme` says more: another authority, several hosts, an account that exists there. To
//! docker_auth, whose files are often written by templates, an empty text and an absent key are the same; so they are in
//! both.

mod check;

use std::path::PathBuf;

use dockgate_api::config::{KeyPath, Located, Location, Problem};
use schemars::JsonSchema;
use serde::Deserialize;

use super::ServerConfig;
use super::address::host_and_port;

/// Let's Encrypt's own.
pub const LETS_ENCRYPT: &str = "https://acme-v02.api.letsencrypt.org/directory";

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
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(default)]
pub struct AcmeConfig {
    /// The URL of the authority's directory; Let's Encrypt's if not given.
    pub directory: Option<Located<String>>,
    /// A PEM file with authorities that are trusted beside the others when the directory is asked.
    #[schemars(with = "Option<String>")]
    pub ca: Option<Located<PathBuf>>,
    /// Where the authority may write to about the account.
    pub email: Option<Located<String>>,
    /// A directory that exists, where account, key and certificate are kept.
    #[schemars(with = "Option<String>")]
    pub cache_dir: Option<Located<PathBuf>>,
    /// The names that clients know the server by, all in one certificate.
    pub hosts: Vec<Located<String>>,
    /// An account that exists at the authority, for those that want one.
    pub external_account: Option<ExternalAccountConfig>,
}

/// `server.acme.external_account`: RFC 8555, section 7.3.4.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(default)]
pub struct ExternalAccountConfig {
    /// The id of the key that the authority gave.
    pub key_id: Option<Located<String>>,
    /// A file with that key in base64url, as the authority shows it.
    #[schemars(with = "Option<String>")]
    pub key_file: Option<Located<PathBuf>>,
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
    pub external_account: Option<ExternalAccount<'a>>,
    /// The section, for messages.
    pub path: KeyPath,
    /// Where it stands.
    pub location: &'a Location,
}

/// An account that exists at the authority.
#[derive(Clone, Copy, Debug)]
pub struct ExternalAccount<'a> {
    /// The id of its key.
    pub key_id: &'a Located<String>,
    /// Where the key is.
    pub key_file: &'a Located<PathBuf>,
}

impl LetsEncryptConfig {
    fn is_nothing(&self) -> bool {
        let Self { email, cache_dir, host } = self;
        text(email.as_ref()).is_none() && text(host.as_ref()).is_none() && file(cache_dir.as_ref()).is_none()
    }
}

impl AcmeConfig {
    fn is_nothing(&self) -> bool {
        let Self { directory, ca, email, cache_dir, hosts, .. } = self;
        let says_something =
            text(directory.as_ref()).is_some() || text(email.as_ref()).is_some() || !hosts.is_empty();
        !says_something
            && file(ca.as_ref()).is_none()
            && file(cache_dir.as_ref()).is_none()
            && self.account().is_none()
    }

    fn account(&self) -> Option<&ExternalAccountConfig> {
        let says_something = |given: &&ExternalAccountConfig| {
            text(given.key_id.as_ref()).is_some() || file(given.key_file.as_ref()).is_some()
        };
        self.external_account.as_ref().filter(says_something)
    }
}

impl ExternalAccountConfig {
    fn whole(&self) -> Option<ExternalAccount<'_>> {
        Some(ExternalAccount { key_id: text(self.key_id.as_ref())?, key_file: file(self.key_file.as_ref())? })
    }
}

impl ServerConfig {
    /// Whether an authority is to be asked for the certificate, however incomplete the section is.
    pub(super) fn asks_an_authority(&self) -> bool {
        self.asked_any().is_some() || self.asked_lets_encrypt().is_some()
    }

    fn asked_any(&self) -> Option<&Located<AcmeConfig>> {
        self.acme.as_ref().filter(|given| !given.is_nothing())
    }

    fn asked_lets_encrypt(&self) -> Option<&Located<LetsEncryptConfig>> {
        self.letsencrypt.as_ref().filter(|given| !given.is_nothing())
    }

    /// The certificate that an authority is asked for, if any.
    pub fn wanted_certificate(&self) -> Option<WantedCertificate<'_>> {
        let server = KeyPath::root().key("server");
        if let Some(acme) = self.asked_any() {
            return Some(WantedCertificate {
                directory: text(acme.directory.as_ref()).map_or(LETS_ENCRYPT, |given| given.as_str()),
                ca: file(acme.ca.as_ref()),
                email: text(acme.email.as_ref()).map(|given| given.as_str()),
                hosts: acme.hosts.iter().map(|host| host.to_ascii_lowercase()).collect(),
                cache_dir: file(acme.cache_dir.as_ref())?,
                external_account: acme.account().and_then(ExternalAccountConfig::whole),
                path: server.key("acme"),
                location: &acme.location,
            });
        }
        let given = self.asked_lets_encrypt()?;
        Some(WantedCertificate {
            directory: LETS_ENCRYPT,
            ca: None,
            email: text(given.email.as_ref()).map(|given| given.as_str()),
            hosts: vec![text(given.host.as_ref())?.to_ascii_lowercase()],
            cache_dir: file(given.cache_dir.as_ref())?,
            external_account: None,
            path: server.key("letsencrypt"),
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
}

fn text(given: Option<&Located<String>>) -> Option<&Located<String>> {
    given.filter(|given| !given.is_empty())
}

fn file(given: Option<&Located<PathBuf>>) -> Option<&Located<PathBuf>> {
    given.filter(|given| !given.as_os_str().is_empty())
}
