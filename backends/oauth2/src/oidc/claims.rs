//! What a provider says of somebody, and where it said so.

use serde_json::{Map, Value};

use super::claim_path::ClaimPath;

/// The claims of one document, verified or fetched from the provider itself.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Claims(pub(crate) Map<String, Value>);

impl Claims {
    /// A claim at the top that is text.
    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        self.0.get(name)?.as_str()
    }

    /// Whether a claim says yes: some providers write it as text.
    pub(crate) fn is_true(&self, name: &str) -> bool {
        match self.0.get(name) {
            Some(Value::Bool(said)) => *said,
            Some(Value::String(text)) => text == "true",
            _ => false,
        }
    }
}

/// Everything that is known of somebody at one moment.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Told<'c> {
    /// Of an ID token that was just made.
    pub(crate) id_token: Option<&'c Claims>,
    /// Of the userinfo endpoint, just asked.
    pub(crate) userinfo: Option<&'c Claims>,
    /// Of the ID token of an earlier time: who it was, never what they may do.
    pub(crate) kept: Option<&'c Claims>,
}

impl<'c> Told<'c> {
    /// What is said today.
    pub(crate) fn today(&self) -> impl Iterator<Item = &'c Claims> + use<'c> {
        self.id_token.into_iter().chain(self.userinfo)
    }

    /// What was ever said, the newest first.
    pub(crate) fn ever(&self) -> impl Iterator<Item = &'c Claims> + use<'c> {
        self.today().chain(self.kept)
    }

    /// A claim as it is today, and what else is said in the same document.
    pub(crate) fn find_today(&self, path: &ClaimPath) -> Option<(&'c Value, &'c Claims)> {
        self.today().find_map(|claims| Some((path.find(&claims.0)?, claims)))
    }

    /// A claim as it was last said, likewise.
    pub(crate) fn find_ever(&self, path: &ClaimPath) -> Option<(&'c Value, &'c Claims)> {
        self.ever().find_map(|claims| Some((path.find(&claims.0)?, claims)))
    }
}
