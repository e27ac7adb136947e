//! The hash formats, and what can be wrong with a stored hash.

mod apr1;
pub(crate) mod argon2id;
pub(crate) mod bcrypt;
mod crypt64;
mod error;
mod kinds;
mod sha1;
pub(crate) mod sha_crypt;
#[cfg(test)]
mod tests;

use aws_lc_rs::constant_time::verify_slices_are_equal;
use dockgate_api::HashFormats;

use self::apr1::Apr1;
use self::argon2id::Argon2id;
use self::bcrypt::Bcrypt;
pub use self::error::{HashError, NewHashError, Weakness};
use self::sha_crypt::ShaCrypt;
use self::sha1::Sha1;

/// The longest password of a format that hashes the whole password in every round, in bytes of UTF-8: a longer one
/// would let one login occupy the server. The programs that make such hashes take no longer ones either.
pub const MOST_CRYPT_PASSWORD_BYTES: usize = 255;

/// A stored hash that has been read and can be checked.
pub(crate) enum StoredHash {
    Bcrypt(Bcrypt),
    Argon2id(Argon2id),
    ShaCrypt(ShaCrypt),
    Apr1(Apr1),
    Sha1(Sha1),
}

/// What a hash costs: unknown accounts imitate it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Shape {
    Bcrypt { cost: u32 },
    Argon2id(argon2id::Cost),
    ShaCrypt { variant: sha_crypt::Variant, rounds: u32 },
    Apr1,
    Sha1,
}

/// A hash could not be computed, which says nothing about the password.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Uncomputable;

impl StoredHash {
    pub(crate) fn parse(text: &str, formats: HashFormats) -> Result<Self, HashError> {
        if text.is_empty() {
            return Err(HashError::Empty);
        }
        if text.starts_with("$$") {
            return Err(HashError::DoubledDollar);
        }
        let trimmed = text.trim();
        if trimmed.len() < text.len() && Self::parse(trimmed, formats).is_ok() {
            return Err(HashError::Surrounded);
        }
        let begins = |prefixes: &[&str]| prefixes.iter().any(|prefix| text.starts_with(prefix));
        if begins(&["$2a$", "$2b$", "$2y$"]) {
            Bcrypt::parse(text).map(Self::Bcrypt)
        } else if begins(&["$argon2id$"]) {
            Argon2id::parse(text).map(Self::Argon2id)
        } else if begins(&["$5$", "$6$"]) {
            ShaCrypt::parse(text).map(Self::ShaCrypt)
        } else if let Some(kind) = kinds::only_htpasswd(text) {
            match formats {
                HashFormats::Htpasswd => kind.parse(text),
                _ => Err(HashError::OnlyInHtpasswd { kind: kind.name }),
            }
        } else if text.rsplit_once(':').is_some_and(|(_, hash)| Self::parse(hash, formats).is_ok()) {
            Err(HashError::AccountInFront)
        } else {
            Err(kinds::unsupported(text))
        }
    }

    pub(crate) fn shape(&self) -> Shape {
        match self {
            Self::Bcrypt(hash) => Shape::Bcrypt { cost: hash.cost() },
            Self::Argon2id(hash) => Shape::Argon2id(hash.cost()),
            Self::ShaCrypt(hash) => Shape::ShaCrypt { variant: hash.variant(), rounds: hash.rounds() },
            Self::Apr1(_) => Shape::Apr1,
            Self::Sha1(_) => Shape::Sha1,
        }
    }

    pub(crate) fn text(&self) -> String {
        match self {
            Self::Bcrypt(hash) => hash.text(),
            Self::Argon2id(hash) => hash.text(),
            Self::ShaCrypt(hash) => hash.text(),
            Self::Apr1(hash) => hash.text(),
            Self::Sha1(hash) => hash.text(),
        }
    }

