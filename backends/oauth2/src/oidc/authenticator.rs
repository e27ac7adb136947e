//! `oidc_auth` and `google_auth`, as links of a chain.

use dockgate_api::{Answer, Authenticator, Call, Decision, Health, Identity, Login, LoginFlow, async_trait};

use super::flow::OidcFlow;
use crate::token_db::LegacyTokens;

/// Checks no passwords but those that docker_auth has left: who signed in has app passwords, which the server knows by
/// itself.
pub(crate) struct OidcAuthenticator {
    pub(crate) flow: OidcFlow,
    pub(crate) legacy: Option<LegacyTokens>,
}

#[async_trait]
impl Authenticator for OidcAuthenticator {
    async fn authenticate(&self, cx: &Call, login: &Login) -> Answer<Identity> {
        match &self.legacy {
            Some(legacy) => legacy.authenticate(cx, login).await,
            None => Ok(Decision::NoMatch),
        }
    }

    fn login_flow(&self) -> Option<&dyn LoginFlow> {
        Some(&self.flow)
    }

    async fn health(&self, _cx: &Call) -> Health {
        self.flow.provider.health()
    }
}
