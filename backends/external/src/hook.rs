//! Putting a question to the program.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use dockgate_api::secrecy::{ExposeSecret, SecretString};
use dockgate_api::{BackendError, Call, Health};
use dockgate_hooks::{Question, Slots, clean};

use crate::lines::Workers;
use crate::process::{Finished, Program, Stdout, run};

/// A program that is asked, and how.
pub(crate) struct Hook {
    pub(crate) program: Arc<Program>,
    pub(crate) way: Way,
    slots: Arc<Slots>,
    timeout: Duration,
    /// Why the last question was not answered.
    trouble: Mutex<Option<String>>,
}

/// How a program is asked, and how it answers.
pub(crate) enum Way {
    /// docker_auth's.
    Plain,
    /// One document in, one out.
    Json,
    /// The same to programs that stay.
    Lines(Workers),
}

impl Hook {
    pub(crate) fn new(program: Arc<Program>, way: Way, slots: Arc<Slots>, timeout: Duration) -> Self {
        Self { program, way, slots, timeout, trouble: Mutex::default() }
    }

    /// Runs the program on an input, when its turn comes.
    pub(crate) async fn run(
        &self,
        cx: &Call,
        input: SecretString,
        secret: Option<&SecretString>,
        stdout: Stdout,
    ) -> Result<Finished, BackendError> {
        let slot = self.slots.take(cx).await?;
        let started = Instant::now();
        let deadline = cx.deadline().min(started + self.timeout);
        let finished = run(&self.program, input, secret.cloned(), stdout, deadline, slot).await?;
        for complaint in &finished.complaints {
            cx.note(|| format!("{} wrote: {complaint}", self.program.name));
        }
        cx.note(|| {
            format!(
                "{} ended with exit code {} after {:?}",
                self.program.name,
                finished.code,
                started.elapsed()
            )
        });
        Ok(finished)
    }

    /// Puts a question to a worker, when its turn comes, and hands back the document that was answered.
    pub(crate) async fn ask_worker(
        &self,
        cx: &Call,
        workers: &Workers,
        question: &Question,
        secret: Option<&SecretString>,
    ) -> Result<Vec<u8>, BackendError> {
        let slot = self.slots.take(cx).await?;
        let cx = cx.with_deadline(Instant::now() + self.timeout);
        workers.ask(&cx, question, secret.cloned(), slot).await
    }

    /// An answer that makes no sense.
    pub(crate) fn senseless(
        &self,
        what: impl std::fmt::Display,
        secret: Option<&SecretString>,
    ) -> BackendError {
        BackendError::Protocol(format!("{}: {}", self.program.name, clean_text(&what.to_string(), secret)))
    }

    /// Remembers how the last question went.
    pub(crate) fn remember<T>(&self, answer: &Result<T, BackendError>) {
        let trouble = answer.as_ref().err().map(ToString::to_string);
        let mut last = self.trouble.lock().unwrap_or_else(PoisonError::into_inner);
        if *last != trouble {
            *last = trouble;
        }
    }

    pub(crate) fn health(&self) -> Health {
        // Workers that are well may still answer nonsense.
        if let Way::Lines(workers) = &self.way
            && let trouble @ (Health::Degraded(_) | Health::Down(_)) = workers.health()
        {
            return trouble;
        }
        let last = self.trouble.lock().unwrap_or_else(PoisonError::into_inner).clone();
        last.map_or(Health::Up, |why| Health::Degraded(format!("the last question: {why}")))
    }
}

/// A text of the program's for log and audit: it may repeat the password.
pub(crate) fn clean_text(text: &str, secret: Option<&SecretString>) -> String {
    clean(text, secret.map(ExposeSecret::expose_secret))
}
