//! Lines on their way to a reader that may be slow: a thread of its own writes them, one for each destination.
//!
//! Only whole lines count as written. Where a write ended in the middle of one, the next begins with the end of that
//! line, so that no line is ever glued to another.

use std::io;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, mpsc};
use std::thread;
use std::time::Duration;

use dockgate_api::Counter;

/// Bytes that may wait: some thirty thousand lines.
const MOST_WAITING: usize = 8 * 1024 * 1024;
/// A buffer that grew beyond it is given back once it is empty.
const MOST_KEPT: usize = 256 * 1024;
/// The writer waits so long for more before it writes: under load one wake-up and one write serve many lines.
const GATHER: Duration = Duration::from_millis(4);
/// How long a reader that has stalled is waited for at the end.
const LAST_WORDS: Duration = Duration::from_secs(1);

/// Where lines go.
pub(crate) trait Destination: Send + 'static {
    /// Makes ready for lines, or for none, where somebody only waits for those before. Answers whether the last line that
    /// stands there lacks its end, where that is not what was written before: a file that was opened anew.
    ///
    /// # Errors
    /// Nothing can be written now.
    fn prepare(&mut self, _has_lines: bool) -> io::Result<Option<bool>> {
        Ok(None)
    }

    /// Writes some of these bytes, as [`io::Write::write`] does.
    ///
    /// # Errors
    /// As there.
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize>;

    /// The line that tells how many were lost.
    fn confess(&mut self, lost: u64) -> Vec<u8>;

    /// Hears what became of lines.
    fn tried(&mut self, _outcome: &io::Result<()>) {}
}

/// Takes lines and never waits; what does not fit is counted and dropped.
#[derive(Clone, Debug)]
pub(crate) struct Spool(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    waiting: Mutex<Waiting>,
    something: Condvar,
    nothing_left: Condvar,
    lost: Counter,
}

#[derive(Debug, Default)]
struct Waiting {
    batch: Batch,
    lost: u64,
    /// Whether the writer must be woken.
    asleep: bool,
    ended: bool,
    finished: bool,
}

/// Lines, and those who want to know what becomes of theirs.
#[derive(Default)]
struct Batch {
    bytes: Vec<u8>,
    /// Each with the place where its line ends.
    listeners: Vec<(usize, Told)>,
}

/// Hears whether a line was written, as a whole.
pub(crate) type Told = Box<dyn FnOnce(bool) + Send>;

/// Writes what waits when it goes, within a bound.
#[derive(Debug)]
pub struct Flush(Spool);

impl Spool {
    /// A spool whose lost lines are counted.
    pub(crate) fn new(lost: Counter) -> Self {
        Self(Arc::new(Shared {
            waiting: Mutex::default(),
            something: Condvar::new(),
            nothing_left: Condvar::new(),
            lost,
        }))
    }

    /// Starts the thread that writes, under this name.
    ///
    /// # Errors
    /// If the system starts no thread.
    pub(crate) fn start(&self, name: &str, to: impl Destination) -> io::Result<Flush> {
        self.run(name, to)?;
        Ok(Flush(self.clone()))
    }

    /// The same until [`Spool::end`].
    ///
    /// # Errors
    /// As there.
    pub(crate) fn run(&self, name: &str, mut to: impl Destination) -> io::Result<()> {
        let spool = self.clone();
        thread::Builder::new().name(name.to_owned()).spawn(move || {
            let mut batch = Batch::default();
            let mut torn = false;
            while let Some(lost) = spool.next(&mut batch) {
                let own = batch.bytes.len();
                if lost > 0 {
                    batch.bytes.extend(to.confess(lost));
                }
                let (written, outcome) = write(&mut to, &batch.bytes, &mut torn);
                if outcome.is_err() {
                    // A disk that is full for now, or a reader that is gone.
                    spool.lose(batch.bytes.get(written..own).unwrap_or_default(), lost);
                }
                to.tried(&outcome);
                for (end, told) in batch.listeners.drain(..) {
                    told(outcome.is_ok() || (end > 0 && end <= written));
                }
            }
            spool.0.nothing_left.notify_all();
        })?;
        Ok(())
    }

    /// Takes no wait: the thread writes what it has and goes.
    pub(crate) fn end(&self) {
        self.lock().ended = true;
        self.0.something.notify_one();
    }

    /// Whether the thread has written what it had, and is gone.
    pub(crate) fn is_finished(&self) -> bool {
        self.lock().finished
    }

