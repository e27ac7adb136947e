//! Who of the file's accounts is this?

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use arc_swap::ArcSwap;
use dockgate_api::secrecy::{ExposeSecret, SecretString};
use dockgate_api::{
    Answer, Authenticator, BackendError, Call, Credential, Decision, HashFormats, Health, Identity,
    KnownIdentity, Labels, Login, Passwords, Reason, ReasonCode, Reloaded, async_trait,
};

use crate::file::Accounts;

/// The users of a file as it was read last.
pub(crate) struct UsersFile {
    pub(crate) accounts: ArcSwap<Accounts>,
    /// Everybody in the file has them.
    pub(crate) labels: Labels,
    pub(crate) passwords: Arc<dyn Passwords>,
    trouble: Mutex<Option<String>>,
}

impl UsersFile {
    pub(crate) fn new(accounts: Accounts, labels: Labels, passwords: Arc<dyn Passwords>) -> Self {
        Self { accounts: ArcSwap::from_pointee(accounts), labels, passwords, trouble: Mutex::new(None) }
    }

    /// Why the accounts are not those that stand in the file now, if so.
    pub(crate) fn set_trouble(&self, trouble: Option<String>) {
        *self.trouble() = trouble;
    }

    fn trouble(&self) -> MutexGuard<'_, Option<String>> {
        self.trouble.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn identity(&self, account: &str, stored: &SecretString) -> Identity {
        Identity::new(account)
            .with_labels(self.labels.clone())
            .with_epoch(self.passwords.epoch(stored.expose_secret()))
    }
}

#[async_trait]
impl Authenticator for UsersFile {
    async fn authenticate(&self, cx: &Call, login: &Login) -> Answer<Identity> {
        let password = match &login.credential {
            Credential::None => None,
            Credential::Password(password) => Some(password),
            _ => return Ok(Decision::NoMatch),
        };
        let accounts = self.accounts.load_full();
        let Some(account) = accounts.by_name.get(login.account.as_str()) else {
            cx.note(|| "not in the file".to_owned());
            return Ok(Decision::NoMatch);
        };
        let Some(password) = password.filter(|password| !password.expose_secret().is_empty()) else {
            return Ok(Decision::Deny(Reason::bad_credentials("no password")));
        };
        let stored = account.stored.expose_secret();
        if self.passwords.verify(cx, stored, HashFormats::Htpasswd, password).await? {
            Ok(Decision::Allow(self.identity(&login.account, &account.stored)))
        } else {
            Ok(Decision::Deny(Reason::bad_credentials("wrong password")))
        }
    }

    fn can_reload(&self) -> bool {
        true
    }

    async fn reload(&self, _cx: &Call, known: &KnownIdentity) -> Result<Reloaded, BackendError> {
        let accounts = self.accounts.load();
        let Some(account) = accounts.by_name.get(known.subject.as_str()) else {
            let reason = Reason::new(ReasonCode::Removed, "the account was taken out of the file");
            return Ok(Reloaded::Gone(reason));
        };
        let identity = self.identity(&known.subject, &account.stored);
        Ok(if identity.epoch == known.epoch {
            Reloaded::Current(identity)
        } else {
            Reloaded::Gone(Reason::bad_credentials("the password was changed"))
        })
    }

    async fn preview(&self, _cx: &Call, account: &str) -> Option<Answer<Identity>> {
        let accounts = self.accounts.load();
        let known = accounts.by_name.get(account);
        Some(Ok(
            known.map_or(Decision::NoMatch, |known| Decision::Allow(self.identity(account, &known.stored)))
        ))
    }

    async fn health(&self, _cx: &Call) -> Health {
        self.trouble().clone().map_or(Health::Up, Health::Degraded)
    }
}
