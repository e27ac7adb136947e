use std::fmt;
use std::time::SystemTime;

use crate::token::generate::calendar;

/// How much a notice matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Good to know.
    Info,
    /// Somebody should do something, before the date in the text if it has one.
    Warn,
    /// Tokens are refused by registries, or will be soon.
    Error,
}

/// Something that the administrator should know of managed keys. The text stays the same while its cause lasts, so that
/// a notice that the last call gave too need not be logged again. It holds nothing of a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    /// How much it matters.
    pub severity: Severity,
    /// What it is, where, and the cure.
    pub text: String,
}

impl Notice {
    pub(super) fn info(text: impl Into<String>) -> Self {
        Self { severity: Severity::Info, text: text.into() }
    }

    pub(super) fn warn(text: impl Into<String>) -> Self {
        Self { severity: Severity::Warn, text: text.into() }
    }

    pub(super) fn error(text: impl Into<String>) -> Self {
        Self { severity: Severity::Error, text: text.into() }
    }
}

impl fmt::Display for Notice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// The date in UTC, such as `2036-05-04`.
pub(super) fn day(time: SystemTime) -> String {
    calendar(time).map_or_else(|_| "a day out of range".to_owned(), |moment| moment.date().to_string())
}
