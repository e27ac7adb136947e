//! Everything that is stored, as lines of text: for a copy, for another kind of store, for another secret.
//!
//! The first line says what it is, then comes one record on each line, and the last line says how many: so a file that was
//! cut off is noticed. Each line is JSON. What is in memory at once is a page of records, or a line.
//!
//! Lock-outs and sign-ins that are under way stay behind: they end by themselves. Records are not sealed in an export, and
//! are sealed anew by the store into which they go. Their values hold hashes of secrets and no secret; but whoever can
//! *change* an export before it is imported can make credentials: it is to be kept like the store's own secret.

mod line;
#[cfg(test)]
mod tests;

use std::fmt;
use std::sync::Arc;

use dockgate_api::{BackendError, Call, Cursor, Filter, Shelf, Store};

use crate::record::is_over;
use line::Line;

/// Records that are asked for at once.
const PAGE: usize = 200;
/// In bytes: the largest record that a store takes is a mebibyte, and longer by a third in base64.
const LONGEST_LINE: usize = 2 * 1024 * 1024;
/// What is taken along. A shelf that is added later belongs here, unless what is on it ends by itself.
const SHELVES: [Shelf; 4] = [Shelf::AppPasswords, Shelf::RefreshTokens, Shelf::ApiTokens, Shelf::Backend];

/// A store, line by line.
pub struct Export {
    store: Arc<dyn Store>,
    next: Next,
    records: u64,
}

enum Next {
    Head,
    Page(usize, Option<Cursor>),
    End,
    Nothing,
}

impl Export {
    /// From the beginning.
    pub fn new(store: Arc<dyn Store>) -> Self {
        Self { store, next: Next::Head, records: 0 }
    }

    /// Some more lines, each with its end; none when there are no more. Each call has a deadline of its own. May be called
    /// again after an error.
    ///
    /// # Errors
    /// If the store cannot be asked.
    pub async fn more(&mut self, cx: &Call) -> Result<Option<String>, BackendError> {
        match &self.next {
            Next::Nothing => Ok(None),
            Next::Head => {
                self.next = Next::Page(0, None);
                Line::head().text().map(Some)
            }
            Next::End => {
                let line = Line::end(self.records).text()?;
                self.next = Next::Nothing;
                Ok(Some(line))
            }
            Next::Page(place, after) => {
                let place = *place;
                let Some(shelf) = SHELVES.get(place) else {
                    self.next = Next::End;
                    return Ok(Some(String::new()));
                };
                let page = self.store.list(cx, *shelf, &Filter::default(), after.as_ref(), PAGE).await?;
                let mut lines = String::new();
                for record in &page.records {
                    lines.push_str(&Line::of(*shelf, record).text()?);
                }
                self.records =
                    self.records.saturating_add(u64::try_from(page.records.len()).unwrap_or(u64::MAX));
                self.next = match page.next {
                    Some(cursor) => Next::Page(place, Some(cursor)),
                    None => Next::Page(place.saturating_add(1), None),
                };
                Ok(Some(lines))
            }
        }
    }

    /// How many records it was so far.
    pub fn records(&self) -> u64 {
        self.records
    }
}

/// What an import has done.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Imported {
    /// Records that are in the store now.
    pub written: u64,
    /// Records that were over.
    pub expired: u64,
}

/// Why an import stopped. What was before that line is in the store; the same import can be done again as a whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImportError {
    /// Counted from 1.
    pub line: u64,
    /// What is wrong.
    pub reason: ImportReason,
}

/// What is wrong with a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ImportReason {
    /// The line itself.
    Line(String),
    /// The store did not take it.
    Store(BackendError),
}

/// Lines, into a store. A record with the same key is replaced, so that doing it twice is doing it once.
pub struct Import {
    store: Arc<dyn Store>,
    /// Of a line whose end is not there yet.
    begun: Vec<u8>,
    lines: u64,
    stage: Stage,
    done: Imported,
}

#[derive(PartialEq)]
enum Stage {
    Head,
    Records,
    Ended,
}