    /// Takes whole lines, if there is room for them.
    pub(crate) fn push(&self, lines: &[u8]) -> bool {
        self.take(lines, None)
    }

    /// Takes whole lines, and says whether they were written. No lines are written as soon as those before them are.
    pub(crate) fn push_and_tell(&self, lines: &[u8], told: Told) {
        self.take(lines, Some(told));
    }

    /// Waits until everything so far was written or given up, within a bound.
    pub(crate) fn flush(&self) {
        let (tell, told) = mpsc::channel();
        self.push_and_tell(&[], Box::new(move |_| _ = tell.send(())));
        let _ = told.recv_timeout(LAST_WORDS);
    }

    fn take(&self, lines: &[u8], told: Option<Told>) -> bool {
        let mut waiting = self.lock();
        if waiting.finished || waiting.batch.bytes.len() + lines.len() > MOST_WAITING {
            if !lines.is_empty() {
                waiting.lost += 1;
                self.0.lost.add(1);
            }
            drop(waiting);
            if let Some(told) = told {
                told(false);
            }
            return false;
        }
        waiting.batch.bytes.extend_from_slice(lines);
        let end = waiting.batch.bytes.len();
        waiting.batch.listeners.extend(told.map(|told| (end, told)));
        let wake = std::mem::take(&mut waiting.asleep);
        drop(waiting);
        if wake {
            self.0.something.notify_one();
        }
        true
    }

    /// Counts what could not be written, and keeps in mind what could not be told either.
    fn lose(&self, unwritten: &[u8], untold: u64) {
        let lines = unwritten.split_inclusive(|byte| *byte == b'\n').count() as u64;
        self.lock().lost += lines + untold;
        self.0.lost.add(lines);
    }

    /// Waits for lines and moves them over; answers how many were lost before, or nothing at the end.
    fn next(&self, batch: &mut Batch) -> Option<u64> {
        batch.bytes.clear();
        batch.bytes.shrink_to(MOST_KEPT);
        let mut waiting = self.lock();
        while waiting.batch.is_empty() && !waiting.ended {
            waiting.asleep = true;
            waiting = self.0.something.wait(waiting).unwrap_or_else(PoisonError::into_inner);
        }
        // Whoever waits for a line is not made to wait for others.
        if !waiting.ended && waiting.batch.listeners.is_empty() {
            waiting.asleep = false;
            drop(waiting);
            thread::sleep(GATHER);
            waiting = self.lock();
        }
        waiting.asleep = false;
        if waiting.batch.is_empty() {
            // Under the same lock: what comes later is told that it comes too late.
            waiting.finished = true;
            return None;
        }
        std::mem::swap(&mut waiting.batch, batch);
        Some(std::mem::take(&mut waiting.lost))
    }

    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.0.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Batch {
    fn is_empty(&self) -> bool {
        self.bytes.is_empty() && self.listeners.is_empty()
    }
}

impl std::fmt::Debug for Batch {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Batch").field("bytes", &self.bytes.len()).finish_non_exhaustive()
    }
}

/// Writes all of these bytes, or as many as it can. `torn` is whether the last line that stands there lacks its end.
fn write(to: &mut impl Destination, bytes: &[u8], torn: &mut bool) -> (usize, io::Result<()>) {
    match to.prepare(!bytes.is_empty()) {
        Ok(anew) => *torn = anew.unwrap_or(*torn),
        Err(error) => return (0, Err(error)),
    }
    if *torn && !bytes.is_empty() {
        if let Err(error) = write_all(to, b"\n").1 {
            return (0, Err(error));
        }
        *torn = false;
    }
    let (written, outcome) = write_all(to, bytes);
    if written > 0 {
        *torn = bytes.get(written - 1) != Some(&b'\n');
    }
    (written, outcome)
}

fn write_all(to: &mut impl Destination, bytes: &[u8]) -> (usize, io::Result<()>) {
    let mut written = 0;
    while let Some(rest) = bytes.get(written..).filter(|rest| !rest.is_empty()) {
        match to.write(rest) {
            Ok(0) => return (written, Err(io::ErrorKind::WriteZero.into())),
            Ok(count) => written += count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return (written, Err(error)),
        }
    }
    (written, Ok(()))
}

impl Drop for Flush {
    fn drop(&mut self) {
        self.0.end();
        let unfinished = |waiting: &mut Waiting| !waiting.finished;
        let _ = self.0.0.nothing_left.wait_timeout_while(self.0.lock(), LAST_WORDS, unfinished);
    }
}

#[cfg(test)]
mod tests;
