//! Why a sign-in came to nothing.

use dockgate_api::{Answer, BackendError, Decision, Reason, SignIn};

#[derive(Debug)]
pub(crate) enum Trouble {
    /// The provider does not want this person here, or this site does not.
    Refused(Reason),
    /// What the provider said does not prove what it should. At a sign-in somebody may be trying something; later, when no
    /// browser has a hand in it, the provider is at fault.
    Distrusted(String),
    /// The question could not be answered.
    Failed(BackendError),
}

impl From<BackendError> for Trouble {
    fn from(error: BackendError) -> Self {
        Self::Failed(error)
    }
}

impl From<Reason> for Trouble {
    fn from(reason: Reason) -> Self {
        Self::Refused(reason)
    }
}

/// What becomes of somebody who came back from the provider.
pub(crate) fn answer(signed_in: Result<SignIn, Trouble>) -> Answer<SignIn> {
    match signed_in {
        Ok(sign_in) => Ok(Decision::Allow(sign_in)),
        Err(Trouble::Refused(reason)) => Ok(Decision::Deny(reason)),
        Err(Trouble::Distrusted(why)) => Ok(Decision::Deny(Reason::bad_credentials(why))),
        Err(Trouble::Failed(error)) => Err(error),
    }
}
