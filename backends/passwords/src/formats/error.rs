//! What is wrong with a hash or a password, and the cure. No text here ever holds either.

use std::fmt;

use super::bcrypt::{LOWEST_COST, LOWEST_GOOD_COST, MOST_COST, MOST_PASSWORD_BYTES};

/// Where to get a hash that is accepted.
const CURE: &str = "make a bcrypt hash with `dockgate hash` or `htpasswd -nB USER`";

/// Why a stored hash cannot be used.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HashError {
    /// Nothing stands where the hash should be.
    Empty,
    /// It does not look like a hash at all.
    PlainText,
    /// Every `$` is doubled, as in a compose file.
    DoubledDollar,
    /// A kind of hash that is not checked here.
    Unsupported {
        /// The kind's usual name.
        kind: &'static str,
    },
    /// `$2x$`: made by a `crypt_blowfish` that got some passwords wrong (CVE-2011-2483).
    FaultyBcrypt,
    /// A bcrypt hash that is not 60 characters long.
    Length {
        /// How long it is, in characters.
        found: usize,
    },
    /// White space around a bcrypt hash.
    Surrounded,
    /// A bcrypt hash with characters that none has.
    Characters,
    /// A bcrypt cost that does not exist or would let one login occupy the server.
    Cost {
        /// The cost it names.
        found: u32,
    },
}

impl fmt::Display for HashError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => write!(f, "the password hash is empty: {CURE}"),
            Self::PlainText => write!(
                f,
                "this is not a password hash, perhaps the password itself (if so, change it): {CURE}"
            ),
            Self::DoubledDollar => f.write_str(
                "this is not a password hash: it begins with `$$`; write every `$` once (only compose files \
                 double it)",
            ),
            Self::Unsupported { kind } => write!(f, "{kind} hashes are not supported: {CURE}"),
            Self::FaultyBcrypt => write!(
                f,
                "bcrypt hashes with `$2x$` come from a faulty program that can take a wrong password for \
                 right: {CURE}"
            ),
            Self::Length { found } => write!(
                f,
                "a bcrypt hash has 60 characters, this has {found}: copy it whole and quote it, or {CURE}"
            ),
            Self::Surrounded => f.write_str("there is white space around the bcrypt hash: take it away"),
            Self::Characters => {
                write!(
                    f,
                    "a bcrypt hash has only letters, digits, `.`, `/` and three `$`: copy it whole, or {CURE}"
                )
            }
            Self::Cost { found } => write!(
                f,
                "bcrypt cost {found} is out of range, {LOWEST_COST} to {MOST_COST} are accepted: {CURE}"
            ),
        }
    }
}

impl std::error::Error for HashError {}

/// Names the kind of a text that is no bcrypt hash.
pub(super) fn unsupported(text: &str) -> HashError {
    const KINDS: [(&str, &str); 9] = [
        ("$2$", "old bcrypt (`$2$`)"),
        ("$argon2", "argon2"),
        ("$5$", "SHA-256 crypt"),
        ("$6$", "SHA-512 crypt"),
        ("$1$", "MD5 crypt"),
        ("$apr1$", "Apache MD5"),
        ("$y$", "yescrypt"),
        ("{SHA}", "unsalted SHA-1"),
        ("{SSHA}", "salted SHA-1"),
    ];
    if text.starts_with("$2x$") {
        return HashError::FaultyBcrypt;
    }
    if text.trim_start().len() < text.len() && text.trim_start().starts_with("$2") {
        return HashError::Surrounded;
    }
    match KINDS.iter().find(|(prefix, _)| text.starts_with(prefix)) {
        Some((_, kind)) => HashError::Unsupported { kind },
        None => HashError::PlainText,
    }
}

/// A hash that is accepted although a better one should take its place.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Weakness {
    /// Cheap enough to guess passwords from a stolen file.
    LowBcryptCost {
        /// The cost.
        cost: u32,
    },
}

impl fmt::Display for Weakness {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::LowBcryptCost { cost } => write!(
                f,
                "bcrypt cost {cost} is low: whoever gets hold of the file can guess passwords fast; make \
                 hashes of cost {LOWEST_GOOD_COST} or more with `dockgate hash`"
            ),
        }
    }
}

/// Why no hash is made of a password.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NewHashError {
    /// An empty password never authenticates.
    Empty,
    /// bcrypt would cut the password, so that its beginning alone would do.
    TooLong {
        /// How long it is, in bytes.
        bytes: usize,
    },
    /// bcrypt ends a password at a NUL.
    Nul,
    /// A cost that [`HashError::Cost`] would refuse.
    Cost {
        /// The cost that was asked for.
        asked: u32,
    },
    /// Without random bytes there is no salt.
    Random,
}

impl fmt::Display for NewHashError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("the password is empty: an empty password never authenticates"),
            Self::TooLong { bytes } => write!(
                f,
                "the password has {bytes} bytes and bcrypt takes {MOST_PASSWORD_BYTES}: choose a shorter one"
            ),
            Self::Nul => {
                f.write_str("the password contains a NUL byte, where bcrypt would cut it: choose another one")
            }
            Self::Cost { asked } => {
                write!(f, "bcrypt cost {asked} is out of range: choose {LOWEST_COST} to {MOST_COST}")
            }
            Self::Random => f.write_str("there are no random bytes for the salt"),
        }
    }
}

impl std::error::Error for NewHashError {}
