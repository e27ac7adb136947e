use std::cmp::Reverse;
use std::fmt;
use std::time::SystemTime;

use super::Trust;
use super::chain::{self, Path};
use crate::token::algorithm::Algorithm;
use crate::token::jwt::HeaderOptions;
use crate::token::keys::{Certificate, SigningKey};
use crate::token::kid::{KeyId, libtrust_id, thumbprint};
use crate::token::public_key::{Curve, KeyMaterial, PublicKey};

/// The versions of distribution's registry that read a token's header differently.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Version {
    /// 2.8 and what came before it.
    V2,
    /// 3.0.
    V3_0,
    /// 3.1 and later.
    V3_1,
}

impl Version {
    /// All of them, the oldest first.
    pub const ALL: [Self; 3] = [Self::V2, Self::V3_0, Self::V3_1];
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::V2 => "2.8",
            Self::V3_0 => "3.0",
            Self::V3_1 => "3.1",
        })
    }
}

/// What of a token its header tells.
#[derive(Debug, Clone, Copy)]
pub struct TokenForm<'a> {
    /// The key that signs.
    pub key: &'a SigningKey,
    /// How the header names it.
    pub header: &'a HeaderOptions,
}

/// Why a registry does not take a token.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Obstacle {
    /// It has no `jwks` option and no `rootcertbundle` was given.
    #[error("it does not start without a `rootcertbundle`")]
    NeedsBundle,
    /// It panics at this certificate.
    #[error("it does not start with the certificate {0} in its bundle, an Ed25519 one")]
    Ed25519InBundle(String),
    /// It knows no such algorithm.
    #[error("it does not take {0}")]
    Algorithm(Algorithm),
    /// A token with `x5c` is verified by `rootcertbundle` alone, and there is none.
    #[error("it has no `rootcertbundle`, and so refuses every token with `x5c`")]
    X5cWithoutBundle,
    /// The chain leads to no trusted certificate.
    #[error("no certificate in its bundle is the signing certificate or issued it")]
    Untrusted,
    /// The chain leads over a certificate out of its time.
    #[error("the certificate {0} has expired or is not valid yet")]
    OutOfTime(String),
    /// No key goes by the name in the header.
    #[error("it knows no key by the id {0}")]
    UnknownId(String),
    /// A key goes by that name, but another one.
    #[error("it takes the id {0} for another key's")]
    OtherKey(String),
    /// The header names the key in no way.
    #[error("the token names its key neither by `kid` nor by `x5c`")]
    Nameless,
}

impl Trust {
    /// Whether a registry of that version takes the tokens.
    ///
    /// # Errors
    /// Why not.
    pub fn takes(&self, version: Version, form: TokenForm<'_>, now: SystemTime) -> Result<(), Obstacle> {
        if version == Version::V2 {
            let Some(bundle) = &self.bundle else { return Err(Obstacle::NeedsBundle) };
            let panics =
                bundle.iter().find(|held| matches!(material(held), Some(KeyMaterial::Ed25519 { .. })));
            if let Some(held) = panics {
                return Err(Obstacle::Ed25519InBundle(held.subject().to_owned()));
            }
            if matches!(form.key.algorithm(), Algorithm::Ps256 | Algorithm::EdDsa) {
                return Err(Obstacle::Algorithm(form.key.algorithm()));
            }
        }
        if form.header.x5c {
            return self.takes_chain(form.key, now);
        }
        let Some(id) = &form.header.kid else { return Err(Obstacle::Nameless) };
        self.takes_id(version, &id.of(form.key.public_key()), form.key.public_key())
    }

    fn takes_chain(&self, key: &SigningKey, now: SystemTime) -> Result<(), Obstacle> {
        let Some(bundle) = &self.bundle else { return Err(Obstacle::X5cWithoutBundle) };
        let intermediates: Vec<&Certificate> = key.x5c().skip(1).collect();
        match chain::path(key.leaf(), &intermediates, bundle, now) {
            Path::Trusted => Ok(()),
            Path::OutOfTime(subject) => Err(Obstacle::OutOfTime(subject)),
            Path::Nowhere => Err(Obstacle::Untrusted),
        }
    }

