//! Who of the listed accounts is this?

use std::collections::HashMap;
use std::sync::Arc;
use std::time::SystemTime;

use dockgate_api::config::{Moment, Standing, Validity};
use dockgate_api::secrecy::{ExposeSecret, SecretString};
use dockgate_api::{
    Answer, Authenticator, BackendError, Call, Credential, Decision, HashFormats, HashInUse, Identity,
    KnownIdentity, Login, Passwords, Reason, ReasonCode, Reloaded, async_trait,
};

pub(super) struct Users {
    pub(super) accounts: HashMap<String, Account>,
    pub(super) passwords: Arc<dyn Passwords>,
}

pub(super) struct Account {
    /// What a right password makes of a client.
    pub(super) identity: Identity,
    /// Without it any password will do, as the administrator said in so many words.
    pub(super) stored: Option<SecretString>,
    /// When it counts.
    pub(super) validity: Validity,
    /// Held for as long as the hash counts.
    pub(super) _in_use: Option<HashInUse>,
}

impl Account {
    /// Why nobody gets in under the account at a time, if so. Asked only of those who gave the right password: others
    /// must not be able to tell it from an account that is open.
    fn closed(&self, now: SystemTime) -> Option<Reason> {
        let expired = |detail| Some(Reason::new(ReasonCode::Expired, detail));
        match self.validity.at(now) {
            Standing::Valid => None,
            Standing::Ahead(from) => expired(format!("the account is valid from {} on", Moment(from))),
            Standing::Over(until) => expired(format!("the account has ended on {}", Moment(until))),
            Standing::Disabled => Some(Reason::new(ReasonCode::Disabled, "the account is disabled")),
        }
    }

    fn admit(&self, now: SystemTime) -> Decision<Identity> {
        self.closed(now).map_or_else(|| Decision::Allow(self.identity.clone()), Decision::Deny)
    }
}

#[async_trait]
impl Authenticator for Users {
    async fn authenticate(&self, cx: &Call, login: &Login) -> Answer<Identity> {
        let password = match &login.credential {
            Credential::None => None,
            Credential::Password(password) => Some(password),
            _ => return Ok(Decision::NoMatch),
        };
        let Some(account) = self.accounts.get(&login.account) else {
            cx.note(|| "not in the list".to_owned());
            return Ok(Decision::NoMatch);
        };
        let Some(stored) = &account.stored else {
            cx.note(|| "listed without a password: any will do".to_owned());
            return Ok(account.admit(cx.now()));
        };
        let Some(password) = password.filter(|password| !password.expose_secret().is_empty()) else {
            return Ok(Decision::Deny(Reason::bad_credentials("no password")));
        };
        let (stored, formats, closed) =
            (stored.expose_secret(), HashFormats::Modern, account.closed(cx.now()));
        let right = match closed {
            None => self.passwords.verify(cx, stored, formats, password).await?,
            Some(_) => self.passwords.verify_anew(cx, stored, formats, password).await?,
        };
        Ok(match closed {
            _ if !right => Decision::Deny(Reason::bad_credentials("wrong password")),
            Some(reason) => Decision::Deny(reason),
            None => Decision::Allow(account.identity.clone()),
        })
    }

    fn answers_without_proof(&self, account: &str) -> bool {
        self.accounts.get(account).is_some_and(|account| account.stored.is_none())
    }

    fn can_reload(&self) -> bool {
        true
    }

    async fn reload(&self, cx: &Call, known: &KnownIdentity) -> Result<Reloaded, BackendError> {
        Ok(match self.accounts.get(&known.subject) {
            Some(account) if account.identity.epoch == known.epoch => account
                .closed(cx.now())
                .map_or_else(|| Reloaded::Current(account.identity.clone()), Reloaded::Gone),
            Some(_) => Reloaded::Gone(Reason::bad_credentials("the password was changed")),
            None => Reloaded::Gone(Reason::new(ReasonCode::Removed, "the account was taken out of the list")),
        })
    }

    async fn preview(&self, cx: &Call, account: &str) -> Option<Answer<Identity>> {
        Some(Ok(self.accounts.get(account).map_or(Decision::NoMatch, |account| account.admit(cx.now()))))
    }
}
