//! Whom a directory is asked for.

use std::sync::Arc;

use dockgate_api::{BackendError, Call, KnownIdentity};

use crate::account::{self, Domains, is_unprintable};
use crate::directory::Searcher;
use crate::dn::{Dn, same_text};
use crate::entry::Entry;
use crate::filter::Template;
use crate::notes::note_entry;
use crate::subject;
use crate::wire::{Scope, Search};

/// Where users are, and which of them is meant.
pub(crate) struct Users {
    pub(crate) bases: Vec<String>,
    pub(crate) filter: Template,
    pub(crate) domains: Domains,
    /// The account's spelling, if that is configured.
    pub(crate) account_attribute: Option<String>,
    /// Whose value never changes, if that is configured.
    pub(crate) subject_attribute: Option<String>,
}

/// An entry that is the one, or two that cannot both be.
const MOST: usize = 2;

impl Users {
    /// An account as a client wrote it, without a domain of ours; none if it is of another, or if no account is like that:
    /// Samba ends a value at a NUL, and others leave out what is blank, so that they would find somebody.
    pub(crate) fn account<'a>(&self, typed: &'a str) -> Option<&'a str> {
        self.domains.account(typed).filter(|account| !account.chars().any(is_unprintable))
    }

    /// The attributes of an entry that say which account it is.
    pub(crate) fn attributes(&self) -> impl Iterator<Item = &str> {
        let spelled = self.account_attribute.as_slice().iter().chain(if self.account_attribute.is_none() {
            self.filter.asserted_by_account()
        } else {
            &[]
        });
        let named = self.subject_attribute.as_deref();
        let known = subject::ATTRIBUTES.into_iter().filter(move |_| named.is_none());
        spelled.map(String::as_str).chain(named).chain(known)
    }

    /// How the entry spells the account.
    ///
    /// # Errors
    /// If it does not say, or if no account can be spelled like that.
    pub(crate) fn canonical(&self, entry: &Entry, account: &str) -> Result<String, BackendError> {
        account::canonical(
            account,
            entry,
            self.account_attribute.as_deref(),
            self.filter.asserted_by_account(),
        )
    }

    /// The entry of an account; none if there is none.
    ///
    /// # Errors
    /// If the directory cannot be asked, or if there are several.
    pub(crate) async fn find(
        &self,
        cx: &Call,
        searcher: &dyn Searcher,
        account: &str,
        attributes: &Arc<[String]>,
    ) -> Result<Option<Entry>, BackendError> {
        // No account is like that, yet directories find one: Samba ends a value at a NUL, 389 Directory Server leaves out a
        // line's end.
        if account.chars().any(is_unprintable) {
            return Ok(None);
        }
        let Some(filter) = self.filter.fill_account(account) else { return Ok(None) };
        self.only(cx, searcher, filter, attributes).await
    }

    /// The entry that was found before, by what never changes of it; none if it is gone, or if the filter does not fit it
    /// any more.
    ///
    /// # Errors
    /// If the directory cannot be asked, or if there are several.
    pub(crate) async fn find_again(
        &self,
        cx: &Call,
        searcher: &dyn Searcher,
        known: &KnownIdentity,
        attributes: &Arc<[String]>,
    ) -> Result<Option<Entry>, BackendError> {
        let attributes = &with_subject(attributes, &known.subject);
        let Some(same) = subject::filter_for(&known.subject) else {
            // It is the entry's name: there was nothing better.
            let found = self.find(cx, searcher, &known.account, attributes).await?;
            return Ok(found.filter(|entry| subject::of_name(entry) == known.subject));
        };
        let found = self.only(cx, searcher, same.clone(), attributes).await?;
        let Some(entry) = found else { return Ok(None) };
        match subject::subject(&entry, subject::attribute_of(&known.subject)) {
            Some(subject) if same_text(&subject, &known.subject) => {}
            Some(_) => return Ok(None),
            None => {
                return Err(BackendError::Protocol(format!(
                    "{} has `{}` among others, or it may not be read: it was issued to an entry that had this alone",
                    entry.dn, known.subject
                )));
            }
        }
        // It may have another name by now.
        let account = self.canonical(&entry, &known.account)?;
        let Some(filter) = self.filter.fill_account(&account) else { return Ok(None) };
        self.only(cx, searcher, format!("(&{same}{filter})"), attributes).await
    }

    async fn only(
        &self,
        cx: &Call,
        searcher: &dyn Searcher,
        filter: String,
        attributes: &Arc<[String]>,
    ) -> Result<Option<Entry>, BackendError> {
        let mut found: Option<Entry> = None;
        for base in &self.bases {
            let search = Search {
                base: base.clone(),
                scope: Scope::Subtree,
                filter: filter.clone(),
                attributes: Arc::clone(attributes),
                most: MOST,
                paged: false,
            };
            let answer = searcher.search(cx, &search).await?;
            if answer.more || answer.entries.len() > 1 {
                let names: Vec<&str> = answer.entries.iter().map(|entry| entry.dn.as_str()).collect();
                return Err(BackendError::Protocol(format!(
                    "the filter {filter} fits several entries below `{base}`, such as {}: make it fit one",
                    if names.is_empty() { "some that are not shown".to_owned() } else { names.join(" and ") }
                )));
            }
            for entry in answer.entries {
                match &found {
                    None => found = Some(entry),
                    Some(other) if is_same(other, &entry) => {}
                    Some(other) => {
                        return Err(BackendError::Protocol(format!(
                            "the filter {filter} fits two entries, {} and {}: make it fit one",
                            other.dn, entry.dn
                        )));
                    }
                }
            }
        }
        if let Some(entry) = &found {
            note_entry(cx, entry);
        }
        Ok(found)
    }
}

/// The attribute that the subject was made of must come, though another would be taken today.
fn with_subject(attributes: &Arc<[String]>, subject: &str) -> Arc<[String]> {
    match subject::attribute_of(subject) {
        Some(named) if !attributes.iter().any(|name| name.eq_ignore_ascii_case(named)) => {
            attributes.iter().cloned().chain([named.to_owned()]).collect()
        }
        _ => Arc::clone(attributes),
    }
}

/// Bases may lie within each other.
fn is_same(one: &Entry, other: &Entry) -> bool {
    one.dn == other.dn || Dn::parse(&one.dn).ok().is_some_and(|dn| Dn::parse(&other.dn).ok() == Some(dn))
}
