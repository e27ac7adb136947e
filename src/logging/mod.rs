//! Where log lines go: standard error, as text for people or JSON for machines.
//!
//! A thread of its own writes them: a reader that has stalled holds up no request, and what it cannot keep up with is
//! dropped beyond a bound, counted and told. The audit log goes by the same way to a place of its own. Diagnostics come
//! by way of `tracing`; the one line that every decision gets is written by hand ([`Log::decision`]), since a framework
//! would cost a third of a request.

pub(crate) mod line;
pub(crate) mod problem;
mod seldom;
pub(crate) mod spool;
mod switch;

use std::fmt::{self, Write as _};
use std::net::IpAddr;
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, OnceLock};

use dockgate_api::{Clock, Counter, Metrics, RequestId, Series};
use tracing_subscriber::fmt::MakeWriter;

pub use line::Quoted;
pub(crate) use seldom::Seldom;
pub use spool::Flush;

use crate::config::log::{LogConfig, LogFormat, LogLevel};
use line::Line;
use spool::{Destination, Spool};
use switch::Switch;

/// The log of a process; a clone is the same log. Silent until it is started.
#[derive(Clone)]
pub struct Log {
    spool: Spool,
    clock: Arc<dyn Clock>,
    /// Which decisions are written, and how: see [`pack`].
    decisions: Arc<AtomicU8>,
    switch: Arc<OnceLock<Switch>>,
}

/// How important a decision is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Importance {
    /// It fell, in favour or against.
    Info,
    /// It could not fall.
    Error,
}

/// The line of one decision; it is written when it goes.
#[derive(Debug)]
pub struct DecisionLine<'l> {
    log: &'l Log,
    line: Option<Line>,
}

impl Log {
    /// A log that is silent until it is started.
    pub fn new(clock: Arc<dyn Clock>, metrics: &dyn Metrics) -> Self {
        let lost = metrics.counter(&Series::new(
            "dockgate_log_lines_lost_total",
            "Log lines that were dropped because their reader was too slow, or that could not be written.",
        ));
        Self::with(clock, lost)
    }

    fn with(clock: Arc<dyn Clock>, lost: Counter) -> Self {
        Self { spool: Spool::new(lost), clock, decisions: Arc::default(), switch: Arc::default() }
    }

    /// Starts to write to standard error, once a process. What waits is written when the guard goes, within a bound.
    ///
    /// # Errors
    /// If the system starts no thread.
    pub(crate) fn start(&self, config: &LogConfig) -> std::io::Result<Flush> {
        if let Some(switch) = Switch::install(self, config) {
            // Nobody else sets it.
            let _ = self.switch.set(switch);
        } else {
            tracing::debug!("logging was started before");
        }
        self.write_decisions_to(std::io::stderr(), config)
    }

    /// Writes as another configuration says from now on.
    pub(crate) fn follow(&self, config: &LogConfig) {
        self.decisions.store(pack(config), Ordering::Relaxed);
        if let Some(switch) = self.switch.get() {
            switch.turn(self, config);
        }
    }

    fn write_decisions_to<W>(&self, to: W, config: &LogConfig) -> std::io::Result<Flush>
    where
        W: std::io::Write + Send + 'static,
    {
        self.decisions.store(pack(config), Ordering::Relaxed);
        let (clock, decisions) = (Arc::clone(&self.clock), Arc::clone(&self.decisions));
        self.spool.start("log", Reader { to, clock, decisions })
    }

    /// The line of a decision, if one of this importance is written at all.
    pub fn decision(&self, importance: Importance, message: &'static str) -> Option<DecisionLine<'_>> {
        let (format, least) = unpack(self.decisions.load(Ordering::Relaxed))?;
        let level = match importance {
            Importance::Error => "ERROR",
            Importance::Info if least == Importance::Info => "INFO",
            Importance::Info => return None,
        };
        let line = Line::new(format, self.clock.now(), level, message);
        Some(DecisionLine { log: self, line: Some(line) })
    }
}

/// Who reads the log. Nobody else is left to be told of what it misses.
struct Reader<W> {
    to: W,
    clock: Arc<dyn Clock>,
    decisions: Arc<AtomicU8>,
}

impl<W: std::io::Write + Send + 'static> Destination for Reader<W> {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.to.write(bytes)
    }

    fn confess(&mut self, lost: u64) -> Vec<u8> {
        let message = "log lines were lost: their reader is too slow, or they cannot be written";
        let format =
            unpack(self.decisions.load(Ordering::Relaxed)).map_or(LogFormat::Text, |(format, _)| format);
        let mut line = Line::new(format, self.clock.now(), "WARN", message);
        line.word("lines", |lines| _ = write!(lines, "{lost}"));
        line.finish()
    }
}

