//! The token endpoint (RFC 6749, sections 4.1.3 and 6; RFC 7636, section 4.5).

use std::borrow::Cow;
use std::fmt;
use std::time::Duration;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD_NO_PAD;
use dockgate_api::secrecy::{ExposeSecret as _, SecretString};
use dockgate_api::{BackendError, Call, Reason, ReasonCode, SignInAnswer};
use oauth2::basic::{
    BasicErrorResponse, BasicErrorResponseType, BasicRevocationErrorResponse,
    BasicTokenIntrospectionResponse, BasicTokenType,
};
use oauth2::{
    AuthType, AuthorizationCode, Client, ClientId, ClientSecret, EndpointNotSet, EndpointSet,
    ExtraTokenFields, PkceCodeVerifier, RedirectUrl, RefreshToken, RequestTokenError, StandardRevocableToken,
    StandardTokenResponse, TokenResponse as _, TokenUrl,
};
use serde::{Deserialize, Serialize};
use url::form_urlencoded::byte_serialize;

use super::provider::Known;
use super::trouble::Trouble;
use super::web::{TokenClient, Web};
use crate::client::{ForCall, NoAnswer};
use crate::flow::error_word;

/// The ID token as it stands there: it is read only where it can be verified.
#[derive(Clone, Deserialize, Serialize)]
struct IdTokenField {
    id_token: Option<String>,
}

impl fmt::Debug for IdTokenField {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("IdTokenField")
    }
}

impl ExtraTokenFields for IdTokenField {}

type Answer = StandardTokenResponse<IdTokenField, BasicTokenType>;
type Asker = Client<
    BasicErrorResponse,
    Answer,
    BasicTokenIntrospectionResponse,
    StandardRevocableToken,
    BasicRevocationErrorResponse,
    EndpointNotSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointSet,
>;

/// What the provider gave.
pub(crate) struct Tokens {
    pub(crate) access: SecretString,
    pub(crate) lives: Option<Duration>,
    pub(crate) refresh: Option<SecretString>,
    pub(crate) id: Option<SecretString>,
}

/// The endpoint of one provider, asked by one client.
pub(crate) struct TokenEndpoint<'a> {
    web: &'a Web,
    secret: Option<&'a SecretString>,
    asker: Asker,
}

impl<'a> TokenEndpoint<'a> {
    pub(crate) fn of(
        known: &Known,
        web: &'a Web,
        client_id: &str,
        secret: Option<&'a SecretString>,
    ) -> Result<Self, BackendError> {
        let url = TokenUrl::new(known.document.token_endpoint.clone());
        let url = url.map_err(|_| BackendError::Protocol("`token_endpoint` is no URL".to_owned()))?;
        let mut asker = Client::new(ClientId::new(client_id.to_owned())).set_token_uri(url);
        if let Some(secret) = secret {
            asker = asker.set_client_secret(ClientSecret::new(secret.expose_secret().to_owned()));
        }
        if known.document.wants_secret_in_body() {
            asker = asker.set_auth_type(AuthType::RequestBody);
        }
        Ok(Self { web, secret, asker })
    }

    /// Exchanges the code of a callback.
    ///
    /// # Errors
    /// If the provider refuses it, or cannot be asked.
    pub(crate) async fn exchange(&self, cx: &Call, answer: &SignInAnswer) -> Result<Tokens, Trouble> {
        let back = RedirectUrl::new(answer.redirect_uri.clone());
        let back = back.map_err(|_| BackendError::Protocol("our own callback is no URL".to_owned()))?;
        let cx = self.web.in_time(cx);
        let client = TokenClient(ForCall { client: self.web.client.as_ref(), cx: &cx });
        let request = self
            .asker
            .exchange_code(AuthorizationCode::new(answer.code.expose_secret().to_owned()))
            .set_pkce_verifier(PkceCodeVerifier::new(answer.code_verifier.expose_secret().to_owned()))
            .set_redirect_uri(Cow::Owned(back));
        let sent = [&answer.code, &answer.code_verifier];
        request.request_async(&client).await.map(Tokens::from).map_err(|error| {
            match self.refused(error, &sent) {
                Ok(said) => Reason::bad_credentials(format!("the provider refused the code: {said}")).into(),
                Err(error) => error.into(),
            }
        })
    }

