//! argon2id: `$argon2id$v=19$m=19456,t=2,p=1$SALT$DIGEST`, the PHC string format.
//!
//! Source: RFC 9106, and the specification of PHC strings.

use argon2::{Algorithm, Argon2, Params, Version};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use dockgate_api::Random;
use dockgate_api::secrecy::{ExposeSecret, SecretString};

use super::{HashError, NewHashError, Uncomputable};

/// The most memory that one hash may take, in KiB. Every slot of the pool may need as much at the same time.
pub const MOST_ARGON2_MEMORY: u32 = 64 * 1024;
/// The most that memory in KiB times passes may be: half a second of one core, less than bcrypt at cost 14.
pub const MOST_ARGON2_WORK: u64 = 1024 * 1024;
/// The most lanes; they are computed one after the other and change no cost.
pub const MOST_ARGON2_LANES: u32 = 16;
/// Memory in KiB times passes of the cheapest hash that is accepted without a warning (OWASP's list ends there).
const LEAST_GOOD_WORK: u64 = 7_168 * 5;
/// The least memory of OWASP's list, in KiB.
const LEAST_GOOD_MEMORY: u32 = 7_168;
/// OWASP's first recommendation for a small memory: some 20 ms of one core.
const NEW: Cost = Cost { memory: 19_456, passes: 2, lanes: 1 };

const LEAST_SALT: usize = 8;
const MOST_BYTES: usize = 64;
const LEAST_DIGEST: usize = 16;
const FORM: &str = "`$argon2id$v=19$m=M,t=T,p=P$SALT$DIGEST` with at least 8 bytes of salt and 16 of digest";

/// What a hash costs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Cost {
    /// In KiB.
    pub(crate) memory: u32,
    pub(crate) passes: u32,
    pub(crate) lanes: u32,
}

impl Cost {
    fn parse(text: &str) -> Result<Self, HashError> {
        let damaged = || HashError::Damaged { kind: "argon2id", form: FORM };
        let mut parts = text.split(',');
        let mut number = |key: &str| {
            let value = parts.next()?.strip_prefix(key)?;
            super::number(value)
        };
        let (Some(memory), Some(passes), Some(lanes)) = (number("m="), number("t="), number("p=")) else {
            return Err(damaged());
        };
        let cost = Self { memory, passes, lanes };
        if parts.next().is_some() || passes == 0 || lanes == 0 {
            return Err(damaged());
        }
        if memory > MOST_ARGON2_MEMORY || cost.work() > MOST_ARGON2_WORK || lanes > MOST_ARGON2_LANES {
            return Err(HashError::Argon2Cost { memory, passes, lanes });
        }
        if memory < 8 * lanes { Err(damaged()) } else { Ok(cost) }
    }

    fn work(self) -> u64 {
        u64::from(self.memory) * u64::from(self.passes)
    }

    pub(super) fn is_weak(self) -> bool {
        self.memory < LEAST_GOOD_MEMORY || self.work() < LEAST_GOOD_WORK
    }
}

pub(crate) struct Argon2id {
    cost: Cost,
    salt: Vec<u8>,
    digest: Vec<u8>,
}

impl Argon2id {
    pub(super) fn parse(text: &str) -> Result<Self, HashError> {
        let damaged = || HashError::Damaged { kind: "argon2id", form: FORM };
        let mut parts = text.split('$').skip(2);
        match parts.next() {
            Some("v=19") => {}
            Some(other) if other.starts_with("v=") || other.starts_with("m=") => {
                return Err(HashError::Unsupported { kind: "argon2id (not version 19)" });
            }
            _ => return Err(damaged()),
        }
        let (Some(cost), Some(salt), Some(digest), None) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(damaged());
        };
        let cost = Cost::parse(cost)?;
        let decode = |text: &str, least: usize| {
            let bytes = STANDARD_NO_PAD.decode(text).ok()?;
            (least..=MOST_BYTES).contains(&bytes.len()).then_some(bytes)
        };
        let salt = decode(salt, LEAST_SALT).ok_or_else(damaged)?;
        let digest = decode(digest, LEAST_DIGEST).ok_or_else(damaged)?;
        Ok(Self { cost, salt, digest })
    }

    pub(super) fn dummy(cost: Cost, seed: &[u8; 64]) -> Self {
        let (digest, salt) = seed.split_at(32);
        Self { cost, salt: salt.iter().take(16).copied().collect(), digest: digest.into() }
    }

    pub(super) fn cost(&self) -> Cost {
        self.cost
    }

    pub(super) fn text(&self) -> String {
        let Cost { memory, passes, lanes } = self.cost;
        let [salt, digest] = [&self.salt, &self.digest].map(|bytes| STANDARD_NO_PAD.encode(bytes));
        format!("$argon2id$v=19$m={memory},t={passes},p={lanes}${salt}${digest}")
    }

    pub(super) fn stored(&self) -> &[u8] {
        &self.digest
    }

    /// The digest of a password.
    ///
    /// # Errors
    /// If there is no memory for it.
    pub(super) fn digest(&self, password: &str) -> Result<Vec<u8>, Uncomputable> {
        let Cost { memory, passes, lanes } = self.cost;
        let mut digest = vec![0; self.digest.len()];
        let params = Params::new(memory, passes, lanes, Some(digest.len())).map_err(|_| Uncomputable)?;
        Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
            .hash_password_into(password.as_bytes(), &self.salt, &mut digest)
            .map_err(|_| Uncomputable)?;
        Ok(digest)
    }
}

/// Makes an argon2id hash of a password with 19 MiB of memory and two passes, as OWASP recommends. Takes as long as a
/// login.
///
/// # Errors
/// If the password is empty or holds a NUL; if there is no randomness, or no memory.
pub fn hash_argon2id(password: &SecretString, random: &dyn Random) -> Result<String, NewHashError> {
    let password = password.expose_secret();
    if let Some(refusal) = super::refusal(password) {
        return Err(refusal);
    }
    let mut salt = vec![0; 16];
    random.fill(&mut salt).map_err(|_| NewHashError::Random)?;
    let mut hash = Argon2id { cost: NEW, salt, digest: vec![0; 32] };
    hash.digest = hash.digest(password).map_err(|_| NewHashError::Memory)?;
    Ok(hash.text())
}
