//! From the section to the backend.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use dockgate_api::config::{KeyPath, Located, Remark};
use dockgate_api::{Authenticator, BuildContext, BuildError, Configure, LabelValue, Labels};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::backend::UsersFile;
use crate::file::{Accounts, File};
use crate::keeper::Keeper;

/// The section below `users_file`.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct UsersFileConfig {
    /// The htpasswd file: a line `ACCOUNT:HASH` for each account. It is read anew when it changes.
    #[schemars(with = "String")]
    path: Located<PathBuf>,
    /// What rules can ask for with `match.labels` and `${labels:KEY}`; everybody in the file has them.
    #[serde(default)]
    labels: BTreeMap<String, Vec<String>>,
}

impl Configure<dyn Authenticator> for UsersFileConfig {
    fn build(self, cx: &BuildContext) -> Result<Arc<dyn Authenticator>, BuildError> {
        let labels = read_labels(self.labels);
        let passwords = cx.passwords();
        if cx.offline() {
            return Ok(Arc::new(UsersFile::new(Accounts::default(), labels, passwords)));
        }
        let place = |message: String| Remark::new(self.path.location.clone(), path_key(), message);
        if self.path.value.to_string_lossy().chars().any(char::is_control) {
            let mut errors = BuildError::none();
            errors.add(place("a file's path holds no control characters: write it in one line".to_owned()));
            return Err(errors);
        }
        let file = Arc::new(File { path: cx.resolve(&self.path.value), passwords: Arc::clone(&passwords) });
        // Before it is read: what changes in between is told.
        let changes = cx.watch_files([&self.path.value])?;
        let accounts = file.read().map_err(|mistakes| {
            let mut errors = BuildError::none();
            for mistake in mistakes {
                errors.add(match mistake.location {
                    Some(location) => Remark::new(location, path_key(), mistake.message),
                    None => place(mistake.message),
                });
            }
            errors
        })?;
        if let Some((location, message)) = accounts.weak.warning() {
            cx.warn(Remark::new(location, path_key(), message));
        }
        if accounts.by_name.is_empty() {
            let message =
                format!("there is no account in {} yet: nobody can log in by it", file.path.display());
            cx.warn(place(message));
        }
        let users = Arc::new(UsersFile::new(accounts, labels, passwords));
        let keeper = Keeper { file, users: Arc::clone(&users), link: cx.link().to_owned() };
        cx.spawner().spawn("users_file", Box::pin(keeper.keep(changes)));
        Ok(users)
    }
}

fn path_key() -> KeyPath {
    KeyPath::root().key("path")
}

/// Whether they act as patterns is for the link to say.
fn read_labels(written: BTreeMap<String, Vec<String>>) -> Labels {
    let mut labels = Labels::new();
    for (name, values) in written {
        for value in values {
            labels.add(name.clone(), LabelValue::Literal(value));
        }
    }
    labels
}
