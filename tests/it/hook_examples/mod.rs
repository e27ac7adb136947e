//! The programs of `examples/hooks`, under the shells and the interpreter that people have, with the questions that the
//! server asks.
//!
//! A missing interpreter fails these tests: they prove nothing without.

mod api;
mod one_shot;
mod passwords;
mod served;
pub(crate) mod web;
mod worker;

use std::path::{Path, PathBuf};
use std::process::Command;

use dockgate_api::secrecy::SecretString;
use dockgate_api::{
    AccessRequest, Credential, Decision, Granted, Identity, LabelValue, Labels, Login, Resource,
};
use dockgate_hooks::{Question, Reply, read_granted, read_identity};
use serde_json::Value;

use crate::process::{Ended, now, run_with_input};

/// What people have as `/bin/sh`.
const SHELLS: [&str; 2] = ["dash", "bash"];

fn file(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/hooks").join(name)
}

/// A program of this machine, found here: what is run has no environment, as in the lists.
fn program(name: &str) -> Command {
    let found = std::env::split_paths(&std::env::var_os("PATH").unwrap_or_default())
        .map(|directory| directory.join(name))
        .find(|path| path.is_file());
    let mut command = Command::new(found.unwrap_or_else(|| panic!("{name} is missing: `make components`")));
    command.env_clear();
    command
}

/// Not by the name: where that is a script of a version manager, it needs an environment.
fn python(script: &str) -> Command {
    let asked =
        std::process::Command::new("python3").args(["-c", "import sys; print(sys.executable)"]).output();
    let asked = asked.unwrap_or_else(|error| panic!("python3 is missing, `make components`: {error}"));
    let mut command = Command::new(String::from_utf8(asked.stdout).unwrap().trim());
    command.env_clear().arg("-I").arg(file(script));
    command
}

fn who(account: &str, password: &str) -> Question {
    Question::who(&login(account), &SecretString::from(password))
}

fn login(account: &str) -> Login {
    Login::new(account, Credential::None).for_service("registry.example.com")
}

/// Somebody who wants to do something, with labels.
struct Asked {
    identity: Identity,
    resource: Resource,
    actions: dockgate_api::ActionSet,
}

impl Asked {
    fn new(account: &str, name: &str, actions: &[&str]) -> Self {
        Self {
            identity: Identity::new(account),
            resource: Resource::repository(name),
            actions: actions.iter().copied().collect(),
        }
    }

    fn with_label(mut self, label: &str, value: &str) -> Self {
        let mut labels = Labels::new();
        labels.add(label, LabelValue::Literal(value.into()));
        self.identity = self.identity.with_labels(labels);
        self
    }

    fn catalog(account: &str) -> Self {
        let mut asked = Self::new(account, "catalog", &["*"]);
        asked.resource.kind = "registry".into();
        asked
    }

    fn request(&self) -> AccessRequest<'_> {
        AccessRequest::new(&self.identity, "registry.example.com", &self.resource, &self.actions)
    }

    fn question(&self) -> Question {
        Question::what(&self.request())
    }

    fn read(&self, answer: &str) -> Reply<Granted> {
        read_granted(answer.as_bytes(), &self.request(), now(), "the example")
            .unwrap_or_else(|error| panic!("{error}: {answer}"))
    }
}

fn read_who(account: &str, answer: &str) -> Reply<Identity> {
    read_identity(answer.as_bytes(), &login(account), now())
        .unwrap_or_else(|error| panic!("{error}: {answer}"))
}

/// `allow`, `deny` or `no_match`.
fn word<T>(reply: &Reply<T>) -> &'static str {
    match reply.decision {
        Decision::Allow(_) => "allow",
        Decision::Deny(_) => "deny",
        Decision::NoMatch => "no_match",
    }
}

/// Asks a program that is started for the question, under `protocol: json`.
fn asked(command: &mut Command, question: &Question) -> String {
    let ended = run_with_input(command, question.as_json().as_bytes());
    assert_eq!((ended.code, ended.stderr.as_str()), (Some(0), ""), "{command:?}: {ended:#?}");
    ended.stdout
}

/// It says what is wrong, and neither yes nor no.
#[track_caller]
fn is_an_error(ended: &Ended) {
    assert!(!ended.stderr.is_empty(), "{ended:#?}");
    assert_eq!(ended.stdout, "", "{ended:#?}");
    assert!(!matches!(ended.code, None | Some(0 | 2)), "{ended:#?}");
}

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

/// A script that cannot be started is a mistake in whatever configuration names it.
#[test]
fn they_can_be_started_as_they_are_and_are_told_of() {
    use std::os::unix::fs::PermissionsExt as _;
    let readme = std::fs::read_to_string(file("README.md")).unwrap();
    let mut found = 0;
    for entry in std::fs::read_dir(file("")).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap();
        if name == "README.md" {
            continue;
        }
        found += 1;
        assert!(readme.contains(&format!("[{name}]({name})")), "{name} is not in the README");
        let text = std::fs::read_to_string(&path).unwrap();
        if Path::new(name).extension().is_none_or(|extension| extension != "rs") {
            assert!(text.starts_with("#!/"), "{name}");
            assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o755, "{name}");
        }
        assert!(
            ["ext_auth", "ext_authz", "http_auth", "http_authz"]
                .iter()
                .any(|key| { text.lines().take(12).any(|line| line.contains(&format!("{key}:"))) }),
            "{name}: its first lines say how it is configured"
        );
    }
    assert!(found >= 8, "only {found} programs");
}
