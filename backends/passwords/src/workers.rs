//! Threads that hash, and do nothing else.
//!
//! They give way to whoever answers requests: under a flood of wrong passwords they would otherwise take turns of
//! milliseconds that a login which needs no hash has to wait for. Threads that others use too cannot be lowered, since
//! nobody may raise them again.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::thread;

use rustix::process::{getpriority_process, setpriority_process};
use tokio::sync::oneshot;

/// How far behind everybody else (`setpriority(2)`): under full load they still get about a tenth of a core.
const BEHIND: i32 = 10;
/// Nothing is further behind.
const LAST: i32 = 19;

type Job = Box<dyn FnOnce() + Send>;

/// A bounded number of threads; they end when this is dropped.
pub(crate) struct Workers(mpsc::Sender<Job>);

/// The work was not done: there is no thread, or it failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct NotDone;

impl Workers {
    /// Starts so many threads, or as many as the system gives.
    pub(crate) fn start(count: usize) -> Self {
        let (jobs, taken) = mpsc::channel();
        let taken = Arc::new(Mutex::new(taken));
        for _ in 0..count {
            let taken = Arc::clone(&taken);
            let started = thread::Builder::new().name("hash".to_owned()).spawn(move || work(&taken));
            if started.is_err() {
                break;
            }
        }
        Self(jobs)
    }

    /// Does work on the next thread that is free.
    pub(crate) async fn run<T, W>(&self, work: W) -> Result<T, NotDone>
    where
        T: Send + 'static,
        W: FnOnce() -> T + Send + 'static,
    {
        let (done, result) = oneshot::channel();
        // Nobody waits any more if the call was given up.
        let job = Box::new(move || drop(done.send(work())));
        self.0.send(job).map_err(|_| NotDone)?;
        result.await.map_err(|_| NotDone)
    }
}

fn work(jobs: &Mutex<mpsc::Receiver<Job>>) {
    // Where it is not allowed, hashing is merely less polite.
    let _ = getpriority_process(None).and_then(|ours| setpriority_process(None, (ours + BEHIND).min(LAST)));
    loop {
        let next = jobs.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok(job) = next else { return };
        // A job that fails drops its sender, which is how its caller knows.
        let _ = catch_unwind(AssertUnwindSafe(job));
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Barrier;
    use std::time::Duration;

    use super::*;

    #[tokio::test]
    async fn as_many_as_there_are_at_a_time_and_a_failure_costs_no_thread() {
        let workers = Workers::start(2);
        for _ in 0..4 {
            assert_eq!(workers.run(|| panic!("on purpose")).await, Err::<(), _>(NotDone));
        }
        let barrier = Arc::new(Barrier::new(2));
        let meet = || {
            let barrier = Arc::clone(&barrier);
            workers.run(move || {
                barrier.wait();
                thread::current().name().map(str::to_owned)
            })
        };
        let both = async { tokio::join!(meet(), meet()) };
        let (one, other) = tokio::time::timeout(Duration::from_secs(60), both).await.unwrap();
        assert_eq!((one, other), (Ok(Some("hash".to_owned())), Ok(Some("hash".to_owned()))));
    }

    #[tokio::test]
    async fn without_a_thread_nothing_is_done() {
        assert_eq!(Workers::start(0).run(|| 1).await, Err(NotDone));
    }

    #[tokio::test]
    async fn they_give_way_to_others() {
        let niceness = || getpriority_process(None).unwrap();
        let theirs = Workers::start(1).run(niceness).await;
        assert_eq!(theirs, Ok((niceness() + BEHIND).min(LAST)));
        assert_ne!(theirs, Ok(niceness()), "these tests cannot be run with the lowest priority");
    }
}
