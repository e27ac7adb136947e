//! A provider that does as its configuration and the code say.

use std::sync::Arc;

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use dockgate_api::secrecy::{ExposeSecret as _, SecretString};
use dockgate_api::{
    Answer, Authenticator, AuthorizeRequest, BackendError, BuildContext, BuildError, Call, Configure,
    Decision, FlowTerms, Identity, Login, LoginFlow, Reason, ReasonCode, Redirect, Renewal, Revalidated,
    SignIn, SignInAnswer, async_trait,
};
use schemars::JsonSchema;
use serde::Deserialize;

/// `flow_auth: {title: Acme}`
#[derive(Clone, Debug, Deserialize, JsonSchema)]
pub(crate) struct FlowScript {
    title: String,
    redirect_uri: Option<String>,
    registry_url: Option<String>,
    /// What its answers must name.
    issuer: Option<String>,
    /// Whether it has a page that ends the session there.
    #[serde(default)]
    logout: bool,
    /// Whether a sign-in cannot even start.
    #[serde(default)]
    down: bool,
}

struct Provider {
    script: FlowScript,
    terms: FlowTerms,
}

impl Configure<dyn Authenticator> for FlowScript {
    fn build(self, _: &BuildContext) -> Result<Arc<dyn Authenticator>, BuildError> {
        let mut terms = FlowTerms::new(&self.title);
        terms.redirect_uri.clone_from(&self.redirect_uri);
        terms.registry.clone_from(&self.registry_url);
        Ok(Arc::new(Provider { script: self, terms }))
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

fn encode(text: &str) -> String {
    form_urlencoded::byte_serialize(text.as_bytes()).collect()
}

#[async_trait]
impl LoginFlow for Provider {
    fn terms(&self) -> &FlowTerms {
        &self.terms
    }

    /// Remembers what it was sent, to compare it when somebody comes back.
    async fn redirect(&self, _: &Call, request: &AuthorizeRequest) -> Result<Redirect, BackendError> {
        if self.script.down {
            return Err(BackendError::Unavailable("canary-of-the-inside".to_owned()));
        }
        let AuthorizeRequest { state, code_challenge, nonce, redirect_uri, .. } = request;
        let mut redirect = Redirect::to(format!(
            "https://provider.example.com/authorize?state={}&code_challenge={}&nonce={}&redirect_uri={}",
            encode(state),
            encode(code_challenge),
            encode(nonce),
            encode(redirect_uri)
        ));
        redirect.remember = Some(SecretString::from(format!("{code_challenge} {nonce} {redirect_uri}")));
        Ok(redirect)
    }

    /// The code says who it is.
    async fn complete(&self, _: &Call, answer: &SignInAnswer) -> Answer<SignIn> {
        let verifier = answer.code_verifier.expose_secret();
        let challenge = URL_SAFE_NO_PAD.encode(digest(&SHA256, verifier.as_bytes()));
        let expected = format!("{challenge} {} {}", answer.nonce, answer.redirect_uri);
        if answer.remembered.as_ref().map(|kept| kept.expose_secret().to_owned()) != Some(expected) {
            return Err(BackendError::Protocol("not what it was sent away with".to_owned()));
        }
        if self.script.issuer.is_some() && answer.issuer != self.script.issuer {
            return Ok(Decision::Deny(Reason::bad_credentials("another issuer")));
        }
        match answer.code.expose_secret() {
            "deny" => Ok(Decision::Deny(Reason::new(ReasonCode::NotMember, "canary-of-the-inside"))),
            "wrong" => Ok(Decision::Deny(Reason::bad_credentials("canary-of-the-inside"))),
            "down" => Err(BackendError::Unavailable("canary-of-the-inside".to_owned())),
            who => {
                let identity = Identity::new(who).with_subject(format!("id-of-{who}"));
                Ok(Decision::Allow(SignIn::new(identity, SecretString::from(who.to_owned()))))
            }
        }
    }

    async fn revalidate(
        &self,
        _: &Call,
        keep: &SecretString,
        _: &dyn Renewal,
    ) -> Result<Revalidated, BackendError> {
        match keep.expose_secret() {
            "leaver" => Ok(Revalidated::Gone(Reason::new(ReasonCode::NotMember, "canary-of-the-inside"))),
            who => {
                let identity = Identity::new(who).with_subject(format!("id-of-{who}"));
                Ok(Revalidated::Current(SignIn::new(identity, keep.clone())))
            }
        }
    }

    async fn sign_out(&self, _: &Call, _: &SecretString, back_to: &str) -> Option<String> {
        let url = || format!("https://provider.example.com/logout?back={}", encode(back_to));
        self.script.logout.then(url)
    }
}
