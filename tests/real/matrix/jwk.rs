//! Public keys as JWK, and their ids: an account of our own, so that the server's own is not judge in its own case.

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::rsa::KeyPair as RsaKeyPair;
use aws_lc_rs::signature::KeyPair as _;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use data_encoding::BASE32_NOPAD;
use rcgen::{KeyPair, PublicKeyData as _};
use serde_json::{Value, json};

/// A public key.
#[derive(Clone, Debug)]
pub(crate) struct Jwk {
    numbers: Numbers,
    /// The DER `SubjectPublicKeyInfo`.
    spki: Vec<u8>,
}

#[derive(Clone, Debug)]
enum Numbers {
    Rsa { n: Vec<u8>, e: Vec<u8> },
    Ec { curve: &'static str, x: Vec<u8>, y: Vec<u8> },
    Ed25519(Vec<u8>),
}

impl Jwk {
    pub(crate) fn of(key: &KeyPair) -> Self {
        let raw = key.public_key_raw();
        let numbers = match raw {
            // An uncompressed point: the mark, x, y.
            [4, point @ ..] if key.algorithm() != &rcgen::PKCS_ED25519 => {
                let (x, y) = point.split_at(point.len() / 2);
                let curve = match x.len() {
                    32 => "P-256",
                    48 => "P-384",
                    _ => "P-521",
                };
                Numbers::Ec { curve, x: x.to_vec(), y: y.to_vec() }
            }
            raw if raw.len() == 32 => Numbers::Ed25519(raw.to_vec()),
            _ => {
                let pair = RsaKeyPair::from_pkcs8(key.serialized_der()).unwrap();
                let public = pair.public_key();
                let [n, e] = [public.modulus(), public.exponent()];
                let [n, e] = [n, e].map(|number| number.big_endian_without_leading_zero().to_vec());
                Numbers::Rsa { n, e }
            }
        };
        Self { numbers, spki: key.subject_public_key_info() }
    }

    /// Whether x or y of an EC key does.
    pub(crate) fn leading_zero(&self) -> bool {
        match &self.numbers {
            Numbers::Ec { x, y, .. } => [x, y].iter().any(|number| number.first() == Some(&0)),
            _ => false,
        }
    }

    /// An entry for a key set. Without `kid` it has none.
    pub(crate) fn entry(&self, kid: Option<&str>) -> Value {
        let mut entry = match &self.numbers {
            Numbers::Rsa { n, e } => json!({"kty": "RSA", "n": b64(n), "e": b64(e)}),
            Numbers::Ec { curve, x, y } => json!({"kty": "EC", "crv": curve, "x": b64(x), "y": b64(y)}),
            Numbers::Ed25519(x) => json!({"kty": "OKP", "crv": "Ed25519", "x": b64(x)}),
        };
        if let Some(kid) = kid {
            entry["kid"] = json!(kid);
        }
        entry
    }

    /// The first 30 bytes of the SHA-256 of the DER key in base32, in groups of four.
    pub(crate) fn libtrust(&self) -> String {
        let text = BASE32_NOPAD.encode(&digest(&SHA256, &self.spki).as_ref()[..30]);
        let groups: Vec<&str> = (0..text.len()).step_by(4).map(|start| &text[start..start + 4]).collect();
        groups.join(":")
    }

    pub(crate) fn rfc7638(&self) -> String {
        thumbprint(&self.numbers)
    }

    /// The thumbprint of a number's shortest form, where RFC 7518 wants it as long as the field.
    pub(crate) fn without_leading_zeros(&self) -> String {
        let short = |number: &[u8]| {
            let zeros = number.iter().take_while(|byte| **byte == 0).count();
            number[zeros..].to_vec()
        };
        match &self.numbers {
            Numbers::Ec { curve, x, y } => thumbprint(&Numbers::Ec { curve, x: short(x), y: short(y) }),
            other => thumbprint(other),
        }
    }

    /// The thumbprint that registry 3.0.0 computes for every EC key of the curve: of its base point, without
    /// leading zeros.
    pub(crate) fn of_base_point(&self) -> Option<&'static str> {
        match self.numbers {
            Numbers::Ec { curve: "P-256", .. } => Some("xx0BcA-wMohw8atYDJOe6peGModklG2wRHBlXHMvl0M"),
            Numbers::Ec { curve: "P-384", .. } => Some("-W6Wzot_wuerYbKBVKfGEks3iY2EALna-hBqObnPuJE"),
            Numbers::Ec { .. } => Some("67t2ktf21o_Z2-ygUyR0zriEF9PMHtlT1l4q9rGSYOM"),
            _ => None,
        }
    }
}

/// RFC 7638 with SHA-256: the members that a kind of key needs, in the order of their names.
fn thumbprint(numbers: &Numbers) -> String {
    let members = match numbers {
        Numbers::Rsa { n, e } => format!(r#"{{"e":"{}","kty":"RSA","n":"{}"}}"#, b64(e), b64(n)),
        Numbers::Ec { curve, x, y } => {
            format!(r#"{{"crv":"{curve}","kty":"EC","x":"{}","y":"{}"}}"#, b64(x), b64(y))
        }
        Numbers::Ed25519(x) => format!(r#"{{"crv":"Ed25519","kty":"OKP","x":"{}"}}"#, b64(x)),
    };
    b64(digest(&SHA256, members.as_bytes()).as_ref())
}

pub(crate) fn b64(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}
