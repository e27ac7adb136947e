//! `ldap_auth` as a user has it: in a server with a file, in its commands, and by itself.
//!
//! A section is JSON, which is YAML too: the same value is a file for the server and a configuration for the backend alone.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use dockgate_api::{
    Answer, Authenticator, BackendError, Configure as _, Credential, Decision, Identity, Login,
};
use dockgate_ldap::LdapAuthConfig;
use dockgate_testkit::fakes::{World, call};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::dockgate::PROGRAM;
use crate::harness::command::{self, Outcome};
use crate::harness::http::{Response, request};
use crate::harness::logs::Logs;
use crate::harness::poll;
use crate::harness::process::Process;
use crate::keys::Key;

const WRITTEN_WITHIN: Duration = Duration::from_secs(10);

/// A section with some keys changed or added; those that are null are taken away.
pub(crate) fn with(section: &Value, changes: Value) -> Value {
    let mut section = section.clone();
    for (key, value) in changes.as_object().unwrap() {
        let keys = section.as_object_mut().unwrap();
        match value {
            Value::Null => drop(keys.remove(key)),
            _ => drop(keys.insert(key.clone(), value.clone())),
        }
    }
    section
}

/// A link of `authn`.
pub(crate) fn link(section: &Value) -> Value {
    json!({"ldap_auth": section})
}

/// Everybody who logged in may push and pull below the names of their groups, and pull what is below `all`.
pub(crate) fn rules() -> Value {
    json!([{"acl": [
        {"match": {"name": "${labels:groups}/**"}, "actions": ["pull", "push"]},
        {"match": {"name": "all/**"}, "actions": ["pull"]},
    ]}])
}

/// A server with directories behind it.
pub(crate) struct Gate {
    process: Process,
    pub(crate) host: String,
    port: u16,
    rules: Value,
    // Behind the server: fields drop in order, and it writes into it.
    dir: TempDir,
}

impl Gate {
    /// With these links and [`rules`].
    pub(crate) fn start(links: &[Value]) -> Self {
        Self::deciding(&[], links, rules())
    }

    /// Started by the words of a launcher, such as that of a name server.
    pub(crate) fn start_in(launcher: &[String], links: &[Value]) -> Self {
        Self::deciding(launcher, links, rules())
    }

    /// With other rules.
    pub(crate) fn deciding(launcher: &[String], links: &[Value], rules: Value) -> Self {
        let dir = tempfile::Builder::new().prefix("dockgate-gate-").tempdir().unwrap();
        Key::EcP256.write(dir.path());
        let (process, port) = Process::listening("listening", |port| {
            write(dir.path(), port, links, &rules);
            let words: Vec<&str> = launcher.iter().map(String::as_str).chain([PROGRAM, "gate.yml"]).collect();
            let (first, others) = words.split_first().unwrap();
            Process::start(Command::new(first).args(others), dir.path(), "gate")
        });
        Self { process, host: format!("127.0.0.1:{port}"), port, rules, dir }
    }

    /// What the server answers to somebody who asks for a token to push and pull `repository`.
    pub(crate) fn ask(&self, account: &str, password: &str, repository: &str) -> Response {
        self.ask_for(account, password, &format!("repository:{repository}:pull,push"))
    }

    /// The same for a scope; with an empty one it is a login alone.
    pub(crate) fn ask_for(&self, account: &str, password: &str, scope: &str) -> Response {
        let basic = format!("Basic {}", STANDARD.encode(format!("{account}:{password}")));
        let scope = if scope.is_empty() {
            String::new()
        } else {
            format!("&scope={}", crate::harness::http::encode(scope))
        };
        request("GET", &self.host, &format!("/auth?service=registry{scope}"), Some(&basic))
    }

    /// The status of a login.
    pub(crate) fn log_in(&self, account: &str, password: &str) -> u16 {
        self.ask_for(account, password, "").status
    }

    /// The answer to a login, and the line of the audit log about it.
    pub(crate) fn audited(&self, account: &str, password: &str) -> (Response, Value) {
        let answer = self.ask_for(account, password, "");
        let line = self.line(&answer);
        (answer, line)
    }

    /// The line of the audit log about an answer.
    pub(crate) fn line(&self, answer: &Response) -> Value {
        let id = answer.header("x-request-id").unwrap();
        let line = poll(WRITTEN_WITHIN, || self.audit().into_iter().find(|line| line["request_id"] == id));
        line.unwrap_or_else(|| panic!("no line of the audit log about {answer:?}:\n{}", self.log()))
    }

