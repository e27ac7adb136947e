//! Sessions: a random cookie, and a record under its hash.

use std::time::Duration;

use aws_lc_rs::digest::{SHA256, digest};
use axum::http::HeaderValue;
use data_encoding::HEXLOWER;
use dockgate_api::{Filter, Owner, Record, Shelf};
use serde::{Deserialize, Serialize};

use super::cookies::Cookie;
use super::{Trouble, Visit};

/// What the keys of their records begin with.
const KEY: &str = "session:";
/// So many browsers one person may be signed in with; the oldest gives way.
const MOST: usize = 20;
const PAGE: usize = 200;
/// Longer and it is none of ours.
const COOKIE: usize = 43;

/// A browser in which somebody is signed in.
#[derive(Debug)]
pub(crate) struct Session {
    key: String,
    owner: Owner,
    csrf: String,
}

/// What the record says beside its owner.
#[derive(Serialize, Deserialize)]
struct Kept {
    csrf: String,
}

impl Session {
    /// Begins one, always a new one: what the browser brought along counts for nothing and is ended. Answers its cookie.
    pub(super) async fn begin(visit: &Visit, owner: Owner) -> Result<Option<HeaderValue>, Trouble> {
        if let Some(before) = Self::of(visit).await? {
            before.end(visit).await?;
        }
        make_room(visit, &owner).await?;
        let (secret, kept) = (visit.random_text()?, Kept { csrf: visit.random_text()? });
        let lasts: Duration = visit.login.session_lasts();
        let record = Record::new(key(&secret), visit.cx.now(), serde_json::to_vec(&kept).unwrap_or_default());
        let record = record.owned_by(owner).with_expires_at(visit.cx.now() + lasts);
        visit.store()?.put(&visit.cx, Shelf::SignIns, record).await?;
        Ok(Cookie::Session.set(&secret, lasts, &visit.here))
    }

    /// The session of this browser; none if it has none.
    pub(super) async fn of(visit: &Visit) -> Result<Option<Self>, Trouble> {
        let secret = Cookie::Session.read(&visit.headers, &visit.here);
        let Some(secret) = secret.filter(|secret| secret.len() == COOKIE) else { return Ok(None) };
        let record = visit.store()?.get(&visit.cx, Shelf::SignIns, &key(secret)).await?;
        Ok(record.and_then(|record| {
            let kept: Kept = serde_json::from_slice(&record.value).ok()?;
            // The link may be gone, or sign nobody in any more.
            let owner = record.owner.filter(|owner| visit.login.provider(&owner.link).is_some())?;
            Some(Self { key: record.key, owner, csrf: kept.csrf })
        }))
    }

    /// Ends it.
    pub(crate) async fn end(&self, visit: &Visit) -> Result<(), Trouble> {
        visit.store()?.take(&visit.cx, Shelf::SignIns, &self.key).await?;
        Ok(())
    }

    /// Whose it is.
    pub(crate) fn owner(&self) -> &Owner {
        &self.owner
    }

    /// What its forms carry.
    pub(crate) fn csrf(&self) -> &str {
        &self.csrf
    }
}

async fn make_room(visit: &Visit, owner: &Owner) -> Result<(), Trouble> {
    let (store, filter) = (visit.store()?, Filter::owned_by(owner));
    let (mut sessions, mut after) = (Vec::new(), None);
    loop {
        let page = store.list(&visit.cx, Shelf::SignIns, &filter, after.as_ref(), PAGE).await?;
        let records = page.records.into_iter().filter(|record| record.key.starts_with(KEY));
        sessions.extend(records.map(|record| (record.created_at, record.key)));
        match page.next {
            Some(next) => after = Some(next),
            None => break,
        }
    }
    sessions.sort();
    let superfluous = (sessions.len() + 1).saturating_sub(MOST);
    for (_, key) in sessions.into_iter().take(superfluous) {
        store.take(&visit.cx, Shelf::SignIns, &key).await?;
    }
    Ok(())
}

fn key(secret: &str) -> String {
    format!("{KEY}{}", HEXLOWER.encode(digest(&SHA256, secret.as_bytes()).as_ref()))
}
