//! What programs write to standard error.

use std::sync::Arc;
use std::time::{Duration, Instant};

use dockgate_api::secrecy::{ExposeSecret, SecretString};
use dockgate_hooks::redact;

use super::Program;
use super::lines::{Line, LineReader};

/// In bytes; longer lines are cut.
const LONGEST_LINE: usize = 1024;
/// Who says more in one [`PERIOD`] is not heard for the rest of it.
const MOST_LINES: usize = 32;
const PERIOD: Duration = Duration::from_secs(60);

/// Writes a program's standard error to the log: line by line, bounded, and without the passwords of its questions.
pub(crate) struct Complaints {
    program: Arc<Program>,
    reader: LineReader,
    since: Instant,
    written: usize,
    kept: Option<Vec<String>>,
}

impl Complaints {
    pub(crate) fn new(program: Arc<Program>, now: Instant) -> Self {
        Self { program, reader: LineReader::new(LONGEST_LINE), since: now, written: 0, kept: None }
    }

    /// Keeps what it writes to the log, too. Only for one that does not stay: it is not forgotten.
    pub(super) fn keeping(mut self) -> Self {
        self.kept = Some(Vec::new());
        self
    }

    /// What was kept.
    pub(super) fn take_kept(&mut self) -> Vec<String> {
        self.kept.take().unwrap_or_default()
    }

    /// Takes what was read.
    pub(crate) fn take<'p, P: Iterator<Item = &'p SecretString>>(
        &mut self,
        bytes: &[u8],
        now: Instant,
        passwords: impl Fn() -> P,
    ) {
        let Self { program, reader, since, written, kept } = self;
        if now.saturating_duration_since(*since) >= PERIOD {
            (*since, *written) = (now, 0);
        }
        reader.feed(bytes, |line| {
            *written = written.saturating_add(1);
            let (link, program) = (&*program.link, &*program.name);
            if *written > MOST_LINES {
                if *written == MOST_LINES + 1 {
                    tracing::warn!(link, program, "the program says more than is logged");
                }
                return;
            }
            let said = without(&line, passwords());
            if !said.is_empty() {
                tracing::warn!(link, program, said, "a program complains");
                if let Some(kept) = kept {
                    kept.push(said);
                }
            }
        });
    }
}

fn without<'p>(line: &Line<'_>, mut passwords: impl Iterator<Item = &'p SecretString>) -> String {
    match line {
        // A password that the cut went through is not found.
        Line::TooLong(_) if passwords.any(|password| !password.expose_secret().is_empty()) => {
            "[a long line, which may hold a password]".to_owned()
        }
        Line::Whole(text) | Line::TooLong(text) => {
            let text = String::from_utf8_lossy(text).into_owned();
            let text = passwords.fold(text, |text, password| redact(&text, password.expose_secret()));
            text.trim_end().to_owned()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_password_of_a_question_is_logged() {
        let passwords = [SecretString::from("hunter2"), SecretString::from("a\\b\"c")];
        let said = |line| without(&line, passwords.iter());
        assert_eq!(said(Line::Whole(b"login of bob hunter2 failed \r")), "login of bob [redacted] failed");
        assert_eq!(
            said(Line::Whole(br#"a\b"c {"password":"a\\b\"c"}"#)),
            r#"[redacted] {"password":"[redacted]"}"#
        );
        assert!(!said(Line::TooLong(b"login of bob hunt")).contains("hunt"));
        let blank = [SecretString::from("hunter2 ")];
        let said = without(&Line::Whole(b"login of bob hunter2 "), blank.iter());
        assert_eq!(said, "login of bob [redacted]");
        let none = [SecretString::from("")];
        assert_eq!(without(&Line::TooLong(b"a long line"), none.iter()), "a long line");
    }
}
