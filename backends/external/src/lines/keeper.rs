//! Keeps one post: whoever ends is followed by another.

use std::sync::Arc;
use std::time::{Duration, Instant};

use dockgate_api::{BackendError, Counter};
use tokio::sync::mpsc::unbounded_channel;
use tokio::sync::watch;
use tokio::time::timeout_at;

use super::backoff::Backoff;
use super::table::Table;
use super::worker::Worker;
use crate::process::{Program, spawn};

/// Starts workers for one post, until nobody needs them any more.
pub(super) struct Keeper {
    pub(super) program: Arc<Program>,
    pub(super) patience: Duration,
    pub(super) table: Arc<Table>,
    pub(super) number: usize,
    pub(super) restarts: Counter,
}

impl Keeper {
    /// Ends when the other end of `closing` is dropped, and then leaves no process behind.
    pub(super) async fn keep(self, mut closing: watch::Receiver<()>) {
        let mut backoff = Backoff::new();
        loop {
            let until = match spawn(&self.program).await {
                Ok(spawned) => {
                    let (to, mut questions) = unbounded_channel();
                    let (mut worker, mut group) =
                        Worker::new(spawned, Arc::clone(&self.program), self.patience);
                    self.table.alive(self.number, to);
                    let proved = || self.table.proved(self.number);
                    let Some(why) = worker.work(&mut group, &mut questions, &mut closing, proved).await
                    else {
                        worker.dismiss(&mut group).await;
                        group.end().await;
                        return;
                    };
                    if worker.is_proved() {
                        backoff.reset();
                    }
                    // Nobody more is sent to it before those who were are told.
                    let until = self.down(&why, backoff.next());
                    worker.fail(&why, questions);
                    group.end().await;
                    until
                }
                Err(why) => self.down(&why, backoff.next()),
            };
            if timeout_at(until.into(), closing.changed()).await.is_ok() {
                return;
            }
            self.table.starting(self.number);
            self.restarts.add(1);
        }
    }

    /// Says that there is nobody now, and until when.
    fn down(&self, why: &BackendError, pause: Duration) -> Instant {
        let (link, program) = (&*self.program.link, &*self.program.name);
        tracing::warn!(link, program, %why, ?pause, "a worker has ended; another is started after a pause");
        let until = Instant::now() + pause;
        self.table.down(self.number, why.clone(), until);
        until
    }
}

impl Drop for Keeper {
    fn drop(&mut self) {
        self.table.vacate(self.number);
    }
}
