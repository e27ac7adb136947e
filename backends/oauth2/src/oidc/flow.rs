//! The way through the browser.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use dockgate_api::secrecy::{ExposeSecret as _, SecretString};
use dockgate_api::{
    Answer, AuthorizeRequest, BackendError, Call, FlowTerms, LoginFlow, Reason, ReasonCode, Redirect,
    Renewal, Revalidated, SignIn, SignInAnswer, async_trait,
};
use url::Url;

use super::claims::{Claims, Told};
use super::id_token::{self, Distrust, Expected};
use super::keep::Keep;
use super::membership::Membership;
use super::person::{PersonRules, Source};
use super::provider::{Known, Provider};
use super::token_endpoint::TokenEndpoint;
use super::trouble::{self, Trouble};
use super::userinfo::userinfo;

/// What this server is to the provider.
pub(crate) struct Registration {
    pub(crate) client_id: String,
    /// None for a public client, which has PKCE alone.
    pub(crate) client_secret: Option<SecretString>,
    /// In one text.
    pub(crate) scopes: String,
    /// Sent along to the provider's page.
    pub(crate) parameters: Vec<(&'static str, String)>,
    /// One of them must be in `acr`; empty for any.
    pub(crate) acr_values: Vec<String>,
    /// Whether people are signed out at the provider too.
    pub(crate) logout: bool,
}

pub(crate) struct OidcFlow {
    pub(crate) provider: Provider,
    pub(crate) registration: Registration,
    pub(crate) terms: FlowTerms,
    pub(crate) person: PersonRules,
    pub(crate) membership: Option<Arc<dyn Membership>>,
    /// Whether it was said that the provider gives nothing to ask again with.
    pub(crate) said: AtomicBool,
}

/// What somebody reads whose sign-in ends for want of a refresh token, and the administrator at the first sign-in.
const NO_REFRESH_TOKEN: &str = "the provider gives no refresh token: ask for `offline_access` in `scopes` (some providers \
                                want `prompt: consent` with it), and allow it to this client there";

#[async_trait]
impl LoginFlow for OidcFlow {
    fn terms(&self) -> &FlowTerms {
        &self.terms
    }

    async fn redirect(&self, cx: &Call, request: &AuthorizeRequest) -> Result<Redirect, BackendError> {
        let known = self.provider.known(cx).await?;
        let url = Url::parse(&known.document.authorization_endpoint);
        let mut url =
            url.map_err(|_| BackendError::Protocol("`authorization_endpoint` is no URL".to_owned()))?;
        url.query_pairs_mut()
            .append_pair("response_type", "code")
            .append_pair("client_id", &self.registration.client_id)
            .append_pair("redirect_uri", &request.redirect_uri)
            .append_pair("scope", &self.registration.scopes)
            .append_pair("state", &request.state)
            .append_pair("nonce", &request.nonce)
            .append_pair("code_challenge", &request.code_challenge)
            .append_pair("code_challenge_method", "S256")
            .extend_pairs(&self.registration.parameters);
        Ok(Redirect::to(url))
    }

    async fn complete(&self, cx: &Call, answer: &SignInAnswer) -> Answer<SignIn> {
        trouble::answer(self.signed_in(cx, answer).await)
    }

    async fn revalidate(
        &self,
        cx: &Call,
        keep: &SecretString,
        renewal: &dyn Renewal,
    ) -> Result<Revalidated, BackendError> {
        match self.asked_again(cx, Keep::read(keep)?, renewal).await {
            Ok(sign_in) => Ok(Revalidated::Current(sign_in)),
            Err(Trouble::Refused(reason)) => Ok(Revalidated::Gone(reason)),
            Err(Trouble::Distrusted(why)) => Err(BackendError::Protocol(why)),
            Err(Trouble::Failed(error)) => Err(error),
        }
    }

