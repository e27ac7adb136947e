//! Tells when files may have changed.
//!
//! The system's events wake the watcher; then it looks at the files themselves, because events do not tell all:
//! Kubernetes exchanges a symbolic link beside the file, editors rename a new file over it, and network file systems
//! say nothing. For those there is a look every now and then.

mod events;
mod look;

use std::path::PathBuf;
use std::time::Duration;

use dockgate_api::{FileChanges, async_trait};
use tokio::time::{Instant, sleep, timeout};

use events::Events;
use look::{Fingerprint, Look};

/// How often the files are looked at without any event.
const POLL: Duration = Duration::from_secs(30);
/// How often while a directory is missing: no event tells that it is back.
const POLL_FOR_DIRECTORY: Duration = Duration::from_secs(2);
/// A certificate and its key are written one after the other: a notice waits until nothing happened for so long.
const QUIET: Duration = Duration::from_millis(250);
/// Constant writing must not put a notice off for ever.
const LONGEST_SETTLING: Duration = Duration::from_secs(3);
/// Directories that appear while they are looked for are looked at again, so often.
const MOST_LOOKS: usize = 3;

/// Watches files, which need not exist. It has no task: it works while somebody waits in [`Watcher::changed`], and what
/// happened in between is told at the next call. Dropped, it leaves nothing behind.
#[derive(Debug)]
pub struct Watcher {
    paths: Vec<PathBuf>,
    poll: Duration,
    events: Events,
    seen: Vec<Option<Fingerprint>>,
    directory_missing: bool,
    /// A change was found and not told yet.
    pending: bool,
}

impl Watcher {
    /// Starts to watch. Make the watcher first and read the files afterwards: then no change falls between the two.
    ///
    /// If the system refuses to watch, which is logged once, the files are looked at every 30 seconds instead.
    pub fn new(paths: impl IntoIterator<Item = PathBuf>) -> Self {
        Self::with_poll(paths, POLL)
    }

    /// As [`Watcher::new`], but looks at the files every `poll`; less than 250 milliseconds counts as that.
    pub fn with_poll(paths: impl IntoIterator<Item = PathBuf>, poll: Duration) -> Self {
        let paths = absolute(paths);
        let events = Events::of_the_system(&paths);
        Self::start(paths, poll, events)
    }

    /// Asks the system for no events and only looks at the files every `poll`, 250 milliseconds or more.
    #[cfg(test)]
    fn polling(paths: impl IntoIterator<Item = PathBuf>, poll: Duration) -> Self {
        Self::start(absolute(paths), poll, Events::none())
    }

    fn start(paths: Vec<PathBuf>, poll: Duration, mut events: Events) -> Self {
        let mut look = Look::at(&paths);
        for _ in 1..MOST_LOOKS {
            if !events.watch(&look.directories) {
                break;
            }
            look = Look::at(&paths);
        }
        let directory_missing = look.misses_a_directory();
        Self { paths, poll: poll.max(QUIET), events, seen: look.files, directory_missing, pending: false }
    }

    /// Ready once a file may have changed since the last notice: it was written, replaced, removed or made, or its mode
    /// is another. Changes that follow each other within a quarter of a second give one notice, at the latest three
    /// seconds after the first.
    ///
    /// A call may be dropped before it is ready; the next one tells what this one would have told.
    pub async fn changed(&mut self) {
        while !self.pending {
            let poll = if self.directory_missing { self.poll.min(POLL_FOR_DIRECTORY) } else { self.poll };
            let woken = timeout(poll, self.events.happened()).await.is_ok();
            let found = self.look().await;
            // Two writes of one length within a tick of the file system's clock look alike: there the event counts.
            self.pending = found != self.seen || self.events.named_a_file();
            if woken && !self.pending {
                // Somebody else's file in the same directory, perhaps a log: no look for each of its lines.
                sleep(QUIET).await;
            }
        }
        self.seen = self.settled().await;
        self.pending = false;
    }

    /// Looks until two looks agree and no event came between them.
    async fn settled(&mut self) -> Vec<Option<Fingerprint>> {
        let end = Instant::now() + LONGEST_SETTLING;
        let mut last = self.look().await;
        loop {
            self.events.forget_named();
            sleep(QUIET).await;
            let found = self.look().await;
            let quiet = found == last && !self.events.named_a_file();
            if quiet || Instant::now() >= end {
                return found;
            }
            last = found;
        }
    }

    async fn look(&mut self) -> Vec<Option<Fingerprint>> {
        let mut files = Vec::new();
        for _ in 0..MOST_LOOKS {
            let paths = self.paths.clone();
            // A dead network file system may hold this up.
            let Ok(look) = tokio::task::spawn_blocking(move || Look::at(&paths)).await else {
                // Only when the runtime ends.
                return std::future::pending().await;
            };
            self.directory_missing = look.misses_a_directory();
            files = look.files;
            // What happened in a directory before it was watched shows at the next look only.
            if !self.events.watch(&look.directories) {
                break;
            }
        }
        files
    }
}

/// For backends, which see no more of it.
#[async_trait]
impl FileChanges for Watcher {
    async fn changed(&mut self) {
        Watcher::changed(self).await;
    }
}

/// Events come with absolute paths.
fn absolute(paths: impl IntoIterator<Item = PathBuf>) -> Vec<PathBuf> {
    paths.into_iter().map(|path| std::path::absolute(&path).unwrap_or(path)).collect()
}

#[cfg(test)]
mod tests;
