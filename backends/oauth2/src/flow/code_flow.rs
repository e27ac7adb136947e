//! The sign-in itself, the same for every provider of this kind.

use dockgate_api::secrecy::SecretString;
use dockgate_api::{
    Answer, Authenticator, AuthorizeRequest, BackendError, Call, Decision, FlowTerms, Health, Identity,
    Login, LoginFlow, Reason, ReasonCode, Redirect, Renewal, Revalidated, SignIn, SignInAnswer, async_trait,
};

use super::{CodeGrant, Failure, Held, Provider, Tokens, failure};
use crate::token_db::LegacyTokens;

/// What a provider's API says of whoever a token is for.
#[async_trait]
pub(crate) trait Directory: Send + Sync {
    /// Who that is, with labels of today; the subject is what never changes.
    async fn person(&self, provider: &Provider, cx: &Call, token: &SecretString)
    -> Result<Identity, Failure>;
}

/// One link.
pub(crate) struct CodeFlow<D> {
    pub(crate) terms: FlowTerms,
    pub(crate) grant: CodeGrant,
    pub(crate) provider: Provider,
    pub(crate) directory: D,
    pub(crate) legacy: Option<LegacyTokens>,
}

impl<D: Directory> CodeFlow<D> {
    async fn signed_in(&self, cx: &Call, answer: &SignInAnswer) -> Result<SignIn, Failure> {
        let tokens = self.grant.exchange(&self.provider, cx, answer).await?;
        let identity = self.directory.person(&self.provider, cx, &tokens.access).await?;
        sign_in(identity, tokens)
    }

    async fn today(&self, cx: &Call, keep: &SecretString, renewal: &dyn Renewal) -> Result<SignIn, Failure> {
        let mut held = Held::read(keep)?;
        if held.tokens.is_near_end(cx.now()) {
            self.renew(cx, &mut held, renewal).await?;
        }
        let asked = self.directory.person(&self.provider, cx, &held.tokens.access).await;
        let identity = match asked {
            Err(Failure::Lapsed) if self.renew(cx, &mut held, renewal).await? => {
                self.directory.person(&self.provider, cx, &held.tokens.access).await?
            }
            asked => asked?,
        };
        if identity.subject != held.subject {
            let detail = format!("{} says that the token is another person's", self.provider.title());
            return Err(Reason::new(ReasonCode::Removed, detail).into());
        }
        sign_in(identity, held.tokens)
    }

    /// New tokens in place of those held, if the provider gave something to renew them with.
    async fn renew(&self, cx: &Call, held: &mut Held, renewal: &dyn Renewal) -> Result<bool, Failure> {
        let Some(refresh) = held.tokens.refresh.clone() else { return Ok(false) };
        held.tokens = self.grant.refresh(&self.provider, cx, &refresh).await?;
        renewal.renewed(held.write()?).await;
        Ok(true)
    }
}

fn sign_in(identity: Identity, tokens: Tokens) -> Result<SignIn, Failure> {
    let keep = Held { subject: identity.subject.clone(), tokens }.write()?;
    Ok(SignIn::new(identity, keep))
}

#[async_trait]
impl<D: Directory> Authenticator for CodeFlow<D> {
    async fn authenticate(&self, cx: &Call, login: &Login) -> Answer<Identity> {
        if let Some(legacy) = &self.legacy {
            return legacy.authenticate(cx, login).await;
        }
        cx.note(|| "not asked: who signs in here has an app password".to_owned());
        Ok(Decision::NoMatch)
    }

    fn login_flow(&self) -> Option<&dyn LoginFlow> {
        Some(self)
    }

    async fn health(&self, _cx: &Call) -> Health {
        self.provider.health()
    }
}

#[async_trait]
impl<D: Directory> LoginFlow for CodeFlow<D> {
    fn terms(&self) -> &FlowTerms {
        &self.terms
    }

    async fn redirect(&self, _cx: &Call, request: &AuthorizeRequest) -> Result<Redirect, BackendError> {
        self.grant.redirect(request)
    }

    async fn complete(&self, cx: &Call, answer: &SignInAnswer) -> Answer<SignIn> {
        failure::answer(self.signed_in(cx, answer).await)
    }

    async fn revalidate(
        &self,
        cx: &Call,
        keep: &SecretString,
        renewal: &dyn Renewal,
    ) -> Result<Revalidated, BackendError> {
        failure::revalidated(self.today(cx, keep, renewal).await)
    }
}
