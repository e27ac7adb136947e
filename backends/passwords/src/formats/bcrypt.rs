//! bcrypt: `$2y$10$` followed by 22 characters of salt and 31 of digest.

use dockgate_api::Random;
use dockgate_api::secrecy::{ExposeSecret, SecretSlice, SecretString};

use super::{HashError, NewHashError};

/// The lowest cost there is.
pub const LOWEST_COST: u32 = 4;
/// The lowest cost that is accepted without a warning.
pub const LOWEST_GOOD_COST: u32 = 10;
/// The cost of new hashes: some 70 ms of one core for each login that is not remembered.
pub const DEFAULT_COST: u32 = 10;
/// The highest cost that is accepted: over a second of one core.
pub const MOST_COST: u32 = 14;
/// The longest password, in bytes of UTF-8; of a longer one bcrypt would compare only the beginning.
pub const MOST_PASSWORD_BYTES: usize = 72;

const TEXT_LENGTH: usize = 60;

pub(crate) struct Bcrypt {
    cost: u32,
    salt: [u8; 16],
    digest: [u8; 23],
}

impl Bcrypt {
    /// Reads a text of which only the prefix has been looked at.
    ///
    /// The unused bits at the end of salt and digest are ignored, as other implementations do: some programs
    /// leave them set.
    pub(super) fn parse(text: &str) -> Result<Self, HashError> {
        if text.len() != TEXT_LENGTH {
            return Err(HashError::Length { found: text.chars().count() });
        }
        let (Some(cost), Some("$"), Some(salt), Some(digest)) =
            (text.get(4..6), text.get(6..7), text.get(7..29), text.get(29..))
        else {
            return Err(HashError::Characters);
        };
        if !cost.bytes().all(|digit| digit.is_ascii_digit()) {
            return Err(HashError::Characters);
        }
        let cost = cost.parse().map_err(|_| HashError::Characters)?;
        if !(LOWEST_COST..=MOST_COST).contains(&cost) {
            return Err(HashError::Cost { found: cost });
        }
        match (radix64::decode(salt), radix64::decode(digest)) {
            (Some(salt), Some(digest)) => Ok(Self { cost, salt, digest }),
            _ => Err(HashError::Characters),
        }
    }

    pub(super) fn dummy(cost: u32, seed: &[u8; 64]) -> Self {
        let mut dummy = Self { cost, salt: [0; 16], digest: [0; 23] };
        for (to, from) in dummy.salt.iter_mut().chain(&mut dummy.digest).zip(seed) {
            *to = *from;
        }
        dummy
    }

    pub(super) fn cost(&self) -> u32 {
        self.cost
    }

    pub(super) fn text(&self) -> String {
        // htpasswd's prefix: every program that reads bcrypt at all reads this one.
        format!("$2y${:02}${}{}", self.cost, radix64::encode(&self.salt), radix64::encode(&self.digest))
    }

    pub(super) fn stored(&self) -> &[u8] {
        &self.digest
    }

    pub(super) fn digest(&self, password: &str) -> [u8; 23] {
        digest(self.cost, self.salt, password)
    }
}

fn digest(cost: u32, salt: [u8; 16], password: &str) -> [u8; 23] {
    let mut terminated = Vec::with_capacity(MOST_PASSWORD_BYTES + 1);
    terminated.extend(password.bytes().chain([0]).take(MOST_PASSWORD_BYTES));
    let terminated: SecretSlice<u8> = terminated.into();
    let computed = bcrypt::bcrypt(cost, salt, terminated.expose_secret());
    let mut digest = [0; 23];
    for (to, from) in digest.iter_mut().zip(computed) {
        *to = from;
    }
    digest
}

/// Makes a stored hash of a password, with `$2y$`. Takes as long as a login.
///
/// # Errors
/// If the password is empty, longer than [`MOST_PASSWORD_BYTES`] or holds a NUL; if the cost is not in
/// [`LOWEST_COST`]..=[`MOST_COST`]; if there is no randomness.
pub fn hash_bcrypt(password: &SecretString, cost: u32, random: &dyn Random) -> Result<String, NewHashError> {
    if !(LOWEST_COST..=MOST_COST).contains(&cost) {
        return Err(NewHashError::Cost { asked: cost });
    }
    let password = password.expose_secret();
    if let Some(refusal) = super::refusal(password) {
        return Err(refusal);
    }
    if password.len() > MOST_PASSWORD_BYTES {
        return Err(NewHashError::TooLong { bytes: password.len() });
    }
    let mut salt = [0; 16];
    random.fill(&mut salt).map_err(|_| NewHashError::Random)?;
    Ok(Bcrypt { cost, salt, digest: digest(cost, salt, password) }.text())
}

/// bcrypt's own base 64.
mod radix64 {
    const ALPHABET: &[u8; 64] = b"./ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

    /// `N` bytes from text of just the length that they need.
    pub(super) fn decode<const N: usize>(text: &str) -> Option<[u8; N]> {
        let mut bytes = [0; N];
        let mut places = bytes.iter_mut();
        let (mut bits, mut pending) = (0_u32, 0);
        for symbol in text.bytes() {
            let value = ALPHABET.iter().position(|known| *known == symbol)?;
            bits = (bits << 6) | u32::try_from(value).ok()?;
            pending += 6;
            if pending >= 8 {
                pending -= 8;
                let [.., byte] = (bits >> pending).to_be_bytes();
                *places.next()? = byte;
            }
        }
        places.next().is_none().then_some(bytes)
    }

    pub(super) fn encode(bytes: &[u8]) -> String {
        let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
        let (mut bits, mut pending) = (0_u32, 0);
        let mut push = |value: u32| {
            let [.., value] = value.to_be_bytes();
            text.extend(ALPHABET.get(usize::from(value & 63)).map(|symbol| char::from(*symbol)));
        };
        for byte in bytes {
            bits = (bits << 8) | u32::from(*byte);
            pending += 8;
            while pending >= 6 {
                pending -= 6;
                push(bits >> pending);
            }
        }
        if pending > 0 {
            push(bits << (6 - pending));
        }
        text
    }
}
