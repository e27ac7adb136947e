//! What answers are filed under: a keyed hash of the whole question. The key is drawn at load and never leaves the
//! process, so that neither a password nor anything to try passwords on stays in memory.

use aws_lc_rs::hmac::{HMAC_SHA256, Key, sign};
use dockgate_api::{Random, RandomError};

use crate::Question;

pub(super) type Digest = [u8; 32];

pub(super) struct Digester(Key);

impl Digester {
    pub(super) fn new(random: &dyn Random) -> Result<Self, RandomError> {
        let mut key = [0; 32];
        random.fill(&mut key)?;
        Ok(Self(Key::new(HMAC_SHA256, &key)))
    }

    pub(super) fn of(&self, question: &Question) -> Digest {
        let mut digest = [0; 32];
        for (to, from) in digest.iter_mut().zip(sign(&self.0, question.as_json().as_bytes()).as_ref()) {
            *to = *from;
        }
        digest
    }
}
