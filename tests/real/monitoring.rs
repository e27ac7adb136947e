//! A real Prometheus reads what a server shows, with the rules and for the board of `examples/monitoring`.

use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use ::dockgate::Backends;
use ::dockgate::http::{self, Routes};
use ::dockgate::metrics::{Connections, Reload, Reloads};
use ::dockgate::net::{self, Listener};
use ::dockgate::outside::Outside;
use ::dockgate::state::{self, Lasting};
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use serde_json::Value;

use crate::accounts;
use crate::api::request_token;
use crate::components::{self, PROMETHEUS, PROMTOOL};
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
    _runtime: tokio::runtime::Runtime,
}

impl Watched {
    /// The server's own routes, with the metrics on a listener of this test's.
    fn start(dir: &Path) -> Self {
        let files = Key::EcP256.write(dir);
        let [certificate, key] = [files.certificate, files.key].map(|file| file.display().to_string());
        let config = format!(
            "server: {{addr: \"127.0.0.1:0\"}}\n\
             token: {{issuer: a, expiration: 900, certificate: \"{certificate}\", key: \"{key}\", services: {{listed: {{}}}}}}\n\
             audit: {{to: \"{}\"}}\n{}",
            dir.join("audit.log").display(),
            accounts::users_and_acl()
        );
        fs::write(dir.join("auth.yml"), config).unwrap();
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let (tokens, metrics) = runtime.block_on(async {
            let outside = Outside::real();
            let loaded =
                state::load(&dir.join("auth.yml"), &Backends::builtin(), &outside, &Lasting::default());
            let state = Arc::new(loaded.map_err(|problems| format!("{problems:?}")).unwrap().state);
            state.review_keys();
            let reloads = Reloads::new(&outside.metrics);
            reloads.started("0123456789abcdef", outside.clock.now());
            reloads.ended(Reload::Refused, "0123456789abcdef", outside.clock.now());
            reloads.ended(Reload::Taken, "fedcba9876543210", outside.clock.now());
            let _open = Connections::new(outside.metrics.as_ref()).opened();
            let listener = Listener::bind(state.server().net, &state.server().addr).await.unwrap();
            let Listener::Tcp(tcp) = &listener else { panic!("no TCP") };
            let tokens = tcp.local_addr().unwrap();
            let limits = state.limits().clone();
            tokio::spawn(net::serve(listener, Routes::new(state), None, limits, std::future::pending()));
            (tokens, show(outside).await)
        });
        Self { tokens: tokens.to_string(), metrics: metrics.to_string(), _runtime: runtime }
    }
}

/// Serves nothing but the metrics.
async fn show(outside: Outside) -> SocketAddr {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let metrics = Arc::clone(&outside.metrics);
            let answer = service_fn(move |_| {
                let answer = http::metrics::text(&metrics);
                async move { Ok::<_, std::convert::Infallible>(answer) }
            });
            tokio::spawn(
                hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), answer),
            );
        }
    });
    address
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
