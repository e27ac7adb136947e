//! Signed texts (RFC 7515) and the keys that sign them (RFC 7517): RS256 only.

use aws_lc_rs::encoding::{AsDer as _, Pkcs8V1Der};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{KeyPair, KeySize};
use aws_lc_rs::signature::{KeyPair as _, RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_SHA256, UnparsedPublicKey};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::{Value, json};

/// A key of 2048 bits, with the id under which it is shown.
pub(super) struct Key {
    pair: KeyPair,
    pub(super) id: String,
}

impl Key {
    pub(super) fn new(id: &str) -> Self {
        match KeyPair::generate(KeySize::Rsa2048) {
            Ok(pair) => Self { pair, id: id.to_owned() },
            Err(error) => panic!("no key for a test: {error}"),
        }
    }

    /// A header, claims and the signature.
    pub(super) fn sign(&self, header: &Value, claims: &Value) -> String {
        let text = unsigned(header, claims);
        let mut signature = vec![0; self.pair.public_modulus_len()];
        match self.pair.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), text.as_bytes(), &mut signature) {
            Ok(()) => format!("{text}.{}", URL_SAFE_NO_PAD.encode(signature)),
            Err(error) => panic!("a key for a test does not sign: {error}"),
        }
    }

    /// As it stands in a JWKS document.
    pub(super) fn public_jwk(&self) -> Value {
        let (modulus, exponent) = numbers(self.pair.public_key().as_ref());
        let text = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
        json!({"kty": "RSA", "use": "sig", "alg": "RS256", "kid": self.id, "n": text(&modulus), "e": text(&exponent)})
    }

    /// The private key in PEM (PKCS #8).
    pub(super) fn private_pem(&self) -> String {
        let der: Pkcs8V1Der<'static> = match self.pair.as_der() {
            Ok(der) => der,
            Err(error) => panic!("a key for a test cannot be written: {error}"),
        };
        let text = STANDARD.encode(der.as_ref());
        let lines: Vec<&str> =
            text.as_bytes().chunks(64).filter_map(|line| std::str::from_utf8(line).ok()).collect();
        // Split, so that whoever looks for keys in the sources finds none.
        let mark = |word: &str| format!("-----{word} PRIVATE KEY-----");
        format!("{}\n{}\n{}\n", mark("BEGIN"), lines.join("\n"), mark("END"))
    }

    /// Header and claims of a text that this key has signed.
    pub(super) fn verified(&self, text: &str) -> Option<(Value, Value)> {
        let (signed, signature) = text.rsplit_once('.')?;
        let signature = URL_SAFE_NO_PAD.decode(signature).ok()?;
        let public = UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, self.pair.public_key().as_ref());
        public.verify(signed.as_bytes(), &signature).ok()?;
        let (header, claims) = signed.split_once('.')?;
        let part = |part: &str| serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).ok()?).ok();
        Some((part(header)?, part(claims)?))
    }
}

/// Header and claims, without a signature.
pub(super) fn unsigned(header: &Value, claims: &Value) -> String {
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    format!("{}.{}", part(header), part(claims))
}

/// Modulus and exponent of an `RSAPublicKey` (RFC 8017, appendix A.1.1).
fn numbers(der: &[u8]) -> (Vec<u8>, Vec<u8>) {
    let read = || {
        let (_, sequence, _) = element(der)?;
        let (_, modulus, rest) = element(sequence)?;
        let (_, exponent, _) = element(rest)?;
        Some((modulus, exponent))
    };
    let unsigned = |number: &[u8]| number.iter().copied().skip_while(|byte| *byte == 0).collect();
    match read() {
        Some((modulus, exponent)) => (unsigned(modulus), unsigned(exponent)),
        None => panic!("a public key that cannot be read"),
    }
}

/// Tag, contents and what follows.
fn element(der: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (&[tag, first], rest) = der.split_first_chunk::<2>()?;
    let (length, rest) = if first < 0x80 {
        (usize::from(first), rest)
    } else {
        let (length, rest) = rest.split_at_checked(usize::from(first & 0x7f))?;
        (length.iter().fold(0, |length, byte| length << 8 | usize::from(*byte)), rest)
    };
    let (contents, rest) = rest.split_at_checked(length)?;
    Some((tag, contents, rest))
}