    /// Whether a password can belong to a hash of this kind at all; one that cannot costs nothing.
    pub(crate) fn can_take(&self, password: &str) -> bool {
        let most = match self {
            Self::Bcrypt(_) => bcrypt::MOST_PASSWORD_BYTES,
            Self::ShaCrypt(_) | Self::Apr1(_) => MOST_CRYPT_PASSWORD_BYTES,
            Self::Argon2id(_) | Self::Sha1(_) => usize::MAX,
        };
        password.len() <= most && refusal(password).is_none()
    }

    /// Computes the hash: slow on purpose.
    pub(crate) fn matches(&self, password: &str) -> Result<bool, Uncomputable> {
        let equal = |computed: &[u8], stored: &[u8]| verify_slices_are_equal(computed, stored).is_ok();
        Ok(self.can_take(password)
            && match self {
                Self::Bcrypt(hash) => equal(&hash.digest(password), hash.stored()),
                Self::Argon2id(hash) => equal(&hash.digest(password)?, hash.stored()),
                Self::ShaCrypt(hash) => equal(&hash.digest(password).ok_or(Uncomputable)?, hash.stored()),
                Self::Apr1(hash) => equal(&hash.digest(password), hash.stored()),
                Self::Sha1(hash) => equal(&hash.digest(password), hash.stored()),
            })
    }

    fn weakness(&self) -> Option<Weakness> {
        match self {
            Self::Bcrypt(hash) if hash.cost() < bcrypt::LOWEST_GOOD_COST => {
                Some(Weakness::LowBcryptCost { cost: hash.cost() })
            }
            Self::Argon2id(hash) if hash.cost().is_weak() => {
                let argon2id::Cost { memory, passes, .. } = hash.cost();
                Some(Weakness::SmallArgon2 { memory, passes })
            }
            Self::ShaCrypt(hash) if hash.rounds() < sha_crypt::FEWEST_GOOD_ROUNDS => {
                Some(Weakness::FewRounds { rounds: hash.rounds() })
            }
            Self::Bcrypt(_) | Self::Argon2id(_) | Self::ShaCrypt(_) => None,
            Self::Apr1(_) => Some(Weakness::ApacheMd5),
            Self::Sha1(hash) if hash.is_salted() => Some(Weakness::SaltedSha1),
            Self::Sha1(_) => Some(Weakness::UnsaltedSha1),
        }
    }
}

impl Shape {
    /// A stored hash of this shape that belongs to no password.
    pub(crate) fn dummy(self, seed: &[u8; 64]) -> String {
        let dummy = match self {
            Self::Bcrypt { cost } => StoredHash::Bcrypt(Bcrypt::dummy(cost, seed)),
            Self::Argon2id(cost) => StoredHash::Argon2id(Argon2id::dummy(cost, seed)),
            Self::ShaCrypt { variant, rounds } => {
                StoredHash::ShaCrypt(ShaCrypt::dummy(variant, rounds, seed))
            }
            Self::Apr1 => StoredHash::Apr1(Apr1::dummy(seed)),
            Self::Sha1 => StoredHash::Sha1(Sha1::dummy(seed)),
        };
        dummy.text()
    }
}

/// What the administrator should know about a stored hash that is accepted all the same. Nothing is said of
/// text that is no hash: [`Passwords::accept`](dockgate_api::Passwords::accept) refuses it.
pub fn weakness(stored: &str) -> Option<Weakness> {
    StoredHash::parse(stored, HashFormats::Htpasswd).ok()?.weakness()
}

/// Why a password belongs to no hash of any kind, if so.
fn refusal(password: &str) -> Option<NewHashError> {
    match password {
        "" => Some(NewHashError::Empty),
        // Most programs end a password there.
        _ if password.contains('\0') => Some(NewHashError::Nul),
        _ => None,
    }
}

/// A number as programs write it: no sign, no zero in front.
fn number(text: &str) -> Option<u32> {
    let plain = text.bytes().all(|digit| digit.is_ascii_digit()) && (text == "0" || !text.starts_with('0'));
    plain.then(|| text.parse().ok())?
}
