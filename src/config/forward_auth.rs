//! `forward_auth:` — the gate that a reverse proxy asks before it lets a request through to a registry.

mod headers;

use std::collections::BTreeMap;
use std::path::PathBuf;

use axum::http::HeaderName;
use dockgate_api::config::secret::{self, Secret};
use dockgate_api::config::{KeyPath, Located, Node, Problem};
use dockgate_api::secrecy::{ExposeSecret as _, SecretString};
use dockgate_api::{BuildContext, BuildError};
use schemars::JsonSchema;
use serde::Deserialize;

pub use headers::ForwardAuthHeaders;

use super::login::{LoginConfig, validate_public_url};
use super::server::{ServerConfig, TrustedNetwork, refuse_everybody};
use crate::gate::identity::{IdentityHeaders, Told};
use crate::gate::{ACCOUNT_HEADER, GROUPS_HEADER, Gate, Headers, Mode, Parts, Preset, SharedSecret};
use crate::login::PublicUrl;
use crate::scope::is_unprintable;

/// In bytes: 128 bits in hexadecimal digits.
const SHORTEST_SECRET: usize = 32;
/// A header's worth.
const LONGEST_SECRET: usize = 512;
const MOST_IDENTITY_HEADERS: usize = 16;
const HOW_TO_MAKE_ONE: &str = "make one with `openssl rand -hex 32`, and have the proxy send it";
/// What HTTP or an answer of the gate means something by.
const TAKEN: [&str; 13] = [
    "cache-control",
    "connection",
    "content-length",
    "docker-distribution-api-version",
    "host",
    "location",
    "pragma",
    "retry-after",
    "set-cookie",
    "strict-transport-security",
    "transfer-encoding",
    "www-authenticate",
    "x-request-id",
];
const NO_NAME: &str = "this is no header's name: write one such as `X-Auth-User`";
/// What an identity header says if it says who came.
const ACCOUNT: &str = "account";

/// The `forward_auth` section.
#[derive(Deserialize, JsonSchema)]
pub struct ForwardAuthConfig {
    /// The proxy that asks: what says where what its client wants.
    pub preset: Preset,
    /// How clients prove who they are; `basic` if not given.
    #[serde(default)]
    pub mode: Mode,
    /// The registry behind the proxy: rules see it as the service, and tokens are for it.
    #[schemars(with = "String")]
    pub service: Located<String>,
    /// What the proxy proves itself with: 32 characters at the least, sent along in a header.
    #[schemars(with = "Option<String>")]
    pub secret: Option<Located<Secret>>,
    /// A file that holds it.
    #[schemars(with = "Option<String>")]
    pub secret_file: Option<Located<PathBuf>>,
    /// The secret from before, which counts too while proxies are told of a new one.
    #[schemars(with = "Option<String>")]
    pub previous_secret: Option<Located<Secret>>,
    /// A file that holds it.
    #[schemars(with = "Option<String>")]
    pub previous_secret_file: Option<Located<PathBuf>>,
    /// The proxies' addresses and networks; those of `server.trusted_proxies` if not given. Whoever asks over a unix socket
    /// was let in by its mode.
    #[serde(default)]
    pub trusted_proxies: Vec<Located<TrustedNetwork>>,
    /// Where clients reach this server, `server.path_prefix` included, for the challenge of `bearer` and `both`;
    /// `login.public_url` if not given.
    #[schemars(with = "Option<String>")]
    pub public_url: Option<Located<String>>,
    /// Header names that differ from the preset's.
    #[serde(default)]
    pub headers: ForwardAuthHeaders,
    /// What the registry is told: by header, `account` or the name of a label. `X-Auth-User: account` and
    /// `X-Auth-Groups: groups` if not given.
    #[schemars(with = "Option<BTreeMap<String, String>>")]
    pub identity_headers: Option<Located<BTreeMap<String, String>>>,
}

/// What stands around the section.
pub struct Around<'a> {
    /// The section `server`.
    pub server: Option<&'a ServerConfig>,
    /// The section `login`.
    pub login: &'a LoginConfig,
    /// The section itself.
    pub section: &'a Node,
}

impl Around<'_> {
    fn problem(&self, path: &KeyPath, message: impl Into<String>) -> Problem {
        Problem::new(self.section.location.clone(), path.clone(), message)
    }
}

impl ForwardAuthConfig {
    /// The gate; none if something is wrong, which goes to the lists.
    pub fn gate(
        mut self,
        around: &Around<'_>,
        cx: &BuildContext,
        problems: &mut Vec<Problem>,
        warnings: &mut Vec<Problem>,
    ) -> Option<Gate> {
        let path = KeyPath::root().key("forward_auth");
        let before = problems.len();
        if self.service.contains(is_unprintable) {
            let message = "a name is one line of letters that are seen: write it as the rules do";
            problems.push(Problem::new(self.service.location.clone(), path.key("service"), message));
        } else if self.service.trim().is_empty() {
            let message = "nothing is no service: write the registry's name, such as `registry.example.com`";
            problems.push(Problem::new(self.service.location.clone(), path.key("service"), message));
        }
        let headers = self.headers.read(self.preset, &path.key("headers"), problems);
        let secrets = self.secrets(around, cx, &path, problems);
        let trusted = self.trusted(around, &path, problems);
        let realm = self.realm(around, &path, problems, warnings);
        let identity = self.identity(&headers, &path.key("identity_headers"), problems);
        (problems.len() == before).then(|| {
            Gate::new(Parts {
                mode: self.mode,
                service: self.service.value.clone(),
                realm,
                preset: self.preset,
                headers,
                secrets,
                trusted,
                identity,
            })
        })
    }

