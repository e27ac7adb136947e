//! What the file says.

use std::collections::BTreeMap;
use std::fmt;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};

use super::remote::TokenAnswer;
use super::server_name::normalised;
use super::web_url::WebUrl;

/// Files of this version are read and written here.
pub(super) const VERSION: u32 = 1;

/// Everything in the file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Kept {
    pub(super) version: u32,
    /// What `dockgate login` got.
    #[serde(default)]
    pub(super) logins: Vec<Login>,
    /// What clients handed over for other servers, by the normalised name of the server.
    #[serde(default)]
    pub(super) others: BTreeMap<String, Other>,
}

/// A secret, for the file and for nobody's log.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct Secret(pub(crate) String);

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[secret]")
    }
}

/// One sign-in, good for one or several registries.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Login {
    /// The registries, by their normalised names.
    pub(crate) registries: Vec<String>,
    /// The server that it came from, for people.
    pub(crate) server: String,
    /// Where it is renewed.
    pub(crate) token_endpoint: String,
    /// Where it is given back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) revocation_endpoint: Option<String>,
    /// A PEM file with authorities that are trusted beside the system's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) ca: Option<String>,
    pub(crate) account: String,
    pub(crate) secret: Secret,
    /// When it was made, in seconds since 1970 by this machine's clock.
    pub(crate) made: u64,
    /// When it ends, likewise; never, if not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) ends: Option<u64>,
    /// Until then the server is not asked again: it did not answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) not_before: Option<u64>,
}

/// What a client handed over.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Other {
    /// As the client wrote it.
    pub(super) server: String,
    pub(super) username: String,
    pub(super) secret: Secret,
}

impl Default for Kept {
    fn default() -> Self {
        Self { version: VERSION, logins: Vec::new(), others: BTreeMap::new() }
    }
}

impl Kept {
    pub(super) fn login(&self, server: &str) -> Option<&Login> {
        let name = normalised(server);
        self.logins.iter().find(|login| login.registries.contains(&name))
    }

    pub(super) fn login_mut(&mut self, server: &str) -> Option<&mut Login> {
        let name = normalised(server);
        self.logins.iter_mut().find(|login| login.registries.contains(&name))
    }

    /// The server from which there is a sign-in for a registry, if that is another than the one with this endpoint. What a
    /// server calls itself proves nothing.
    pub(crate) fn another(&self, registry: &str, token_endpoint: &str) -> Option<&str> {
        let origin = |url: &str| WebUrl::parse(url).map(|url| url.origin());
        let login = self.login(registry)?;
        (origin(&login.token_endpoint) != origin(token_endpoint)).then_some(login.server.as_str())
    }

    /// Takes a server away. Answers the sign-in that is of no more use to anybody.
    pub(super) fn erase(&mut self, server: &str) -> Option<Login> {
        let name = normalised(server);
        self.others.remove(&name);
        for login in &mut self.logins {
            login.registries.retain(|registry| *registry != name);
        }
        let idle = self.logins.iter().position(|login| login.registries.is_empty())?;
        Some(self.logins.remove(idle))
    }

    /// Puts a sign-in in the place of whatever there was for its registries. Answers those that are of no more use.
    pub(crate) fn sign_in(&mut self, login: Login) -> Vec<Login> {
        let idle = login.registries.iter().filter_map(|registry| self.erase(registry)).collect();
        self.logins.push(login);
        idle
    }
}

impl Login {
    /// Whether more than half of its life is over, and the server was not asked just now.
    pub(super) fn is_due(&self, now: SystemTime) -> bool {
        let now = seconds(now);
        let half = self.ends.map(|ends| self.made + ends.saturating_sub(self.made) / 2);
        half.is_some_and(|half| now >= half) && self.not_before.is_none_or(|until| now >= until)
    }

    pub(super) fn is_over(&self, now: SystemTime) -> bool {
        self.ends.is_some_and(|ends| seconds(now) >= ends)
    }

    /// Takes what the server gave in its place.
    pub(super) fn renew(&mut self, answer: TokenAnswer, now: SystemTime) {
        self.made = seconds(now);
        self.ends = answer.expires_in.map(|life| seconds(now).saturating_add(life));
        self.account = answer.account;
        self.secret = Secret(answer.secret);
        self.not_before = None;
    }

    pub(super) fn wait(&mut self, now: SystemTime, pause: Duration) {
        self.not_before = Some(seconds(now).saturating_add(pause.as_secs()));
    }
}

pub(crate) fn seconds(time: SystemTime) -> u64 {
    time.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs()
}
