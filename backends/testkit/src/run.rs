//! Running one question so that neither a panic nor a hang takes the suite with it.

use std::future::Future;
use std::time::Duration;

/// How long any question may take: far more than a deadline of ours allows, so that only a hang reaches it.
const GENEROUS: Duration = Duration::from_secs(60);

/// What came of a question.
pub(crate) enum Outcome<T> {
    Answered(T),
    Panicked,
    Hung,
}

impl<T> Outcome<T> {
    pub(crate) fn answered(self) -> Option<T> {
        match self {
            Self::Answered(answer) => Some(answer),
            Self::Panicked | Self::Hung => None,
        }
    }
}

pub(crate) async fn run<T: Send + 'static>(question: impl Future<Output = T> + Send + 'static) -> Outcome<T> {
    run_within(GENEROUS, question).await
}

pub(crate) async fn run_within<T: Send + 'static>(
    limit: Duration,
    question: impl Future<Output = T> + Send + 'static,
) -> Outcome<T> {
    let task = tokio::spawn(question);
    let give_up = task.abort_handle();
    match tokio::time::timeout(limit, task).await {
        Ok(Ok(answer)) => Outcome::Answered(answer),
        Ok(Err(_)) => Outcome::Panicked,
        Err(_) => {
            give_up.abort();
            Outcome::Hung
        }
    }
}
