//! `ldap_auth`.

use std::sync::Arc;

use dockgate_api::secrecy::SecretString;
use dockgate_api::{
    Answer, Authenticator, BackendError, Call, Credential, Decision, Health, Identity, KnownIdentity, Login,
    Reason, ReasonCode, Reloaded, async_trait,
};

use crate::directory::{Directory, Searcher};
use crate::dn::{Dn, NameTemplate};
use crate::entry::Entry;
use crate::outcome::{Judged, is_of_name, judge};
use crate::person::{AsWhom, Person, Persons};
use crate::standing;
use crate::users::Users;
use crate::wire::{BindAnswer, is_password};

/// What `explain` is told of an account that no directory is asked about.
const NOT_OURS: &str =
    "not asked: the account is of another domain (`domains`), or holds what no account does";

/// How a password is tried.
pub(crate) enum Way {
    /// The service account, or anybody, finds the entry; its name is bound.
    Search {
        /// Whether it is an account of its own that searches.
        as_service: bool,
    },
    /// A name is made of what the client wrote, and bound; its owner searches.
    AsUser {
        /// The name.
        name: NameTemplate,
        /// Whether a refused bind leaves the account to the next link.
        unknown_if_refused: bool,
    },
}

pub(crate) struct LdapAuthenticator {
    pub(crate) directory: Arc<Directory>,
    pub(crate) way: Way,
    pub(crate) users: Users,
    pub(crate) persons: Persons,
}

/// What a bind came to.
enum Bound {
    Accepted,
    Refused(Reason),
}

#[async_trait]
impl Authenticator for LdapAuthenticator {
    async fn authenticate(&self, cx: &Call, login: &Login) -> Answer<Identity> {
        let Credential::Password(password) = &login.credential else { return Ok(Decision::NoMatch) };
        if login.account.is_empty() || !is_password(password) {
            cx.note(|| "not asked: there is no password, or one with a NUL".to_owned());
            return Ok(Decision::NoMatch);
        }
        let Some(account) = self.users.account(&login.account) else {
            cx.note(|| NOT_OURS.to_owned());
            return Ok(Decision::NoMatch);
        };
        match &self.way {
            Way::Search { .. } => self.log_in(cx, account, password).await,
            Way::AsUser { name, unknown_if_refused } => {
                let Some(name) = name.fill(account) else {
                    cx.note(|| "not asked: no name in the directory can be like that".to_owned());
                    return Ok(Decision::NoMatch);
                };
                self.log_in_as(cx, account, &name, password, *unknown_if_refused).await
            }
        }
    }

    fn can_reload(&self) -> bool {
        matches!(self.way, Way::Search { as_service: true })
    }

    async fn reload(&self, cx: &Call, known: &KnownIdentity) -> Result<Reloaded, BackendError> {
        if !self.can_reload() {
            return Ok(Reloaded::Unsupported);
        }
        let gone = |code, detail: String| Ok(Reloaded::Gone(Reason::new(code, detail)));
        let searcher = self.directory.as_ref();
        let Some(entry) = self.users.find_again(cx, searcher, known, &self.persons.asked(cx)).await? else {
            return gone(
                ReasonCode::Removed,
                "no entry that the filter fits has this id any more".to_owned(),
            );
        };
        if let Some(reason) = standing::standing(&entry, cx.now()) {
            return Ok(Reloaded::Gone(reason));
        }
        let epoch = standing::epoch(&entry);
        // Some directories tell the time of a change from the first one on.
        if epoch != known.epoch {
            return gone(ReasonCode::BadCredentials, "the password changed".to_owned());
        }
        let account = self.users.canonical(&entry, &known.account)?;
        let person = Person { entry, account, subject: known.subject.clone() };
        match self.persons.identity(cx, searcher, person, AsWhom::Service).await? {
            Decision::Allow(identity) => Ok(Reloaded::Current(identity)),
            Decision::Deny(reason) => Ok(Reloaded::Gone(reason)),
            Decision::NoMatch => gone(ReasonCode::Removed, String::new()),
        }
    }

    async fn preview(&self, cx: &Call, account: &str) -> Option<Answer<Identity>> {
        match self.way {
            Way::Search { .. } if !account.is_empty() => Some(self.look_up(cx, account).await),
            _ => None,
        }
    }

    async fn health(&self, _cx: &Call) -> Health {
        self.directory.health()
    }
}

