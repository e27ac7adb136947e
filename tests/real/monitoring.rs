//! A real Prometheus reads what a server shows, with the rules and for the board of `examples/monitoring`.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use serde_json::Value;

use crate::accounts;
use crate::api::request_token;
use crate::components::{self, PROMETHEUS, PROMTOOL};
use crate::dockgate::PROGRAM;
use crate::harness::command;
use crate::harness::http::{encode, request};
use crate::harness::logs::Logs;
use crate::harness::poll;
use crate::harness::process::Process;
use crate::keys::Key;

const SCRAPED_WITHIN: Duration = Duration::from_secs(60);

fn examples() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/monitoring")
}

#[test]
fn promtool_finds_no_fault() {
    if !components::installed(&[PROMTOOL]) {
        return;
    }
    let dir = tempfile::Builder::new().prefix("dockgate-real-").tempdir().unwrap();
    for arguments in [
        ["check", "rules", "alerts.yml"],
        ["check", "config", "prometheus.yml"],
        ["test", "rules", "alerts_test.yml"],
    ] {
        let mut command = Command::new(PROMTOOL.program);
        command::run(command.args(arguments).current_dir(examples()), dir.path(), &Logs::default())
            .succeeds();
    }
}

/// A server, and where its tokens and its metrics are to be had.
struct Watched {
    tokens: String,
    metrics: String,
    _process: Process,
}

impl Watched {
    /// A server with a door for its metrics, that has refused a configuration and taken up another.
    fn start(dir: &Path) -> Self {
        let files = Key::EcP256.write(dir);
        let [certificate, key] = [files.certificate, files.key].map(|file| file.display().to_string());
        let config = |port: u16, expiration: u32| {
            format!(
                "server: {{addr: \"127.0.0.1:{port}\", metrics: {{addr: \"127.0.0.1:0\"}}}}\n\
                 token: {{issuer: a, expiration: {expiration}, certificate: \"{certificate}\", key: \"{key}\", services: {{listed: {{}}}}}}\n\
                 audit: {{to: \"{}\"}}\nstore: {{file: \"{}\"}}\n{}",
                dir.join("audit.log").display(),
                dir.join("store").display(),
                accounts::users_and_acl()
            )
        };
        let file = dir.join("auth.yml");
        let (process, port) = Process::listening("listening for those who watch", |port| {
            fs::write(&file, config(port, 900)).unwrap();
            Process::start(Command::new(PROGRAM).arg(&file), dir, "dockgate")
        });
        let says = |text: &str| poll(SCRAPED_WITHIN, || process.log().contains(text).then_some(())).unwrap();
        fs::write(&file, "nothing").unwrap();
        says("configuration not reloaded");
        fs::write(&file, config(port, 600)).unwrap();
        says("configuration reloaded");
        let log = process.log();
        let (_, after) = log.split_once("listening for those who watch address=").unwrap();
        let metrics = after.split_whitespace().next().unwrap().to_owned();
        Self { tokens: format!("127.0.0.1:{port}"), metrics, _process: process }
    }
}

/// Prometheus with the example's files, which look at this server, and often.
fn prometheus(dir: &Path, target: &str) -> (Process, String) {
    let config = fs::read_to_string(examples().join("prometheus.yml")).unwrap();
    let config = config.replace("127.0.0.1:9101", target).replace(": 15s", ": 1s");
    assert!(config.contains(target) && config.matches(": 1s").count() == 2, "{config}");
    fs::write(dir.join("prometheus.yml"), config).unwrap();
    fs::copy(examples().join("alerts.yml"), dir.join("alerts.yml")).unwrap();
    let (process, port) = Process::listening("ready to receive web requests", |port| {
        let mut command = Command::new(PROMETHEUS.program);
        command.args(["--config.file=prometheus.yml", "--storage.tsdb.path=data"]);
        command.arg(format!("--web.listen-address=127.0.0.1:{port}"));
        Process::start(&mut command, dir, "prometheus")
    });
    (process, format!("127.0.0.1:{port}"))
}

fn ask(prometheus: &str, expression: &str) -> Value {
    request("GET", prometheus, &format!("/api/v1/query?query={}", encode(expression)), None).json()
}

/// Every expression of the board, with its variables as Grafana fills them in.
fn board() -> Vec<String> {
    fn all(value: &Value, found: &mut Vec<String>) {
        match value {
            Value::Object(fields) => {
                found.extend(fields.get("expr").and_then(Value::as_str).map(str::to_owned));
                fields.values().for_each(|value| all(value, found));
            }
            Value::Array(items) => items.iter().for_each(|item| all(item, found)),
            _ => {}
        }
    }
    let board = fs::read_to_string(examples().join("dashboard.json")).unwrap();
    let mut found = Vec::new();
    all(&serde_json::from_str(&board).unwrap(), &mut found);
    let filled = |expression: String| {
        expression.replace("$__rate_interval", "1m").replace("$job", "dockgate").replace("$instance", ".*")
    };
    found.into_iter().map(filled).collect()
}

#[test]
fn prometheus_answers_what_the_board_and_the_rules_ask() {
    if !components::installed(&[PROMETHEUS]) {
        return;
    }
    let dir = tempfile::Builder::new().prefix("dockgate-real-").tempdir().unwrap();
    let watched = Watched::start(dir.path());
    let (_process, prometheus) = prometheus(dir.path(), &watched.metrics);
    let work = || {
        for account in [None, Some(&accounts::ALICE)] {
            request_token(&watched.tokens, "listed", "repository:alice/a:pull", account);
        }
    };
    // Some expressions have no answer before a counter was seen to grow.
    let expressions: Vec<String> =
        board().into_iter().filter(|expression| !expression.contains("changes(")).collect();
    assert!(expressions.len() >= 30, "{}", expressions.len());
    let mut silent = expressions;
    let answered = poll(SCRAPED_WITHIN, || {
        work();
        silent.retain(|expression| {
            let answer = ask(&prometheus, expression);
            assert_eq!(answer["status"], "success", "{expression}: {answer}");
            answer["data"]["result"].as_array().unwrap().is_empty()
        });
        silent.is_empty().then_some(())
    });
    assert!(answered.is_some(), "no answer to {silent:#?}");
    // Everything that the server shows was taken, nothing was left out.
    let scraped = ask(&prometheus, "scrape_samples_scraped");
    let samples: usize = scraped["data"]["result"][0]["value"][1].as_str().unwrap().parse().unwrap();
    let shown = request("GET", &watched.metrics, "/metrics", None).body;
    assert_eq!(shown.lines().filter(|line| !line.starts_with('#')).count(), samples, "{shown}");

    let rules = request("GET", &prometheus, "/api/v1/rules", None).json();
    let rules = rules["data"]["groups"][0]["rules"].as_array().unwrap().clone();
    assert!(rules.len() >= 10, "{rules:?}");
    for rule in rules {
        assert_eq!((&rule["health"], &rule["state"]), (&"ok".into(), &"inactive".into()), "{rule}");
        let answer = ask(&prometheus, rule["query"].as_str().unwrap());
        assert_eq!(answer["status"], "success", "{answer}");
    }
}
