//! Registry tokens: signing keys, their ids, the JWKS document and the signed JWT.
//!
//! Nothing here decides who may do what: permission is a value, and the only way to a signed token is
//! [`Issuer::issue`], which takes a [`Grant`](crate::access::Grant) that only the access code can make.
//!
//! Clock and randomness are parameters. Private key material is parsed once, held by the crypto library,
//! and appears in no `Debug` output and no error.

mod algorithm;
mod claims;
#[cfg(test)]
mod fixtures;
mod generate;
mod issuer;
mod jwks;
mod jwt;
mod keys;
mod kid;
pub mod managed;
mod profile;
mod public_key;
mod reuse;
mod sign;
pub mod trust;
mod verify;

pub use algorithm::Algorithm;
pub use claims::{Claims, ResourceActions};
pub use generate::GenerateError;
pub use issuer::Issuer;
pub use jwks::{PublishedKey, jwks_document};
pub use jwt::{HeaderOptions, IssueError, Issued, LARGE_TOKEN_BYTES, TokenSigner};
pub use keys::{Certificate, CertifiedKey, FileRole, KeyError, KeyProblem, PemDamage, PemFile, SigningKey};
pub use kid::{KeyId, libtrust_id, thumbprint};
pub use profile::Profile;
pub use public_key::{Curve, KeyMaterial, PublicKey, UnsupportedPublicKey};
pub use sign::{Sign, SignError};
pub use verify::{BadToken, Verified, VerifiedAccess, Verifier};