    /// All lines of the audit log.
    pub(crate) fn audit(&self) -> Vec<Value> {
        let text = fs::read_to_string(self.dir.path().join("audit.log")).unwrap_or_default();
        // The last one may be half written.
        let whole = text.rsplit_once('\n').map_or("", |(whole, _)| whole);
        whole.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    /// What the server says of itself and its backends.
    pub(crate) fn status(&self) -> Outcome {
        self.run(&["status", "gate.yml"])
    }

    /// Has it take up other links.
    pub(crate) fn reload(&self, links: &[Value]) -> Outcome {
        write(self.dir.path(), self.port, links, &self.rules);
        self.run(&["reload", "gate.yml"])
    }

    /// A command of the program about the same file.
    pub(crate) fn run(&self, arguments: &[&str]) -> Outcome {
        command::run(
            Command::new(PROGRAM).args(arguments).current_dir(self.dir.path()),
            self.dir.path(),
            &self.logs(),
        )
    }

    pub(crate) fn log(&self) -> String {
        self.process.log()
    }

    /// Whether a line of the log about an answer holds these words. Like those of the audit log it may be a little late.
    pub(crate) fn logged(&self, answer: &Response, words: &str) -> bool {
        let id = answer.header("x-request-id").unwrap();
        let is_it = |line: &str| line.contains(id) && line.contains(words);
        poll(WRITTEN_WITHIN, || self.log().lines().any(is_it).then_some(())).is_some()
    }

    pub(crate) fn logs(&self) -> Logs {
        Logs(vec![self.process.log_file().to_owned()])
    }

    pub(crate) fn is_running(&mut self) -> bool {
        self.process.is_running()
    }
}

fn write(dir: &Path, port: u16, links: &[Value], rules: &Value) {
    let file = json!({
        "server": {"addr": format!("127.0.0.1:{port}"), "admin": {"socket": dir.join("admin.sock")}},
        "token": {
            "issuer": crate::dockgate::ISSUER,
            "expiration": 300,
            "certificate": "token.crt",
            "key": "token.key",
        },
        "audit": {"to": "./audit.log"},
        "authn": links,
        "authz": rules,
        // What the directory counts is what is tested.
        "lockout": {"enabled": false},
    });
    fs::write(dir.join("gate.yml"), file.to_string()).unwrap();
}

/// `dockgate ldap-test` with a link in a file of its own.
pub(crate) struct LdapTest {
    dir: TempDir,
    file: PathBuf,
}

impl LdapTest {
    pub(crate) fn of(section: &Value) -> Self {
        let dir = tempfile::Builder::new().prefix("dockgate-ldap-test-").tempdir().unwrap();
        Key::EcP256.write(dir.path());
        write(dir.path(), 1, &[link(section)], &rules());
        let file = dir.path().join("gate.yml");
        Self { dir, file }
    }

    /// With a configuration that is there.
    pub(crate) fn with_file(file: &Path) -> Self {
        let dir = tempfile::Builder::new().prefix("dockgate-ldap-test-").tempdir().unwrap();
        Self { dir, file: file.to_owned() }
    }

    /// About somebody, with further options.
    pub(crate) fn about(&self, account: &str, options: &[&str]) -> Outcome {
        self.run(account, None, options)
    }

    /// The same with a login.
    pub(crate) fn logging_in(&self, account: &str, password: &str, options: &[&str]) -> Outcome {
        self.run(account, Some(password), &[options, &["--password-stdin"]].concat())
    }

    fn run(&self, account: &str, password: Option<&str>, options: &[&str]) -> Outcome {
        let input = self.dir.path().join("password");
        fs::write(&input, password.unwrap_or_default()).unwrap();
        // A command of the tests has no input.
        let mut command = Command::new("sh");
        command.args(["-c", "input=$1; shift; exec \"$@\" < \"$input\"", "sh"]).arg(&input);
        command.arg(PROGRAM).arg("ldap-test").arg(&self.file).args(["--account", account]).args(options);
        command::run(&mut command, self.dir.path(), &Logs::default())
    }
}

/// The backend by itself, in the test's own process.
pub(crate) struct Backend {
    pub(crate) authenticator: Arc<dyn Authenticator>,
    /// Holds the tasks that look after its connections.
    pub(crate) world: World,
}

impl Backend {
    /// On the runtime of whoever calls.
    pub(crate) fn of(section: &Value) -> Self {
        let world = World::new();
        let config: LdapAuthConfig = serde_json::from_value(section.clone()).unwrap();
        let built = config.build(&world.build_context());
        Self { authenticator: built.unwrap_or_else(|error| panic!("{error}")), world }
    }

    pub(crate) async fn log_in(&self, account: &str, password: &str) -> Answer<Identity> {
        let login = Login::new(account, Credential::password(password));
        self.authenticator.authenticate(&call(), &login).await
    }

    /// Who it is; a password that is refused is a failure of the test.
    pub(crate) async fn identity(&self, account: &str, password: &str) -> Identity {
        match self.log_in(account, password).await {
            Ok(Decision::Allow(identity)) => identity,
            other => panic!("{account}: {other:?}"),
        }
    }

    /// What went wrong.
    pub(crate) async fn error(&self, account: &str, password: &str) -> BackendError {
        match self.log_in(account, password).await {
            Err(error) => error,
            Ok(decision) => panic!("{account}: {decision:?}"),
        }
    }

    /// The account and the values of a label, in alphabetical order.
    pub(crate) async fn label(&self, account: &str, password: &str, label: &str) -> Vec<String> {
        values(&self.identity(account, password).await, label)
    }
}

/// The values of a label, in alphabetical order.
pub(crate) fn values(identity: &Identity, label: &str) -> Vec<String> {
    let mut values: Vec<String> =
        identity.labels.values(label).iter().map(|value| value.as_str().to_owned()).collect();
    values.sort();
    values
}