impl LdapAuthenticator {
    /// Finds the entry, then binds with its name.
    async fn log_in(&self, cx: &Call, account: &str, password: &SecretString) -> Answer<Identity> {
        let searcher = self.directory.as_ref();
        let Some(entry) = self.users.find(cx, searcher, account, &self.persons.asked(cx)).await? else {
            return Ok(Decision::NoMatch);
        };
        // The connection goes back at once: what follows is searched by the service account.
        let (answer, _) = self.directory.bind(cx, &entry.dn, password).await?;
        cx.mark_password_work();
        match judged_of_entry(cx, &entry.dn, &answer)? {
            Bound::Refused(reason) => Ok(Decision::Deny(reason)),
            Bound::Accepted => self.told(cx, searcher, entry, account, AsWhom::Service).await,
        }
    }

    /// Binds with a name that was made of the account, then finds the entry as its owner.
    async fn log_in_as(
        &self,
        cx: &Call,
        account: &str,
        name: &str,
        password: &SecretString,
        unknown_if_refused: bool,
    ) -> Answer<Identity> {
        let (answer, mut session) = self.directory.bind(cx, name, password).await?;
        cx.mark_password_work();
        match judged(cx, name, &answer)? {
            Bound::Accepted => {}
            // Of the others the directory says more: that it knows the account.
            Bound::Refused(reason) if unknown_if_refused && reason.code == ReasonCode::BadCredentials => {
                return Ok(Decision::NoMatch);
            }
            Bound::Refused(reason) => return Ok(Decision::Deny(reason)),
        }
        let found = self.users.find(cx, &session, account, &self.persons.asked(cx)).await?;
        let Some(entry) = found else { return Ok(Decision::NoMatch) };
        if Dn::parse(name).ok().is_none_or(|name| Dn::parse(&entry.dn).ok() != Some(name)) {
            // The filter may have found somebody else. One connection is given back before another is waited for.
            drop(session);
            let (answer, again) = self.directory.bind(cx, &entry.dn, password).await?;
            if let Bound::Refused(reason) = judged_of_entry(cx, &entry.dn, &answer)? {
                return Ok(Decision::Deny(reason));
            }
            session = again;
        }
        self.told(cx, &session, entry, account, AsWhom::User).await
    }

    /// Who the owner of an entry is, as long as the entry itself does not say that nobody may be it: directories do not
    /// mind all that is written in one.
    async fn told(
        &self,
        cx: &Call,
        searcher: &dyn Searcher,
        entry: Entry,
        account: &str,
        as_whom: AsWhom,
    ) -> Answer<Identity> {
        if let Some(reason) = standing::standing(&entry, cx.now()) {
            return Ok(Decision::Deny(reason));
        }
        let account = self.users.canonical(&entry, account)?;
        let subject = self.persons.subject(&entry)?;
        self.persons.identity(cx, searcher, Person { entry, account, subject }, as_whom).await
    }

    /// As far as it goes without a password.
    async fn look_up(&self, cx: &Call, account: &str) -> Answer<Identity> {
        let Some(account) = self.users.account(account) else {
            cx.note(|| NOT_OURS.to_owned());
            return Ok(Decision::NoMatch);
        };
        let searcher = self.directory.as_ref();
        let Some(entry) = self.users.find(cx, searcher, account, &self.persons.asked(cx)).await? else {
            return Ok(Decision::NoMatch);
        };
        self.told(cx, searcher, entry, account, AsWhom::Service).await
    }
}

/// What the answer to a bind means with the name of an entry that the directory showed a moment ago.
///
/// # Errors
/// If nothing is known of the password, as where the server that was asked has no such entry: another one may be ahead of it.
fn judged_of_entry(cx: &Call, name: &str, answer: &BindAnswer) -> Result<Bound, BackendError> {
    if is_of_name(answer) {
        return Err(BackendError::Protocol(format!(
            "{name} was found, and whoever binds with this name is told that there is none (result code {})",
            answer.code
        )));
    }
    judged(cx, name, answer)
}

/// What the answer to a bind means, and says to `explain`.
fn judged(cx: &Call, name: &str, answer: &BindAnswer) -> Result<Bound, BackendError> {
    match judge(answer) {
        Judged::Accepted { note } => {
            cx.note(|| match note {
                Some(note) => format!("bound as {name}: {note}"),
                None => format!("bound as {name}"),
            });
            Ok(Bound::Accepted)
        }
        Judged::Refused(reason) => {
            cx.note(|| format!("the bind as {name} was refused: {}", reason.detail));
            Ok(Bound::Refused(reason))
        }
        Judged::Unusable(error) => Err(error),
    }
}

#[cfg(test)]
mod tests;
