//! Debian's clients of directories: `ldapsearch`, `ldapwhoami`, `ldapmodify`.

use std::path::{Path, PathBuf};
use std::process::Command;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::components;
use crate::harness::command::{self, Outcome};
use crate::harness::logs::Logs;

/// A client that trusts one authority, and knows nothing of the machine's settings.
#[derive(Clone)]
pub(crate) struct Ldap {
    uri: String,
    dir: PathBuf,
    environment: Vec<(&'static str, PathBuf)>,
    options: Vec<String>,
    launcher: Vec<String>,
    logs: Logs,
}

impl Ldap {
    /// For the server at `uri`; the outputs of its commands are kept in `dir`.
    pub(crate) fn new(uri: String, authority: &Path, dir: &Path, logs: Logs) -> Self {
        let environment = vec![("LDAPTLS_CACERT", authority.to_owned())];
        Self { uri, dir: dir.to_owned(), environment, options: Vec::new(), launcher: Vec::new(), logs }
    }

    /// With further options of the commands: `-ZZ` for `StartTLS`, `-e ppolicy` for the control.
    pub(crate) fn with(mut self, options: &[&str]) -> Self {
        self.options.extend(options.iter().map(|option| (*option).to_owned()));
        self
    }

    /// With a certificate of its own.
    pub(crate) fn showing(mut self, pair: &super::authority::Pair) -> Self {
        self.environment.push(("LDAPTLS_CERT", pair.certificate.clone()));
        self.environment.push(("LDAPTLS_KEY", pair.key.clone()));
        self
    }

    /// Where a name server is asked.
    pub(crate) fn asking(mut self, dns: &super::dns::Dns) -> Self {
        self.launcher = dns.launcher();
        self
    }

    /// As somebody; both empty is nobody.
    pub(crate) fn bound(self, name: &str, password: &str) -> Self {
        self.with(&["-D", name, "-w", password])
    }

    /// Who the server says it is.
    pub(crate) fn whoami(&self) -> Outcome {
        self.run("ldapwhoami", &[])
    }

    /// Entries below `base`, one value in a line.
    pub(crate) fn search(&self, base: &str, filter: &str, attributes: &[&str]) -> Outcome {
        let words = ["-LLL", "-o", "ldif-wrap=no", "-b", base, filter];
        self.run("ldapsearch", &[&words, attributes].concat())
    }

    /// Adds entries, or does what each `changetype` says.
    pub(crate) fn modify(&self, ldif: &Path) -> Outcome {
        self.run("ldapmodify", &["-a", "-f", ldif.to_str().unwrap()])
    }

    fn run(&self, program: &str, words: &[&str]) -> Outcome {
        let words_before: Vec<&str> = self.launcher.iter().map(String::as_str).chain([program]).collect();
        let (first, others) = words_before.split_first().unwrap();
        let mut command = Command::new(first);
        command
            .args(others)
            .env_clear()
            .env("PATH", components::path())
            .env("HOME", &self.dir)
            .env("LC_ALL", "C.UTF-8")
            .envs(self.environment.iter().map(|(name, file)| (name, file)))
            .args(["-x", "-H", &self.uri])
            .args(&self.options)
            .args(words);
        command::run(&mut command, &self.dir, &self.logs)
    }
}

/// The values of an attribute in what a search printed, `dn` too.
pub(crate) fn values(outcome: &Outcome, attribute: &str) -> Vec<String> {
    let lines = outcome.stdout.lines().filter_map(|line| line.split_once(':'));
    lines
        .filter(|(name, _)| name.eq_ignore_ascii_case(attribute))
        .map(|(_, value)| match value.strip_prefix(": ") {
            Some(encoded) => String::from_utf8(STANDARD.decode(encoded).unwrap()).unwrap(),
            None => value.trim_start().to_owned(),
        })
        .collect()
}
