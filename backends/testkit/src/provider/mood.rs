//! What a provider does instead of answering well.

use std::time::Duration;

use super::Reply;

/// How requests are answered, until told otherwise. They are recorded in every mood.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Mood {
    /// As the provider does.
    Well,
    /// As well, but so much later.
    Late(Duration),
    /// Not at all: the connection stays open.
    Silent,
    /// With nothing: the connection closes.
    HangUp,
    /// With this, whatever was asked.
    Says(Reply),
}

/// Moods of parts of the provider: the longest prefix of the path counts.
#[derive(Debug, Default)]
pub(super) struct Moods(Vec<(String, Mood)>);

impl Moods {
    pub(super) fn set(&mut self, prefix: &str, mood: Mood) {
        self.0.retain(|(known, _)| known != prefix);
        self.0.push((prefix.to_owned(), mood));
    }

    pub(super) fn of(&self, path: &str) -> Mood {
        let fitting = self.0.iter().filter(|(prefix, _)| path.starts_with(prefix.as_str()));
        fitting.max_by_key(|(prefix, _)| prefix.len()).map_or(Mood::Well, |(_, mood)| mood.clone())
    }
}