    /// The keys stand in a map: of several under one id the last counts, and the `jwks` comes after the bundle.
    fn takes_id(&self, version: Version, id: &str, key: &PublicKey) -> Result<(), Obstacle> {
        let bundle = self.bundle.iter().flatten().filter_map(|held| {
            let public = held.public_key()?;
            (computed_id(version, &public).as_deref() == Some(id)).then(|| public.material().clone())
        });
        let jwks = self.jwks.iter().flatten().filter(|jwk| version != Version::V2 && jwk.kid == id);
        match bundle.chain(jwks.map(|jwk| jwk.key.clone())).last() {
            Some(found) if found == *key.material() => Ok(()),
            Some(_) => Err(Obstacle::OtherKey(id.to_owned())),
            None => Err(Obstacle::UnknownId(id.to_owned())),
        }
    }

    /// The header with which a registry of that version takes the tokens of this key, if any of ours does. One that other
    /// versions take too is preferred, then one that differs little from the present one.
    pub fn header_for(
        &self,
        version: Version,
        form: TokenForm<'_>,
        now: SystemTime,
    ) -> Option<HeaderOptions> {
        let takes = |version: Version, header: &HeaderOptions| {
            self.takes(version, TokenForm { key: form.key, header }, now).is_ok()
        };
        let taken = self.headers(form).into_iter().filter(|header| takes(version, header));
        taken.min_by_key(|header| Reverse(Version::ALL.iter().filter(|other| takes(**other, header)).count()))
    }

    /// The headers that the key's tokens could have here, the present one first.
    fn headers(&self, form: TokenForm<'_>) -> Vec<HeaderOptions> {
        let named = self.jwks.iter().flatten().map(|jwk| jwk.kid.as_str());
        let of_base_point = match form.key.public_key().material() {
            KeyMaterial::Ec { curve, .. } => Some(base_point_thumbprint(*curve)),
            _ => None,
        };
        let texts = named.chain(of_base_point).map(|text| KeyId::Text(text.into()));
        let ids = form.header.kid.iter().cloned().chain(KeyId::COMPUTED.iter().cloned()).chain(texts);
        let ids: Vec<KeyId> = ids.collect();
        let header = |x5c| ids.iter().map(move |id| HeaderOptions { kid: Some(id.clone()), x5c });
        header(form.header.x5c).chain(header(!form.header.x5c)).collect()
    }
}

fn material(certificate: &Certificate) -> Option<KeyMaterial> {
    certificate.public_key().map(|key| key.material().clone())
}

/// The id that a version computes for a certificate of its bundle.
fn computed_id(version: Version, key: &PublicKey) -> Option<String> {
    match (version, key.material()) {
        (Version::V2, _) => Some(libtrust_id(key)),
        (Version::V3_0, KeyMaterial::Ec { curve, .. }) => Some(base_point_thumbprint(*curve).to_owned()),
        // It cannot compute one.
        (Version::V3_0, KeyMaterial::Ed25519 { .. }) => None,
        (Version::V3_1, KeyMaterial::Ec { curve, x, y }) => {
            let without_zeros =
                |number: &[u8]| number.iter().copied().skip_while(|byte| *byte == 0).collect();
            Some(thumbprint(&KeyMaterial::Ec { curve: *curve, x: without_zeros(x), y: without_zeros(y) }))
        }
        (Version::V3_0 | Version::V3_1, other) => Some(thumbprint(other)),
    }
}

/// Registry 3.0 hashes the curve's base point instead of the key's: all EC keys of a curve have one id there.
fn base_point_thumbprint(curve: Curve) -> &'static str {
    match curve {
        Curve::P256 => "xx0BcA-wMohw8atYDJOe6peGModklG2wRHBlXHMvl0M",
        Curve::P384 => "-W6Wzot_wuerYbKBVKfGEks3iY2EALna-hBqObnPuJE",
        Curve::P521 => "67t2ktf21o_Z2-ygUyR0zriEF9PMHtlT1l4q9rGSYOM",
    }
}
