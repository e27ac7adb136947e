//! An authenticator that does as its configuration says.

use std::sync::Arc;
use std::time::Duration;

use dockgate_api::{
    ActionSet, Actions, Answer, Authenticator, BackendError, BuildContext, BuildError, Call, Configure,
    Decision, Identity, Login, Reason, Restriction, ScopeLimit, async_trait,
};
use schemars::JsonSchema;
use serde::Deserialize;

use super::gate::Gate;

/// `script_authn: {says: allow, as: "from-directory"}`
#[derive(Debug, Deserialize, JsonSchema)]
pub(super) struct AuthnScript {
    says: Says,
    /// The account that it makes of any; the one that logs in if not given.
    #[serde(rename = "as")]
    account: Option<String>,
    /// What stays the same when the account is renamed; the account itself if not given.
    subject: Option<String>,
    /// The only accounts that it knows.
    knows: Option<Vec<String>>,
    /// For how many milliseconds its word counts.
    lasts_ms: Option<u64>,
    /// Scopes that its identities cannot exceed.
    limits: Option<Vec<String>>,
    /// What its errors and refusals say.
    detail: Option<String>,
    /// Where it waits first.
    gate: Option<String>,
    #[serde(default)]
    anonymous: bool,
}

/// What it answers.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum Says {
    Allow,
    Deny,
    NoMatch,
    Unavailable,
    Timeout,
    Protocol,
    Overloaded,
    Hangs,
}

impl Says {
    /// The error that it stands for, if it stands for one.
    pub(super) async fn error(self, detail: Option<&str>) -> Option<BackendError> {
        let detail = detail.unwrap_or_default().to_owned();
        match self {
            Self::Allow | Self::Deny | Self::NoMatch => None,
            Self::Unavailable => Some(BackendError::Unavailable(detail)),
            Self::Timeout => Some(BackendError::Timeout(detail)),
            Self::Protocol => Some(BackendError::Protocol(detail)),
            Self::Overloaded => Some(BackendError::Overloaded {
                detail: "full".to_owned(),
                retry_after: Duration::from_secs(17),
            }),
            Self::Hangs => std::future::pending().await,
        }
    }
}

impl Configure<dyn Authenticator> for AuthnScript {
    fn build(self, _: &BuildContext) -> Result<Arc<dyn Authenticator>, BuildError> {
        Ok(Arc::new(self))
    }
}

#[async_trait]
impl Authenticator for AuthnScript {
    async fn authenticate(&self, cx: &Call, login: &Login) -> Answer<Identity> {
        if let Some(gate) = &self.gate {
            Gate::named(gate).pass().await;
        }
        if self.knows.as_ref().is_some_and(|known| !known.contains(&login.account)) {
            return Ok(Decision::NoMatch);
        }
        if let Some(error) = self.says.error(self.detail.as_deref()).await {
            return Err(error);
        }
        Ok(match self.says {
            Says::Allow => Decision::Allow(self.identity(cx, login)),
            Says::Deny => Decision::Deny(Reason::bad_credentials(self.detail.clone().unwrap_or_default())),
            _ => Decision::NoMatch,
        })
    }

    fn answers_without_proof(&self, _: &str) -> bool {
        self.anonymous
    }
}

impl AuthnScript {
    fn identity(&self, cx: &Call, login: &Login) -> Identity {
        let identity = Identity::new(self.account.as_ref().unwrap_or(&login.account));
        let subject = self.subject.clone().unwrap_or_else(|| identity.account.clone());
        let identity = identity.with_subject(subject);
        let identity =
            identity.with_expires_at(self.lasts_ms.map(|lasts| cx.now() + Duration::from_millis(lasts)));
        match &self.limits {
            Some(limits) => {
                identity.restricted_to(Restriction::to(limits.iter().map(|text| limit(text)).collect()))
            }
            None => identity,
        }
    }
}

fn limit(text: &str) -> ScopeLimit {
    let (kind, rest) = text.split_once(':').unwrap();
    let (name, actions) = rest.rsplit_once(':').unwrap();
    let actions: ActionSet = actions.split(',').collect();
    let actions = if actions.contains("*") { Actions::All } else { Actions::Only(actions) };
    ScopeLimit::new(kind, name, actions)
}
