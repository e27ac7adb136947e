//! Keyed hashes: what the pool files things under. The key is random and never leaves the process: nobody can
//! compute ahead where something will be filed, or try passwords on what is filed.

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::hmac::{Context, HMAC_SHA256, Key};
use dockgate_api::{HashFormats, Random, RandomError};

pub(crate) type Digest = [u8; 32];

pub(crate) struct Digests(Key);

impl Digests {
    pub(crate) fn new(random: &dyn Random) -> Result<Self, RandomError> {
        let mut key = [0; 32];
        random.fill(&mut key)?;
        Ok(Self(Key::new(HMAC_SHA256, &key)))
    }

    /// A check of a password against a stored hash. What was right in one place must not be known in another that
    /// may not hold such a hash.
    pub(crate) fn check(&self, stored: &str, formats: HashFormats, password: &str) -> Digest {
        let purpose = match formats {
            HashFormats::Htpasswd => "htpasswd check",
            _ => "check",
        };
        self.keyed(purpose, [stored, password])
    }

    /// A stored hash.
    pub(crate) fn stored(&self, stored: &str) -> Digest {
        self.keyed("stored", [stored])
    }

    /// What decides which kind of dummy an unknown account gets.
    pub(crate) fn choice(&self, account: &str) -> u64 {
        beginning(&self.keyed("dummy choice", [account]))
    }

    /// What an unknown account's dummy is made of.
    pub(crate) fn dummy_seed(&self, account: &str) -> [u8; 64] {
        let halves = [self.keyed("dummy salt", [account]), self.keyed("dummy digest", [account])];
        let mut seed = [0; 64];
        for (to, from) in seed.iter_mut().zip(halves.as_flattened()) {
            *to = *from;
        }
        seed
    }

    /// Lengths stand in front of the parts, and no purpose is the beginning of another: no two lists of parts give the
    /// same bytes.
    fn keyed<const PARTS: usize>(&self, purpose: &str, parts: [&str; PARTS]) -> Digest {
        let mut context = Context::with_key(&self.0);
        // Each update has its price: the lengths go in one.
        let lengths = parts.map(|part| part.len().to_be_bytes());
        context.update(&PARTS.to_be_bytes());
        context.update(lengths.as_flattened());
        context.update(purpose.as_bytes());
        for part in parts {
            context.update(part.as_bytes());
        }
        let mut digest = [0; 32];
        for (to, from) in digest.iter_mut().zip(context.sign().as_ref()) {
            *to = *from;
        }
        digest
    }
}

/// 16 hexadecimal digits that change with the stored hash. Not keyed: they are kept across restarts.
pub(crate) fn epoch(stored: &str) -> String {
    let input = ["dockgate password epoch 1\0", stored].concat();
    format!("{:016x}", beginning(digest(&SHA256, input.as_bytes()).as_ref()))
}

fn beginning(digest: &[u8]) -> u64 {
    digest.first_chunk().copied().map_or(0, u64::from_be_bytes)
}
