//! Who asks. Nothing here shows a password.

use std::fmt;
use std::fs::File;
use std::hash::{BuildHasher as _, RandomState};
use std::io::Read as _;
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hyper::header::HeaderValue;

use crate::arguments::MOST_ACCOUNTS;
use crate::error::LoadError;

/// What stands for the number of an account.
pub(crate) const NUMBER: &str = "{n}";
/// What stands for a text that is another one in each request.
const RANDOM: &str = "RANDOM";
const MOST_FILE_BYTES: u64 = 16 * 1024 * 1024;

/// The `Authorization` header of one request after another.
pub(crate) enum Logins {
    /// Nobody in particular: no header.
    Anonymous,
    /// These in turns; made beforehand, since the generator must cost little.
    Known(Vec<HeaderValue>),
    /// A wrong password that was never sent before.
    Guesses(Guesses),
}

pub(crate) struct Guesses {
    template: String,
    accounts: u32,
    run: u64,
}

impl Logins {
    /// `NAME:PASSWORD`, or `NAME` with the password elsewhere; `{n}` in it makes so many accounts.
    ///
    /// # Errors
    /// There is no password.
    pub(crate) fn of_user(user: &str, accounts: u32, password: Option<String>) -> Result<Self, LoadError> {
        let user = if user.contains(':') {
            user.to_owned()
        } else {
            let password = password.ok_or_else(|| {
                LoadError::usage(
                    "a --user without a password: write NAME:PASSWORD, or put the password into the environment \
                     variable that --password-env names",
                )
            })?;
            format!("{user}:{password}")
        };
        let has_number = user.contains(NUMBER);
        if accounts > 1 && !has_number {
            return Err(LoadError::usage(
                "--accounts needs a --user with {n}, such as 'user{n}:password{n}'",
            ));
        }
        let users = (0..accounts).map(|number| basic(&numbered(&user, number)));
        Ok(Self::Known(users.collect::<Result<_, _>>()?))
    }

    /// The lines of a file.
    ///
    /// # Errors
    /// The file cannot be read, is too long, or has a line without a password.
    pub(crate) fn of_file(path: &Path) -> Result<Self, LoadError> {
        let shown = path.display();
        let mut text = String::new();
        let read = File::open(path).and_then(|file| file.take(MOST_FILE_BYTES + 1).read_to_string(&mut text));
        read.map_err(|error| LoadError::usage(format!("--users {shown}: {error}")))?;
        let lines: Vec<(usize, &str)> =
            text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()).collect();
        let is_long = u64::try_from(text.len()).is_ok_and(|length| length > MOST_FILE_BYTES);
        let many = u32::try_from(lines.len()).unwrap_or(u32::MAX);
        if is_long || many > MOST_ACCOUNTS {
            return Err(LoadError::usage(format!(
                "--users {shown}: more than {MOST_ACCOUNTS} users or 16 MiB"
            )));
        }
        if lines.is_empty() {
            return Err(LoadError::usage(format!(
                "--users {shown}: nobody in it; write a NAME:PASSWORD a line"
            )));
        }
        let users = lines.iter().map(|(index, line)| {
            if !line.contains(':') {
                let line = index + 1;
                return Err(LoadError::usage(format!("--users {shown}:{line}: not NAME:PASSWORD")));
            }
            basic(line)
        });
        Ok(Self::Known(users.collect::<Result<_, _>>()?))
    }

    /// Guesses of a template such as `alice:RANDOM`.
    ///
    /// # Errors
    /// It would guess the same again and again.
    pub(crate) fn guesses(template: &str, accounts: u32) -> Result<Self, LoadError> {
        if !template.contains(':') || !template.contains(RANDOM) {
            return Err(LoadError::usage(
                "--flood-user is NAME:RANDOM: equal guesses would be answered together, and prove nothing",
            ));
        }
        // Texts of another run must not have been tried before either.
        let run = RandomState::new().hash_one(template);
        Ok(Self::Guesses(Guesses { template: template.to_owned(), accounts, run }))
    }

    /// How many different ones there are, where that is known.
    pub(crate) fn number(&self) -> u64 {
        match self {
            Self::Known(headers) => u64::try_from(headers.len()).unwrap_or(u64::MAX),
            Self::Anonymous | Self::Guesses(_) => 1,
        }
    }

    /// The header of a request of that number; none for nobody in particular.
    pub(crate) fn header(&self, number: u64) -> Option<HeaderValue> {
        match self {
            Self::Anonymous => None,
            Self::Known(headers) => {
                let index = number.checked_rem(self.number()).and_then(|index| usize::try_from(index).ok());
                headers.get(index?).cloned()
            }
            Self::Guesses(guesses) => guesses.header(number),
        }
    }
}

