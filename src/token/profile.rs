use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, SystemTime};

use super::jwt::{HeaderOptions, IssueError, TokenSigner};
use super::keys::SigningKey;

/// Clients come back for every step with a token that lives shorter.
const SHORTEST_LIFE: Duration = Duration::from_secs(60);

/// How tokens for one registry service, or for all that have no profile of their own, are signed.
#[derive(Debug)]
pub struct Profile {
    lifetime: Duration,
    signer: TokenSigner,
    /// Once the certificate has ended: the same key without it, for registries that know the key id.
    without_x5c: TokenSigner,
    certificate_ended: AtomicBool,
}

impl Profile {
    /// Tokens by this key, with this header, that live for `lifetime`.
    ///
    /// # Errors
    /// See [`TokenSigner::new`].
    pub fn new(key: &SigningKey, header: &HeaderOptions, lifetime: Duration) -> Result<Self, IssueError> {
        let signer = TokenSigner::new(key, header)?;
        let without_x5c = TokenSigner::new(key, &HeaderOptions { x5c: false, ..header.clone() })?;
        Ok(Self { lifetime, signer, without_x5c, certificate_ended: AtomicBool::new(false) })
    }

    /// How long a token lives, at most.
    pub fn lifetime(&self) -> Duration {
        self.lifetime
    }

    /// See [`TokenSigner::oversized_header`].
    pub fn oversized_header(&self) -> Option<usize> {
        self.signer.oversized_header()
    }

    /// No registry takes a token whose certificate has ended; one without it is taken where the key id is known.
    pub(super) fn signer_at(&self, now: SystemTime) -> &TokenSigner {
        let travels = self.certificate_travels(now);
        if !travels && !self.certificate_ended.swap(true, Ordering::Relaxed) {
            tracing::error!(
                "the signing certificate has ended: tokens go out without it, and only registries that know the key id \
                 take them"
            );
        }
        self.signer_for(now)
    }

    /// The same for those who only ask, and are not told that the certificate has ended.
    pub(super) fn signer_for(&self, now: SystemTime) -> &TokenSigner {
        if self.certificate_travels(now) { &self.signer } else { &self.without_x5c }
    }

    fn certificate_travels(&self, now: SystemTime) -> bool {
        let shortest = self.lifetime.min(SHORTEST_LIFE);
        self.signer.x5c_valid_until().is_none_or(|until| now + shortest <= until)
    }
}