    fn secrets(
        &mut self,
        around: &Around<'_>,
        cx: &BuildContext,
        path: &KeyPath,
        problems: &mut Vec<Problem>,
    ) -> Vec<SharedSecret> {
        let given = (self.secret.take(), self.secret_file.take());
        let previous = (self.previous_secret.take(), self.previous_secret_file.take());
        if given.0.is_none() && given.1.is_none() {
            let message = format!(
                "`secret` or `secret_file` is missing, by which the proxy is known: {HOW_TO_MAKE_ONE}"
            );
            problems.push(around.problem(path, message));
        }
        let mut errors = BuildError::none();
        let found = [("secret", given), ("previous_secret", previous)]
            .map(|(name, given)| secret::find(name, given, cx, &mut errors));
        problems.extend(errors.into_problems(around.section, path));
        let mut secrets = Vec::new();
        for found in found.into_iter().flatten() {
            match sound(&found.secret) {
                Ok(()) => secrets.push(SharedSecret::new(found.secret)),
                Err(message) => problems.push(Problem::new(found.location, path.key(&found.key), message)),
            }
        }
        secrets
    }

    fn trusted(
        &self,
        around: &Around<'_>,
        path: &KeyPath,
        problems: &mut Vec<Problem>,
    ) -> Vec<dockgate_rules::Network> {
        refuse_everybody(&self.trusted_proxies, &path.key("trusted_proxies"), problems);
        let of_server = around.server.map_or(&[][..], |server| server.trusted_proxies.as_slice());
        let listed = if self.trusted_proxies.is_empty() { of_server } else { &self.trusted_proxies };
        if listed.is_empty() && !around.server.is_some_and(ServerConfig::has_unix_door) {
            let message = "`trusted_proxies` is missing: list the addresses of the proxies that ask, such as \
                           `trusted_proxies: [127.0.0.1]`";
            problems.push(around.problem(path, message));
        }
        listed.iter().map(|network| network.value.0).collect()
    }

    fn realm(
        &self,
        around: &Around<'_>,
        path: &KeyPath,
        problems: &mut Vec<Problem>,
        warnings: &mut Vec<Problem>,
    ) -> Option<String> {
        if !self.mode.takes_tokens() {
            return None;
        }
        if let Some(written) = &self.public_url {
            let prefix = around.server.map_or("", ServerConfig::prefix);
            let path = path.key("public_url");
            validate_public_url(written, prefix, "passwords and tokens", &path, problems, warnings);
        }
        let written = self.public_url.as_deref().and_then(|written| PublicUrl::parse(written).ok());
        let url = written.or_else(|| around.login.public_url());
        if url.is_none() && self.public_url.is_none() {
            let message = "`public_url` is missing: with `mode: bearer` clients are sent to this server for their tokens; \
                           write where they reach it, such as `public_url: https://auth.example.com`";
            problems.push(around.problem(path, message));
        }
        url.map(|url| url.url("/auth"))
    }

    fn identity(&self, headers: &Headers, path: &KeyPath, problems: &mut Vec<Problem>) -> IdentityHeaders {
        let Some(given) = &self.identity_headers else {
            let groups = Told::Label("groups".to_owned());
            return IdentityHeaders::new(vec![(ACCOUNT_HEADER, Told::Account), (GROUPS_HEADER, groups)]);
        };
        let mut read = Vec::new();
        for (name, told) in &given.value {
            let problem = |message: String| Problem::new(given.location.clone(), path.key(name), message);
            match HeaderName::from_bytes(name.as_bytes()) {
                Ok(name) if headers.counts(&name) => {
                    problems.push(problem(
                        "the gate reads this header: the registry is told of who came in another".to_owned(),
                    ));
                }
                Ok(taken) if TAKEN.contains(&taken.as_str()) => {
                    problems.push(problem("this header says something else in an answer".to_owned()));
                }
                Ok(twice) if read.iter().any(|(name, _)| *name == twice) => {
                    problems.push(problem(
                        "this header is there already: small letters or not, it is one".to_owned(),
                    ));
                }
                // Registries and what stands between leave such headers out, and take the client's own.
                Ok(name) if name.as_str().contains('_') => problems.push(problem(NO_NAME.to_owned())),
                Ok(name) if told == ACCOUNT => read.push((name, Told::Account)),
                Ok(name) => read.push((name, Told::Label(told.clone()))),
                Err(_) => problems.push(problem(NO_NAME.to_owned())),
            }
        }
        if read.len() > MOST_IDENTITY_HEADERS {
            let message = format!("more than {MOST_IDENTITY_HEADERS} headers");
            problems.push(Problem::new(given.location.clone(), path.clone(), message));
        }
        IdentityHeaders::new(read)
    }
}

/// Whether a secret can be sent in a header, and is none that anybody guesses.
fn sound(secret: &SecretString) -> Result<(), String> {
    let secret = secret.expose_secret();
    if secret.len() < SHORTEST_SECRET {
        return Err(format!("shorter than {SHORTEST_SECRET} characters: {HOW_TO_MAKE_ONE}"));
    }
    if secret.len() > LONGEST_SECRET || !secret.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(format!(
            "a secret that goes into a header is at most {LONGEST_SECRET} letters, digits and signs: {HOW_TO_MAKE_ONE}"
        ));
    }
    Ok(())
}
