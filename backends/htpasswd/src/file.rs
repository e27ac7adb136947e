//! The whole file: its accounts, or everything that is wrong with it.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use dockgate_api::config::Location;
use dockgate_api::secrecy::SecretString;
use dockgate_api::{HashFormats, HashInUse, Passwords, read_file};
use dockgate_passwords::{Weakness, weakness};

use crate::line::{self, Line};

/// Some 400,000 users with bcrypt hashes.
const LARGEST: u64 = 32 * 1024 * 1024;
/// More are counted and not told one by one.
const MOST_MISTAKES: usize = 20;

/// An htpasswd file and what is needed to read it.
pub(crate) struct File {
    pub(crate) path: PathBuf,
    pub(crate) passwords: Arc<dyn Passwords>,
}

/// What stands in the file.
#[derive(Default)]
pub(crate) struct Accounts {
    pub(crate) by_name: HashMap<Box<str>, Account>,
    pub(crate) weak: Weak,
}

pub(crate) struct Account {
    pub(crate) stored: SecretString,
    /// The line it stands in.
    line: u32,
    /// Held for as long as the hash counts.
    _in_use: HashInUse,
}

/// Hashes that are cheap to guess from: the first, and how many.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Weak {
    first: Option<(Location, Weakness)>,
    count: usize,
}

/// Something that is wrong with the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Mistake {
    /// Where in the file; nowhere if it could not be read.
    pub(crate) location: Option<Location>,
    /// What is wrong, and what to do. Never holds a hash.
    pub(crate) message: String,
}

impl File {
    /// Reads the file.
    ///
    /// # Errors
    /// Everything that is wrong with it, at least one thing.
    pub(crate) fn read(&self) -> Result<Accounts, Vec<Mistake>> {
        let bytes = read_file(&self.path, LARGEST).map_err(|error| vec![unreadable(&self.path, &error)])?;
        let text = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&bytes);
        let name: Arc<str> = self.path.display().to_string().into();
        let mut accounts = Accounts::default();
        let (mut mistakes, mut more) = (Vec::new(), 0_usize);
        for (number, bytes) in (1..).zip(text.split(|byte| *byte == b'\n')) {
            if let Err((column, message)) = self.take(&mut accounts, number, bytes, &name) {
                if mistakes.len() < MOST_MISTAKES {
                    let location = Some(Location::new(Arc::clone(&name), number, column));
                    mistakes.push(Mistake { location, message });
                } else {
                    more += 1;
                }
            }
        }
        if more > 0 {
            mistakes.push(Mistake { location: None, message: format!("and {more} more mistakes in {name}") });
        }
        if mistakes.is_empty() { Ok(accounts) } else { Err(mistakes) }
    }

    fn take(
        &self,
        accounts: &mut Accounts,
        number: u32,
        bytes: &[u8],
        name: &Arc<str>,
    ) -> Result<(), (u32, String)> {
        let line = line::read(bytes).map_err(|message| (1, message.to_owned()))?;
        let Line::Entry { account, stored, column } = line else { return Ok(()) };
        let in_use =
            self.passwords.accept(stored, HashFormats::Htpasswd).map_err(|message| (column, message))?;
        match accounts.by_name.entry(account.into()) {
            Entry::Occupied(first) => {
                let first = first.get().line;
                return Err((1, format!("this account stands in line {first} already: keep one of them")));
            }
            Entry::Vacant(place) => {
                place.insert(Account { stored: stored.into(), line: number, _in_use: in_use })
            }
        };
        if let Some(weakness) = weakness(stored) {
            accounts.weak.count += 1;
            let location = || Location::new(Arc::clone(name), number, column);
            accounts.weak.first.get_or_insert_with(|| (location(), weakness));
        }
        Ok(())
    }
}

impl Weak {
    /// One warning for all: files with cheap hashes have many of them.
    pub(crate) fn warning(&self) -> Option<(Location, String)> {
        let (location, weakness) = self.first.as_ref()?;
        let message = match self.count.saturating_sub(1) {
            0 => weakness.to_string(),
            more => format!("{weakness} (and {more} more in this file)"),
        };
        Some((location.clone(), message))
    }
}

fn unreadable(path: &Path, error: &io::Error) -> Mistake {
    let shown = path.display();
    let message = match error.kind() {
        io::ErrorKind::NotFound => {
            format!(
                "there is no file {shown}: make it with `htpasswd -cB -C 10 FILE ACCOUNT`, or correct the path"
            )
        }
        io::ErrorKind::PermissionDenied => format!("cannot read {shown}: let the server's user read it"),
        io::ErrorKind::IsADirectory => format!("{shown} is a directory: name the htpasswd file in it"),
        io::ErrorKind::FileTooLarge => {
            format!("{shown} is larger than {} MiB: is this the htpasswd file?", LARGEST / 1024 / 1024)
        }
        _ => format!("cannot read {shown}: {error}"),
    };
    Mistake { location: None, message }
}
