//! What an administrator does with credentials: make one for a robot, see them, take them away.

use std::time::SystemTime;

use dockgate_api::config::Moment;
use dockgate_api::{BackendError, Call, Cursor, Filter, Identity, Owner, Record, Shelf, Store};
use serde::{Deserialize, Serialize};

use super::kept::{Kept, Limit, from_seconds, seconds};
use super::secret::{Kind, Minted, id_of, mint};
use super::{Credentials, PAGE};

/// Credentials in one list.
const LONGEST_LIST: usize = 10_000;

/// A token for a robot, as it is wanted.
#[derive(Clone, Debug, Default)]
pub struct NewToken {
    /// What it can never exceed; empty for what the account may do.
    pub scopes: Vec<Limit>,
    /// The one registry that it is good for, if it is for one.
    pub service: Option<String>,
    /// When it ends.
    pub ends: Option<SystemTime>,
    /// What it is for.
    pub note: Option<String>,
}

/// Which credentials are meant; all that is given must hold.
#[derive(Clone, Debug, Default)]
pub struct Which {
    /// Of these kinds; of every kind if empty.
    pub kinds: Vec<Kind>,
    /// This id, or its beginning.
    pub id: Option<String>,
    /// This account's, whichever link it came from.
    pub account: Option<String>,
    /// Those whose owner this link vouched for.
    pub link: Option<String>,
    /// Those that were made before.
    pub before: Option<SystemTime>,
}

/// A credential as an administrator sees it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Listed {
    /// What it is called.
    pub id: String,
    /// What it is.
    pub kind: String,
    /// Whose.
    pub account: String,
    /// The link that knows the owner.
    pub link: String,
    /// The one registry that it is good for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service: Option<String>,
    /// What it can never exceed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scopes: Option<Vec<String>>,
    /// What the client called itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_id: Option<String>,
    /// What its maker wrote down.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// When it was made.
    pub created: Moment,
    /// When it was last used, to the minute.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub used: Option<Moment>,
    /// From where it was last used.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub used_from: Option<String>,
    /// When it ends, as things are now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ends: Option<Moment>,
}

impl Credentials {
    /// Makes a token for somebody that a link knows.
    ///
    /// # Errors
    /// If it is not known to be stored.
    pub async fn create_token(
        &self,
        cx: &Call,
        identity: &Identity,
        wanted: NewToken,
    ) -> Result<(Minted, Listed), BackendError> {
        let minted = mint(Kind::ApiToken, self.random.as_ref());
        let minted = minted.map_err(|error| BackendError::Unavailable(error.to_string()))?;
        let kept = Kept {
            epoch: identity.epoch.clone(),
            service: wanted.service,
            scopes: (!wanted.scopes.is_empty()).then_some(wanted.scopes),
            note: wanted.note,
            ends: wanted.ends.map(seconds),
            ..Kept::default()
        };
        let mut record = Record::new(&minted.key, cx.now(), kept.value()?).owned_by(Owner::of(identity));
        record.expires_at = kept.ends_at();
        let listed = listed(Kind::ApiToken, &record, kept);
        self.store.put(cx, Kind::ApiToken.shelf(), record).await?;
        Ok((minted, listed))
    }

    /// Those credentials, and whether there are more of them than a list holds.
    ///
    /// # Errors
    /// If the store cannot be asked.
    pub async fn list(&self, cx: &Call, which: &Which) -> Result<(Vec<Listed>, bool), BackendError> {
        let mut all = Vec::new();
        for kind in which.kinds() {
            let mut pages = self.pages(which, kind);
            while let Some(records) = pages.next(cx).await? {
                for record in records {
                    if all.len() >= LONGEST_LIST {
                        return Ok((all, true));
                    }
                    let kept = Kept::of(&record)?;
                    all.push(listed(kind, &record, kept));
                }
            }
        }
        Ok((all, false))
    }

