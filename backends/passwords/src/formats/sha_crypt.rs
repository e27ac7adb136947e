//! sha-crypt: `$5$` (SHA-256) or `$6$` (SHA-512), `rounds=N$` unless it is 5,000, salt, `$` and digest.
//!
//! Source: Ulrich Drepper's "Unix crypt using SHA-256 and SHA-512".

use sha_crypt::{Params, sha256_crypt, sha512_crypt};

use super::{HashError, crypt64};

/// The rounds of a sha-crypt hash that names none.
pub const DEFAULT_ROUNDS: u32 = 5_000;
/// The fewest rounds that there are.
pub const FEWEST_ROUNDS: u32 = 1_000;
/// The fewest rounds that are accepted without a warning. The default of 5,000 costs as little as bcrypt at cost 5.
pub const FEWEST_GOOD_ROUNDS: u32 = 100_000;
/// The most rounds that are accepted: a third of a second of one core, for a long password over a second.
pub const MOST_ROUNDS: u32 = 1_000_000;

const MOST_SALT: usize = 16;
const FORM: &str =
    "`$5$` or `$6$`, perhaps `rounds=N$`, up to 16 characters of salt, `$`, and 43 or 86 characters";

/// Which SHA-2 goes round.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Variant {
    Sha256,
    Sha512,
}

pub(crate) struct ShaCrypt {
    digest: Digest,
    rounds: u32,
    salt: Box<str>,
}

/// In the order of the text.
enum Digest {
    Sha256([u8; 32]),
    Sha512([u8; 64]),
}

impl ShaCrypt {
    pub(super) fn parse(text: &str) -> Result<Self, HashError> {
        let damaged = || HashError::Damaged { kind: "sha-crypt", form: FORM };
        let (variant, rest) = if let Some(rest) = text.strip_prefix("$5$") {
            (Variant::Sha256, rest)
        } else {
            (Variant::Sha512, text.strip_prefix("$6$").ok_or_else(damaged)?)
        };
        let (rounds, rest) = match rest.strip_prefix("rounds=") {
            None => (DEFAULT_ROUNDS, rest),
            Some(rest) => {
                let (rounds, rest) = rest.split_once('$').ok_or_else(damaged)?;
                (super::number(rounds).ok_or_else(damaged)?, rest)
            }
        };
        let (salt, digest) = rest.split_once('$').ok_or_else(damaged)?;
        if !crypt64::is_salt(salt, MOST_SALT) {
            return Err(damaged());
        }
        let digest = match variant {
            Variant::Sha256 => crypt64::decode(digest).map(Digest::Sha256),
            Variant::Sha512 => crypt64::decode(digest).map(Digest::Sha512),
        };
        let digest = digest.ok_or_else(damaged)?;
        if !(FEWEST_ROUNDS..=MOST_ROUNDS).contains(&rounds) {
            return Err(HashError::Rounds { found: rounds });
        }
        Ok(Self { digest, rounds, salt: salt.into() })
    }

    pub(super) fn dummy(variant: Variant, rounds: u32, seed: &[u8; 64]) -> Self {
        let digest = match (variant, seed.first_chunk()) {
            (Variant::Sha256, Some(half)) => Digest::Sha256(*half),
            _ => Digest::Sha512(*seed),
        };
        // A salt that repeats the digest's beginning is as good as any other: no password has it.
        let salt: String = crypt64::encode(seed).chars().take(MOST_SALT).collect();
        Self { digest, rounds, salt: salt.into() }
    }

    pub(super) fn variant(&self) -> Variant {
        match self.digest {
            Digest::Sha256(_) => Variant::Sha256,
            Digest::Sha512(_) => Variant::Sha512,
        }
    }

    pub(super) fn rounds(&self) -> u32 {
        self.rounds
    }

    pub(super) fn text(&self) -> String {
        let (prefix, digest) = match &self.digest {
            Digest::Sha256(digest) => ("$5$", crypt64::encode(digest)),
            Digest::Sha512(digest) => ("$6$", crypt64::encode(digest)),
        };
        let rounds = match self.rounds {
            DEFAULT_ROUNDS => String::new(),
            rounds => format!("rounds={rounds}$"),
        };
        format!("{prefix}{rounds}{}${digest}", self.salt)
    }

    pub(super) fn stored(&self) -> &[u8] {
        match &self.digest {
            Digest::Sha256(digest) => digest,
            Digest::Sha512(digest) => digest,
        }
    }

    /// The digest of a password in the order of the text; none if the rounds are out of range, which was looked at.
    pub(super) fn digest(&self, password: &str) -> Option<Vec<u8>> {
        let (password, salt) = (password.as_bytes(), self.salt.as_bytes());
        let params = Params::new(self.rounds).ok()?;
        Some(match self.digest {
            Digest::Sha256(_) => {
                let order = triples((0, 10, 20), |(a, b, c)| (c + 1, a + 1, b + 1)).take(30).chain([30, 31]);
                crypt64::reordered(&sha256_crypt(password, salt, params), order).to_vec()
            }
            Digest::Sha512(_) => {
                let order = triples((0, 21, 42), |(a, b, c)| (b + 1, c + 1, a + 1)).take(63).chain([63]);
                crypt64::reordered(&sha512_crypt(password, salt, params), order).to_vec()
            }
        })
    }
}

type Triple = (usize, usize, usize);

/// The bytes of a digest go three by three into the text, the last of each three first.
fn triples(first: Triple, next: fn(Triple) -> Triple) -> impl Iterator<Item = usize> {
    std::iter::successors(Some(first), move |triple| Some(next(*triple))).flat_map(|(a, b, c)| [c, b, a])
}