    /// Asks for new tokens.
    ///
    /// # Errors
    /// If the provider has ended the sign-in, or cannot be asked.
    pub(crate) async fn refresh(&self, cx: &Call, token: &SecretString) -> Result<Tokens, Trouble> {
        let refresh = RefreshToken::new(token.expose_secret().to_owned());
        let cx = self.web.in_time(cx);
        let client = TokenClient(ForCall { client: self.web.client.as_ref(), cx: &cx });
        let answer = self.asker.exchange_refresh_token(&refresh).request_async(&client).await;
        answer.map(Tokens::from).map_err(|error| match self.refused(error, &[token]) {
            Ok(said) => {
                let why = format!("the provider has ended the sign-in: {said}");
                Reason::new(ReasonCode::Removed, why).into()
            }
            Err(error) => error.into(),
        })
    }

    /// What the provider says of a grant that is no good; otherwise why there is no answer.
    fn refused(
        &self,
        error: RequestTokenError<NoAnswer, BasicErrorResponse>,
        sent: &[&SecretString],
    ) -> Result<String, BackendError> {
        let failed = |why: &str| Err(BackendError::Protocol(format!("the token endpoint: {why}")));
        match error {
            RequestTokenError::Request(NoAnswer(error)) => Err(error),
            RequestTokenError::ServerResponse(response) => {
                let said = self.said(&response, sent);
                match response.error() {
                    BasicErrorResponseType::InvalidGrant => Ok(said),
                    BasicErrorResponseType::InvalidClient | BasicErrorResponseType::UnauthorizedClient => {
                        failed(&format!(
                            "{said}: compare `client_id` and `client_secret` with the provider's"
                        ))
                    }
                    _ => failed(&said),
                }
            }
            // What these hold is the answer, and may be a token.
            RequestTokenError::Parse(..) => failed("the answer cannot be read"),
            RequestTokenError::Other(_) => failed("the answer is none of a token endpoint's"),
        }
    }

    /// The provider's words, if none of ours are among them, plain or as they stand in the head of a request.
    fn said(&self, response: &BasicErrorResponse, sent: &[&SecretString]) -> String {
        let code = error_word(response.error().as_ref());
        let Some(words) = response.error_description() else { return code.to_owned() };
        let mut secrets = sent.iter().copied().chain(self.secret);
        let is_echo = secrets.any(|secret| words.contains(secret.expose_secret()));
        if is_echo || self.basic().is_some_and(|basic| words.contains(&basic)) {
            return code.to_owned();
        }
        format!("{code} ({})", clean(words, 300))
    }

    /// Id and secret as HTTP has them (RFC 6749, section 2.3.1).
    fn basic(&self) -> Option<String> {
        let encoded = |text: &str| byte_serialize(text.as_bytes()).collect::<String>();
        let secret = encoded(self.secret?.expose_secret());
        Some(BASE64_STANDARD_NO_PAD.encode(format!("{}:{secret}", encoded(self.asker.client_id()))))
    }
}

impl From<Answer> for Tokens {
    fn from(answer: Answer) -> Self {
        let refresh = answer.refresh_token().map(|token| token.secret().clone());
        Self {
            access: answer.access_token().secret().clone().into(),
            lives: answer.expires_in(),
            refresh: refresh.filter(|token| !token.is_empty()).map(SecretString::from),
            id: answer.extra_fields().id_token.clone().map(SecretString::from),
        }
    }
}

/// In one line, and not for ever.
fn clean(text: &str, longest: usize) -> String {
    text.chars().filter(|c| !c.is_control()).take(longest).collect()
}
