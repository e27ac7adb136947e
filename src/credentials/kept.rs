//! What the record of a credential says, beside its owner.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use dockgate_api::{ActionSet, Actions, BackendError, Identity, Record, Restriction, ScopeLimit};
use dockgate_rules::{DoubleStar, Glob};
use serde::{Deserialize, Serialize};

use crate::scope::RequestedScopes;

/// Everything that is remembered of a credential. Fields may be added; none changes its meaning, since the release
/// before reads them too.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Kept {
    /// The owner's epoch when the credential was made.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) epoch: Option<String>,
    /// The one registry that it is good for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) service: Option<String>,
    /// What the client called itself; proves nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) client_id: Option<String>,
    /// What it can never exceed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) scopes: Option<Vec<Limit>>,
    /// What its maker wrote down.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) note: Option<String>,
    /// When it was last used, in seconds since 1970; about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) used: Option<u64>,
    /// From where it was made.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) made_from: Option<String>,
    /// From where it was last used; about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) used_from: Option<String>,
    /// When it ends however much it is used, in seconds since 1970.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) ends: Option<u64>,
    /// How long it lives, in seconds, and one that takes its place.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) lives: Option<u64>,
    /// When the first was made that this one takes the place of, in seconds since 1970.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) first: Option<u64>,
    /// The key of the one that this one took the place of, until that is gone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) follows: Option<String>,
}

/// One scope that a credential is restricted to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limit {
    /// The resource type.
    #[serde(rename = "type")]
    pub kind: String,
    /// A glob over names in which `**` crosses `/`.
    pub name: String,
    /// No more than these.
    pub actions: Vec<String>,
}

impl Kept {
    /// What a record says.
    ///
    /// # Errors
    /// If it cannot be read: nothing is granted by half a record.
    pub(super) fn of(record: &Record) -> Result<Self, BackendError> {
        serde_json::from_slice(&record.value).map_err(|_| {
            BackendError::Protocol("the store holds a credential that cannot be read".to_owned())
        })
    }

    /// As it is stored.
    pub(super) fn value(&self) -> Result<Vec<u8>, BackendError> {
        serde_json::to_vec(self).map_err(|error| BackendError::Protocol(error.to_string()))
    }

    /// The identity under what the credential is restricted to.
    pub(super) fn restrict(&self, identity: Identity) -> Identity {
        let Some(scopes) = &self.scopes else { return identity };
        let limit = |limit: &Limit| {
            let actions: ActionSet = limit.actions.iter().map(String::as_str).collect();
            ScopeLimit::new(&limit.kind, &limit.name, Actions::Only(actions))
        };
        identity.restricted_to(Restriction::to(scopes.iter().map(limit).collect()))
    }

    pub(super) fn ends_at(&self) -> Option<SystemTime> {
        self.ends.map(from_seconds)
    }

    pub(super) fn used_at(&self) -> Option<SystemTime> {
        self.used.map(from_seconds)
    }
}

impl Limit {
    /// Reads `TYPE:NAME:ACTIONS`, with a glob for the name.
    ///
    /// # Errors
    /// What is wrong with it, and the cure.
    pub fn parse(text: &str) -> Result<Self, String> {
        let shown = || text.chars().take(200).flat_map(char::escape_debug).collect::<String>();
        let no_scope = || {
            format!(
                "`{}` is no scope: write TYPE:NAME:ACTIONS, such as `repository:team/*:pull`, with `**` for names of \
                 any depth",
                shown()
            )
        };
        let parsed = RequestedScopes::parse([text], 1).map_err(|_| no_scope())?;
        let [scope] = parsed.scopes.as_slice() else { return Err(no_scope()) };
        if scope.resource.class.is_some() {
            return Err(format!("`{}` names a class: leave it out, a type covers all of them", shown()));
        }
        if scope.actions.is_empty() {
            return Err(format!(
                "`{}` allows nothing: write actions, such as `pull` or `pull,push`",
                shown()
            ));
        }
        Glob::parse(&scope.resource.name, DoubleStar::CrossesSlash)
            .map_err(|error| format!("`{}`: {error}", shown()))?;
        Ok(Self {
            kind: scope.resource.kind.clone(),
            name: scope.resource.name.clone(),
            actions: scope.actions.iter().map(str::to_owned).collect(),
        })
    }

    /// As it is written.
    pub fn text(&self) -> String {
        format!("{}:{}:{}", self.kind, self.name, self.actions.join(","))
    }
}

pub(super) fn seconds(time: SystemTime) -> u64 {
    time.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs()
}

pub(super) fn from_seconds(seconds: u64) -> SystemTime {
    UNIX_EPOCH.checked_add(Duration::from_secs(seconds)).unwrap_or(UNIX_EPOCH)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_as_they_are_written() {
        for (text, read) in [
            ("repository:team/*:pull", "repository:team/*:pull"),
            ("repository:host:5000/a/**:push,pull", "repository:host:5000/a/**:pull,push"),
            ("repository:a:*", "repository:a:delete,pull,push"),
            ("registry:catalog:*", "registry:catalog:*"),
        ] {
            assert_eq!(Limit::parse(text).unwrap().text(), read, "{text}");
        }
        for text in
            ["", "team/*", "repository:team/*", "repository:a:", "repository:a[:pull", "a:b:pull c:d:pull"]
        {
            assert!(Limit::parse(text).is_err(), "{text}");
        }
        assert!(Limit::parse("repository(plugin):a:pull").unwrap_err().contains("class"));
    }

    #[test]
    fn what_a_later_release_wrote_is_read() {
        let record = Record::new("k", UNIX_EPOCH, br#"{"epoch":"1","shape":"round","ends":7}"#.to_vec());
        let kept = Kept::of(&record).unwrap();
        assert_eq!((kept.epoch.as_deref(), kept.ends), (Some("1"), Some(7)));
        assert!(Kept::of(&Record::new("k", UNIX_EPOCH, b"{".to_vec())).is_err());
    }
}
