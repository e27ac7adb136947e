//! Which groups somebody is in.
//!
//! Groups come from an attribute of the user's entry, or from a search; those that these groups are in come from the
//! directory's own rule, or level by level. What cannot be had in full is an error and never a part: a rule may refuse
//! something to a group.

mod cache;
mod known;
mod naming;
mod primary;
mod ranges;
mod required;
mod walk;

#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::collections::HashSet;
use std::sync::Arc;

use dockgate_api::{BackendError, Call, LabelValue, Labels};

use crate::directory::Searcher;
use crate::dn::Dn;
use crate::entry::Entry;
use crate::filter::Template;
use crate::labels::Shape;
use crate::notes::listed;

pub(crate) use self::cache::Cache;
pub(crate) use self::naming::Naming;
pub(crate) use self::ranges::complete;
pub(crate) use self::required::Required;

use self::walk::Walk;

/// Groups of one account. Whoever is in more gets an error: part of them would be worse.
pub(crate) const MOST_GROUPS: usize = 10_000;

/// A group that somebody is in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Group {
    /// Its distinguished name, as the directory spells it.
    pub(crate) dn: String,
    /// What it is called, before the label's `lower_case` and `capture`; none where `name` is an attribute that the group
    /// lacks, or that may not be read.
    pub(crate) name: Option<String>,
}

/// How the groups of somebody are found, and what becomes of them.
#[derive(Debug)]
pub(crate) struct Groups {
    /// The label that they become; none where they are wanted for `required_groups` alone.
    pub(crate) label: Option<String>,
    pub(crate) way: Way,
    /// Where groups are searched.
    pub(crate) base: String,
    pub(crate) naming: Naming,
    /// Only groups at or below it count. On the way to them all are followed.
    pub(crate) below: Option<Dn>,
    pub(crate) nesting: Nesting,
    /// Whether the primary group of Active Directory is one.
    pub(crate) primary: bool,
    pub(crate) shape: Shape,
    pub(crate) cache: Option<Cache>,
}

/// Where the groups come from that somebody is a direct member of.
#[derive(Debug)]
pub(crate) enum Way {
    /// An attribute of the member, whose values are distinguished names.
    MemberOf(String),
    /// A search, with a filter of [`Place::OfEntry`](crate::filter::Place::OfEntry).
    Search(Template),
}

/// Where the groups come from that these are in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Nesting {
    /// They do not count.
    None,
    /// From `LDAP_MATCHING_RULE_IN_CHAIN` (MS-ADTS section 3.1.1.3.4.4.3), which finds direct ones too.
    MatchingRule,
    /// Level by level; direct ones are the first. More levels are an error.
    Recursive { max_depth: u32 },
}

/// The attribute of a user's entry that names the groups, unless another is configured.
pub(crate) const MEMBER_OF: &str = "memberOf";

impl Groups {
    /// The attributes of the user's entry that are needed.
    pub(crate) fn attributes(&self) -> Vec<String> {
        let mut attributes = Vec::new();
        match &self.way {
            Way::MemberOf(attribute) => attributes.push(attribute.clone()),
            Way::Search(_) if self.nesting == Nesting::MatchingRule => attributes.push(MEMBER_OF.to_owned()),
            Way::Search(filter) => attributes.extend(filter.entry_attributes().map(str::to_owned)),
        }
        if self.primary {
            attributes.extend([primary::PRIMARY_GROUP.to_owned(), primary::SID.to_owned()]);
        }
        attributes
    }

    /// The groups of a user, each once. `account` is the canonical spelling; what was found is remembered under `subject`,
    /// which is none for a search by the user, who may be shown other groups than the service account.
    ///
    /// # Errors
    /// If they cannot be had in full.
    pub(crate) async fn of(
        &self,
        cx: &Call,
        searcher: &dyn Searcher,
        user: &Entry,
        account: &str,
        subject: Option<&str>,
    ) -> Result<Arc<[Group]>, BackendError> {
        let attributes = self.attributes();
        let mut user = Cow::Borrowed(user);
        if ranges::is_partial(&user, &attributes) {
            complete(cx, searcher, user.to_mut(), &attributes).await?;
        }
        let walk = Walk { groups: self, cx, searcher, user: &user, account };
        match (&self.cache, subject) {
            (Some(cache), Some(subject)) if self.searches() => {
                let key = cache::key(&user, account, subject, &attributes);
                cache.get(cx, key, walk.all()).await
            }
            _ => walk.all().await.map(Arc::from),
        }
    }

    /// Adds the names to the label, each once.
    pub(crate) fn add_to(&self, cx: &Call, labels: &mut Labels, groups: &[Group]) {
        let Some(label) = &self.label else { return };
        let mut added: HashSet<String> =
            labels.values(label).iter().map(|value| value.as_str().to_owned()).collect();
        let (mut unnamed, mut unfit) = (Vec::new(), Vec::new());
        for group in groups {
            match group.name.as_deref().map(|name| self.shape.apply(name)) {
                None => unnamed.push(group.dn.as_str()),
                Some(None) => unfit.push(group.dn.as_str()),
                Some(Some(value)) => {
                    if added.insert(value.clone()) {
                        labels.add(label, LabelValue::Literal(value));
                    }
                }
            }
        }
        for (left_out, why) in [
            (unnamed, "the attribute of `groups.name` is not there, or may not be read, in"),
            (unfit, "`groups.capture` leaves nothing of"),
        ] {
            if !left_out.is_empty() {
                cx.note(|| format!("label {label}: {why} {}", listed(left_out)));
            }
        }
    }

    /// Whether anything is asked of the directory beyond the user's entry.
    pub(crate) fn searches(&self) -> bool {
        let from_entry = matches!(self.way, Way::MemberOf(_)) && self.nesting == Nesting::None;
        !from_entry || self.primary || self.naming.attribute().is_some()
    }
}