impl Guesses {
    fn text(&self, number: u64) -> String {
        let account = u32::try_from(number % u64::from(self.accounts.max(1))).unwrap_or_default();
        numbered(&self.template, account).replace(RANDOM, &format!("{:016x}-{number}", self.run))
    }

    fn header(&self, number: u64) -> Option<HeaderValue> {
        basic(&self.text(number)).ok()
    }
}

impl fmt::Debug for Logins {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = match self {
            Self::Anonymous => "Anonymous",
            Self::Known(_) => "Known",
            Self::Guesses(_) => "Guesses",
        };
        f.debug_tuple(kind).field(&self.number()).finish()
    }
}

fn numbered(template: &str, number: u32) -> String {
    template.replace(NUMBER, &number.to_string())
}

/// `Basic`, RFC 7617.
fn basic(pair: &str) -> Result<HeaderValue, LoadError> {
    let header = HeaderValue::try_from(format!("Basic {}", STANDARD.encode(pair)));
    let mut header = header.map_err(|_| LoadError::usage("a user that no header can hold"))?;
    header.set_sensitive(true);
    Ok(header)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::{Logins, STANDARD};
    use base64::Engine as _;

    fn sent(logins: &Logins, number: u64) -> String {
        let header = logins.header(number).unwrap();
        let encoded = header.to_str().unwrap().strip_prefix("Basic ").unwrap();
        String::from_utf8(STANDARD.decode(encoded).unwrap()).unwrap()
    }

    #[test]
    fn accounts_take_turns() {
        let logins = Logins::of_user("user{n}:password{n}", 3, None).unwrap();
        let asked: Vec<String> = (0..4).map(|number| sent(&logins, number)).collect();
        assert_eq!(asked, ["user0:password0", "user1:password1", "user2:password2", "user0:password0"]);
        assert!(Logins::of_user("alice:x", 3, None).unwrap_err().to_string().contains("{n}"));
    }

    #[test]
    fn a_password_may_come_from_elsewhere_and_shows_nowhere() {
        let logins = Logins::of_user("alice", 1, Some("secret".to_owned())).unwrap();
        assert_eq!(sent(&logins, 0), "alice:secret");
        let shown = format!("{logins:?} {:?}", logins.header(0));
        assert!(!shown.contains("secret") && !shown.contains(&STANDARD.encode("alice:secret")), "{shown}");
        assert!(Logins::of_user("alice", 1, None).unwrap_err().to_string().contains("--password-env"));
    }

    #[test]
    fn no_guess_comes_twice() {
        let logins = Logins::guesses("user{n}:RANDOM", 2).unwrap();
        let guesses: HashSet<String> = (0..100).map(|number| sent(&logins, number)).collect();
        assert_eq!(guesses.len(), 100);
        assert!(sent(&logins, 3).starts_with("user1:"));
        assert_ne!(sent(&Logins::guesses("user{n}:RANDOM", 2).unwrap(), 0), sent(&logins, 0), "another run");
        assert!(Logins::guesses("alice:wrong", 1).is_err());
    }

    #[test]
    fn a_file_has_a_user_a_line() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("users");
        std::fs::write(&file, "alice:one\n\nbob:two:three\n").unwrap();
        let logins = Logins::of_file(&file).unwrap();
        assert_eq!([sent(&logins, 0), sent(&logins, 1)], ["alice:one", "bob:two:three"]);

        std::fs::write(&file, "alice:one\nsecret\n").unwrap();
        let refused = Logins::of_file(&file).unwrap_err().to_string();
        assert!(refused.contains("users:2:") && !refused.contains("secret"), "{refused}");
        std::fs::write(&file, "\n").unwrap();
        assert!(Logins::of_file(&file).unwrap_err().to_string().contains("nobody"));
    }
}
