//! From a user's entry to all groups.

use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use dockgate_api::{BackendError, Call};

use super::known::{Known, Met, Name, too_many};
use super::{Group, Groups, MEMBER_OF, MOST_GROUPS, Naming, Nesting, Way, complete, primary};
use crate::directory::Searcher;
use crate::dn::Dn;
use crate::entry::Entry;
use crate::filter::{Template, Values, escape_value};
use crate::notes::listed;
use crate::wire::{Scope, Search};

/// `LDAP_MATCHING_RULE_IN_CHAIN`, on the attribute that Active Directory's groups have (MS-ADTS section 3.1.1.3.4.4.3).
const IN_CHAIN: &str = "member:1.2.840.113556.1.4.1941:=";
/// Groups of one level that one search asks for.
const AT_ONCE: usize = 50;

/// One search for somebody's groups.
pub(super) struct Walk<'a> {
    pub(super) groups: &'a Groups,
    pub(super) cx: &'a Call,
    pub(super) searcher: &'a dyn Searcher,
    pub(super) user: &'a Entry,
    pub(super) account: &'a str,
}

impl Walk<'_> {
    /// All groups that count.
    ///
    /// # Errors
    /// If they cannot be had in full.
    pub(super) async fn all(&self) -> Result<Vec<Group>, BackendError> {
        let mut known = Known::default();
        if self.groups.primary {
            known.add(vec![self.primary().await?])?;
        }
        match self.groups.nesting {
            Nesting::MatchingRule => self.by_rule(&mut known).await?,
            Nesting::None => {
                known.add(self.direct().await?)?;
            }
            Nesting::Recursive { max_depth } => {
                known.add(self.direct().await?)?;
                self.level_by_level(&mut known, max_depth).await?;
            }
        }
        self.named(known).await
    }

    async fn primary(&self) -> Result<Met, BackendError> {
        let filter = primary::filter(self.user)?;
        let base = &self.groups.base;
        let mut found = self.search(filter.clone()).await?;
        self.note(format_args!("primary group"), &found);
        match (found.pop(), found.is_empty()) {
            (Some(group), true) => Ok(group),
            (Some(_), false) => {
                Err(BackendError::Protocol(format!("below `{base}` more than one group fits {filter}")))
            }
            (None, _) => Err(BackendError::Protocol(format!(
                "the primary group of {} is not below `{base}`: write the domain's DN as `groups.search.base`",
                self.user.dn
            ))),
        }
    }

    /// The groups that the user is a direct member of.
    async fn direct(&self) -> Result<Vec<Met>, BackendError> {
        match &self.groups.way {
            Way::MemberOf(attribute) => {
                let found = named_by(self.user, attribute)?;
                self.note(format_args!("direct groups, by `{attribute}`"), &found);
                Ok(found)
            }
            Way::Search(filter) => {
                let found = self.search_groups_of(filter, &[&self.user.dn]).await?;
                self.note(format_args!("direct groups, by the search"), &found);
                Ok(found)
            }
        }
    }

    fn note(&self, what: fmt::Arguments<'_>, groups: &[Met]) {
        self.cx.note(|| format!("{what}: {}", listed(groups.iter().map(|group| group.spelled.as_str()))));
    }

    async fn by_rule(&self, known: &mut Known) -> Result<(), BackendError> {
        let members = std::iter::once(&self.user.dn).chain(known.met.iter().map(|group| &group.spelled));
        let items: Vec<String> =
            members.map(|dn| format!("({IN_CHAIN}{})", escape_value(dn.as_bytes()))).collect();
        let filter = if items.len() == 1 { items.concat() } else { format!("(|{})", items.concat()) };
        let found = self.search(filter).await.map_err(|error| match error {
            BackendError::Protocol(detail) => BackendError::Protocol(format!(
                "{detail} (`nested: matching_rule` is for Active Directory and Samba; elsewhere write `nested: recursive`)"
            )),
            error => error,
        })?;
        if found.is_empty() {
            self.believe_none()?;
        }
        self.note_elsewhere()?;
        self.note(format_args!("groups by the matching rule, direct and nested"), &found);
        known.add(found)?;
        Ok(())
    }

    /// A server that does not know the rule finds nothing, and does not say why.
    fn believe_none(&self) -> Result<(), BackendError> {
        let attribute = match &self.groups.way {
            Way::MemberOf(attribute) => attribute,
            Way::Search(_) => MEMBER_OF,
        };
        let base = &self.groups.base;
        let at_base = Dn::parse(base).ok();
        let is_there = |group: &Met| at_base.as_ref().is_none_or(|base| group.dn.is_within(base));
        match named_by(self.user, attribute)?.into_iter().find(is_there) {
            Some(group) => Err(BackendError::Protocol(format!(
                "`{attribute}` of {} names {}, and `nested: matching_rule` finds no group below `{base}`: this server does \
                 not know the rule; write `nested: recursive`",
                self.user.dn, group.spelled
            ))),
            None => Ok(()),
        }
    }

    /// Where groups are not below the base of the users, which is theirs too unless another is written, they are missed
    /// without a word.
    fn note_elsewhere(&self) -> Result<(), BackendError> {
        let Way::MemberOf(attribute) = &self.groups.way else { return Ok(()) };
        if let (true, Ok(base)) = (self.cx.is_traced(), Dn::parse(&self.groups.base)) {
            let mut elsewhere = named_by(self.user, attribute)?;
            elsewhere.retain(|group| !group.dn.is_within(&base));
            if !elsewhere.is_empty() {
                let base = &self.groups.base;
                self.note(
                    format_args!("not below `{base}` (`groups.search.base`), so that they do not count"),
                    &elsewhere,
                );
            }
        }
        Ok(())
    }

    async fn level_by_level(&self, known: &mut Known, max_depth: u32) -> Result<(), BackendError> {
        let mut level = 0..known.met.len();
        let mut depth = 1;
        while !level.is_empty() {
            let above = match &self.groups.way {
                Way::MemberOf(attribute) => self.read_above(known, level, attribute).await?,
                Way::Search(_) => self.search_above(known, level).await?,
            };
            level = known.add(above)?;
            self.note(format_args!("groups of level {}", depth + 1), known.at(level.clone()));
            if let (true, [group, ..]) = (depth >= max_depth, known.at(level.clone())) {
                return Err(BackendError::Protocol(format!(
                    "groups are nested deeper than `groups.max_depth`, {max_depth}: {} is above them",
                    group.spelled
                )));
            }
            depth += 1;
        }
        Ok(())
    }

    /// What the groups of a level say that they are in. One is read at a time: there is no filter by which every
    /// directory finds entries by their names.
    async fn read_above(
        &self,
        known: &mut Known,
        level: Range<usize>,
        attribute: &str,
    ) -> Result<Vec<Met>, BackendError> {
        let naming = &self.groups.naming;
        let wanted: Arc<[String]> =
            std::iter::once(attribute).chain(naming.attribute()).map(str::to_owned).collect();
        let mut above = Known::default();
        let mut unreadable = Vec::new();
        for group in known.met.get_mut(level).unwrap_or_default() {
            let entry = self.read(&group.spelled, &wanted).await?;
            if naming.attribute().is_some() {
                group.name = Name::Read(entry.as_ref().and_then(|entry| naming.in_entry(entry)));
            }
            if let Some(entry) = entry {
                above.add(named_by(&entry, attribute)?)?;
            } else {
                unreadable.push(group.spelled.clone());
            }
        }
        if !unreadable.is_empty() {
            self.cx.note(|| {
                let unreadable = listed(unreadable.iter().map(String::as_str));
                format!("not there, or not readable, so that no group above them is known: {unreadable}")
            });
        }
        Ok(above.met)
    }

    /// The groups that the groups of a level are in, of several with one search.
    async fn search_above(&self, known: &Known, level: Range<usize>) -> Result<Vec<Met>, BackendError> {
        let Way::Search(filter) = &self.groups.way else { return Ok(Vec::new()) };
        let mut above = Known::default();
        for groups in known.at(level).chunks(AT_ONCE) {
            let dns: Vec<&str> = groups.iter().map(|group| group.spelled.as_str()).collect();
            above.add(self.search_groups_of(filter, &dns).await?)?;
        }
        Ok(above.met)
    }

    /// Only those below, with their names.
    async fn named(&self, known: Known) -> Result<Vec<Group>, BackendError> {
        let mut counting = known.met;
        if let Some(below) = &self.groups.below {
            let (within, outside): (Vec<Met>, Vec<Met>) =
                counting.into_iter().partition(|group| group.dn.is_within(below));
            if !outside.is_empty() {
                self.note(format_args!("not below `groups.below`, so that they do not count"), &outside);
            }
            counting = within;
        }
        let naming = &self.groups.naming;
        let wanted: Arc<[String]> = naming.attribute().map(str::to_owned).into_iter().collect();
        for group in &mut counting {
            if matches!(group.name, Name::Unread) {
                group.name = Name::Read(match naming {
                    Naming::Leaf | Naming::Dn => naming.in_dn(&group.dn, &group.spelled),
                    Naming::Attribute(_) => {
                        let entry = self.read(&group.spelled, &wanted).await?;
                        entry.and_then(|entry| naming.in_entry(&entry))
                    }
                });
            }
        }
        Ok(counting.into_iter().map(Met::into_group).collect())
    }

    /// The groups that entries of these names are in: the user, or groups of one level.
    async fn search_groups_of(&self, filter: &Template, dns: &[&str]) -> Result<Vec<Met>, BackendError> {
        let values = Values { account: self.account, dns, entry: Some(self.user) };
        let filled = filter.fill(&values);
        let filled = filled.map_err(|error| {
            BackendError::Protocol(format!("`groups.search.filter` is not used: {error}"))
        })?;
        self.search(filled).await
    }

    /// The groups below the base that fit.
    async fn search(&self, filter: String) -> Result<Vec<Met>, BackendError> {
        let naming = &self.groups.naming;
        let search = Search {
            base: self.groups.base.clone(),
            scope: Scope::Subtree,
            filter,
            attributes: [naming.attribute().unwrap_or("1.1").to_owned()].into(),
            most: MOST_GROUPS,
            paged: true,
        };
        let found = self.searcher.search(self.cx, &search).await?;
        if found.more && found.entries.len() < MOST_GROUPS {
            return Err(BackendError::Protocol(format!(
                "the server ends the search for groups below `{}` after {} of them: raise its limit for this account",
                search.base,
                found.entries.len()
            )));
        }
        if found.more {
            return Err(too_many());
        }
        let name = |entry: &Entry| match naming {
            Naming::Attribute(_) => Name::Read(naming.in_entry(entry)),
            Naming::Leaf | Naming::Dn => Name::Unread,
        };
        found.entries.iter().map(|entry| Met::new(&entry.dn, name(entry), "the directory")).collect()
    }

    /// One group; none if there is none of that name, or none that may be read.
    async fn read(&self, dn: &str, attributes: &Arc<[String]>) -> Result<Option<Entry>, BackendError> {
        let search = Search::entry(dn, Arc::clone(attributes));
        let found = self.searcher.search(self.cx, &search).await?.entries.into_iter().next();
        let Some(mut entry) = found else { return Ok(None) };
        complete(self.cx, self.searcher, &mut entry, attributes).await?;
        Ok(Some(entry))
    }
}

/// The groups that an attribute of an entry names.
fn named_by(entry: &Entry, attribute: &str) -> Result<Vec<Met>, BackendError> {
    let of = format!("`{attribute}` of {}", entry.dn);
    let values = entry.values(attribute).iter();
    let text =
        |value| std::str::from_utf8(value).map_err(|_| BackendError::Protocol(format!("{of} is no text")));
    values.map(|value| Met::new(text(value)?, Name::Unread, &of)).collect()
}
