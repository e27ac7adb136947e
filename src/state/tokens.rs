//! What an administrator does with stored credentials on a running server.

use std::time::{Duration, Instant};

use dockgate_api::config::Moment;
use dockgate_api::secrecy::ExposeSecret as _;
use dockgate_api::{BackendError, Call};
use serde::{Deserialize, Serialize};

use super::State;
use crate::access::NoOwner;
use crate::credentials::{Credentials, Kind, Limit, Listed, Minted, NewToken, Which};

/// A large store is gone through page by page; the command waits longer.
const DONE_WITHIN: Duration = Duration::from_secs(120);
/// Nothing is kept without one.
pub(crate) const NO_STORE: &str = "this server keeps no credentials, for it has no `store`: write `store: {file: DIRECTORY}` into its \
    configuration, or `redis` or `postgres` for several servers";
/// Longer is no note.
const LONGEST_NOTE: usize = 1024;

/// A token for a robot, as it is asked for.
#[derive(Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct TokenRequest {
    /// Whose it is to be.
    pub account: String,
    /// The link that knows the account, if several could.
    pub link: Option<String>,
    /// What it can never exceed: `TYPE:NAME:ACTIONS`.
    pub scopes: Vec<String>,
    /// The one registry that it is good for.
    pub service: Option<String>,
    /// When it ends; never, if that is not said.
    pub ends: Option<Moment>,
    /// What it is for.
    pub note: Option<String>,
}

/// Which credentials are meant; all that is given must hold.
#[derive(Debug, Default, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct WhichCredentials {
    /// Of one kind: `refresh-tokens`, `api-tokens` or `app-passwords`.
    pub kind: Option<String>,
    /// An id, or its beginning.
    pub id: Option<String>,
    /// Whose.
    pub account: Option<String>,
    /// Those whose owner this link knows.
    pub link: Option<String>,
    /// Those that were made before.
    pub before: Option<Moment>,
}

/// A new token: the one time that it is shown.
#[derive(Deserialize, Serialize)]
pub struct CreatedToken {
    /// The token.
    pub token: String,
    /// What the list says of it.
    pub listed: Listed,
}

/// A list, and whether there is more.
#[derive(Debug, Deserialize, Serialize)]
pub struct CredentialList {
    /// In an order of the store's.
    pub credentials: Vec<Listed>,
    /// There are more than a list holds.
    pub more: bool,
}

/// What was taken away.
#[derive(Debug, Deserialize, Serialize)]
pub struct Revoked {
    /// How many.
    pub revoked: usize,
}

/// Why a command cannot be carried out.
#[derive(Debug)]
pub enum NotDone {
    /// The cure is the administrator's.
    Mistake(String),
    /// It may work later.
    Unavailable(String),
}

impl From<BackendError> for NotDone {
    fn from(error: BackendError) -> Self {
        let why = match error {
            BackendError::Unavailable(why) | BackendError::Timeout(why) => why,
            error => error.to_string(),
        };
        Self::Unavailable(format!("the store does not answer: {why}"))
    }
}

impl State {
    /// Makes a token for a robot.
    ///
    /// # Errors
    /// What is wrong with the wish, or that the store cannot be asked.
    pub async fn create_token(&self, request: TokenRequest) -> Result<CreatedToken, NotDone> {
        let credentials = self.stored_credentials()?;
        let mistake = |message: String| NotDone::Mistake(message);
        let scopes = request.scopes.iter().map(|text| Limit::parse(text)).collect::<Result<Vec<_>, _>>();
        let scopes = scopes.map_err(mistake)?;
        if request
            .note
            .as_ref()
            .is_some_and(|note| note.len() > LONGEST_NOTE || note.chars().any(char::is_control))
        {
            return Err(mistake(format!("a note is one line of at most {LONGEST_NOTE} bytes")));
        }
        if request.ends.is_some_and(|ends| ends.0 <= self.now()) {
            return Err(mistake("it would have ended already: give a time to come".to_owned()));
        }
        let cx = self.command_call();
        let owner = self.access().owner(&cx, &request.account, request.link.as_deref()).await;
        let owner = owner.map_err(|failure| match failure {
            NoOwner::Mistake(message) => NotDone::Mistake(message),
            NoOwner::Unavailable(message) => NotDone::Unavailable(message),
        })?;
        let wanted = NewToken {
            scopes,
            service: request.service,
            ends: request.ends.map(|ends| ends.0),
            note: request.note,
        };
        let (Minted { secret, .. }, listed) = credentials.create_token(&cx, &owner, wanted).await?;
        self.access().token_created(&cx, &listed);
        Ok(CreatedToken { token: secret.expose_secret().to_owned(), listed })
    }

    /// The credentials that are meant.
    ///
    /// # Errors
    /// What is wrong with the question, or that the store cannot be asked.
    pub async fn list_credentials(&self, which: WhichCredentials) -> Result<CredentialList, NotDone> {
        let (credentials, which) = (self.stored_credentials()?, which.read()?);
        let (credentials, more) = credentials.list(&self.command_call(), &which).await?;
        Ok(CredentialList { credentials, more })
    }

    /// Takes away the credentials that are meant.
    ///
    /// # Errors
    /// What is wrong with the question, or that the store cannot be asked: some may be gone then.
    pub async fn revoke_credentials(&self, which: WhichCredentials) -> Result<Revoked, NotDone> {
        let (credentials, which) = (self.stored_credentials()?, which.read()?);
        if which.id.is_none() && which.account.is_none() && which.link.is_none() && which.before.is_none() {
            return Err(NotDone::Mistake(
                "say which: an id, an account, a link, or all before a time".to_owned(),
            ));
        }
        let cx = self.command_call();
        let mut revoked = 0;
        let outcome = credentials.revoke(&cx, &which, &mut revoked).await;
        if outcome.is_ok() || revoked > 0 {
            // What is gone is gone, whatever came after it.
            self.access().credentials_revoked(&cx, &which, revoked);
        }
        outcome?;
        Ok(Revoked { revoked })
    }

    fn stored_credentials(&self) -> Result<&Credentials, NotDone> {
        let none = || NotDone::Mistake(NO_STORE.to_owned());
        self.access().credentials().ok_or_else(none)
    }

    fn command_call(&self) -> Call {
        Call::new(self.now(), Instant::now() + DONE_WITHIN, self.next_request_id())
    }
}

impl WhichCredentials {
    fn read(self) -> Result<Which, NotDone> {
        let kind = |name: &str| Kind::ALL.into_iter().find(|kind| kind.shelf().name() == name);
        let kinds = match self.kind.as_deref().map(|name| kind(name).ok_or(name)) {
            None => Vec::new(),
            Some(Ok(kind)) => vec![kind],
            Some(Err(_)) => {
                let known = Kind::ALL.map(|kind| kind.shelf().name()).join(", ");
                return Err(NotDone::Mistake(format!("there is no such kind: write one of {known}")));
            }
        };
        if self.id.as_ref().is_some_and(|id| id.len() < 8 || !id.bytes().all(|byte| byte.is_ascii_hexdigit()))
        {
            let message = "an id is what `tokens list` shows in its first column, or at least 8 characters of its beginning";
            return Err(NotDone::Mistake(message.to_owned()));
        }
        Ok(Which {
            kinds,
            id: self.id.map(|id| id.to_ascii_lowercase()),
            account: self.account,
            link: self.link,
            before: self.before.map(|before| before.0),
        })
    }
}
