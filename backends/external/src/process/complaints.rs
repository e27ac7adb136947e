//! What programs write to standard error.

use std::sync::Arc;

use dockgate_api::secrecy::{ExposeSecret, SecretString};
use dockgate_hooks::redact;

use super::Program;

/// In bytes; longer lines are cut.
const LONGEST_LINE: usize = 1024;
/// A run that says more is not heard any more.
const MOST_LINES: usize = 32;

/// Writes a program's standard error to the log: line by line, bounded, and without the password.
pub(crate) struct Complaints {
    program: Arc<Program>,
    /// Is taken out wherever it stands.
    secret: Option<SecretString>,
    line: Vec<u8>,
    cut: bool,
    written: usize,
}

impl Complaints {
    pub(crate) fn new(program: Arc<Program>, secret: Option<SecretString>) -> Self {
        Self { program, secret, line: Vec::new(), cut: false, written: 0 }
    }

    /// Takes what was read.
    pub(crate) fn take(&mut self, mut bytes: &[u8]) {
        while let Some(end) = bytes.iter().position(|byte| *byte == b'\n') {
            let (line, rest) = bytes.split_at(end);
            self.extend(line);
            self.write();
            bytes = rest.get(1..).unwrap_or_default();
        }
        self.extend(bytes);
    }

    /// Writes what has no line's end.
    pub(crate) fn finish(&mut self) {
        if !self.line.is_empty() {
            self.write();
        }
    }

    fn extend(&mut self, bytes: &[u8]) {
        let room = LONGEST_LINE.saturating_sub(self.line.len());
        self.cut |= bytes.len() > room;
        self.line.extend(bytes.iter().take(room));
    }

    fn write(&mut self) {
        let (line, cut) = (std::mem::take(&mut self.line), std::mem::take(&mut self.cut));
        self.written = self.written.saturating_add(1);
        let (link, program) = (&*self.program.link, &*self.program.name);
        if self.written > MOST_LINES {
            if self.written == MOST_LINES + 1 {
                tracing::warn!(link, program, "the program says more than is logged");
            }
            return;
        }
        let text = String::from_utf8_lossy(&line);
        let secret = self.secret.as_ref().map_or("", |secret| secret.expose_secret());
        let said = redact(text.trim_end(), secret);
        // A secret that the cut went through is not found.
        let said =
            if cut && !secret.is_empty() { "[a long line, which may hold the password]" } else { &said };
        if !said.is_empty() {
            tracing::warn!(link, program, said, "a program complains");
        }
    }
}
