//! Bytes on their way to a reader that may be slow: a thread of its own writes them.

use std::io::Write;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use dockgate_api::Counter;

/// Bytes that may wait: some thirty thousand lines.
const MOST_WAITING: usize = 8 * 1024 * 1024;
/// A buffer that grew beyond it is given back once it is empty.
const MOST_KEPT: usize = 256 * 1024;
/// The writer waits so long for more before it writes: under load one wake-up and one write serve many lines.
const GATHER: Duration = Duration::from_millis(4);
/// At the end: how long a reader that has stalled is waited for.
const LAST_WORDS: Duration = Duration::from_secs(1);

/// Takes lines and never waits; what does not fit is counted and dropped.
#[derive(Clone, Debug)]
pub(super) struct Spool(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    waiting: Mutex<Waiting>,
    something: Condvar,
    nothing_left: Condvar,
    lost: Counter,
}

#[derive(Debug, Default)]
struct Waiting {
    bytes: Vec<u8>,
    lost: u64,
    /// Whether the writer must be woken.
    asleep: bool,
    ended: bool,
    finished: bool,
}

/// Writes what waits when it goes, within a bound.
#[derive(Debug)]
pub struct Flush(Spool);

impl Spool {
    /// A spool whose lost lines are counted.
    pub(super) fn new(lost: Counter) -> Self {
        Self(Arc::new(Shared {
            waiting: Mutex::default(),
            something: Condvar::new(),
            nothing_left: Condvar::new(),
            lost,
        }))
    }

    /// Starts the thread that writes. `confess` makes the line that tells how many were lost.
    pub(super) fn start<W, F>(&self, mut to: W, confess: F) -> std::io::Result<Flush>
    where
        W: Write + Send + 'static,
        F: Fn(u64) -> Vec<u8> + Send + 'static,
    {
        let spool = self.clone();
        thread::Builder::new().name("log".to_owned()).spawn(move || {
            let mut batch = Vec::new();
            while let Some(lost) = spool.next(&mut batch) {
                if lost > 0 {
                    batch.extend(confess(lost));
                }
                if to.write_all(&batch).and_then(|()| to.flush()).is_err() {
                    // A disk that is full for now, or a reader that is gone: nobody else is left to be told.
                    spool.lose(&batch);
                }
            }
            spool.lock().finished = true;
            spool.0.nothing_left.notify_all();
        })?;
        Ok(Flush(self.clone()))
    }

    /// Takes whole lines.
    pub(super) fn push(&self, lines: &[u8]) {
        let mut waiting = self.lock();
        if waiting.bytes.len() + lines.len() > MOST_WAITING {
            waiting.lost += 1;
            self.0.lost.add(1);
            return;
        }
        waiting.bytes.extend_from_slice(lines);
        let wake = std::mem::take(&mut waiting.asleep);
        drop(waiting);
        if wake {
            self.0.something.notify_one();
        }
    }

    /// Counts what could not be written.
    fn lose(&self, batch: &[u8]) {
        let lines = batch.split_inclusive(|byte| *byte == b'\n').count() as u64;
        self.lock().lost += lines;
        self.0.lost.add(lines);
    }

    /// Waits for lines and moves them over; answers how many were lost before, or nothing at the end.
    fn next(&self, batch: &mut Vec<u8>) -> Option<u64> {
        batch.clear();
        batch.shrink_to(MOST_KEPT);
        let mut waiting = self.lock();
        while waiting.bytes.is_empty() && !waiting.ended {
            waiting.asleep = true;
            waiting = self.0.something.wait(waiting).unwrap_or_else(PoisonError::into_inner);
        }
        if !waiting.ended {
            waiting.asleep = false;
            drop(waiting);
            thread::sleep(GATHER);
            waiting = self.lock();
        }
        if waiting.bytes.is_empty() {
            return None;
        }
        std::mem::swap(&mut waiting.bytes, batch);
        Some(std::mem::take(&mut waiting.lost))
    }

    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.0.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Flush {
    fn drop(&mut self) {
        let shared = &self.0.0;
        let mut waiting = self.0.lock();
        waiting.ended = true;
        shared.something.notify_one();
        let unfinished = |waiting: &mut Waiting| !waiting.finished;
        let _ = shared.nothing_left.wait_timeout_while(waiting, LAST_WORDS, unfinished);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    /// A writer that hands on what it is given, and waits while nobody takes it.
    struct To(mpsc::SyncSender<Vec<u8>>);

    impl Write for To {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            let _ = self.0.send(bytes.to_vec());
            Ok(bytes.len())
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    fn confess(lost: u64) -> Vec<u8> {
        format!("lost {lost}\n").into_bytes()
    }

    #[test]
    fn everything_is_written_in_order_and_the_rest_at_the_end() {
        let (to, written) = mpsc::sync_channel(1000);
        let spool = Spool::new(Counter::default());
        spool.push(b"before the start\n");
        let flush = spool.start(To(to), confess).unwrap();
        let lines: Vec<String> = (0..1000).map(|number| format!("{number}\n")).collect();
        for line in &lines {
            spool.push(line.as_bytes());
        }
        drop(flush);
        let all: Vec<u8> = written.try_iter().flatten().collect();
        assert_eq!(String::from_utf8(all).unwrap(), format!("before the start\n{}", lines.concat()));
    }

    /// Refuses so many writes, as a full disk does.
    struct Full(u32, mpsc::Sender<Option<Vec<u8>>>);

    impl Write for Full {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            if let Some(left) = self.0.checked_sub(1) {
                self.0 = left;
                let _ = self.1.send(None);
                return Err(std::io::ErrorKind::StorageFull.into());
            }
            let _ = self.1.send(Some(bytes.to_vec()));
            Ok(bytes.len())
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn what_could_not_be_written_is_told_once_it_can() {
        let (to, written) = mpsc::channel();
        let lost = Counter::default();
        let spool = Spool::new(lost.clone());
        spool.push(b"first\nsecond\n");
        let flush = spool.start(Full(1, to), confess).unwrap();
        assert_eq!(written.recv().unwrap(), None);
        spool.push(b"third\n");
        drop(flush);
        let rest: Vec<u8> = written.try_iter().flatten().flatten().collect();
        assert_eq!((String::from_utf8(rest).unwrap().as_str(), lost.get()), ("third\nlost 2\n", 2));
    }

    #[test]
    fn a_stalled_reader_holds_up_nobody_and_what_is_lost_is_told() {
        let (to, written) = mpsc::sync_channel(0);
        let lost = Counter::default();
        let spool = Spool::new(lost.clone());
        let flush = spool.start(To(to), confess).unwrap();
        spool.push(b"first\n");
        let megabyte = vec![b'x'; 1024 * 1024];
        for _ in 0..20 {
            spool.push(&megabyte);
        }
        let count = lost.get();
        assert!((11..=20).contains(&count), "{count}");
        let reader = thread::spawn(move || written.iter().flatten().collect::<Vec<u8>>());
        drop(flush);
        drop(spool);
        let all = reader.join().unwrap();
        assert!(all.ends_with(format!("lost {count}\n").as_bytes()));
    }
}
