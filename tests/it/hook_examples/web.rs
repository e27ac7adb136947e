//! `web_hook.py` and `web_hook_signed.py`, asked over HTTP.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::UNIX_EPOCH;

use aws_lc_rs::{digest, hmac};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use data_encoding::HEXLOWER;
use dockgate_hooks::Question;

use super::{Asked, python, read_who, who, word};
use crate::process::{Address, Response, now, run_with_input};

/// One that runs as long as this value lives.
pub(crate) struct Hook {
    child: Child,
    address: Address,
}

impl Hook {
    /// Serves a script with its files, on a free port.
    pub(crate) fn start(script: &str, files: &[&Path]) -> Self {
        let mut command = python(script);
        // What it logs of requests is of no interest, and would fill a pipe that nobody reads.
        let mut child =
            command.arg("0").args(files).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let address = line.trim().strip_prefix("listening on http://").and_then(|url| url.strip_suffix('/'));
        let address = address.unwrap_or_else(|| panic!("{line:?}")).parse().unwrap();
        Self { child, address: Address::Tcp(address) }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://127.0.0.1:{}/", self.address.port())
    }

    pub(crate) fn post(&self, headers: &[(&str, &str)], body: &[u8]) -> Response {
        self.address.request("POST", "/", headers, body)
    }

    fn ask(&self, question: &Question) -> String {
        let answer = self.post(&[("Content-Type", "application/json")], question.as_json().as_bytes());
        assert_eq!(answer.status, 200, "{answer:?}");
        assert_eq!(answer.header("content-type"), Some("application/json"));
        answer.body
    }
}

