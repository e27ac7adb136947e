//! What is wrong with a hash or a password, and the cure. No text here ever holds either.

use std::fmt;

use super::argon2id::{MOST_ARGON2_LANES, MOST_ARGON2_MEMORY, MOST_ARGON2_WORK};
use super::bcrypt::{LOWEST_COST, LOWEST_GOOD_COST, MOST_COST, MOST_PASSWORD_BYTES};
use super::sha_crypt::{FEWEST_GOOD_ROUNDS, FEWEST_ROUNDS, MOST_ROUNDS};

/// Where to get a hash that is accepted.
const CURE: &str = "make a bcrypt hash with `dockgate hash` or `htpasswd -nB -C 10 ACCOUNT`";

/// Why a stored hash cannot be used.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HashError {
    /// Nothing stands where the hash should be.
    Empty,
    /// It does not look like a hash at all.
    PlainText,
    /// A whole line of an htpasswd file, account and all.
    AccountInFront,
    /// Every `$` is doubled, as in a compose file.
    DoubledDollar,
    /// A kind of hash that is not checked here.
    Unsupported {
        /// The kind's usual name.
        kind: &'static str,
    },
    /// A kind that is read in htpasswd files only, because it protects passwords too little.
    OnlyInHtpasswd {
        /// The kind's usual name.
        kind: &'static str,
    },
    /// 13 characters as crypt(3) writes them for DES, unless they are a password.
    DesCrypt,
    /// `$2x$`: made by a `crypt_blowfish` that got some passwords wrong (CVE-2011-2483).
    FaultyBcrypt,
    /// A bcrypt hash that is not 60 characters long.
    Length {
        /// How long it is, in characters.
        found: usize,
    },
    /// White space around a hash.
    Surrounded,
    /// A bcrypt hash with characters that none has.
    Characters,
    /// A bcrypt cost that does not exist or would let one login occupy the server.
    Cost {
        /// The cost it names.
        found: u32,
    },
    /// The right beginning, and something else behind it than such a hash has.
    Damaged {
        /// The kind's usual name.
        kind: &'static str,
        /// What such a hash looks like.
        form: &'static str,
    },
    /// Rounds of sha-crypt that do not exist or would let one login occupy the server.
    Rounds {
        /// How many it names.
        found: u32,
    },
    /// Memory or passes of argon2id that would let one login occupy the server.
    Argon2Cost {
        /// In KiB.
        memory: u32,
        /// How often the memory is gone through.
        passes: u32,
        /// How many lanes it is divided into.
        lanes: u32,
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
            Self::AccountInFront => f.write_str(
                "an account and a `:` stand in front of the hash: write only what stands behind the `:`",
            ),
            Self::DoubledDollar => f.write_str(
                "this is not a password hash: it begins with `$$`; write every `$` once (only compose files \
                 double it)",
            ),
            Self::Unsupported { kind } => write!(f, "{kind} hashes are not supported: {CURE}"),
            Self::OnlyInHtpasswd { kind } => write!(
                f,
                "{kind} hashes are read only in an htpasswd file (`users_file`), because passwords can be \
                 guessed from them fast: {CURE}"
            ),
            Self::DesCrypt => write!(
                f,
                "DES crypt hashes are not supported, and if these 13 characters are the password itself, \
                 change it: {CURE}"
            ),
            Self::FaultyBcrypt => write!(
                f,
                "bcrypt hashes with `$2x$` come from a faulty program that can take a wrong password for \
                 right: {CURE}"
            ),
            Self::Length { found } => write!(
                f,
                "a bcrypt hash has 60 characters, this has {found}: copy it whole and quote it, or {CURE}"
            ),
            Self::Surrounded => f.write_str("there is white space around the hash: take it away"),
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
            Self::Damaged { kind, form } => {
                write!(f, "this {kind} hash is damaged, it should be {form}: copy it whole, or {CURE}")
            }
            Self::Rounds { found } => write!(
                f,
                "{found} rounds of sha-crypt are out of range, {FEWEST_ROUNDS} to {MOST_ROUNDS} are accepted: \
                 {CURE}"
            ),
            Self::Argon2Cost { memory, passes, lanes } => write!(
                f,
                "argon2id with m={memory},t={passes},p={lanes} is out of range: m up to {MOST_ARGON2_MEMORY} \
                 (64 MiB), m times t up to {MOST_ARGON2_WORK} and p up to {MOST_ARGON2_LANES} are accepted; make \
                 a smaller one with `dockgate hash --format argon2id`, or {CURE}"
            ),
        }
    }
}

impl std::error::Error for HashError {}

/// A hash that is accepted although a better one should take its place.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Weakness {
    /// Cheap enough to guess passwords from a stolen file.
    LowBcryptCost {
        /// The cost.
        cost: u32,
    },
    /// Less than the least that OWASP recommends.
    SmallArgon2 {
        /// In KiB.
        memory: u32,
        /// How often the memory is gone through.
        passes: u32,
    },
    /// Few rounds of sha-crypt.
    FewRounds {
        /// How many.
        rounds: u32,
    },
    /// A thousand rounds of MD5.
    ApacheMd5,
    /// One SHA-1 with a salt.
    SaltedSha1,
    /// One SHA-1 without a salt: equal passwords show.
    UnsaltedSha1,
}

impl fmt::Display for Weakness {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::LowBcryptCost { cost } => write!(f, "bcrypt cost {cost} is low")?,
            Self::SmallArgon2 { memory, passes } => {
                write!(f, "argon2id with m={memory},t={passes} is less than OWASP's least")?;
            }
            Self::FewRounds { rounds } => {
                write!(f, "{rounds} rounds of sha-crypt are few (below {FEWEST_GOOD_ROUNDS})")?;
            }
            Self::ApacheMd5 => f.write_str("Apache's MD5 hashes are weak")?,
            Self::SaltedSha1 => f.write_str("SHA-1 hashes are weak, even with a salt")?,
            Self::UnsaltedSha1 => f.write_str("SHA-1 hashes without a salt are next to none")?,
        }
        write!(
            f,
            ": whoever gets hold of the file can guess passwords fast; make bcrypt hashes of cost \
             {LOWEST_GOOD_COST} or more with `dockgate hash`"
        )
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
    /// There was no memory for the computation.
    Memory,
}

impl fmt::Display for NewHashError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("the password is empty: an empty password never authenticates"),
            Self::TooLong { bytes } => write!(
                f,
                "the password has {bytes} bytes and bcrypt takes {MOST_PASSWORD_BYTES}: choose a shorter one"
            ),
            Self::Nul => f.write_str(
                "the password contains a NUL byte, where many programs would cut it: choose another one",
            ),
            Self::Cost { asked } => {
                write!(f, "bcrypt cost {asked} is out of range: choose {LOWEST_COST} to {MOST_COST}")
            }
            Self::Random => f.write_str("there are no random bytes for the salt"),
            Self::Memory => f.write_str("there is not enough memory for the hash"),
        }
    }
}

impl std::error::Error for NewHashError {}
