use std::sync::Arc;

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use data_encoding::BASE32_NOPAD;

use super::public_key::{KeyMaterial, PublicKey};

/// Which key id names the key in a token's header. No single kind suits every registry version.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum KeyId {
    /// The id of Docker's libtrust: what registry 2.x computes from its `rootcertbundle`.
    Libtrust,
    /// The RFC 7638 thumbprint: what registry 3.x computes.
    Rfc7638,
    /// This text, whatever the key is: what a registry's `jwks` file calls it.
    Text(Arc<str>),
}

impl KeyId {
    /// The kinds that follow from the key itself, the older first.
    pub const COMPUTED: &[Self] = &[Self::Libtrust, Self::Rfc7638];

    /// The id of `key` of this kind.
    pub fn of(&self, key: &PublicKey) -> String {
        match self {
            Self::Libtrust => libtrust_id(key),
            Self::Rfc7638 => thumbprint(key.material()),
            Self::Text(text) => text.as_ref().to_owned(),
        }
    }
}

const LIBTRUST_BYTES: usize = 30;
const LIBTRUST_GROUP: usize = 4;

/// The libtrust key id: the first 240 bits of the SHA-256 of the DER `SubjectPublicKeyInfo`, base32, in twelve
/// groups of four joined by `:` (distribution, `docs/content/spec/auth/jwt.md`).
pub fn libtrust_id(key: &PublicKey) -> String {
    let digest = digest(&SHA256, key.spki());
    let head: Vec<u8> = digest.as_ref().iter().copied().take(LIBTRUST_BYTES).collect();
    let mut id = String::new();
    for (position, symbol) in BASE32_NOPAD.encode(&head).chars().enumerate() {
        if position > 0 && position % LIBTRUST_GROUP == 0 {
            id.push(':');
        }
        id.push(symbol);
    }
    id
}

/// The RFC 7638 JWK thumbprint with SHA-256, base64url (RFC 8037 appendix A.3 for Ed25519).
///
/// For EC keys it is computed from the key's own point; `docker_auth` takes the curve's base point instead.
pub fn thumbprint(key: &KeyMaterial) -> String {
    // RFC 7638 section 3: required members only, in lexicographic order, no white space.
    let canonical = match key {
        KeyMaterial::Rsa { n, e } => format!(r#"{{"e":"{}","kty":"RSA","n":"{}"}}"#, b64(e), b64(n)),
        KeyMaterial::Ec { curve, x, y } => {
            format!(r#"{{"crv":"{}","kty":"EC","x":"{}","y":"{}"}}"#, curve.name(), b64(x), b64(y))
        }
        KeyMaterial::Ed25519 { x } => format!(r#"{{"crv":"Ed25519","kty":"OKP","x":"{}"}}"#, b64(x)),
    };
    b64(digest(&SHA256, canonical.as_bytes()).as_ref())
}

fn b64(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

#[cfg(test)]
mod tests;
