//! Keeps the users as the file has them. No login waits for that.

use std::sync::Arc;
use std::time::Duration;

use dockgate_api::FileChanges;

use crate::backend::UsersFile;
use crate::file::{Accounts, File, Mistake};

/// The largest file is read within a second.
const READ_WITHIN: Duration = Duration::from_secs(60);

pub(crate) struct Keeper {
    pub(crate) file: Arc<File>,
    pub(crate) users: Arc<UsersFile>,
    pub(crate) link: String,
}

impl Keeper {
    /// Reads the file at every change, as long as it is polled.
    pub(crate) async fn keep(self, mut changes: Box<dyn FileChanges>) {
        loop {
            changes.changed().await;
            match self.read().await {
                Ok(accounts) => self.take(accounts),
                Err(mistakes) => self.refuse(&mistakes),
            }
        }
    }

    /// Beside the requests: the file may be slow.
    async fn read(&self) -> Result<Accounts, Vec<Mistake>> {
        let file = Arc::clone(&self.file);
        let mut reading = tokio::task::spawn_blocking(move || file.read());
        let failed = |message: &str| vec![Mistake { location: None, message: message.to_owned() }];
        let read = if let Ok(read) = tokio::time::timeout(READ_WITHIN, &mut reading).await {
            read
        } else {
            // No second one beside it: it would hang too.
            self.refuse(&failed("the file cannot be read: the file system hangs"));
            reading.await
        };
        read.unwrap_or_else(|_| Err(failed("reading the file failed")))
    }

    fn take(&self, accounts: Accounts) {
        let (link, path) = (self.link.as_str(), self.file.path.display());
        let number = accounts.by_name.len();
        if accounts.weak != self.users.accounts.load().weak
            && let Some((place, message)) = accounts.weak.warning()
        {
            tracing::warn!(link, %place, "{message}");
        }
        if number == 0 {
            // Perhaps a disk was full while the file was written.
            tracing::warn!(link, file = %path, "there is no account in the file any more: nobody can log in by it");
        }
        let before = self.users.accounts.swap(Arc::new(accounts));
        // Wiping hundreds of thousands of hashes takes a while, too.
        drop(tokio::task::spawn_blocking(move || drop(before)));
        self.users.set_trouble(None);
        tracing::info!(link, file = %path, accounts = number, "the users file was read again");
    }

    fn refuse(&self, mistakes: &[Mistake]) {
        let (link, path) = (self.link.as_str(), self.file.path.display().to_string());
        for mistake in mistakes {
            let place = mistake.location.as_ref().map_or_else(|| path.clone(), ToString::to_string);
            tracing::error!(link, place, "{}; the users stay as they were", mistake.message);
        }
        if let Some(Mistake { location, message }) = mistakes.first() {
            let trouble = match location {
                Some(location) => format!("{location}: {message}"),
                None => message.clone(),
            };
            self.users.set_trouble(Some(format!("the users are older than the file: {trouble}")));
        }
    }
}
