use x509_parser::asn1_rs::Oid;
use x509_parser::oid_registry::{OID_EC_P256, OID_NIST_EC_P384, OID_NIST_EC_P521, OID_SIG_ED25519};
use x509_parser::prelude::{FromDer, SubjectPublicKeyInfo};
use x509_parser::public_key::PublicKey as Parsed;

const ED25519_BYTES: usize = 32;
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
    /// A point on a curve; both coordinates have the curve's length, leading zeros included.
    Ec {
        /// The curve.
        curve: Curve,
        /// The x coordinate.
        x: Vec<u8>,
        /// The y coordinate.
        y: Vec<u8>,
    },
    /// An Ed25519 key (RFC 8032 section 5.1.5).
    Ed25519 {
        /// The 32 bytes of the encoded point.
        x: Vec<u8>,
    },
}

/// A curve that JWS has an ECDSA algorithm for (RFC 7518 section 3.4).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Curve {
    /// NIST P-256, `prime256v1`.
    P256,
    /// NIST P-384, `secp384r1`.
    P384,
    /// NIST P-521, `secp521r1`.
    P521,
}

impl Curve {
    const ALL: [Self; 3] = [Self::P256, Self::P384, Self::P521];

    /// The `crv` value of a JWK (RFC 7518 section 6.2.1.1).
    pub fn name(self) -> &'static str {
        match self {
            Self::P256 => "P-256",
            Self::P384 => "P-384",
            Self::P521 => "P-521",
        }
    }

    /// The curve of that `crv` value.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|curve| curve.name() == name)
    }

    fn coordinate_bytes(self) -> usize {
        match self {
            Self::P256 => 32,
            Self::P384 => 48,
            Self::P521 => 66,
        }
    }

    fn oid(self) -> Oid<'static> {
        match self {
            Self::P256 => OID_EC_P256,
            Self::P384 => OID_NIST_EC_P384,
            Self::P521 => OID_NIST_EC_P521,
        }
    }
}

/// The bytes are no public key of a kind that tokens are signed with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not an RSA, EC (P-256, P-384, P-521) or Ed25519 public key")]
pub struct UnsupportedPublicKey;

impl PublicKey {
    /// Reads a DER `SubjectPublicKeyInfo` (RFC 5280 section 4.1.2.7).
    ///
    /// # Errors
    /// It is malformed, or the key is of another kind, or its point is compressed.
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

    /// Whether a coordinate of an EC key starts with a zero byte: 1 key in 128 on P-256 and P-384, three in four on
    /// P-521. Registry 3 drops that byte and then computes another key id: it takes such a key only through `x5c`.
    pub fn has_leading_zero_coordinate(&self) -> bool {
        match &self.material {
            KeyMaterial::Rsa { .. } | KeyMaterial::Ed25519 { .. } => false,
            KeyMaterial::Ec { x, y, .. } => [x, y].iter().any(|c| c.first() == Some(&0)),
        }
    }
}

impl PartialEq for PublicKey {
    fn eq(&self, other: &Self) -> bool {
        self.material == other.material
    }
}

impl Eq for PublicKey {}

impl KeyMaterial {
    /// The numbers in a parsed `SubjectPublicKeyInfo`, if the kind is known here.
    pub(super) fn of(spki: &SubjectPublicKeyInfo<'_>) -> Option<Self> {
        match spki.parsed().ok()? {
            Parsed::RSA(rsa) => Some(Self::Rsa {
                n: without_leading_zeros(rsa.modulus),
                e: without_leading_zeros(rsa.exponent),
            }),
            Parsed::EC(point) => {
                let named = spki.algorithm.parameters.as_ref()?.as_oid().ok()?;
                let curve = Curve::ALL.into_iter().find(|curve| curve.oid() == named)?;
                let (&form, coordinates) = point.data().split_first()?;
                let wanted = form == UNCOMPRESSED_POINT && coordinates.len() == 2 * curve.coordinate_bytes();
                let (x, y) = wanted.then(|| coordinates.split_at(curve.coordinate_bytes()))?;
                Some(Self::Ec { curve, x: x.to_vec(), y: y.to_vec() })
            }
            Parsed::Unknown(bytes)
                if spki.algorithm.algorithm == OID_SIG_ED25519 && bytes.len() == ED25519_BYTES =>
            {
                Some(Self::Ed25519 { x: bytes.to_vec() })
            }
            _ => None,
        }
    }

    /// The kind of key, in the words of an administrator, such as `RSA 2048` or `EC P-256`.
    pub fn kind(&self) -> String {
        match self {
            Self::Rsa { n, .. } => {
                let unused = n.first().map_or(0, |first| first.leading_zeros() as usize);
                format!("RSA {}", n.len() * 8 - unused)
            }
            Self::Ec { curve, .. } => format!("EC {}", curve.name()),
            Self::Ed25519 { .. } => "Ed25519".to_owned(),
        }
    }
}

fn without_leading_zeros(number: &[u8]) -> Vec<u8> {
    number.iter().copied().skip_while(|&byte| byte == 0).collect()
}
