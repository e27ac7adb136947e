//! The configuration file: parse, then validate; every message begins with `FILE:LINE:COLUMN`.
//!
//! A file is read into a tree of located nodes ([`Source`]), its sections are decoded one by one ([`Sections`]), and
//! the chains are read from the tree ([`links`]). Nothing stops at the first problem.

pub mod audit;
pub mod env;
pub mod forward_auth;
mod include;
pub mod later;
pub mod links;
pub mod lockout;
pub mod log;
pub mod login;
mod origin;
pub mod outbound;
pub mod passwords;
pub mod schema;
pub mod server;
mod text;
pub mod token;
pub mod yaml;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use dockgate_api::Dialect;
use dockgate_api::config::{KeyPath, Location, Node, Problem, Value};
use serde::de::DeserializeOwned;

use crate::backends::Backends;
use audit::AuditConfig;
use links::ChainKind;
use lockout::LockoutConfig;
use log::LogConfig;
use login::LoginConfig;
use origin::Origin;
use outbound::OutboundConfig;
use passwords::PasswordsConfig;
use server::ServerConfig;
use token::TokenConfig;

/// The sections beside the chains.
const SECTIONS: [&str; 11] = [
    "server",
    "token",
    "log",
    "audit",
    "passwords",
    "lockout",
    "login",
    "forward_auth",
    "outbound",
    "store",
    "acl_version",
];

/// A configuration file, read but not understood.
#[derive(Debug)]
pub struct Source {
    /// The whole file.
    pub root: Node,
    /// Where the file is.
    pub directory: PathBuf,
    /// What was wrong with the file before anybody looked at its meaning: keys that stand twice, includes, and values
    /// of the environment that are not there.
    pub problems: Vec<Problem>,
    /// How many of them the environment is not to blame for; those come first.
    structural: usize,
    /// The file itself, those that it includes, and the directories where further ones may appear.
    pub files: Vec<PathBuf>,
    /// Names this configuration in logs, metrics and answers: 16 hexadecimal digits that depend on nothing but the texts
    /// of its files.
    pub hash: Arc<str>,
}

impl Source {
    /// Reads a file, the rules that it includes, and resolves `${env:NAME}`.
    ///
    /// # Errors
    /// Why it cannot be read, or where it is no YAML.
    pub fn read(file: &Path, lookup: env::Lookup<'_>) -> Result<Self, Vec<Problem>> {
        let name = file.display().to_string();
        let text = text::read(file).map_err(|(line, message)| {
            vec![Problem::new(Location::new(name.as_str(), line, 1), KeyPath::root(), message)]
        })?;
        let directory = file.parent().filter(|parent| !parent.as_os_str().is_empty());
        let mut source = Self::parse(&name, &text, directory.unwrap_or(Path::new(".")), lookup)?;
        source.files.insert(0, file.to_path_buf());
        Ok(source)
    }

    /// The same from text.
    ///
    /// # Errors
    /// Where the text is no YAML.
    pub fn parse(
        name: &str,
        text: &str,
        directory: &Path,
        lookup: env::Lookup<'_>,
    ) -> Result<Self, Vec<Problem>> {
        let mut problems = Vec::new();
        let mut root = yaml::parse(name, text, &mut problems).map_err(|problem| vec![problem])?;
        if !matches!(root.value, Value::Mapping(_)) {
            let message =
                format!("expected sections such as `server:` and `token:`, found {}", root.describe());
            return Err(vec![Problem::new(root.location, KeyPath::root(), message)]);
        }
        let mut origin = Origin::new();
        origin.holds(text);
        include::expand(&mut root, directory, &mut origin, &mut problems);
        let structural = problems.len();
        env::substitute(&mut root, &KeyPath::root(), lookup, &mut problems);
        let (files, hash) = origin.finish();
        Ok(Self { root, directory: directory.to_path_buf(), problems, structural, files, hash })
    }

    /// Whether a problem is of the file itself, wherever it is looked at.
    pub fn is_structural(&self, problem: &Problem) -> bool {
        self.problems.iter().take(self.structural).any(|own| own == problem)
    }

    /// Whether a file name is relative to the file's directory, as in explicit chains, or to the working directory,
    /// as in docker_auth.
    pub fn dialect(&self) -> Dialect {
        let listed =
            [ChainKind::Authn, ChainKind::Authz].iter().any(|kind| self.root.get(kind.list_key()).is_some());
        if listed { Dialect::Native } else { Dialect::DockerAuth }
    }

    /// Where a file that a section names is.
    pub fn resolve(&self, path: &Path) -> PathBuf {
        match self.dialect() {
            Dialect::DockerAuth => path.to_path_buf(),
            Dialect::Native => self.directory.join(path),
        }
    }
}

/// The keys that a section cannot do without: empty, they are mistakes and not absent.
const NEEDED: [&str; 3] = ["addr", "issuer", "expiration"];

/// Keys of `server` that look like sections of their own.
const OF_SERVER: [&str; 8] =
    ["listeners", "metrics", "admin", "cors", "limits", "shutdown_delay", "letsencrypt", "acme"];

