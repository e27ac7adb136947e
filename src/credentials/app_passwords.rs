//! App passwords: for whoever signed in through a browser, several for an account, each with a name and an end.

use std::net::IpAddr;
use std::time::Duration;

use dockgate_api::secrecy::SecretString;
use dockgate_api::{BackendError, Call, Filter, Owner, Record};

use super::kept::{Kept, Limit, seconds};
use super::manage::listed;
use super::secret::{Kind, Minted, mint};
use super::{Credentials, Listed, PAGE};

/// What holds for all of them: `login.app_passwords`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AppPasswordTerms {
    /// How long one lives if its owner does not say.
    pub lifetime: Duration,
    /// The longest that its owner can say.
    pub longest: Duration,
    /// How many one account has at the most.
    pub most: usize,
}

impl Default for AppPasswordTerms {
    fn default() -> Self {
        let day = Duration::from_hours(24);
        Self { lifetime: 90 * day, longest: 365 * day, most: 50 }
    }
}

/// An app password, as its owner wants it.
#[derive(Clone, Debug, Default)]
pub struct NewAppPassword {
    /// What it is for; not empty.
    pub name: String,
    /// What it can never exceed; empty for what its owner may do.
    pub scopes: Vec<Limit>,
    /// How long it lives; as long as the terms say if not given, and never longer than they allow.
    pub lifetime: Option<Duration>,
    /// The program that it is for, if that renews it by itself.
    pub client_id: Option<String>,
}

/// Why there is no app password.
#[derive(Debug)]
pub enum NotCreated {
    /// The account has as many as it can have.
    TooMany(usize),
    /// It is not known to be stored.
    Failed(BackendError),
}

impl From<BackendError> for NotCreated {
    fn from(error: BackendError) -> Self {
        Self::Failed(error)
    }
}

impl Credentials {
    /// Makes an app password. The secret is shown once.
    ///
    /// # Errors
    /// If the owner has too many, or it is not known to be stored.
    pub async fn create_app_password(
        &self,
        cx: &Call,
        owner: &Owner,
        wanted: NewAppPassword,
        terms: &AppPasswordTerms,
        from: Option<IpAddr>,
    ) -> Result<(SecretString, Listed), NotCreated> {
        if self.app_passwords(cx, owner).await?.len() >= terms.most {
            return Err(NotCreated::TooMany(terms.most));
        }
        let minted = mint(Kind::AppPassword, self.random.as_ref());
        let Minted { secret, key } = minted.map_err(|error| BackendError::Unavailable(error.to_string()))?;
        let lifetime = wanted.lifetime.unwrap_or(terms.lifetime).min(terms.longest);
        let kept = Kept {
            scopes: (!wanted.scopes.is_empty()).then_some(wanted.scopes),
            note: Some(wanted.name),
            client_id: wanted.client_id,
            ends: cx.now().checked_add(lifetime).map(seconds),
            lives: Some(lifetime.as_secs()),
            made_from: from.map(|from| from.to_string()),
            ..Kept::default()
        };
        let mut record = Record::new(&key, cx.now(), kept.value()?).owned_by(owner.clone());
        record.expires_at = kept.ends_at();
        let listed = listed(Kind::AppPassword, &record, kept);
        self.store.put(cx, Kind::AppPassword.shelf(), record).await?;
        // Others may have been made since they were counted. Whoever is stored last sees them all, and gives way.
        match self.app_passwords(cx, owner).await {
            Ok(all) if all.len() <= terms.most => Ok((secret, listed)),
            counted => {
                self.store.take(cx, Kind::AppPassword.shelf(), &key).await?;
                counted?;
                Err(NotCreated::TooMany(terms.most))
            }
        }
    }

    /// The app passwords of an owner, the newest first.
    ///
    /// # Errors
    /// If the store cannot be asked.
    pub async fn app_passwords(&self, cx: &Call, owner: &Owner) -> Result<Vec<Listed>, BackendError> {
        let (filter, mut after, mut all) = (Filter::owned_by(owner), None, Vec::new());
        loop {
            let page = self.store.list(cx, Kind::AppPassword.shelf(), &filter, after.as_ref(), PAGE).await?;
            for record in &page.records {
                all.push(listed(Kind::AppPassword, record, Kept::of(record)?));
            }
            match page.next {
                Some(next) => after = Some(next),
                None => break,
            }
        }
        all.sort_by(|a, b| b.created.0.cmp(&a.created.0).then_with(|| a.id.cmp(&b.id)));
        Ok(all)
    }

    /// Takes one of an owner's app passwords away; false if there is none of that id, or it is another's.
    ///
    /// # Errors
    /// If the store cannot be asked.
    pub async fn revoke_app_password(
        &self,
        cx: &Call,
        owner: &Owner,
        id: &str,
    ) -> Result<bool, BackendError> {
        let (shelf, filter, mut after) = (Kind::AppPassword.shelf(), Filter::owned_by(owner), None);
        loop {
            let page = self.store.list(cx, shelf, &filter, after.as_ref(), PAGE).await?;
            for record in &page.records {
                if super::secret::id_of(&record.key).0 == id {
                    return Ok(self.store.take(cx, shelf, &record.key).await?.is_some());
                }
            }
            match page.next {
                Some(next) => after = Some(next),
                None => return Ok(false),
            }
        }
    }
}
