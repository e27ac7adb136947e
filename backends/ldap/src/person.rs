//! From an entry to an identity.

use std::sync::Arc;

use dockgate_api::{Answer, BackendError, Call, Decision, Identity, Labels};

use crate::directory::Searcher;
use crate::entry::Entry;
use crate::groups::{self, Groups, Required};
use crate::labels::LabelMap;
use crate::users::Users;
use crate::{standing, subject};

/// What of an entry is told to rules.
pub(crate) struct Persons {
    subject_attribute: Option<String>,
    labels: Vec<LabelMap>,
    groups: Option<(Groups, Required)>,
    /// All that is read of an entry.
    attributes: Arc<[String]>,
}

/// What `explain` shows of an entry beside what the configuration reads: nothing of it is a secret, and a filter is often
/// about one of them.
const SHOWN: [&str; 20] = [
    "objectClass",
    "cn",
    "sn",
    "givenName",
    "displayName",
    "uid",
    "mail",
    "sAMAccountName",
    "userPrincipalName",
    "userAccountControl",
    "memberOf",
    "primaryGroupID",
    "ou",
    "o",
    "title",
    "department",
    "employeeType",
    "uidNumber",
    "gidNumber",
    "description",
];

impl Persons {
    pub(crate) fn new(users: &Users, labels: Vec<LabelMap>, groups: Option<(Groups, Required)>) -> Self {
        let of_groups: Vec<String> = groups.iter().flat_map(|(groups, _)| groups.attributes()).collect();
        let of_labels = labels.iter().map(|map| map.attribute.as_str());
        let all = users.attributes().chain(of_labels).chain(of_groups.iter().map(String::as_str));
        let mut attributes: Vec<String> = Vec::new();
        for name in all.chain(standing::ATTRIBUTES) {
            if !attributes.iter().any(|asked| asked.eq_ignore_ascii_case(name)) {
                attributes.push(name.to_owned());
            }
        }
        Self {
            subject_attribute: users.subject_attribute.clone(),
            labels,
            groups,
            attributes: attributes.into(),
        }
    }

    /// The attributes to ask for.
    pub(crate) fn asked(&self, cx: &Call) -> Arc<[String]> {
        if !cx.is_traced() {
            return Arc::clone(&self.attributes);
        }
        let is_asked = |name: &str| self.attributes.iter().any(|asked| asked.eq_ignore_ascii_case(name));
        let shown = SHOWN.into_iter().filter(|name| !is_asked(name)).map(str::to_owned);
        self.attributes.iter().cloned().chain(shown).collect()
    }

    /// What never changes of an entry; its name, where the directory has nothing better.
    ///
    /// # Errors
    /// If the configured attribute is not there.
    pub(crate) fn subject(&self, entry: &Entry) -> Result<String, BackendError> {
        if let Some(subject) = subject::subject(entry, self.subject_attribute.as_deref()) {
            return Ok(subject);
        }
        match &self.subject_attribute {
            Some(attribute) => Err(BackendError::Protocol(format!(
                "{} has no single `{attribute}` (`subject_attribute`), or it may not be read",
                entry.dn
            ))),
            None => Ok(subject::of_name(entry)),
        }
    }

    /// Who the owner of an entry is.
    ///
    /// # Errors
    /// If the directory cannot be asked for the rest, or says what makes no sense.
    pub(crate) async fn identity(
        &self,
        cx: &Call,
        searcher: &dyn Searcher,
        person: Person,
        as_whom: AsWhom,
    ) -> Answer<Identity> {
        let Person { mut entry, account, subject } = person;
        groups::complete(cx, searcher, &mut entry, &self.attributes).await?;
        cx.note(|| format!("the account is {account}, its subject {subject}"));
        let mut labels = Labels::new();
        for map in &self.labels {
            map.add(cx, &entry, &mut labels)?;
        }
        if let Some((groups, required)) = &self.groups {
            let remembered = (as_whom == AsWhom::Service).then_some(subject.as_str());
            let found = groups.of(cx, searcher, &entry, &account, remembered).await?;
            groups.add_to(cx, &mut labels, &found);
            if let Err(reason) = required.check(&found) {
                return Ok(Decision::Deny(reason));
            }
        }
        let mut identity = Identity::new(account).with_subject(subject).with_labels(labels);
        identity.epoch = standing::epoch(&entry);
        Ok(Decision::Allow(identity))
    }
}

/// Somebody who was found.
pub(crate) struct Person {
    pub(crate) entry: Entry,
    /// In the entry's spelling.
    pub(crate) account: String,
    pub(crate) subject: String,
}

/// Who searches for the rest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum AsWhom {
    /// The service account, which is shown the same for everybody.
    Service,
    /// The user, who may be shown less.
    User,
}