    async fn sign_out(&self, cx: &Call, keep: &SecretString, back_to: &str) -> Option<String> {
        if !self.registration.logout {
            return None;
        }
        let known = self.provider.known(cx).await.ok()?;
        let mut url = Url::parse(known.document.end_session_endpoint.as_ref()?).ok()?;
        let keep = Keep::read(keep).ok();
        let hint = keep.as_ref().and_then(Keep::id_token);
        url.query_pairs_mut()
            .extend_pairs(hint.map(|hint| ("id_token_hint", hint)))
            .append_pair("client_id", &self.registration.client_id)
            .append_pair("post_logout_redirect_uri", back_to);
        Some(url.into())
    }
}

impl OidcFlow {
    async fn signed_in(&self, cx: &Call, answer: &SignInAnswer) -> Result<SignIn, Trouble> {
        let known = self.provider.known(cx).await?;
        self.require_issuer(&known, answer.issuer.as_deref())?;
        let tokens = self.endpoint(&known)?.exchange(cx, answer).await?;
        let Some(id_token) = &tokens.id else {
            let why = "the provider gives no ID token: `openid` must be among `scopes`";
            return Err(BackendError::Protocol(why.to_owned()).into());
        };
        let claims = self.verified(cx, &known, id_token, Some(&answer.nonce), &tokens.access).await?;
        let subject = claims.text("sub").unwrap_or_default().to_owned();
        if tokens.refresh.is_none() && !self.said.swap(true, Ordering::Relaxed) {
            tracing::warn!(
                link = cx.link(),
                "{NO_REFRESH_TOKEN}; until then sign-ins end when the access token does"
            );
        }
        let asked = self.asked(cx, &known, &subject, &tokens.access, Some(&claims)).await?;
        let told = Told { id_token: Some(&claims), userinfo: asked.as_ref(), kept: None };
        self.sign_in(cx, &told, Keep::of(&subject, tokens, None, cx.now())).await
    }

    async fn asked_again(&self, cx: &Call, mut keep: Keep, renewal: &dyn Renewal) -> Result<SignIn, Trouble> {
        let known = self.provider.known(cx).await?;
        let Some(refresh) = keep.refresh() else { return self.asked_once_more(cx, &known, keep).await };
        let tokens = self.endpoint(&known)?.refresh(cx, &refresh).await?;
        // Of the rest nothing is verified yet.
        if keep.renew(&tokens) {
            renewal.renewed(keep.write()?).await;
        }
        let subject = keep.subject.clone();
        let claims = match &tokens.id {
            Some(token) => Some(self.verified(cx, &known, token, None, &tokens.access).await?),
            None => None,
        };
        if claims.as_ref().is_some_and(|claims| claims.text("sub") != Some(&subject)) {
            let why = "the provider's new ID token is another person's (`sub`)";
            return Err(Reason::new(ReasonCode::Removed, why).into());
        }
        let kept = keep.id_token().and_then(id_token::payload);
        let asked = self.asked(cx, &known, &subject, &tokens.access, claims.as_ref()).await?;
        let told = Told { id_token: claims.as_ref(), userinfo: asked.as_ref(), kept: kept.as_ref() };
        self.sign_in(cx, &told, Keep::of(&subject, tokens, Some(keep), cx.now())).await
    }

    /// Without a refresh token there is the access token, as long as it lives.
    async fn asked_once_more(&self, cx: &Call, known: &Known, keep: Keep) -> Result<SignIn, Trouble> {
        let ended = || Trouble::Refused(Reason::new(ReasonCode::Expired, NO_REFRESH_TOKEN));
        let endpoint = known.document.userinfo_endpoint.as_ref().ok_or_else(ended)?;
        let access = keep.access(cx.now()).ok_or_else(ended)?;
        let asked = userinfo(&self.provider.web, cx, endpoint, &access, &keep.subject).await?;
        let kept = keep.id_token().and_then(id_token::payload);
        let told = Told { id_token: None, userinfo: Some(&asked), kept: kept.as_ref() };
        self.sign_in(cx, &told, keep).await
    }