/// The sections beside the chains, decoded and validated. One that is at fault is absent.
#[derive(Debug, Default)]
pub struct Sections {
    /// `server`.
    pub server: Option<ServerConfig>,
    /// `token`.
    pub token: Option<TokenConfig>,
    /// `log`.
    pub log: LogConfig,
    /// `audit`.
    pub audit: AuditConfig,
    /// `passwords`.
    pub passwords: PasswordsConfig,
    /// `lockout`.
    pub lockout: LockoutConfig,
    /// `login`.
    pub login: LoginConfig,
    /// `outbound`.
    pub outbound: OutboundConfig,
    /// `acl_version`: whether flat `acl` patterns mean what they mean in explicit chains.
    pub acl_version: AclVersion,
}

/// Whose patterns a flat `acl` holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum AclVersion {
    /// docker_auth's.
    #[default]
    DockerAuth,
    /// Ours.
    Native,
}

impl Sections {
    /// Decodes the sections of a file. Problems and warnings go to the lists.
    pub fn read(
        source: &Source,
        backends: &Backends,
        problems: &mut Vec<Problem>,
        warnings: &mut Vec<Problem>,
    ) -> Self {
        problems.extend(source.problems.iter().cloned());
        refuse_unknown_keys(&source.root, backends, problems);
        let server: Option<ServerConfig> = required(source, "server", &later::SERVER, problems);
        let token: Option<TokenConfig> = required(source, "token", &[], problems);
        if let Some(server) = &server {
            server.validate(&KeyPath::root().key("server"), problems, warnings);
        }
        if let Some(token) = &token {
            let path = KeyPath::root().key("token");
            token.validate(&path, problems, warnings);
            if let Some(section) = source.root.get("token") {
                token::validate_names(token, &section.value, &path, problems, warnings);
            }
        }
        let log = optional(source, "log", problems);
        let audit: AuditConfig = optional(source, "audit", problems);
        audit.validate(&KeyPath::root().key("audit"), problems);
        let passwords = optional(source, "passwords", problems);
        let lockout: LockoutConfig = optional(source, "lockout", problems);
        lockout.validate(&KeyPath::root().key("lockout"), problems, warnings);
        let login: LoginConfig = optional(source, "login", problems);
        let prefix = server.as_ref().map_or("", ServerConfig::prefix);
        login.validate(prefix, &KeyPath::root().key("login"), problems, warnings);
        let outbound = optional(source, "outbound", problems);
        let acl_version = match optional::<Option<u32>>(source, "acl_version", problems) {
            None | Some(1) => AclVersion::DockerAuth,
            Some(2) => AclVersion::Native,
            Some(other) => {
                let place = source
                    .root
                    .get("acl_version")
                    .map_or(&source.root.location, |entry| &entry.value.location);
                let message = format!("`{other}` is no version: 1 is docker_auth's patterns, 2 is ours");
                problems.push(Problem::new(place.clone(), KeyPath::root().key("acl_version"), message));
                AclVersion::DockerAuth
            }
        };
        Self { server, token, log, audit, passwords, lockout, login, outbound, acl_version }
    }
}

fn refuse_unknown_keys(root: &Node, backends: &Backends, problems: &mut Vec<Problem>) {
    let path = KeyPath::root();
    let chains = [ChainKind::Authn, ChainKind::Authz];
    let mut known: Vec<&str> = SECTIONS.to_vec();
    known.extend(chains.iter().map(|kind| kind.list_key()));
    known.extend(chains.iter().flat_map(|kind| kind.flat_keys()));
    for entry in root.entries().unwrap_or_default() {
        let key = entry.key.text.as_ref();
        let in_build = backends.authenticators().contains(key) || backends.authorizers().contains(key);
        let flat = chains.iter().any(|kind| kind.flat_keys().contains(&key));
        if key.starts_with("x-")
            || (flat && (in_build || entry.value.is_null()))
            || (known.contains(&key) && !flat)
        {
            continue;
        }
        let problem = if in_build {
            let list = if backends.authenticators().contains(key) { "authn" } else { "authz" };
            let message = format!("`{key}` stands only in a list: write `{list}: [{{{key}: …}}]`");
            Problem::new(entry.key.location.clone(), path.key(key), message)
        } else if let Some(message) = later::backend(key) {
            Problem::new(entry.key.location.clone(), path.key(key), message)
        } else if OF_SERVER.contains(&key) {
            let message = format!("`{key}` stands in `server`: move it there");
            Problem::new(entry.key.location.clone(), path.key(key), message)
        } else {
            Problem::unknown_key(&entry.key, &path, &known)
        };
        problems.push(problem);
    }
}

fn required<T: DeserializeOwned>(
    source: &Source,
    key: &str,
    later_keys: &[&str],
    problems: &mut Vec<Problem>,
) -> Option<T> {
    let path = KeyPath::root().key(key);
    let Some(entry) = source.root.get(key) else {
        let message = format!("the section `{key}:` is missing");
        problems.push(Problem::new(source.root.location.clone(), KeyPath::root(), message));
        return None;
    };
    let mut section = entry.value.clone();
    later::refuse(&mut section, &path, later_keys, problems);
    later::drop_empty(&mut section, &NEEDED);
    // What is wrong with one key hides nothing that is wrong with another.
    let (decoded, mut found) = section.decode_sound_parts(&path);
    problems.append(&mut found);
    decoded
}

fn optional<T: DeserializeOwned + Default>(source: &Source, key: &str, problems: &mut Vec<Problem>) -> T {
    match source.root.get(key).filter(|entry| !entry.value.is_null()) {
        None => T::default(),
        Some(entry) => entry
            .value
            .decode(&KeyPath::root().key(key))
            .map_err(|mut found| problems.append(&mut found))
            .unwrap_or_default(),
    }
}