impl Drop for Hook {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The file of `web_hook.py`, with one robot.
pub(crate) fn robots_file(token: &str) -> String {
    let digest = digest::digest(&digest::SHA256, token.as_bytes());
    format!("{{\"ci-web\": \"{}\"}}", HEXLOWER.encode(digest.as_ref()))
}

#[test]
fn a_web_hook_in_twenty_lines() {
    let directory = tempfile::tempdir().unwrap();
    let robots = directory.path().join("robots.json");
    std::fs::write(&robots, robots_file("a long token")).unwrap();
    let hook = Hook::start("web_hook.py", &[&robots]);
    for (account, password, expected) in [
        ("ci-web", "a long token", "allow"),
        ("ci-web", "a long tokem", "deny"),
        ("ci-web", "", "deny"),
        ("ci-mobile", "a long token", "no_match"),
        ("", "", "no_match"),
    ] {
        assert_eq!(
            word(&read_who(account, &hook.ask(&who(account, password)))),
            expected,
            "{account} {password}"
        );
    }
    for (case, expected) in [
        (Asked::new("ci-web", "web/app", &["pull", "push"]), "allow"),
        (Asked::new("ci-web", "webs/app", &["pull"]), "no_match"),
        (Asked::new("web", "web/app", &["pull"]), "no_match"),
        (Asked::catalog("ci-catalog"), "no_match"),
    ] {
        assert_eq!(word(&case.read(&hook.ask(&case.question()))), expected, "{}", case.resource.name);
    }
    // The page counts its lines: those that are no explanation.
    let source = std::fs::read_to_string(super::file("web_hook.py")).unwrap();
    let program = source.split("import sys\n").nth(1).unwrap().split("if __name__").next().unwrap();
    let lines = program.lines().filter(|line| !line.trim().is_empty()).count();
    assert!(lines <= 24, "{lines} lines");
}

/// A key of requests.
pub(crate) const KEY: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

fn signature(key: &str, id: &str, timestamp: u64, body: &str) -> String {
    let key = STANDARD.decode(key.strip_prefix("whsec_").unwrap()).unwrap();
    let key = hmac::Key::new(hmac::HMAC_SHA256, &key);
    format!("v1,{}", STANDARD.encode(hmac::sign(&key, format!("{id}.{timestamp}.{body}").as_bytes())))
}

#[test]
fn a_web_hook_that_answers_its_own_server_only() {
    let directory = tempfile::tempdir().unwrap();
    let (key, frozen) = (directory.path().join("hook.key"), directory.path().join("frozen.txt"));
    std::fs::write(&key, format!("{KEY}\n")).unwrap();
    std::fs::write(&frozen, "team/app\nteam/other\n").unwrap();
    let hook = Hook::start("web_hook_signed.py", &[&key, &frozen]);
    let now = now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    let signed = |body: &str, timestamp: u64, signature: &str| {
        let timestamp = timestamp.to_string();
        let headers =
            [("webhook-id", "msg_1"), ("webhook-timestamp", &*timestamp), ("webhook-signature", signature)];
        hook.post(&headers, body.as_bytes())
    };
    for (case, expected) in [
        (Asked::new("alice", "team/app", &["pull", "push"]), "deny"),
        (Asked::new("alice", "team/app", &["delete"]), "deny"),
        (Asked::new("alice", "team/app", &["pull"]), "no_match"),
        (Asked::new("alice", "team/free", &["pull", "push"]), "no_match"),
    ] {
        let body = case.question();
        let answer = signed(body.as_json(), now, &signature(KEY, "msg_1", now, body.as_json()));
        assert_eq!(answer.status, 200, "{answer:?}");
        assert_eq!(word(&case.read(&answer.body)), expected, "{}", case.resource.name);
    }

    let question = Asked::new("alice", "team/app", &["pull"]).question();
    let body = question.as_json();
    let right = signature(KEY, "msg_1", now, body);
    let other = signature("whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", "msg_1", now, body);
    assert_eq!(signed(body, now, &format!("{other} {right}")).status, 200, "while keys change");
    let later = now + 301;
    for (body, timestamp, signature) in [
        (body, now, other.as_str()),
        (body, now, ""),
        (body, now, "v1,"),
        (body, now, &right["v1,".len()..]),
        (body, now, &right.replacen("v1", "v1a", 1)),
        (&body.replace("pull", "push"), now, &right),
        (body, now + 1, &right),
        (body, now - 400, &signature(KEY, "msg_1", now - 400, body)),
        // A second may have passed since.
        (body, later + 60, &signature(KEY, "msg_1", later + 60, body)),
        (body, now, &signature(KEY, "msg_2", now, body)),
    ] {
        assert_eq!(signed(body, timestamp, signature).status, 401, "{timestamp} {signature} {body}");
    }
    assert_eq!(hook.post(&[], body.as_bytes()).status, 401);
    assert_eq!(hook.post(&[("webhook-timestamp", "²")], body.as_bytes()).status, 401);
}

/// The example of the specification's own libraries.
#[test]
fn the_signature_is_that_of_standard_webhooks() {
    const BODY: &str = r#"{"test": 2432232314}"#;
    const SIGNATURE: &str = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";
    let verifies = r#"
import base64, runpy, sys
is_signed = runpy.run_path(sys.argv[1])["is_signed"]
headers = {"webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek", "webhook-timestamp": "1614265330", "webhook-signature": sys.argv[2]}
print(is_signed(base64.b64decode(sys.argv[3]), headers, sys.argv[4].encode(), 1614265331))
"#;
    let key = KEY.strip_prefix("whsec_").unwrap();
    for (signature, expected) in [(SIGNATURE, "True\n"), ("v1,g0hM9SsE", "False\n")] {
        let mut command = Command::new(python("web_hook_signed.py").get_program());
        command.args(["-I", "-"]).arg(super::file("web_hook_signed.py")).args([signature, key, BODY]);
        let ended = run_with_input(&mut command, verifies.as_bytes());
        assert_eq!(ended.stdout, expected, "{ended:#?}");
    }
    assert_eq!(signature(KEY, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330, BODY), SIGNATURE);
}
