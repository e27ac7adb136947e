//! All workers of one configuration.

use std::sync::Arc;
use std::time::Duration;

use dockgate_api::secrecy::SecretString;
use dockgate_api::{BackendError, BuildContext, Call, Counter, Health, Random, Series};
use dockgate_hooks::{Question, Slot};
use tokio::sync::{oneshot, watch};
use tokio::time::timeout_at;

use super::document::{self, Id};
use super::in_flight::{Asked, Outcome};
use super::keeper::Keeper;
use super::table::{Hand, Table};
use crate::process::Program;

/// So many processes of one program, which answer question after question.
///
/// They are started by the first question. Dropping this ends them: their standard input is closed, and who has not
/// ended a second later is killed, with all that it started.
pub(crate) struct Workers {
    program: Arc<Program>,
    patience: Duration,
    table: Arc<Table>,
    random: Arc<dyn Random>,
    restarts: Counter,
    /// Dropped with this: then the workers are not needed any more.
    closing: watch::Sender<()>,
}

impl Workers {
    /// Starts nothing yet. A question may take as long as `patience`: a worker has this time whoever still waits, and an
    /// answer that comes later ends it.
    pub(crate) fn new(program: Arc<Program>, number: usize, patience: Duration, cx: &BuildContext) -> Self {
        let restarts =
            Series::new("dockgate_worker_restarts_total", "Workers that ended and were started again.");
        Self {
            program,
            patience,
            table: Arc::new(Table::new(number.max(1))),
            random: cx.random(),
            restarts: cx.metrics().counter(&restarts),
            closing: watch::Sender::new(()),
        }
    }

    /// The answer to a question, its id taken out. `password` is what the workers must not get into the log. `slot` is
    /// given back when the question is answered, or its time is over: later than this returns where that is early.
    ///
    /// # Errors
    /// No worker lives, or none will before the deadline; the one that was asked ended, or said what is no answer; the
    /// deadline came first.
    pub(crate) async fn ask(
        &self,
        cx: &Call,
        question: &Question,
        password: Option<SecretString>,
        slot: Slot,
    ) -> Result<Vec<u8>, BackendError> {
        let id =
            Id::draw(self.random.as_ref()).map_err(|error| BackendError::Unavailable(error.to_string()))?;
        let mut asked = Asked { id, line: document::line(question, id), password, slot };
        loop {
            let answered = self.hand(cx, asked).await?;
            match timeout_at(cx.deadline().into(), answered).await {
                Ok(Ok(Outcome::Answered(answer))) => return Ok(answer),
                Ok(Ok(Outcome::Failed(error))) => return Err(error),
                Ok(Ok(Outcome::NotAsked(again))) => asked = again,
                Ok(Err(_)) => return Err(self.error(BackendError::Unavailable, "ended: the server stops")),
                Err(_) => return Err(self.error(BackendError::Timeout, "did not answer in time")),
            }
        }
    }

    /// How the workers are doing; they are well before the first question.
    pub(crate) fn health(&self) -> Health {
        self.table.health()
    }

    #[cfg(test)]
    pub(super) fn table(&self) -> &Arc<Table> {
        &self.table
    }

    /// Hands a question to a worker, as soon as there is one.
    async fn hand(&self, cx: &Call, mut asked: Asked) -> Result<oneshot::Receiver<Outcome>, BackendError> {
        let (mut asker, answered) = oneshot::channel();
        let mut changes: Option<watch::Receiver<()>> = None;
        loop {
            (asked, asker) = match self.table.hand(asked, asker, cx.deadline()) {
                Hand::Over => return Ok(answered),
                Hand::Never(error) => return Err(error),
                Hand::Wait(asked, asker) => (asked, asker),
            };
            let Some(changes) = &mut changes else {
                // Whoever comes from here on is noticed, and who came before is found by looking again.
                changes = Some(self.table.changes());
                continue;
            };
            self.start();
            // Its sender lives as long as the table.
            if timeout_at(cx.deadline().into(), changes.changed()).await.is_err() {
                return Err(self.error(BackendError::Timeout, "was not started in time"));
            }
        }
    }

    fn start(&self) {
        for number in self.table.take_vacant() {
            let keeper = Keeper {
                program: Arc::clone(&self.program),
                patience: self.patience,
                table: Arc::clone(&self.table),
                number,
                restarts: self.restarts.clone(),
            };
            // Not among the tasks of the configuration: the last questions are answered after a reload.
            tokio::spawn(keeper.keep(self.closing.subscribe()));
        }
    }

    fn error(&self, kind: fn(String) -> BackendError, what: &str) -> BackendError {
        kind(format!("{} {what}", self.program.name))
    }
}
