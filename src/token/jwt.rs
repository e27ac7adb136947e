use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use data_encoding::HEXLOWER;
use serde::Serialize;

use super::claims::{Claims, ResourceActions};
use super::keys::SigningKey;
use super::kid::KeyId;
use super::sign::{Sign, SignError};
use dockgate_api::{Random, RandomError};

/// `nbf` and `iat` lie this far in the past: registries allow 60 s of clock skew, zot allows none.
const BACK_DATED: u64 = 10;
const JWT_ID_BYTES: usize = 16;

/// A header that alone is larger than this makes requests that proxies with their usual 8 KiB limit refuse.
pub const LARGE_TOKEN_BYTES: usize = 6 * 1024;

/// What a token's header says about its key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeaderOptions {
    /// The key id, or none.
    pub kid: Option<KeyId>,
    /// Whether the certificate chain travels along. Off for a registry that knows the key only from its `jwks`:
    /// such a registry refuses any token with `x5c`.
    pub x5c: bool,
}

impl Default for HeaderOptions {
    /// `x5c` and the libtrust id, which together satisfy the most registry versions.
    fn default() -> Self {
        Self { kid: Some(KeyId::Libtrust), x5c: true }
    }
}

#[derive(Serialize)]
struct Header<'a> {
    typ: &'static str,
    alg: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    kid: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    x5c: Option<&'a [String]>,
}

/// A key with its finished header: everything about a token that is the same for all.
#[derive(Clone)]
pub struct TokenSigner {
    signer: Arc<dyn Sign>,
    header: String,
    x5c_until: Option<SystemTime>,
}

impl TokenSigner {
    /// Builds and encodes the header `{"typ","alg","kid","x5c"}` (RFC 7515 section 4.1) once.
    ///
    /// # Errors
    /// Only if the JSON encoder fails; it has no reason to.
    pub fn new(key: &SigningKey, options: &HeaderOptions) -> Result<Self, IssueError> {
        let chain: Vec<String> = key.x5c().map(|certificate| STANDARD.encode(certificate.der())).collect();
        let header = Header {
            typ: "JWT",
            alg: key.algorithm().name(),
            kid: options.kid.as_ref().map(|kind| kind.of(key.public_key())),
            x5c: options.x5c.then_some(&chain),
        };
        let x5c_until = if options.x5c { key.x5c().map(super::Certificate::not_after).min() } else { None };
        let header = URL_SAFE_NO_PAD.encode(serde_json::to_vec(&header)?);
        Ok(Self { signer: key.signer(), header, x5c_until })
    }

    /// When the first certificate that travels in `x5c` expires; none with `x5c` off. No registry takes the
    /// tokens of this signer after that, so their `valid_until` should not lie beyond.
    pub fn x5c_valid_until(&self) -> Option<SystemTime> {
        self.x5c_until
    }

    /// The length of the encoded header, in bytes, if it alone makes every token larger than
    /// [`LARGE_TOKEN_BYTES`]: the proxies in front then need larger header limits.
    pub fn oversized_header(&self) -> Option<usize> {
        Some(self.header.len()).filter(|&length| length > LARGE_TOKEN_BYTES)
    }

    /// The compact serialization (RFC 7515 section 7.1) of the signed claims.
    fn sign(&self, claims: &Claims<'_>) -> Result<String, IssueError> {
        let claims = serde_json::to_vec(claims)?;
        // A third more for base64, and room for the largest usual signature (RSA-4096).
        let mut token = String::with_capacity(self.header.len() + claims.len() / 3 * 4 + 4 + 2 + 684);
        token.push_str(&self.header);
        token.push('.');
        URL_SAFE_NO_PAD.encode_string(&claims, &mut token);
        let signature = self.signer.sign(token.as_bytes())?;
        token.push('.');
        URL_SAFE_NO_PAD.encode_string(&signature, &mut token);
        Ok(token)
    }
}

impl fmt::Debug for TokenSigner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenSigner")
            .field("algorithm", &self.signer.algorithm())
            .field("header", &self.header)
            .finish_non_exhaustive()
    }
}

