//! `worker.py`: many questions, one process, answers in any order.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, ChildStdin, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use dockgate_api::LabelValue;
use dockgate_hooks::Question;
use serde_json::Value;

use super::{Asked, json, python, read_who, who, word};
use crate::process::{poll, run_with_input};

const PATIENCE: Duration = Duration::from_secs(60);

struct Worker {
    child: Child,
    questions: Option<ChildStdin>,
    answers: Receiver<String>,
}

impl Worker {
    fn start(people: &std::path::Path) -> Self {
        let mut command = python("worker.py");
        command.arg(people).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let (answered, answers) = channel();
        std::thread::spawn(move || lines.map(Result::unwrap).try_for_each(|line| answered.send(line)));
        Self { questions: child.stdin.take(), child, answers }
    }

    /// Puts the id in front, as the server does.
    fn ask(&mut self, id: &str, question: &Question) {
        let document = question.as_json().strip_prefix('{').unwrap();
        self.write(&format!("{{\"id\":\"{id}\",{document}\n"));
    }

    fn write(&mut self, line: &str) {
        self.questions.as_mut().unwrap().write_all(line.as_bytes()).unwrap();
    }

    /// The next answer, with its id taken out.
    fn answer(&self) -> (String, String) {
        let line = self.answers.recv_timeout(PATIENCE).expect("an answer while the worker runs");
        let Value::Object(mut document) = json(&line) else { panic!("{line}") };
        let id = document.remove("id").unwrap();
        (id.as_str().unwrap().to_owned(), Value::Object(document).to_string())
    }

    /// Its code and what it complained of.
    fn ended(mut self) -> (Option<i32>, String) {
        let status = poll(PATIENCE, || self.child.try_wait().unwrap()).expect("it ends");
        let mut said = String::new();
        std::io::Read::read_to_string(&mut self.child.stderr.take().unwrap(), &mut said).unwrap();
        (status.code(), said)
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A file with alice, whose hash `worker.py --hash` makes.
pub(super) fn people(directory: &tempfile::TempDir) -> std::path::PathBuf {
    let hashed = run_with_input(python("worker.py").arg("--hash"), "right wörd\n".as_bytes());
    assert_eq!(hashed.code, Some(0), "{hashed:#?}");
    let mut alice = json(&hashed.stdout);
    alice["teams"] = serde_json::json!(["web"]);
    let path = directory.path().join("people.json");
    std::fs::write(&path, serde_json::json!({"alice": alice, "torn": {}}).to_string()).unwrap();
    path
}

#[test]
fn answers_each_question_under_its_id_while_it_runs() {
    let directory = tempfile::tempdir().unwrap();
    let mut worker = Worker::start(&people(&directory));
    let logins = [
        ("alice", "right wörd", "allow"),
        ("alice", "wrong", "deny"),
        ("bob", "x", "no_match"),
        ("", "", "no_match"),
    ];
    let accesses = [
        (Asked::new("alice", "web/app", &["pull", "push"]).with_label("teams", "web"), "allow"),
        (Asked::new("alice", "web", &["pull"]).with_label("teams", "web"), "no_match"),
        (Asked::new("alice", "webs/app", &["pull"]).with_label("teams", "web"), "no_match"),
        (Asked::new("alice", "web/app", &["pull"]), "no_match"),
        (Asked::catalog("alice").with_label("teams", "catalog"), "no_match"),
    ];
    // The slow ones first, and several times: none waits for another one's answer.
    for round in 0..4 {
        for (number, (account, password, _)) in logins.iter().enumerate() {
            worker.ask(&format!("{round}-login-{number}"), &who(account, password));
        }
        for (number, (case, _)) in accesses.iter().enumerate() {
            worker.ask(&format!("{round}-access-{number}"), &case.question());
        }
    }
    let expected = 4 * (logins.len() + accesses.len());
    let answers: BTreeMap<String, String> = (0..expected).map(|_| worker.answer()).collect();
    assert_eq!(answers.len(), expected, "an id was answered twice");
    for round in 0..4 {
        for (number, (account, _, expected)) in logins.iter().enumerate() {
            let reply = read_who(account, &answers[&format!("{round}-login-{number}")]);
            assert_eq!(word(&reply), *expected, "{account}");
            if let Some(identity) = reply.decision.allowed() {
                assert_eq!(identity.labels.values("teams"), [LabelValue::Literal("web".into())]);
            }
        }
        for (number, (case, expected)) in accesses.iter().enumerate() {
            let reply = case.read(&answers[&format!("{round}-access-{number}")]);
            assert_eq!(word(&reply), *expected, "{}", case.resource.name);
        }
    }
    drop(worker.questions.take());
    assert_eq!(worker.ended(), (Some(0), String::new()));
}

#[test]
fn ends_with_a_word_where_it_cannot_answer() {
    let directory = tempfile::tempdir().unwrap();
    let file = people(&directory);
    let torn = who("torn", "canary-0917");
    let torn = format!("{}\n", torn.as_json().replacen('{', "{\"id\":\"1\",", 1));
    for line in ["{}\n", "not a question\n", "{\"id\": \"1\", \"question\": \"divine\"}\n", &torn] {
        let mut worker = Worker::start(&file);
        worker.write(line);
        assert!(worker.answers.recv_timeout(PATIENCE).is_err(), "{line}");
        let (code, said) = worker.ended();
        assert_eq!(code, Some(1), "{line}");
        assert!(said.starts_with("cannot answer: ") && !said.contains("canary"), "{said}");
    }
}
