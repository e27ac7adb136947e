use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use dockgate_api::secrecy::SecretString;
use dockgate_api::{BackendError, Call, Credential, Health, Login};
use dockgate_hooks::{Limits, Question, Slots};
use dockgate_testkit::fakes::{World, call};
use rustix::process::{Pid, test_kill_process};
use serde_json::Value;
use tempfile::TempDir;

use super::*;
use crate::process::{Children, Environment, Program};
use crate::tests::KEPT;

mod misbehaving;
mod pool;

/// Far beyond what anything here takes.
const PATIENCE: Duration = Duration::from_secs(30);

/// What all scripts begin with: they write down their process ids.
const SHELL: &str = r#"
echo $$ >> "$1/processes"
allow() { id=${1#*\"id\":\"}; printf '{"decision":"allow","id":"%s"}\n' "${id%%\"*}"; }
"#;
const PYTHON: &str = r#"
import json, os, sys, time
directory = sys.argv[1]
def note(name, text):
    with open(os.path.join(directory, name), "a") as file:
        file.write(f"{text}\n")
def wait_for(name):
    while not os.path.exists(os.path.join(directory, name)):
        time.sleep(0.002)
def say(text):
    sys.stdout.write(text + "\n")
    sys.stdout.flush()
def allow(question):
    say(json.dumps({"id": question["id"], "decision": "allow", "labels": {"of": [question["account"]]}}))
def questions():
    for line in sys.stdin:
        question = json.loads(line)
        if question["account"] == "warm":
            note("warm", os.getpid())
            allow(question)
        else:
            yield question
note("processes", os.getpid())
"#;

/// Workers that run a script, and what is around them.
struct Crew {
    workers: Workers,
    slots: Arc<Slots>,
    world: World,
    directory: TempDir,
}

impl Crew {
    fn python(number: usize, patience: Duration, script: &str) -> Self {
        Self::new("python3", &[PYTHON, script].concat(), number, patience)
    }

    fn shell(number: usize, patience: Duration, script: &str) -> Self {
        Self::new("sh", &[SHELL, script].concat(), number, patience)
    }

    fn new(interpreter: &str, script: &str, number: usize, patience: Duration) -> Self {
        let world = World::new();
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("script");
        fs::write(&file, script).unwrap();
        let text = |path: &Path| path.display().to_string();
        let program = Program {
            path: "/usr/bin/env".into(),
            args: vec![interpreter.to_owned(), text(&file), text(directory.path())],
            environment: Environment::AddedToOurs(Vec::new()),
            name: "script".into(),
            link: "test".into(),
            children: Children::of(&world.build_context().with_kept(Arc::clone(&KEPT))),
        };
        let workers = Workers::new(Arc::new(program), number, patience, &world.build_context());
        let slots = Arc::new(Slots::new(Limits { max_concurrent: 1_000, max_queue: 0 }));
        Self { workers, slots, world, directory }
    }

    async fn ask(&self, account: &str) -> Result<Vec<u8>, BackendError> {
        self.ask_within(&call(), account, "a password").await
    }

    async fn ask_within(&self, cx: &Call, account: &str, password: &str) -> Result<Vec<u8>, BackendError> {
        let password = SecretString::from(password);
        let question = Question::who(&Login::new(account, Credential::None), &password);
        let slot = self.slots.take(cx).await.unwrap();
        self.workers.ask(cx, &question, Some(password), slot).await
    }

    /// Whether the answer is the one to this question, and its id is gone.
    async fn is_answered(&self, account: &str) -> bool {
        let answer = self.ask(account).await.unwrap();
        let answer: Value = serde_json::from_slice(&answer).unwrap();
        answer == serde_json::json!({"decision": "allow", "labels": {"of": [account]}})
    }

    /// All of them live, and are ready: those that answer `warm` whatever else they do.
    async fn warm(&self, number: usize) {
        let answered = || {
            let answered = fs::read_to_string(self.path("warm")).unwrap_or_default();
            answered.lines().collect::<std::collections::HashSet<_>>().len()
        };
        let started = Instant::now();
        while answered() < number {
            assert!(started.elapsed() < PATIENCE, "it never came to that");
            // Two at a time go to two.
            let _ = tokio::join!(self.ask("warm"), self.ask("warm"));
        }
    }

    fn path(&self, name: &str) -> std::path::PathBuf {
        self.directory.path().join(name)
    }

    fn touch(&self, name: &str) {
        fs::write(self.path(name), "").unwrap();
    }

    async fn exists(&self, name: &str) {
        eventually(|| self.path(name).exists()).await;
    }

    /// The processes that there ever were, once there are so many.
    async fn processes(&self, number: usize) -> Vec<Pid> {
        let read = || fs::read_to_string(self.path("processes")).unwrap_or_default();
        eventually(|| read().matches('\n').count() >= number).await;
        read().lines().filter_map(|line| Pid::from_raw(line.parse().ok()?)).collect()
    }

    fn restarts(&self) -> u64 {
        self.world.metrics.counted("dockgate_worker_restarts_total")
    }

    /// Drops the workers, as a reload does.
    fn replace(self) -> TempDir {
        self.directory
    }
}

async fn eventually(mut condition: impl FnMut() -> bool) {
    let started = Instant::now();
    while !condition() {
        assert!(started.elapsed() < PATIENCE, "it never came to that");
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}

/// Neither running nor a zombie.
async fn gone(processes: &[Pid]) {
    eventually(|| processes.iter().all(|process| test_kill_process(*process).is_err())).await;
}

fn within(time: Duration) -> Call {
    call().with_deadline(Instant::now() + time)
}
