//! A provider that knows one person, as far as a login with an app password needs one.

use std::sync::Arc;

use dockgate_api::secrecy::SecretString;
use dockgate_api::{
    Answer, Authenticator, AuthorizeRequest, BackendError, BuildContext, BuildError, Call, Configure,
    Decision, FlowTerms, Identity, Login, LoginFlow, Redirect, Renewal, Revalidated, SignIn, SignInAnswer,
    async_trait,
};
use schemars::JsonSchema;
use serde::Deserialize;

use super::ACCOUNT;

/// `provider: {}`
#[derive(Deserialize, JsonSchema)]
pub(super) struct ProviderConfig {}

struct Provider(FlowTerms);

impl Configure<dyn Authenticator> for ProviderConfig {
    fn build(self, _: &BuildContext) -> Result<Arc<dyn Authenticator>, BuildError> {
        Ok(Arc::new(Provider(FlowTerms::new("Provider"))))
    }
}

#[async_trait]
impl Authenticator for Provider {
    async fn authenticate(&self, _: &Call, _: &Login) -> Answer<Identity> {
        Ok(Decision::NoMatch)
    }

    fn login_flow(&self) -> Option<&dyn LoginFlow> {
        Some(self)
    }
}

fn person() -> SignIn {
    SignIn::new(Identity::new(ACCOUNT).with_subject("42"), SecretString::from("refresh-token"))
}

#[async_trait]
impl LoginFlow for Provider {
    fn terms(&self) -> &FlowTerms {
        &self.0
    }

    async fn redirect(&self, _: &Call, _: &AuthorizeRequest) -> Result<Redirect, BackendError> {
        Ok(Redirect::to("https://provider.example"))
    }

    async fn complete(&self, _: &Call, _: &SignInAnswer) -> Answer<SignIn> {
        Ok(Decision::Allow(person()))
    }

    async fn revalidate(
        &self,
        _: &Call,
        _: &SecretString,
        _: &dyn Renewal,
    ) -> Result<Revalidated, BackendError> {
        Ok(Revalidated::Current(person()))
    }
}