/// What one token says, before times and id are put to it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct TokenParts<'a> {
    pub(crate) issuer: &'a str,
    pub(crate) subject: &'a str,
    pub(crate) audience: &'a str,
    pub(crate) access: &'a [ResourceActions<'a>],
    pub(crate) now: SystemTime,
    pub(crate) lifetime: Duration,
    /// No token lives longer than this, whatever `lifetime` says.
    pub(crate) valid_until: Option<SystemTime>,
}

/// A signed token. Whoever holds it has the access, so `Debug` leaves it out.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Issued {
    /// The compact JWT.
    pub token: String,
    /// The life that is left, in whole seconds, at least 1; for the answer's `expires_in`.
    pub expires_in: u64,
    /// The `jti` claim, for the audit log.
    pub jwt_id: String,
    /// The `exp` claim, in seconds since the Unix epoch.
    pub expires_at: u64,
    /// Whether it was signed for an earlier request.
    pub reused: bool,
}

impl fmt::Debug for Issued {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Issued")
            .field("jwt_id", &self.jwt_id)
            .field("expires_in", &self.expires_in)
            .field("expires_at", &self.expires_at)
            .field("reused", &self.reused)
            .finish_non_exhaustive()
    }
}

/// No token could be made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum IssueError {
    /// The permission ends before a token could live for a second.
    #[error("the permission has already ended")]
    NoLifeLeft,
    /// No key signs for the registry's service.
    #[error("no key signs for this service")]
    UnknownService,
    /// The clock stands before 1970 or beyond what a token can say.
    #[error("the clock is out of range")]
    Clock,
    /// No randomness for the token id.
    #[error(transparent)]
    Random(#[from] RandomError),
    /// The key could not sign.
    #[error(transparent)]
    Sign(#[from] SignError),
    /// The claims could not be encoded.
    #[error("cannot encode the token: {0}")]
    Encode(#[from] serde_json::Error),
}

/// Signs a token over `parts`. Only for callers that hold a decided permission: see the module docs.
///
/// # Errors
/// See [`IssueError`]; nothing was signed.
pub(crate) fn issue(
    signer: &TokenSigner,
    parts: &TokenParts<'_>,
    random: &dyn Random,
) -> Result<Issued, IssueError> {
    let now = seconds(parts.now)?;
    let expires_in = life(parts.now, parts.lifetime, parts.valid_until)?;
    let expires_at = now.checked_add(expires_in).ok_or(IssueError::Clock)?;

    let mut id = [0; JWT_ID_BYTES];
    random.fill(&mut id)?;
    let jwt_id = HEXLOWER.encode(&id);
    let back_dated = now.saturating_sub(BACK_DATED);
    let token = signer.sign(&Claims {
        issuer: parts.issuer,
        subject: parts.subject,
        audience: parts.audience,
        not_before: back_dated,
        issued_at: back_dated,
        expires_at,
        jwt_id: &jwt_id,
        access: parts.access,
    })?;
    Ok(Issued { token, expires_in, jwt_id, expires_at, reused: false })
}

/// How long a token of now would live, in seconds, at least 1.
///
/// # Errors
/// If that is less, or beyond what a token can say.
pub(super) fn life(
    now: SystemTime,
    lifetime: Duration,
    valid_until: Option<SystemTime>,
) -> Result<u64, IssueError> {
    let now = seconds(now)?;
    let mut expires_at = now.checked_add(lifetime.as_secs()).ok_or(IssueError::Clock)?;
    if let Some(until) = valid_until {
        // Before 1970 is long over, not a broken clock.
        expires_at = expires_at.min(seconds(until).unwrap_or(0));
    }
    expires_at.checked_sub(now).filter(|&left| left > 0).ok_or(IssueError::NoLifeLeft)
}

fn seconds(time: SystemTime) -> Result<u64, IssueError> {
    Ok(time.duration_since(UNIX_EPOCH).map_err(|_| IssueError::Clock)?.as_secs())
}

#[cfg(test)]
mod tests;
