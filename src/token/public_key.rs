use x509_parser::oid_registry::OID_EC_P256;
use x509_parser::prelude::{FromDer, SubjectPublicKeyInfo};
use x509_parser::public_key::PublicKey as Parsed;

const P256_COORDINATE: usize = 32;
const UNCOMPRESSED_POINT: u8 = 4;

/// The public half of a signing key.
#[derive(Debug, Clone)]
pub struct PublicKey {
    spki: Vec<u8>,
    material: KeyMaterial,
}

/// The numbers of a public key, big-endian.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum KeyMaterial {
    /// Modulus and public exponent, without leading zero bytes.
    Rsa {
        /// The modulus.
        n: Vec<u8>,
        /// The public exponent.
        e: Vec<u8>,
    },
    /// A point on P-256; both coordinates are 32 bytes, leading zeros included.
    P256 {
        /// The x coordinate.
        x: Vec<u8>,
        /// The y coordinate.
        y: Vec<u8>,
    },
}

/// The bytes are no public key of a kind that tokens are signed with in this build.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not an RSA or EC P-256 public key")]
pub struct UnsupportedPublicKey;

impl PublicKey {
    /// Reads a DER `SubjectPublicKeyInfo` (RFC 5280 section 4.1.2.7).
    ///
    /// # Errors
    /// It is malformed, or the key is neither RSA nor an uncompressed point on P-256.
    pub fn from_spki(der: &[u8]) -> Result<Self, UnsupportedPublicKey> {
        let (_, spki) = SubjectPublicKeyInfo::from_der(der).map_err(|_| UnsupportedPublicKey)?;
        Ok(Self { spki: der.to_vec(), material: KeyMaterial::of(&spki).ok_or(UnsupportedPublicKey)? })
    }

    /// The DER `SubjectPublicKeyInfo`, as it was given.
    pub fn spki(&self) -> &[u8] {
        &self.spki
    }

    /// The numbers of the key.
    pub fn material(&self) -> &KeyMaterial {
        &self.material
    }

    /// Whether a coordinate of an EC key starts with a zero byte (1 key in 128). Registry 3.x drops that byte
    /// and then computes another key id: such a key works there only through `x5c`.
    pub fn has_leading_zero_coordinate(&self) -> bool {
        match &self.material {
            KeyMaterial::Rsa { .. } => false,
            KeyMaterial::P256 { x, y } => [x, y].iter().any(|c| c.first() == Some(&0)),
        }
    }
}

impl KeyMaterial {
    /// The numbers in a parsed `SubjectPublicKeyInfo`, if the kind is known here.
    pub(super) fn of(spki: &SubjectPublicKeyInfo<'_>) -> Option<Self> {
        match spki.parsed().ok()? {
            Parsed::RSA(rsa) => Some(Self::Rsa {
                n: without_leading_zeros(rsa.modulus),
                e: without_leading_zeros(rsa.exponent),
            }),
            Parsed::EC(point) => {
                let curve = spki.algorithm.parameters.as_ref()?.as_oid().ok()?;
                let (&form, coordinates) = point.data().split_first()?;
                let wanted = curve == OID_EC_P256
                    && form == UNCOMPRESSED_POINT
                    && coordinates.len() == 2 * P256_COORDINATE;
                let (x, y) = wanted.then(|| coordinates.split_at(P256_COORDINATE))?;
                Some(Self::P256 { x: x.to_vec(), y: y.to_vec() })
            }
            _ => None,
        }
    }
}

fn without_leading_zeros(number: &[u8]) -> Vec<u8> {
    number.iter().copied().skip_while(|&byte| byte == 0).collect()
}
