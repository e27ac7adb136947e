//! What a directory does instead of answering well.

use std::time::Duration;

use super::answer::Answer;

/// How requests are answered, until told otherwise. Binds and searches are recorded in every mood.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Mood {
    /// As a directory does.
    #[default]
    Well,
    /// Not at all: the connection stays open. As the mood of everything it also accepts without a TLS handshake.
    Silent,
    /// As well, but so much later.
    Late(Duration),
    /// With the first half of the answer, and then the connection closes.
    Cut,
    /// With nothing: the connection closes.
    HangUp,
    /// With the notice of disconnection (RFC 4511 section 4.4.1), and then the connection closes.
    Notice,
    /// With these bytes, whatever was asked.
    Raw(Vec<u8>),
    /// As well, but for another message than the one that asked.
    OtherMessage,
    /// With this result: `Answer::code(51)` for busy, `Answer::code(52)` for unavailable.
    Result(Answer),
}

#[derive(Clone, Debug, Default)]
pub(super) struct Moods {
    pub(super) everything: Mood,
    pub(super) binds: Mood,
    pub(super) searches: Mood,
}

impl Moods {
    /// The mood of everything goes before that of a part.
    pub(super) fn of(&self, part: &Mood) -> Mood {
        if self.everything == Mood::Well { part.clone() } else { self.everything.clone() }
    }
}
