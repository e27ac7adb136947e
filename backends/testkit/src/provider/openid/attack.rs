//! What a provider does wrong, or what somebody does who stands in its place.

use serde_json::Value;

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq)]
pub enum Attack {
    /// A claim of the ID token says something else: `iss`, `aud`, `azp`, `nonce`, `exp`, `iat`, `sub`, `at_hash`.
    Claim(&'static str, Value),
    /// A claim of the ID token is not there.
    Without(&'static str),
    /// `alg: none`, and no signature.
    Unsigned,
    /// `alg: HS256`, with the public key as the secret.
    PublicKeyAsSecret,
    /// Signed by another key, under the id of the right one.
    OtherKey,
    /// Signed by another key, under an id that is not shown.
    UnknownKey,
    /// The claims were changed after they were signed: this one says something else.
    Changed(&'static str, Value),
    /// There is no ID token.
    NoIdToken,
    /// The callback names another issuer (RFC 9207).
    CallbackIssuer(String),
    /// The discovery document is another issuer's.
    DiscoveryIssuer(String),
    /// Userinfo tells of somebody else.
    UserinfoSubject(String),
}