    async fn sign_in(&self, cx: &Call, told: &Told<'_>, keep: Keep) -> Result<SignIn, Trouble> {
        self.require_acr(told)?;
        if let Some(membership) = &self.membership {
            membership.admit(told)?;
        }
        if told.id_token.is_none()
            && self.person.groups.as_ref().is_some_and(|groups| groups.from == Some(Source::IdToken))
        {
            let why =
                "the provider gives no new ID token, and groups are to come from one: write `from: userinfo`";
            return Err(Trouble::Distrusted(why.to_owned()));
        }
        let mut identity = self.person.identity(&self.provider.issuer, told)?;
        if let Some(membership) = &self.membership {
            identity = membership.complete(cx, identity).await?;
        }
        Ok(SignIn::new(identity, keep.write()?))
    }

    /// The userinfo endpoint's claims, where they are needed.
    async fn asked(
        &self,
        cx: &Call,
        known: &Known,
        subject: &str,
        access: &SecretString,
        id_token: Option<&Claims>,
    ) -> Result<Option<Claims>, Trouble> {
        let is_wanted = id_token.is_none_or(|claims| self.person.want_userinfo(claims));
        let Some(endpoint) = known.document.userinfo_endpoint.as_ref().filter(|_| is_wanted) else {
            return Ok(None);
        };
        match userinfo(&self.provider.web, cx, endpoint, access, subject).await {
            // The token was made a moment ago: it is not the person who is refused.
            Err(Trouble::Refused(_)) => {
                let why = "userinfo refuses the access token that the provider has just made: is it meant for another API, by one \
                           of the `scopes`?";
                Err(BackendError::Protocol(why.to_owned()).into())
            }
            other => other.map(Some),
        }
    }

    /// The claims of an ID token. A key that is not known may be new.
    async fn verified(
        &self,
        cx: &Call,
        known: &Arc<Known>,
        token: &SecretString,
        nonce: Option<&str>,
        access: &SecretString,
    ) -> Result<Claims, Trouble> {
        let expected = Expected {
            issuer: &self.provider.issuer,
            client_id: &self.registration.client_id,
            nonce,
            access_token: Some(access),
            now: cx.now(),
        };
        let mut distrust = match id_token::verify(token.expose_secret(), &known.keys, &expected) {
            Ok(claims) => return Ok(claims),
            Err(distrust) => distrust,
        };
        if let Distrust::Key(_) = &distrust
            && let Some(newer) = self.provider.other_keys(cx, known).await?
        {
            match id_token::verify(token.expose_secret(), &newer.keys, &expected) {
                Ok(claims) => return Ok(claims),
                Err(again) => distrust = again,
            }
        }
        let (Distrust::Key(why) | Distrust::Token(why)) = distrust;
        Err(Trouble::Distrusted(why))
    }

    fn endpoint<'a>(&'a self, known: &Known) -> Result<TokenEndpoint<'a>, BackendError> {
        let registration = &self.registration;
        let secret = registration.client_secret.as_ref();
        TokenEndpoint::of(known, &self.provider.web, &registration.client_id, secret)
    }

    /// Another provider may have sent the browser here, to get a code of this one's (RFC 9207).
    fn require_issuer(&self, known: &Known, named: Option<&str>) -> Result<(), Trouble> {
        let is_right = match named {
            Some(named) => named == self.provider.issuer,
            None => !known.document.names_itself(),
        };
        if is_right {
            return Ok(());
        }
        let why = "the browser comes from another provider, or from one that does not say who it is (`iss`, RFC 9207)";
        Err(Trouble::Distrusted(why.to_owned()))
    }

    fn require_acr(&self, told: &Told<'_>) -> Result<(), Trouble> {
        let wanted = &self.registration.acr_values;
        let said = told.ever().find_map(|claims| claims.text("acr"));
        if wanted.is_empty() || said.is_some_and(|said| wanted.iter().any(|known| known == said)) {
            return Ok(());
        }
        let why = "the provider has not signed the person in as strongly as `acr_values` asks";
        Err(Reason::new(ReasonCode::Forbidden, why).into())
    }
}
