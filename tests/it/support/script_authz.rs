//! An authorizer that does as its configuration says.

use std::sync::Arc;
use std::time::Duration;

use dockgate_api::{
    AccessRequest, ActionSet, Actions, Answer, Authorizer, Because, BuildContext, BuildError, Call,
    Configure, Decision, Granted, Reason, ReasonCode, async_trait,
};
use schemars::JsonSchema;
use serde::Deserialize;

use super::script_authn::Says;

/// `script_authz: {says: allow, grants: [pull]}`
#[derive(Debug, Deserialize, JsonSchema)]
pub(super) struct AuthzScript {
    says: Says,
    /// What it allows, whatever was asked; everything if not given.
    grants: Option<Vec<String>>,
    /// Refuses everything as soon as anything else than `grants` is asked, and else allows all.
    #[serde(default)]
    all_or_nothing: bool,
    /// The only repository that it knows.
    name: Option<String>,
    /// For how many milliseconds its permission lasts.
    lasts_ms: Option<u64>,
    /// What its errors and refusals say.
    detail: Option<String>,
}

impl Configure<dyn Authorizer> for AuthzScript {
    fn build(self, _: &BuildContext) -> Result<Arc<dyn Authorizer>, BuildError> {
        Ok(Arc::new(self))
    }
}

#[async_trait]
impl Authorizer for AuthzScript {
    async fn authorize(&self, cx: &Call, request: &AccessRequest<'_>) -> Answer<Granted> {
        if self.name.as_ref().is_some_and(|name| *name != request.resource.name) {
            return Ok(Decision::NoMatch);
        }
        if let Some(error) = self.says.error(self.detail.as_deref()).await {
            return Err(error);
        }
        let detail = || self.detail.clone().unwrap_or_default();
        Ok(match self.says {
            Says::Allow if self.all_or_nothing && !self.knows_all(request.actions) => {
                Decision::Deny(Reason::new(ReasonCode::Forbidden, detail()))
            }
            Says::Allow => Decision::Allow(self.granted(cx)),
            Says::Deny => Decision::Deny(Reason::new(ReasonCode::Forbidden, detail())),
            _ => Decision::NoMatch,
        })
    }
}

impl AuthzScript {
    fn knows_all(&self, asked: &ActionSet) -> bool {
        let grants = self.grants.as_deref().unwrap_or_default();
        asked.iter().all(|action| grants.iter().any(|granted| granted == action))
    }

    fn granted(&self, cx: &Call) -> Granted {
        let actions = match &self.grants {
            Some(grants) if !self.all_or_nothing => Actions::Only(grants.iter().cloned().collect()),
            _ => Actions::All,
        };
        let until = self.lasts_ms.map(|lasts| cx.now() + Duration::from_millis(lasts));
        Granted::new(actions, Because::at("script")).with_valid_until(until)
    }
}