impl Import {
    /// Into a store.
    pub fn new(store: Arc<dyn Store>) -> Self {
        Self { store, begun: Vec::new(), lines: 0, stage: Stage::Head, done: Imported::default() }
    }

    /// Takes some more bytes of the text, wherever they begin and end. The call's deadline is for all of them.
    ///
    /// # Errors
    /// The line that is not one, or that the store did not take.
    pub async fn feed(&mut self, cx: &Call, bytes: &[u8]) -> Result<(), ImportError> {
        for piece in bytes.split_inclusive(|byte| *byte == b'\n') {
            if self.begun.len().saturating_add(piece.len()) > LONGEST_LINE {
                self.lines = self.lines.saturating_add(1);
                return Err(self.wrong(format!("longer than {LONGEST_LINE} bytes: this is no export")));
            }
            self.begun.extend_from_slice(piece);
            if piece.ends_with(b"\n") {
                let whole = std::mem::take(&mut self.begun);
                self.line(cx, &whole).await?;
            }
        }
        Ok(())
    }

    /// The text is over.
    ///
    /// # Errors
    /// If its end is missing.
    pub async fn finish(mut self, cx: &Call) -> Result<Imported, ImportError> {
        let last = std::mem::take(&mut self.begun);
        if !last.is_empty() {
            self.line(cx, &last).await?;
        }
        if self.stage == Stage::Ended {
            return Ok(self.done);
        }
        self.lines = self.lines.saturating_add(1);
        Err(self.wrong("missing: the export was cut off here; export anew".to_owned()))
    }

    /// What is done so far.
    pub fn so_far(&self) -> Imported {
        self.done
    }

    async fn line(&mut self, cx: &Call, bytes: &[u8]) -> Result<(), ImportError> {
        self.lines = self.lines.saturating_add(1);
        if bytes.trim_ascii().is_empty() {
            return Ok(());
        }
        let line = Line::read(bytes).map_err(|why| self.wrong(why))?;
        match (&self.stage, line) {
            (Stage::Head, Line::Head(head)) => {
                head.check().map_err(|why| self.wrong(why))?;
                self.stage = Stage::Records;
            }
            (Stage::Head, _) => {
                return Err(self.wrong("the first line must say what this is: this is no export".to_owned()));
            }
            (Stage::Records, Line::Record(line)) => {
                let (shelf, record) = line.record().map_err(|why| self.wrong(why))?;
                if !SHELVES.contains(&shelf) {
                    return Err(self.wrong(format!("nothing is imported onto the shelf {}", shelf.name())));
                }
                if is_over(record.expires_at, cx.now()) {
                    self.done.expired = self.done.expired.saturating_add(1);
                    return Ok(());
                }
                let put = self.store.put(cx, shelf, record).await;
                put.map_err(|error| ImportError { line: self.lines, reason: ImportReason::Store(error) })?;
                self.done.written = self.done.written.saturating_add(1);
            }
            (Stage::Records, Line::End(end)) => {
                let read = self.done.written.saturating_add(self.done.expired);
                if end.records != read {
                    return Err(self.wrong(format!(
                        "the export had {} records and this is the end of {read}: lines are missing or were added",
                        end.records
                    )));
                }
                self.stage = Stage::Ended;
            }
            (Stage::Records, Line::Head(_)) => {
                return Err(self.wrong("an export begins in the middle of another".to_owned()));
            }
            (Stage::Ended, _) => return Err(self.wrong("there is something behind the end".to_owned())),
        }
        Ok(())
    }

    fn wrong(&self, why: String) -> ImportError {
        ImportError { line: self.lines, reason: ImportReason::Line(why) }
    }
}

impl fmt::Display for ImportError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.reason {
            ImportReason::Line(why) => write!(f, "line {}: {why}", self.line),
            ImportReason::Store(error) => write!(f, "line {}: the store did not take it: {error}", self.line),
        }
    }
}

impl std::error::Error for ImportError {}