impl DecisionLine<'_> {
    /// A field with text that somebody else may have chosen.
    pub fn text(&mut self, name: &'static str, value: &str) {
        self.pieces(name, |quoted| quoted.push(value));
    }

    /// The same, written piece by piece.
    pub fn pieces(&mut self, name: &'static str, write: impl FnOnce(&mut Quoted<'_>)) {
        if let Some(line) = &mut self.line {
            line.quoted(name, write);
        }
    }

    /// A field with one word of ours or of the administrator's, which the text format leaves without quotes.
    pub fn word(&mut self, name: &'static str, value: &str) {
        if let Some(line) = &mut self.line {
            line.word(name, |word| word.push(value));
        }
    }

    /// The field that names the request.
    pub fn request(&mut self, id: RequestId) {
        if let Some(line) = &mut self.line {
            line.word("request_id", |word| word.id(id));
        }
    }

    /// The field that says where the client is, as far as it is known.
    pub fn client(&mut self, address: Option<IpAddr>) {
        if let Some(line) = &mut self.line {
            line.word("client", |word| word.address(address));
        }
    }
}

impl Drop for DecisionLine<'_> {
    fn drop(&mut self) {
        if let Some(line) = self.line.take() {
            self.log.spool.push(&line.finish());
        }
    }
}

/// In one byte, so that a request reads it without a lock: 0 is silence.
fn pack(config: &LogConfig) -> u8 {
    let level = if config.level >= LogLevel::Info { 2 } else { 1 };
    match config.format {
        LogFormat::Text => level,
        LogFormat::Json => level + 2,
    }
}

fn unpack(packed: u8) -> Option<(LogFormat, Importance)> {
    Some(match packed {
        1 => (LogFormat::Text, Importance::Error),
        2 => (LogFormat::Text, Importance::Info),
        3 => (LogFormat::Json, Importance::Error),
        4 => (LogFormat::Json, Importance::Info),
        _ => return None,
    })
}

/// `tracing` writes each line at once.
impl<'w> MakeWriter<'w> for Log {
    type Writer = Lines<'w>;

    fn make_writer(&'w self) -> Lines<'w> {
        Lines(self)
    }
}

/// What `tracing` writes to.
#[derive(Debug)]
pub struct Lines<'l>(&'l Log);

impl std::io::Write for Lines<'_> {
    fn write(&mut self, lines: &[u8]) -> std::io::Result<usize> {
        self.0.spool.push(lines);
        Ok(lines.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl fmt::Debug for Log {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Log").field("decisions", &self.decisions).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Mutex, PoisonError};

    use dockgate_testkit::fakes::{TurnableClock, noon};

    use super::*;

    #[derive(Clone, Default)]
    struct Written(Arc<Mutex<Vec<u8>>>);

    impl std::io::Write for Written {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    fn written(level: LogLevel, format: LogFormat) -> String {
        let log = Log::with(Arc::new(TurnableClock::at(noon())), Counter::default());
        assert!(log.decision(Importance::Error, "too early").is_none());
        let to = Written::default();
        let flush = log.write_decisions_to(to.clone(), &LogConfig { format, level }).unwrap();
        for importance in [Importance::Info, Importance::Error] {
            if let Some(mut line) = log.decision(importance, "decided") {
                line.text("account", "alice");
            }
        }
        drop(flush);
        String::from_utf8(to.0.lock().unwrap().clone()).unwrap()
    }

    #[test]
    fn decisions_are_written_as_the_level_says() {
        for format in [LogFormat::Text, LogFormat::Json] {
            for (level, lines) in
                [(LogLevel::Error, 1), (LogLevel::Warn, 1), (LogLevel::Info, 2), (LogLevel::Trace, 2)]
            {
                let text = written(level, format);
                assert_eq!(text.lines().count(), lines, "{text}");
                assert!(text.contains("ERROR") && text.contains("alice"));
            }
        }
    }
}
