//! The record of somebody who signed in.

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use aws_lc_rs::digest::{SHA256, digest};
use data_encoding::HEXLOWER;
use dockgate_api::secrecy::{ExposeSecret as _, SecretString};
use dockgate_api::{
    ActionSet, Actions, BackendError, Identity, LabelValue, Labels, Owner, Random, Record, Restriction,
    ScopeLimit,
};
use serde::{Deserialize, Serialize};

use super::seal::Sealer;

/// What provider tokens are sealed for; never changes.
pub(super) const PURPOSE: &str = "provider tokens";

/// Somebody who signed in, as the provider described them last.
#[derive(Clone)]
pub(super) struct Person {
    /// Labels are literals, whatever was written; the link is for the chain to say.
    pub(super) identity: Identity,
    /// When the provider said so.
    pub(super) checked_at: SystemTime,
    /// What it takes to ask again.
    pub(super) keep: SecretString,
    /// When they signed in.
    pub(super) since: SystemTime,
    /// If what it takes to ask again was renewed since the provider's answer: the writing that had the answer first.
    pub(super) renewed: Option<String>,
}

/// As it is written. Fields may be added; none changes its meaning, since the release before reads them too. Account and
/// subject are the record's owner's.
#[derive(Default, Serialize, Deserialize)]
#[serde(default)]
struct Written {
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    labels: BTreeMap<String, Vec<String>>,
    /// What the identity cannot exceed: each holds.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    limits: Vec<Vec<WrittenScope>>,
    /// When the provider's word stops counting, in milliseconds since 1970.
    #[serde(skip_serializing_if = "Option::is_none")]
    ends: Option<u64>,
    /// In milliseconds since 1970.
    checked: u64,
    /// Sealed.
    keep: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    renewed: Option<String>,
}

#[derive(Serialize, Deserialize)]
struct WrittenScope {
    #[serde(rename = "type")]
    kind: String,
    name: String,
    /// None for all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    actions: Option<Vec<String>>,
}

/// The key of somebody's record.
pub(super) fn key(owner: &Owner) -> String {
    format!("person:{}", HEXLOWER.encode(digest(&SHA256, &name(owner)).as_ref()))
}

/// What tells one answer of the provider from the next: a record is encrypted anew each time it is written. What is
/// renewed while the provider is asked is of the answer before.
pub(super) fn writing(record: &Record) -> String {
    let written = serde_json::from_slice::<Written>(&record.value);
    if let Some(first) = written.ok().and_then(|written| written.renewed) {
        return first;
    }
    let hash = digest(&SHA256, &record.value);
    HEXLOWER.encode(hash.as_ref().get(..16).unwrap_or_default())
}

/// No name of a link holds the character between.
fn name(owner: &Owner) -> Vec<u8> {
    [owner.link.as_bytes(), b"\0", owner.subject.as_bytes()].concat()
}

impl Person {
    /// Somebody whom the provider just described.
    pub(super) fn new(identity: &Identity, checked_at: SystemTime, keep: SecretString) -> Self {
        let checked_at = time(milliseconds(checked_at));
        let mut identity = identity.clone();
        // It is the provider who says whether they are still there; a password of theirs is none of ours.
        (identity.epoch, identity.credential) = (None, None);
        identity.labels = identity.labels.into_literals();
        Self { identity, checked_at, keep, since: checked_at, renewed: None }
    }

    /// The record, ending at a time.
    pub(super) fn record(
        &self,
        sealer: &Sealer,
        random: &dyn Random,
        ends: Option<SystemTime>,
    ) -> Result<Record, BackendError> {
        let owner = Owner::of(&self.identity);
        let keep = sealer.seal(random, &name(&owner), self.keep.expose_secret().as_bytes());
        let texts = |(label, values): (&str, &[LabelValue])| {
            (label.to_owned(), values.iter().map(|value| value.as_str().to_owned()).collect())
        };
        let written = Written {
            labels: self.identity.labels.iter().map(texts).collect(),
            limits: self.identity.restrictions.iter().map(written_limits).collect(),
            ends: self.identity.expires_at.map(milliseconds),
            checked: milliseconds(self.checked_at),
            keep: keep.map_err(|error| BackendError::Unavailable(error.to_string()))?,
            renewed: self.renewed.clone(),
        };
        let value =
            serde_json::to_vec(&written).map_err(|error| BackendError::Protocol(error.to_string()))?;
        let mut record = Record::new(key(&owner), self.since, value).owned_by(owner);
        record.expires_at = ends;
        Ok(record)
    }

    /// Who a record is about, if it is `owner`'s and was sealed by us for them; the text says why not.
    pub(super) fn of(record: &Record, owner: &Owner, sealer: &Sealer) -> Result<Self, &'static str> {
        let is_theirs = |of: &&Owner| of.link == owner.link && of.subject == owner.subject;
        let of = record.owner.as_ref().filter(is_theirs).ok_or("it is somebody else's")?;
        let written: Written = serde_json::from_slice(&record.value).map_err(|_| "it cannot be read")?;
        let keep = sealer.open(&name(of), &written.keep).and_then(|keep| String::from_utf8(keep).ok());
        let keep = keep.ok_or("what is encrypted in it does not open")?;
        let mut labels = Labels::new();
        for (label, values) in written.labels {
            for value in values {
                labels.add(label.clone(), LabelValue::Literal(value));
            }
        }
        let mut identity = Identity::new(&of.account).with_subject(&of.subject).with_labels(labels);
        identity.link = of.link.as_str().into();
        identity.expires_at = written.ends.map(time);
        identity.restrictions = written.limits.into_iter().map(read_limits).collect();
        let checked_at = time(written.checked);
        let (since, renewed) = (record.created_at, written.renewed);
        Ok(Self { identity, checked_at, keep: keep.into(), since, renewed })
    }
}

