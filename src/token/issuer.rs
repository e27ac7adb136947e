use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, SystemTime};

use dockgate_api::Random;

use super::claims::ResourceActions;
use super::jwt::{self, HeaderOptions, IssueError, Issued, TokenParts, TokenSigner};
use super::keys::SigningKey;
use crate::access::Grant;

/// Clients come back for every step with a token that lives shorter.
const SHORTEST_LIFE: Duration = Duration::from_secs(60);

/// Signs grants: the one public way to a token.
#[derive(Debug)]
pub struct Issuer {
    name: String,
    lifetime: Duration,
    signer: TokenSigner,
    /// Once the certificate has ended: the same key without it, for registries that know the key id.
    without_x5c: TokenSigner,
    certificate_ended: AtomicBool,
}

impl fmt::Display for Issuer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}

impl Issuer {
    /// An issuer under a name, the `iss` of its tokens, which live for `lifetime`.
    ///
    /// # Errors
    /// See [`TokenSigner::new`].
    pub fn new(
        name: impl Into<String>,
        lifetime: Duration,
        key: &SigningKey,
        header: HeaderOptions,
    ) -> Result<Self, IssueError> {
        let signer = TokenSigner::new(key, header)?;
        let without_x5c = TokenSigner::new(key, HeaderOptions { x5c: false, ..header })?;
        Ok(Self {
            name: name.into(),
            lifetime,
            signer,
            without_x5c,
            certificate_ended: AtomicBool::new(false),
        })
    }

    /// See [`TokenSigner::oversized_header`].
    pub fn oversized_header(&self) -> Option<usize> {
        self.signer.oversized_header()
    }

    /// No registry takes a token whose certificate has ended; one without it is taken where the key id is known.
    fn signer_at(&self, now: SystemTime) -> &TokenSigner {
        let shortest = self.lifetime.min(SHORTEST_LIFE);
        if self.signer.x5c_valid_until().is_none_or(|until| now + shortest <= until) {
            return &self.signer;
        }
        if !self.certificate_ended.swap(true, Ordering::Relaxed) {
            tracing::error!(
                "the signing certificate has ended: tokens go out without it, and only registries that know the key id \
                 take them; renew it and restart"
            );
        }
        &self.without_x5c
    }

    /// The `iss` of the tokens.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Signs a token for a grant. It outlives neither the grant nor the certificate that travels with it.
    ///
    /// # Errors
    /// See [`IssueError`]; nothing was signed.
    pub fn issue(&self, grant: &Grant, now: SystemTime, random: &dyn Random) -> Result<Issued, IssueError> {
        let access: Vec<ResourceActions<'_>> = grant
            .access()
            .iter()
            .map(|scope| {
                let resource = scope.resource();
                ResourceActions::new(
                    &resource.kind,
                    resource.class.as_deref(),
                    &resource.name,
                    scope.actions().iter(),
                )
            })
            .collect();
        let signer = self.signer_at(now);
        let ends = [grant.valid_until(), signer.x5c_valid_until()];
        let parts = TokenParts {
            issuer: &self.name,
            subject: &grant.identity().account,
            audience: grant.service(),
            access: &access,
            now,
            lifetime: self.lifetime,
            valid_until: ends.into_iter().flatten().min(),
        };
        jwt::issue(signer, &parts, random)
    }
}
