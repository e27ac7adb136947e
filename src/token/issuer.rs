use std::fmt;
use std::time::{Duration, SystemTime};

use dockgate_api::Random;

use super::claims::Access;
use super::jwt::{self, IssueError, Issued, TokenParts, TokenSigner};
use crate::access::Grant;

/// Signs grants: the one public way to a token.
#[derive(Debug)]
pub struct Issuer {
    name: String,
    lifetime: Duration,
    signer: TokenSigner,
}

impl fmt::Display for Issuer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}

impl Issuer {
    /// An issuer under a name, the `iss` of its tokens, which live for `lifetime`.
    pub fn new(name: impl Into<String>, lifetime: Duration, signer: TokenSigner) -> Self {
        Self { name: name.into(), lifetime, signer }
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
        let access: Vec<Access<'_>> = grant
            .access()
            .iter()
            .map(|scope| {
                let resource = scope.resource();
                Access::new(&resource.kind, resource.class.as_deref(), &resource.name, scope.actions().iter())
            })
            .collect();
        let ends = [grant.valid_until(), self.signer.x5c_valid_until()];
        let parts = TokenParts {
            issuer: &self.name,
            subject: &grant.identity().account,
            audience: grant.service(),
            access: &access,
            now,
            lifetime: self.lifetime,
            valid_until: ends.into_iter().flatten().min(),
        };
        jwt::issue(&self.signer, &parts, random)
    }
}
