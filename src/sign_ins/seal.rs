//! Encrypts what nobody may read who looks into the store, and what a browser keeps for us: provider tokens, cookies.
//!
//! AES-256-GCM (NIST SP 800-38D) with random nonces, under one key for each purpose (HKDF-SHA256, RFC 5869). A text is
//! `1.` and, in base64url, nonce and ciphertext. Whose a text is goes into the additional data: moved to somebody else it
//! does not open.

use std::sync::Arc;

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use aws_lc_rs::hkdf::{HKDF_SHA256, Salt};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use dockgate_api::{Random, RandomError};

/// Never changes: what was sealed with it is opened for ever.
const SALT: &[u8] = b"dockgate sign-ins 1";
/// The layout of sealed texts.
const VERSION: &str = "1.";

/// What keys are made of: seals with one, opens with those before too.
#[derive(Clone)]
pub struct SealKey(Arc<Secrets>);

struct Secrets {
    current: [u8; 32],
    before: Vec<[u8; 32]>,
}

/// Seals and opens for one purpose. Cheap to clone.
#[derive(Clone)]
pub struct Sealer(Arc<Keys>);

struct Keys {
    current: Option<LessSafeKey>,
    before: Vec<LessSafeKey>,
}

impl SealKey {
    /// Seals with `current`, opens with all.
    pub fn new(current: [u8; 32], before: Vec<[u8; 32]>) -> Self {
        Self(Arc::new(Secrets { current, before }))
    }

    /// What seals for a purpose; nothing that was sealed for another opens with it. The name of a purpose never changes.
    pub fn derive(&self, purpose: &str) -> Sealer {
        let Secrets { current, before } = self.0.as_ref();
        let before = before.iter().filter_map(|secret| key(secret, purpose)).collect();
        Sealer(Arc::new(Keys { current: key(current, purpose), before }))
    }
}

/// None only if the cryptographic library fails.
fn key(secret: &[u8; 32], purpose: &str) -> Option<LessSafeKey> {
    let mut bytes = [0; 32];
    let extracted = Salt::new(HKDF_SHA256, SALT).extract(secret);
    extracted.expand(&[purpose.as_bytes()], HKDF_SHA256).ok()?.fill(&mut bytes).ok()?;
    UnboundKey::new(&AES_256_GCM, &bytes).ok().map(LessSafeKey::new)
}

impl Sealer {
    /// Seals bytes; `aad` is not in the text, and has to be the same when it is opened.
    ///
    /// # Errors
    /// If there is no randomness; nothing must be handed out then.
    pub fn seal(&self, random: &dyn Random, aad: &[u8], plain: &[u8]) -> Result<String, RandomError> {
        let key = self.0.current.as_ref().ok_or(RandomError)?;
        let mut nonce = [0; NONCE_LEN];
        random.fill(&mut nonce)?;
        let mut sealed = plain.to_vec();
        key.seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), Aad::from(aad), &mut sealed)
            .map_err(|_| RandomError)?;
        let mut bytes = nonce.to_vec();
        bytes.append(&mut sealed);
        Ok(format!("{VERSION}{}", URL_SAFE_NO_PAD.encode(&bytes)))
    }

    /// What was sealed; none if it was not sealed by us, for this purpose and with this `aad`, or was changed since.
    pub fn open(&self, aad: &[u8], sealed: &str) -> Option<Vec<u8>> {
        let bytes = URL_SAFE_NO_PAD.decode(sealed.strip_prefix(VERSION)?).ok()?;
        let (nonce, sealed) = bytes.split_first_chunk::<NONCE_LEN>()?;
        self.0.current.iter().chain(&self.0.before).find_map(|key| {
            let mut bytes = sealed.to_vec();
            let nonce = Nonce::assume_unique_for_key(*nonce);
            let length = key.open_in_place(nonce, Aad::from(aad), &mut bytes).ok()?.len();
            bytes.truncate(length);
            Some(bytes)
        })
    }
}

#[cfg(test)]
mod tests {
    use dockgate_testkit::fakes::RepeatableRandom;

    use super::*;

    fn random() -> RepeatableRandom {
        RepeatableRandom::seeded(7)
    }

    #[test]
    fn what_was_sealed_is_opened_by_the_same_purpose_and_owner_alone() {
        let key = SealKey::new([1; 32], Vec::new());
        let (tokens, cookies) = (key.derive("provider tokens"), key.derive("cookies"));
        let random = random();
        for plain in [&b""[..], b"a", &[7; 5000]] {
            let sealed = tokens.seal(&random, b"alice", plain).unwrap();
            assert_eq!(tokens.open(b"alice", &sealed).as_deref(), Some(plain));
            assert_eq!(tokens.open(b"bob", &sealed), None, "another owner");
            assert_eq!(tokens.open(b"", &sealed), None);
            assert_eq!(cookies.open(b"alice", &sealed), None, "another purpose");
            let other = SealKey::new([2; 32], Vec::new()).derive("provider tokens");
            assert_eq!(other.open(b"alice", &sealed), None, "another secret");
        }
        let texts = [0, 1].map(|_| tokens.seal(&random, b"", b"the same").unwrap());
        assert_ne!(texts[0], texts[1], "each has a nonce of its own");
    }

    #[test]
    fn any_change_is_noticed_and_no_text_is_trouble() {
        let sealer = SealKey::new([1; 32], Vec::new()).derive("p");
        let sealed = sealer.seal(&random(), b"a", b"secret").unwrap();
        for place in 0..sealed.len() {
            for other in [b'A', b'B', b'.', b'='] {
                let mut changed = sealed.clone().into_bytes();
                if changed[place] != other {
                    changed[place] = other;
                    assert_eq!(sealer.open(b"a", &String::from_utf8(changed).unwrap()), None, "{place}");
                }
            }
            assert_eq!(sealer.open(b"a", &sealed[..place]), None, "cut at {place}");
        }
        for text in ["", "1.", "1.AAAA", "2.AAAA", "1.ä"] {
            assert_eq!(sealer.open(b"a", text), None, "{text}");
        }
    }

    #[test]
    fn the_secret_before_still_opens_and_seals_nothing() {
        let before = SealKey::new([1; 32], Vec::new()).derive("p");
        let now = SealKey::new([2; 32], vec![[1; 32]]).derive("p");
        let old = before.seal(&random(), b"a", b"old").unwrap();
        assert_eq!(now.open(b"a", &old).as_deref(), Some(&b"old"[..]));
        let new = now.seal(&random(), b"a", b"new").unwrap();
        assert_eq!(before.open(b"a", &new), None);
    }

    /// What this release seals the next one opens: this text never changes.
    #[test]
    fn the_first_layout_is_opened() {
        let sealer = SealKey::new([1; 32], Vec::new()).derive("p");
        let sealed = sealer.seal(&random(), b"a", b"secret").unwrap();
        assert_eq!(sealed, FIRST);
        assert_eq!(sealer.open(b"a", FIRST).as_deref(), Some(&b"secret"[..]));
    }

    const FIRST: &str = "1.1w0yWeThy2McZjz0jnw8PFXMabQtgY8yymLpgRP4uosx3Q";
}
