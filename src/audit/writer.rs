//! The threads that write audit lines, one for each destination.

use std::fs::File;
use std::io::{self, Write as _};
use std::os::fd::AsFd as _;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};

use dockgate_api::{Clock, Gauge, Metrics, Series};

use super::file::AuditFile;
use super::object::Object;
use crate::logging::line::Line;
use crate::logging::spool::{Destination, Spool, Told};

/// Where audit lines go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// The server's standard output.
    Stdout,
    /// A file, which may be moved or removed by whoever keeps logs small.
    File(PathBuf),
}

/// The writers of a process. They outlive reloads: a destination that stays has one writer, whoever uses it.
#[derive(Debug, Default)]
pub struct Writers(Mutex<Vec<Known>>);

/// A writer, and what it leaves behind: its thread may have lines to write when nobody has any for it.
#[derive(Debug)]
struct Known {
    target: Target,
    writer: Weak<Writer>,
    spool: Spool,
}

/// Takes lines for one destination. What waits is written when it goes, by the thread alone: it may go with a
/// configuration, where requests are served.
#[derive(Debug)]
pub struct Writer {
    spool: Spool,
    signs: Arc<Signs>,
}

/// What the writer and its thread say to each other.
#[derive(Debug, Default)]
struct Signs {
    reopen: AtomicBool,
    /// The log was told that lines cannot be written: once, until they can.
    told: AtomicBool,
}

impl Writers {
    /// The writer for a destination. Nothing is opened before there is a line.
    ///
    /// # Errors
    /// If the system starts no thread, or standard output is closed.
    pub fn writer(
        &self,
        target: &Target,
        clock: &Arc<dyn Clock>,
        metrics: &dyn Metrics,
    ) -> io::Result<Arc<Writer>> {
        let mut writers = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        writers.retain(|known| known.writer.strong_count() > 0 || !known.spool.is_finished());
        let mut same = writers.iter().filter(|known| known.target == *target);
        if let Some(writer) = same.find_map(|known| known.writer.upgrade()) {
            return Ok(writer);
        }
        let writer = Arc::new(Writer::start(target, Arc::clone(clock), metrics)?);
        let spool = writer.spool.clone();
        writers.push(Known { target: target.clone(), writer: Arc::downgrade(&writer), spool });
        Ok(writer)
    }

    /// Opens every file anew, also where its name seems to lead to the same one. When this is over, no file from before
    /// is open any more, unless its disk hangs. Waits for the writers, so that it has no place among requests.
    pub fn reopen(&self) {
        for writer in self.known(|known| known.writer.upgrade()) {
            writer.signs.reopen.store(true, Ordering::Relaxed);
        }
        self.flush();
    }

    /// Waits until what was taken so far is written, within a bound.
    pub fn flush(&self) {
        self.known(|known| Some(known.spool.clone())).iter().for_each(Spool::flush);
    }

    fn known<T>(&self, part: impl FnMut(&Known) -> Option<T>) -> Vec<T> {
        let writers = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        writers.iter().filter_map(part).collect()
    }
}

impl Drop for Writers {
    fn drop(&mut self) {
        self.flush();
    }
}

impl Writer {
    fn start(target: &Target, clock: Arc<dyn Clock>, metrics: &dyn Metrics) -> io::Result<Self> {
        let lost = metrics.counter(&Series::new(
            "dockgate_audit_lines_lost_total",
            "Audit lines that did not fit into the queue, or that could not be written.",
        ));
        let healthy = metrics.gauge(&Series::new(
            "dockgate_audit_healthy",
            "Whether the last audit lines could be written (1) or not (0).",
        ));
        healthy.set(1);
        let signs = Arc::new(Signs::default());
        let to = match target {
            Target::Stdout => To::Stdout(File::from(io::stdout().as_fd().try_clone_to_owned()?)),
            Target::File(path) => To::File(AuditFile::new(path.clone())),
        };
        let place = match target {
            Target::Stdout => "stdout".to_owned(),
            Target::File(path) => path.display().to_string(),
        };
        let spool = Spool::new(lost);
        let destination = AuditLog { to, place, signs: Arc::clone(&signs), clock, healthy, confessed: 0 };
        spool.run("audit", destination)?;
        Ok(Self { spool, signs })
    }

    /// One over another destination, for tests.
    #[cfg(test)]
    pub(super) fn over(to: impl Destination, lost: dockgate_api::Counter) -> Self {
        let spool = Spool::new(lost);
        spool.run("audit", to).unwrap();
        Self { spool, signs: Arc::default() }
    }

    /// Takes a line.
    pub(super) fn push(&self, line: &[u8]) {
        if !self.spool.push(line) {
            self.falls_behind();
        }
    }

    /// Tells the log that whoever reads the lines does not keep up: the thread itself cannot while it waits for them.
    pub(super) fn falls_behind(&self) {
        if !self.signs.told.swap(true, Ordering::Relaxed) {
            tracing::error!(
                "the audit log cannot keep up: its lines are lost, and with `audit.required` no tokens are given"
            );
        }
    }

    /// Takes a line, and says whether it was written.
    pub(super) fn push_and_tell(&self, line: &[u8], told: Told) {
        self.spool.push_and_tell(line, told);
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.spool.end();
    }
}

enum To {
    Stdout(File),
    File(AuditFile),
}

struct AuditLog {
    to: To,
    place: String,
    signs: Arc<Signs>,
    clock: Arc<dyn Clock>,
    healthy: Gauge,
    /// How many lost lines the one on its way tells of.
    confessed: u64,
}

impl Destination for AuditLog {
    fn prepare(&mut self, has_lines: bool) -> io::Result<Option<bool>> {
        let wanted = self.signs.reopen.swap(false, Ordering::Relaxed);
        match &mut self.to {
            // Whoever only checks a configuration leaves no file behind.
            To::File(file) if has_lines || (wanted && file.is_open()) => file.prepare(wanted),
            To::File(_) | To::Stdout(_) => Ok(None),
        }
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match &mut self.to {
            To::Stdout(file) => file.write(bytes),
            To::File(file) => file.write(bytes),
        }
    }

    fn confess(&mut self, lost: u64) -> Vec<u8> {
        self.confessed = lost;
        line(self.clock.as_ref(), "lost", |object| object.number("lines", lost))
    }

    fn tried(&mut self, outcome: &io::Result<()>) {
        self.healthy.set(i64::from(outcome.is_ok()));
        let confessed = std::mem::take(&mut self.confessed);
        if outcome.is_ok() && confessed > 0 {
            tracing::warn!(to = self.place, lines = confessed, "audit lines were lost");
        }
        let told_before = self.signs.told.swap(outcome.is_err(), Ordering::Relaxed);
        match outcome {
            Err(error) if !told_before => tracing::error!(
                to = self.place,
                %error,
                "the audit log cannot be written: its lines are lost, and with `audit.required` no tokens are given"
            ),
            Ok(()) if told_before => tracing::info!(to = self.place, "the audit log can be written again"),
            _ => {}
        }
    }
}

/// A whole line: the time, what it tells of, and its fields.
pub(super) fn line(clock: &dyn Clock, event: &str, fields: impl FnOnce(&mut Object<'_>)) -> Vec<u8> {
    let mut line = Line::json(1024);
    Object::write(&mut line, |object| {
        object.time(clock.now());
        object.text("event", event);
        fields(object);
    });
    line.raw("\n");
    line.into_bytes()
}
