//! What a provider gives in place of something that is used up is written before anything else is asked: whoever asks next,
//! after a failure, after a kill, at another replica, has it.

use std::sync::{Arc, Mutex, PoisonError};

use dockgate_api::secrecy::SecretString;
use dockgate_api::{Renewal, async_trait};
use tokio::sync::watch;

use super::asking::{Asking, STORED_WITHIN};
use super::folk::{Outcome, Progress, Read};
use super::person::Person;

/// What is renewed while somebody is asked about.
pub(super) struct Renewing<'a> {
    asking: &'a Asking,
    before: &'a Read,
    /// Given by the provider, and not known to be stored.
    owed: Mutex<Option<SecretString>>,
}

impl<'a> Renewing<'a> {
    pub(super) fn of(asking: &'a Asking, before: &'a Read) -> Self {
        Self { asking, before, owed: Mutex::default() }
    }

    /// Writes what is still to be written, however long the store takes.
    pub(super) async fn finish(&self, progress: &watch::Sender<Progress>) {
        let owed = self.owe(None);
        if let Some(keep) = owed
            && let Err(Outcome::Failed(_, error)) =
                self.asking.write(self.before, self.person(keep), progress).await
        {
            tracing::error!(request_id = %self.asking.request_id, %error, "what was renewed is lost");
        }
    }

    /// As the provider described them last, with something else to ask again with.
    fn person(&self, keep: SecretString) -> Person {
        Person { keep, renewed: Some(self.before.writing.clone()), ..self.before.person.clone() }
    }

    fn owe(&self, keep: Option<SecretString>) -> Option<SecretString> {
        std::mem::replace(&mut *self.owed.lock().unwrap_or_else(PoisonError::into_inner), keep)
    }
}

#[async_trait]
impl Renewal for Renewing<'_> {
    async fn renewed(&self, keep: SecretString) {
        self.owe(Some(keep.clone()));
        let Asking { inside, owner, request_id, .. } = self.asking;
        let written = match inside.write(self.person(keep), &self.asking.call(STORED_WITHIN)) {
            Ok((read, record)) => {
                self.asking.try_to_write(self.before, &Arc::new(read), &record).await.map(drop)
            }
            Err(error) => Err(error),
        };
        match written {
            Ok(()) => drop(self.owe(None)),
            Err(error) => tracing::warn!(
                %request_id, link = owner.link, account = ?owner.account, %error,
                "what a provider renewed is not written yet: it is once it has answered"
            ),
        }
    }
}
