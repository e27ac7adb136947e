use std::collections::HashMap;
use std::fmt;
use std::time::{Duration, SystemTime};

use dockgate_api::Random;

use super::claims::ResourceActions;
use super::jwt::{self, IssueError, Issued, TokenParts};
use super::profile::Profile;
use super::reuse::{Reuse, Saying};
use crate::access::Grant;

/// Signs grants: the one public way to a token.
#[derive(Debug)]
pub struct Issuer {
    name: String,
    default: Option<Profile>,
    services: HashMap<String, Profile>,
    reuse: Option<Reuse>,
}

impl fmt::Display for Issuer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}

impl Issuer {
    /// An issuer under a name, the `iss` of its tokens. Services that are not among these get the default profile, or no
    /// tokens if there is none.
    pub fn new(
        name: impl Into<String>,
        default: Option<Profile>,
        services: HashMap<String, Profile>,
    ) -> Self {
        Self { name: name.into(), default, services, reuse: None }
    }

    /// The same, handing a signed token out again to whoever is to have the same within so long.
    #[must_use]
    pub fn with_reuse(mut self, fresh_for: Duration) -> Self {
        self.reuse = (!fresh_for.is_zero()).then(|| Reuse::new(fresh_for));
        self
    }

    /// The `iss` of the tokens.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// How tokens for a service are signed.
    pub fn profile(&self, service: &str) -> Option<&Profile> {
        self.services.get(service).or(self.default.as_ref())
    }

    /// How long a token for a service would live that may not outlive `valid_until`, in seconds, and whether the
    /// certificate would travel with it. Nothing is signed.
    ///
    /// # Errors
    /// Why there would be none.
    pub fn outlook(
        &self,
        service: &str,
        valid_until: Option<SystemTime>,
        now: SystemTime,
    ) -> Result<(u64, bool), IssueError> {
        let profile = self.profile(service).ok_or(IssueError::UnknownService)?;
        let x5c_until = profile.signer_for(now).x5c_valid_until();
        let ends = [valid_until, x5c_until].into_iter().flatten().min();
        Ok((jwt::life(now, profile.lifetime(), ends)?, x5c_until.is_some()))
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
        let profile = self.profile(grant.service()).ok_or(IssueError::UnknownService)?;
        let signer = profile.signer_at(now);
        let ends = [grant.valid_until(), signer.x5c_valid_until()];
        let valid_until = ends.into_iter().flatten().min();
        let (subject, audience) = (&grant.identity().account, grant.service());
        let x5c = signer.x5c_valid_until().is_some();
        let reuse = self.reuse.as_ref().map(|reuse| (reuse, Saying::of(subject, audience, x5c, &access)));
        if let Some((reuse, saying)) = &reuse
            && let Some(again) = reuse.find(saying, now, valid_until)
        {
            return Ok(again);
        }
        let parts = TokenParts {
            issuer: &self.name,
            subject,
            audience,
            access: &access,
            now,
            lifetime: profile.lifetime(),
            valid_until,
        };
        let issued = jwt::issue(signer, &parts, random)?;
        if let Some((reuse, saying)) = reuse {
            reuse.keep(saying, now, &issued);
        }
        Ok(issued)
    }
}
