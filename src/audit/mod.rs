//! The audit log: one line of JSON for every decision, in a place of its own, for those who must be able to say later
//! who was let in, and why.
//!
//! Its lines are written by hand, off the request's way, by a thread for each destination. With `audit.required` a
//! token is handed out only after its line was written.

pub(crate) mod file;
mod object;
mod writer;

use std::sync::Arc;
use std::time::Duration;

use dockgate_api::Clock;
use tokio::sync::oneshot;
use tokio::time::timeout;

pub(crate) use object::Object;
pub use writer::{Target, Writer, Writers};

/// How long a line may take to be written before its token is given up: a disk that hangs longer is broken.
const PATIENCE: Duration = Duration::from_secs(5);

/// Writes the events of one configuration; a clone does too.
#[derive(Clone)]
pub struct Audit {
    writer: Arc<Writer>,
    clock: Arc<dyn Clock>,
    required: bool,
    config: Arc<str>,
}

/// An event that has not been handed to the writer yet: a whole line.
#[must_use]
#[derive(Debug)]
pub(crate) struct Event(Vec<u8>);

/// The line of an event was not written, or not in time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotWritten;

impl Audit {
    /// Writes through a writer, for a configuration of this hash.
    pub fn new(writer: Arc<Writer>, clock: Arc<dyn Clock>, required: bool, config: Arc<str>) -> Self {
        Self { writer, clock, required, config }
    }

    /// An event: its kind, its fields, and the configuration under which it happened.
    pub(crate) fn event(&self, kind: &str, fields: impl FnOnce(&mut Object<'_>)) -> Event {
        Event(writer::line(self.clock.as_ref(), kind, |object| {
            fields(object);
            object.text("config", &self.config);
        }))
    }

    /// Hands an event to the writer, and does not wait.
    pub(crate) fn push(&self, event: &Event) {
        self.writer.push(&event.0);
    }

    /// Hands an event to the writer. With `audit.required` it waits until the system has the whole line, though not for
    /// longer than this.
    ///
    /// # Errors
    /// With `audit.required`, if the line was not written.
    pub(crate) async fn commit(&self, event: &Event, within: Duration) -> Result<(), NotWritten> {
        if !self.required {
            self.push(event);
            return Ok(());
        }
        let (tell, told) = oneshot::channel();
        self.writer.push_and_tell(&event.0, Box::new(move |written| _ = tell.send(written)));
        if let Ok(Ok(true)) = timeout(within.min(PATIENCE), told).await {
            return Ok(());
        }
        self.writer.falls_behind();
        Err(NotWritten)
    }
}

impl std::fmt::Debug for Audit {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Audit").field("required", &self.required).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::io;
    use std::sync::mpsc;
    use std::time::Instant;

    use dockgate_api::Counter;
    use dockgate_testkit::fakes::{TurnableClock, noon};

    use super::*;
    use crate::logging::spool::Destination;

    /// Nobody reads, until somebody lets go of the other end.
    struct Stalled(mpsc::Receiver<()>);

    impl Destination for Stalled {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            let _ = self.0.recv();
            Ok(bytes.len())
        }

        fn confess(&mut self, _: u64) -> Vec<u8> {
            Vec::new()
        }
    }

    #[tokio::test]
    async fn a_reader_that_stalls_lets_no_token_go_and_holds_up_nobody_else() {
        let (go, stalled) = mpsc::channel();
        let lost = Counter::default();
        let writer = Arc::new(Writer::over(Stalled(stalled), lost.clone()));
        let clock = Arc::new(TurnableClock::at(noon()));
        let audit = |required| Audit::new(writer.clone(), clock.clone(), required, "hash".into());
        let event = audit(true).event("token", |event| event.text("jti", "1"));
        let begun = Instant::now();
        assert_eq!(audit(true).commit(&event, Duration::from_millis(20)).await, Err(NotWritten));
        assert!(begun.elapsed() >= Duration::from_millis(20));
        assert_eq!(audit(false).commit(&event, Duration::from_secs(60)).await, Ok(()));
        // A full queue is known at once.
        let large = Event(vec![b'x'; 9 * 1024 * 1024]);
        assert_eq!(audit(true).commit(&large, Duration::from_secs(3_600)).await, Err(NotWritten));
        assert_eq!(lost.get(), 1);
        drop(go);
        assert_eq!(audit(true).commit(&event, Duration::from_secs(60)).await, Ok(()));
    }

    #[test]
    fn a_writer_that_nobody_needs_any_more_goes_without_a_wait_and_loses_nothing() {
        let begun = Instant::now();
        let mut stalled = Vec::new();
        for _ in 0..10 {
            let (go, stall) = mpsc::channel();
            let writer = Writer::over(Stalled(stall), Counter::default());
            writer.push(b"line\n");
            drop(writer);
            stalled.push(go);
        }
        assert!(begun.elapsed() < Duration::from_secs(5), "it waits for whoever does not read");

        let directory = tempfile::tempdir().unwrap();
        let target = Target::File(directory.path().join("audit.log"));
        let clock: Arc<dyn Clock> = Arc::new(TurnableClock::at(noon()));
        let (writers, metrics) = (Writers::default(), crate::metrics::MemoryMetrics::default());
        let writer = writers.writer(&target, &clock, &metrics).unwrap();
        writer.push(b"last\n");
        drop(writer);
        writers.flush();
        assert_eq!(std::fs::read_to_string(directory.path().join("audit.log")).unwrap(), "last\n");
    }

    #[tokio::test]
    async fn an_event_is_a_line() {
        let (go, stalled) = mpsc::channel();
        drop(go);
        let writer = Arc::new(Writer::over(Stalled(stalled), Counter::default()));
        let audit = Audit::new(writer, Arc::new(TurnableClock::at(noon())), false, "0a1b".into());
        let event = audit.event("refused", |event| event.text("reason", "r\n"));
        let line = "{\"time\":\"2026-01-01T12:00:00.000000Z\",\"event\":\"refused\",\"reason\":\"r\\n\",\"config\":\"0a1b\"}\n";
        assert_eq!(String::from_utf8(event.0).unwrap(), line);
    }
}
