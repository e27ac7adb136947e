//! The two ways not to sign in.

use dockgate_api::{Answer, BackendError, Decision, Reason, ReasonCode, Revalidated, SignIn};

/// Why there is no sign-in.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The provider says no, or what it says is not enough.
    Refused(Reason),
    /// The provider takes the access token no longer.
    Lapsed,
    /// Nobody can say.
    Failed(BackendError),
}

impl From<Reason> for Failure {
    fn from(reason: Reason) -> Self {
        Self::Refused(reason)
    }
}

impl From<BackendError> for Failure {
    fn from(error: BackendError) -> Self {
        Self::Failed(error)
    }
}

/// What it comes to at a sign-in.
pub(crate) fn answer(result: Result<SignIn, Failure>) -> Answer<SignIn> {
    match result {
        Ok(sign_in) => Ok(Decision::Allow(sign_in)),
        Err(Failure::Refused(reason)) => Ok(Decision::Deny(reason)),
        Err(Failure::Lapsed) => {
            Ok(Decision::Deny(Reason::bad_credentials("the provider does not take the token that it gave")))
        }
        Err(Failure::Failed(error)) => Err(error),
    }
}

/// What it comes to later.
pub(crate) fn revalidated(result: Result<SignIn, Failure>) -> Result<Revalidated, BackendError> {
    match result {
        Ok(sign_in) => Ok(Revalidated::Current(sign_in)),
        Err(Failure::Refused(reason)) => Ok(Revalidated::Gone(reason)),
        Err(Failure::Lapsed) => {
            let detail = "the provider takes the token no longer: revoked there, or at its end";
            Ok(Revalidated::Gone(Reason::new(ReasonCode::Removed, detail)))
        }
        Err(Failure::Failed(error)) => Err(error),
    }
}