fn written_limits(restriction: &Restriction) -> Vec<WrittenScope> {
    let scope = |limit: &ScopeLimit| WrittenScope {
        kind: limit.kind.clone(),
        name: limit.name.clone(),
        actions: match &limit.actions {
            Actions::All => None,
            Actions::Only(actions) => Some(actions.iter().map(str::to_owned).collect()),
        },
    };
    restriction.scopes.iter().map(scope).collect()
}

fn read_limits(scopes: Vec<WrittenScope>) -> Restriction {
    let limit = |scope: WrittenScope| {
        let only = |actions: Vec<String>| Actions::Only(actions.into_iter().collect::<ActionSet>());
        ScopeLimit::new(scope.kind, scope.name, scope.actions.map_or(Actions::All, only))
    };
    Restriction::to(scopes.into_iter().map(limit).collect())
}

pub(super) fn milliseconds(time: SystemTime) -> u64 {
    u64::try_from(time.duration_since(UNIX_EPOCH).unwrap_or_default().as_millis()).unwrap_or(u64::MAX)
}

fn time(milliseconds: u64) -> SystemTime {
    UNIX_EPOCH.checked_add(Duration::from_millis(milliseconds)).unwrap_or(UNIX_EPOCH)
}

#[cfg(test)]
mod tests {
    use dockgate_testkit::fakes::{RepeatableRandom, noon};

    use super::*;
    use crate::sign_ins::SealKey;

    fn alice() -> Identity {
        let mut labels = Labels::new();
        labels.add("groups", LabelValue::Pattern("team-*".to_owned()));
        labels.add("groups", LabelValue::Literal("ops".to_owned()));
        let mut identity = Identity::new("alice").with_subject("42").with_labels(labels);
        identity.link = "corp".into();
        let limit = |actions| ScopeLimit::new("repository", "a/**", actions);
        identity
            .with_expires_at(Some(noon() + Duration::from_millis(1500)))
            .restricted_to(Restriction::to(vec![limit(Actions::All), limit(Actions::none())]))
            .restricted_to(Restriction::to(vec![]))
    }

    fn sealer() -> Sealer {
        SealKey::new([1; 32], Vec::new()).derive(PURPOSE)
    }

    fn record() -> Record {
        let person = Person::new(&alice(), noon(), "refresh-token".into());
        person.record(&sealer(), &RepeatableRandom::seeded(1), None).unwrap()
    }

    #[test]
    fn what_was_written_is_read_and_labels_are_literals() {
        let record = record();
        let owner = Owner::of(&alice());
        let read = Person::of(&record, &owner, &sealer()).ok().unwrap();
        let mut expected = alice();
        expected.labels = expected.labels.into_literals();
        assert_eq!(read.identity, expected);
        assert_eq!((read.checked_at, read.keep.expose_secret()), (noon(), "refresh-token"));
        assert!(!String::from_utf8(record.value).unwrap().contains("refresh-token"));
        assert_eq!(record.owner, Some(owner));
    }

    #[test]
    fn a_password_that_changes_elsewhere_is_nothing_to_it() {
        let person = Person::new(&alice().with_epoch("7"), noon(), "keep".into());
        assert_eq!(person.identity.epoch, None);
    }

    #[test]
    fn what_a_later_release_wrote_is_read() {
        let mut record = record();
        let text = String::from_utf8(record.value).unwrap();
        record.value = text.replacen('{', r#"{"picture":{"of":"alice"},"#, 1).into_bytes();
        assert!(Person::of(&record, &Owner::of(&alice()), &sealer()).is_ok());
    }

    #[test]
    fn a_record_of_somebody_else_or_one_that_was_changed_is_refused() {
        let (record, alice) = (record(), Owner::of(&alice()));
        let bob = Owner::new("corp", "43", "bob");
        assert_eq!(Person::of(&record, &bob, &sealer()).err(), Some("it is somebody else's"));
        let copied = record.clone().owned_by(bob.clone());
        let not_open = Some("what is encrypted in it does not open");
        assert_eq!(Person::of(&copied, &bob, &sealer()).err(), not_open, "copied to another");
        let elsewhere = Owner::new("other", "42", "alice");
        let moved = record.clone().owned_by(elsewhere.clone());
        assert_eq!(Person::of(&moved, &elsewhere, &sealer()).err(), not_open, "the same subject elsewhere");
        let mut changed = record.clone();
        let text = String::from_utf8(changed.value).unwrap();
        changed.value = text.replace(r#""keep":"1."#, r#""keep":"1.A"#).into_bytes();
        assert_eq!(Person::of(&changed, &alice, &sealer()).err(), not_open);
        let other = SealKey::new([2; 32], Vec::new()).derive(PURPOSE);
        assert_eq!(Person::of(&record, &alice, &other).err(), not_open, "another secret");
        let later = SealKey::new([2; 32], vec![[1; 32]]).derive(PURPOSE);
        assert!(Person::of(&record, &alice, &later).is_ok(), "the secret before");
    }

    #[test]
    fn keys_tell_links_and_subjects_apart() {
        let key = |link: &str, subject: &str, account: &str| key(&Owner::new(link, subject, account));
        assert_eq!(key("a", "b", "x"), key("a", "b", "y"), "whatever the account is called now");
        assert_ne!(key("a", "bc", "x"), key("ab", "c", "x"));
        assert_eq!(key("a", "b", "x").len(), "person:".len() + 64);
    }
}
