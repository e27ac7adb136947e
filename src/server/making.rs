//! Work on files, which may hang with their file system.

use std::time::Duration;

use tokio::task::AbortHandle;
use tokio::time::timeout;

/// Each that hangs keeps a thread, and none of them can be ended.
const MOST_HANGING: usize = 4;

/// Does one thing after the other on threads of their own, and gives up one that takes too long.
pub(super) struct Making {
    within: Duration,
    /// What was given up and may still be waiting for its files.
    given_up: Vec<AbortHandle>,
}

/// Why there is no result.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum NotMade {
    /// It took too long, or so many did before that none more was begun.
    Hangs,
    /// It ended in an error of ours.
    Failed(String),
}

impl Making {
    /// Gives up what takes longer.
    pub(super) fn new(within: Duration) -> Self {
        Self { within, given_up: Vec::new() }
    }

    /// Does it while others are served. What was given up goes on by itself, and what it makes is dropped there: files
    /// that are whole again are read by the next one, whatever the last one waits for.
    pub(super) async fn made<T: Send + 'static>(
        &mut self,
        make: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, NotMade> {
        self.given_up.retain(|making| !making.is_finished());
        if self.given_up.len() >= MOST_HANGING {
            return Err(NotMade::Hangs);
        }
        let making = tokio::task::spawn_blocking(make);
        let handle = making.abort_handle();
        match timeout(self.within, making).await {
            Ok(Ok(made)) => Ok(made),
            Ok(Err(error)) => Err(NotMade::Failed(error.to_string())),
            Err(_) => {
                self.given_up.push(handle);
                Err(NotMade::Hangs)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    #[tokio::test]
    async fn what_hangs_is_given_up_and_holds_up_no_other_until_there_are_too_many() {
        let mut making = Making::new(Duration::from_millis(20));
        let mut held = Vec::new();
        for _ in 0..MOST_HANGING {
            let (go, wait) = mpsc::channel::<()>();
            assert_eq!(making.made(move || _ = wait.recv()).await, Err(NotMade::Hangs));
            held.push(go);
            making.within = Duration::from_secs(60);
            if held.len() < MOST_HANGING {
                assert_eq!(making.made(|| 1).await, Ok(1));
                making.within = Duration::from_millis(20);
            }
        }
        assert_eq!(making.made(|| 2).await, Err(NotMade::Hangs));
        drop(held);
        for _ in 0..500 {
            if let Ok(made) = making.made(|| 3).await {
                assert_eq!(made, 3);
                return;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("it never begins again");
    }

    #[tokio::test]
    async fn a_panic_is_an_error() {
        let mut making = Making::new(Duration::from_secs(60));
        let failed = making.made(|| panic!("on purpose")).await;
        assert!(matches!(failed, Err(NotMade::Failed(_))), "{failed:?}");
    }
}