    /// Takes those credentials away, and counts them. Each is gone for every replica from its next use on.
    ///
    /// # Errors
    /// If the store cannot be asked; those that were counted are gone then.
    pub async fn revoke(&self, cx: &Call, which: &Which, revoked: &mut usize) -> Result<(), BackendError> {
        for kind in which.kinds() {
            let mut pages = self.pages(which, kind);
            while let Some(records) = pages.next(cx).await? {
                for record in records {
                    if self.store.take(cx, kind.shelf(), &record.key).await?.is_some() {
                        *revoked += 1;
                    }
                }
            }
        }
        if which.is_everything() { self.end_sign_ins(cx, which).await } else { Ok(()) }
    }

    /// Ends browser sessions too: whoever still has one could make new app passwords with it.
    async fn end_sign_ins(&self, cx: &Call, which: &Which) -> Result<(), BackendError> {
        let mut pages = self.pages_of(which, Shelf::SignIns);
        while let Some(records) = pages.next(cx).await? {
            for record in records {
                // Newer app passwords still hang on the person's record; what is nobody's keeps answers from counting twice.
                let is_needed = which.before.is_some() && record.key.starts_with("person:");
                if record.owner.is_some() && !is_needed {
                    self.store.take(cx, Shelf::SignIns, &record.key).await?;
                }
            }
        }
        Ok(())
    }

    fn pages<'a>(&'a self, which: &'a Which, kind: Kind) -> Pages<'a> {
        self.pages_of(which, kind.shelf())
    }

    fn pages_of<'a>(&'a self, which: &'a Which, shelf: Shelf) -> Pages<'a> {
        let filter = Filter::default().with_link(which.link.clone()).with_created_before(which.before);
        let account = which.account.as_ref().map(|account| account.to_lowercase());
        Pages {
            store: self.store.as_ref(),
            shelf,
            filter,
            id: which.id.as_deref(),
            account,
            from: From::TheBeginning,
        }
    }
}

impl Which {
    fn kinds(&self) -> Vec<Kind> {
        if self.kinds.is_empty() { Kind::ALL.to_vec() } else { self.kinds.clone() }
    }

    /// Whether whatever somebody, or everybody before a time, was let in with is meant.
    fn is_everything(&self) -> bool {
        let is_somebodys = self.account.is_some() || self.link.is_some();
        self.kinds.is_empty() && self.id.is_none() && (is_somebodys || self.before.is_some())
    }
}

/// The records that are meant, a page at a time.
struct Pages<'a> {
    store: &'a dyn Store,
    shelf: Shelf,
    filter: Filter,
    id: Option<&'a str>,
    /// Folded: who takes somebody's credentials away means all of them, however the directory spells the name.
    account: Option<String>,
    from: From,
}

/// Where the next page begins.
enum From {
    TheBeginning,
    After(Cursor),
    Nowhere,
}

impl Pages<'_> {
    async fn next(&mut self, cx: &Call) -> Result<Option<Vec<Record>>, BackendError> {
        let after = match &self.from {
            From::TheBeginning => None,
            From::After(cursor) => Some(cursor),
            From::Nowhere => return Ok(None),
        };
        let mut page = self.store.list(cx, self.shelf, &self.filter, after, PAGE).await?;
        self.from = page.next.map_or(From::Nowhere, From::After);
        let is_theirs = |record: &Record, account: &String| {
            record.owner.as_ref().is_some_and(|owner| owner.account.to_lowercase() == *account)
        };
        page.records.retain(|record| {
            self.id.is_none_or(|id| record.key.starts_with(id))
                && self.account.as_ref().is_none_or(|account| is_theirs(record, account))
        });
        Ok(Some(page.records))
    }
}

pub(super) fn listed(kind: Kind, record: &Record, kept: Kept) -> Listed {
    let owner = record.owner.as_ref();
    let used = kept.used_at().map(Moment);
    Listed {
        id: id_of(&record.key).0,
        kind: kind.word().to_owned(),
        account: owner.map(|owner| owner.account.clone()).unwrap_or_default(),
        link: owner.map(|owner| owner.link.clone()).unwrap_or_default(),
        service: kept.service,
        scopes: kept.scopes.map(|scopes| scopes.iter().map(Limit::text).collect()),
        client_id: kept.client_id,
        note: kept.note,
        created: Moment(from_seconds(seconds(record.created_at))),
        used,
        used_from: kept.used_from,
        ends: record.expires_at.map(Moment),
    }
}
