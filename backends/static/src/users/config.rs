//! From the section to the accounts, with everything that is wrong or odd.

use std::collections::{BTreeMap, HashMap};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::SystemTime;

use dockgate_api::config::{KeyPath, Located, Location, Moment, Remark, Standing, Validity};
use dockgate_api::secrecy::ExposeSecret;
use dockgate_api::{
    Authenticator, BuildContext, BuildError, Configure, Dialect, HashFormats, HashInUse, Identity,
    LabelValue, LabelValues, Labels, Passwords,
};
use dockgate_passwords::{Weakness, weakness};
use schemars::JsonSchema;
use serde::Deserialize;

use super::backend::{Account, Users};
use super::entry::{Entry, Stored, WrittenLabels};

/// The `users` section: accounts with their passwords and labels, in no particular order.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct UsersConfig {
    accounts: BTreeMap<String, Located<Entry>>,
}

impl Configure<dyn Authenticator> for UsersConfig {
    fn label_values(_: Dialect) -> LabelValues {
        LabelValues::Pattern
    }

    fn build(self, cx: &BuildContext) -> Result<Arc<dyn Authenticator>, BuildError> {
        let now = cx.clock().now();
        let mut reader = Reader {
            cx,
            now,
            passwords: cx.passwords(),
            errors: BuildError::none(),
            weak: Vec::new(),
            ended: Vec::new(),
        };
        let accounts: HashMap<_, _> = self
            .accounts
            .into_iter()
            .map(|(name, entry)| {
                let account = reader.account(&name, entry);
                (name, account)
            })
            .collect();
        if !reader.errors.is_empty() {
            return Err(reader.errors);
        }
        reader.warn_of_weak_hashes();
        reader.warn_of_ended_accounts();
        Ok(Arc::new(Users { accounts, passwords: reader.passwords }))
    }
}

/// Reads accounts one by one and keeps what is to be said of them.
struct Reader<'a> {
    cx: &'a BuildContext,
    now: SystemTime,
    passwords: Arc<dyn Passwords>,
    errors: BuildError,
    weak: Vec<(Location, KeyPath, Weakness)>,
    /// Accounts whose window is behind us.
    ended: Vec<(Location, KeyPath, SystemTime)>,
}

impl Reader<'_> {
    fn account(&mut self, name: &str, entry: Located<Entry>) -> Account {
        let Located { location, value: Entry { password, password_file, labels, validity }, .. } = entry;
        let path = KeyPath::root().key(name);
        if name.chars().any(char::is_control) {
            let message = "an account name must not contain control characters: no client can send them";
            self.errors.add(Remark::new(location.clone(), path.clone(), message));
        }
        if password.is_none() && password_file.is_none() {
            self.without_password(name, labels.is_none(), validity, &location, &path);
        }
        if let Standing::Over(until) = validity.at(self.now) {
            self.ended.push((location, path.clone(), until));
        }
        let password = match password_file {
            Some(file) => self.read_file(password.is_some(), &file, &path.key("password_file")),
            None => password,
        };
        let mut identity =
            Identity::new(name).with_labels(read_labels(labels)).with_expires_at(validity.window.until());
        let mut in_use = None;
        let stored = password.map(|stored| {
            identity.epoch = Some(self.passwords.epoch(stored.0.expose_secret()));
            in_use = self.accept(name, &stored, &path.key("password"));
            stored.value.0
        });
        Account { identity, stored, validity, _in_use: in_use }
    }

    fn without_password(
        &mut self,
        name: &str,
        no_labels: bool,
        validity: Validity,
        location: &Location,
        path: &KeyPath,
    ) {
        if no_labels {
            let message = "nothing stands behind `labels`, and there is no `password`: give the account a \
                           password, or write `{}` if any is to do";
            self.errors.add(Remark::new(location.clone(), path.clone(), message));
        } else if !name.is_empty() && is_or_will_be(validity, self.now) {
            let message = "anybody who knows this name gets in, with any password: give it a \
                           `password` unless that is meant";
            self.warn(location.clone(), path, message);
        }
    }

    /// The hash in a file, or nothing if that is an error.
    fn read_file(&mut self, both: bool, file: &Located<PathBuf>, path: &KeyPath) -> Option<Located<Stored>> {
        if self.cx.offline() && !both {
            return None;
        }
        let read = if both {
            Err("`password` and `password_file` both stand here: keep one of them".to_owned())
        } else {
            self.cx.read_secret(&file.value).map(Stored)
        };
        let place = || file.location.clone();
        read.map(|value| Located { location: place(), index: None, value })
            .map_err(|message| self.errors.add(Remark::new(place(), path.clone(), message)))
            .ok()
    }

    fn accept(&mut self, name: &str, stored: &Located<Stored>, path: &KeyPath) -> Option<HashInUse> {
        let location = stored.location.clone();
        let hash = stored.value.0.expose_secret();
        let accepted = if name.is_empty() {
            Err("the anonymous account `\"\"` has no password: write `\"\": {}`".to_owned())
        } else {
            self.passwords.accept(hash, HashFormats::Modern)
        };
        match (accepted, weakness(hash)) {
            (Err(message), _) => {
                self.errors.add(Remark::new(location, path.clone(), message));
                None
            }
            (Ok(in_use), weakness) => {
                self.weak.extend(weakness.map(|weakness| (location, path.clone(), weakness)));
                Some(in_use)
            }
        }
    }

    /// One warning for all: files with cheap hashes have many of them.
    fn warn_of_weak_hashes(&mut self) {
        self.weak.sort_by(|(a, ..), (b, ..)| a.cmp(b));
        if let Some((location, path, weakness)) = self.weak.first() {
            let message = match self.weak.len() - 1 {
                0 => weakness.to_string(),
                more => format!("{weakness} (and {more} more in this section)"),
            };
            self.warn(location.clone(), path, message);
        }
    }

    /// One warning for all: those who leave stay in the file.
    fn warn_of_ended_accounts(&mut self) {
        self.ended.sort_by(|(a, ..), (b, ..)| a.cmp(b));
        if let Some((location, path, until)) = self.ended.first() {
            let more = match self.ended.len() - 1 {
                0 => String::new(),
                more => format!(" (and {more} more in this section)"),
            };
            let message = format!(
                "this account has ended on {}: nobody gets in under it; take it out, or give it a later `until`{more}",
                Moment(*until)
            );
            self.warn(location.clone(), path, message);
        }
    }

    fn warn(&self, location: Location, path: &KeyPath, message: impl Into<String>) {
        self.cx.warn(Remark::new(location, path.clone(), message));
    }
}

/// Whether anybody gets in under an account, now or later.
fn is_or_will_be(validity: Validity, now: SystemTime) -> bool {
    matches!(validity.at(now), Standing::Valid | Standing::Ahead(_))
}

/// The administrator wrote them, so they may act as patterns.
fn read_labels(written: WrittenLabels) -> Labels {
    let mut labels = Labels::new();
    for (name, values) in written.unwrap_or_default() {
        for value in values.0 {
            labels.add(name.clone(), LabelValue::Pattern(value));
        }
    }
    labels
}
