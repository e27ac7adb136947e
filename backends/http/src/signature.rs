//! Requests that the hook can know to be ours: Standard Webhooks, version 1
//! (github.com/standard-webhooks/standard-webhooks, `spec/standard-webhooks.md`).

use std::fmt;
use std::time::{SystemTime, UNIX_EPOCH};

use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use data_encoding::HEXLOWER;
use dockgate_api::secrecy::{ExposeSecret as _, SecretString};
use dockgate_api::{Random, RandomError};

const PREFIX: &str = "whsec_";
/// What the specification demands, in bytes.
const SHORTEST: usize = 24;
const LONGEST: usize = 64;

/// What requests are signed with.
pub(crate) struct Signer(hmac::Key);

impl Signer {
    /// Reads a key as the specification writes it.
    ///
    /// # Errors
    /// What is wrong with it, and the cure; never the key.
    pub(crate) fn read(text: &SecretString) -> Result<Self, String> {
        let cure = "write `whsec_` and the base64 of 24 to 64 random bytes, as of `openssl rand -base64 32`";
        let Some(encoded) = text.expose_secret().strip_prefix(PREFIX) else {
            return Err(format!("a signing key begins with `{PREFIX}`: {cure}"));
        };
        let key = STANDARD.decode(encoded).map_err(|_| format!("this is no base64: {cure}"))?;
        if !(SHORTEST..=LONGEST).contains(&key.len()) {
            return Err(format!("the key has {} bytes: {cure}", key.len()));
        }
        Ok(Self(hmac::Key::new(hmac::HMAC_SHA256, &key)))
    }

    /// The three headers of a request.
    pub(crate) fn headers(&self, id: &MessageId, now: SystemTime, body: &[u8]) -> [(String, String); 3] {
        let timestamp = now.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
        let mut signing = hmac::Context::with_key(&self.0);
        signing.update(format!("{}.{timestamp}.", id.0).as_bytes());
        signing.update(body);
        let signature = STANDARD.encode(signing.sign());
        [
            ("webhook-id".to_owned(), id.0.clone()),
            ("webhook-timestamp".to_owned(), timestamp.to_string()),
            ("webhook-signature".to_owned(), format!("v1,{signature}")),
        ]
    }
}

impl fmt::Debug for Signer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Signer")
    }
}

/// Names one question; a second try has the same.
pub(crate) struct MessageId(String);

impl MessageId {
    /// 128 random bits.
    pub(crate) fn new(random: &dyn Random) -> Result<Self, RandomError> {
        let mut bits = [0; 16];
        random.fill(&mut bits)?;
        Ok(Self(HEXLOWER.encode(&bits)))
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    /// The example of the specification's reference libraries.
    #[test]
    fn signs_as_the_reference_libraries_do() {
        let signer = Signer::read(&"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw".into()).unwrap();
        let id = MessageId("msg_p5jXN8AQM9LWM0D4loKWxJek".to_owned());
        let at = UNIX_EPOCH + Duration::from_secs(1_614_265_330);
        let headers = signer.headers(&id, at, br#"{"test": 2432232314}"#);
        let expected = [
            ("webhook-id", "msg_p5jXN8AQM9LWM0D4loKWxJek"),
            ("webhook-timestamp", "1614265330"),
            ("webhook-signature", "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="),
        ];
        assert_eq!(headers, expected.map(|(name, value)| (name.to_owned(), value.to_owned())));
    }

    #[test]
    fn a_key_that_is_none_is_refused_with_the_cure() {
        let of = |bytes: usize| format!("whsec_{}", STANDARD.encode(vec![7; bytes]));
        for (key, wrong) in [
            ("canary-canary-canary-canary-canary".to_owned(), "begins with `whsec_`"),
            ("whsec_canary!".to_owned(), "no base64"),
            ("whsec_".to_owned(), "0 bytes"),
            (of(23), "23 bytes"),
            (of(65), "65 bytes"),
        ] {
            let why = Signer::read(&key.into()).unwrap_err();
            assert!(why.contains(wrong) && why.contains("openssl rand") && !why.contains("canary"), "{why}");
        }
        assert!(Signer::read(&of(24).into()).is_ok() && Signer::read(&of(64).into()).is_ok());
    }
}
