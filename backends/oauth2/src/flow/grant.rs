//! The code grant (RFC 6749, section 4.1) with PKCE, and what renews its tokens (section 6).

use std::time::{Duration, SystemTime};

use dockgate_api::secrecy::{ExposeSecret as _, SecretString};
use dockgate_api::{
    AuthorizeRequest, BackendError, Call, HttpClient, Reason, ReasonCode, Redirect, SignInAnswer,
};
use oauth2::basic::{BasicClient, BasicErrorResponse, BasicTokenResponse};
use oauth2::{
    AuthType, AuthUrl, AuthorizationCode, ClientId, ClientSecret, CsrfToken, PkceCodeVerifier, RedirectUrl,
    RefreshToken, RequestTokenError, Scope, TokenResponse as _, TokenUrl,
};
use url::Url;

use super::Failure;
use crate::client::{ForCall, NoAnswer};

/// Before it ends, an access token is as good as ended: what is asked with it takes time.
const NEAR: Duration = Duration::from_mins(5);

/// One client at one provider.
pub(crate) struct CodeGrant {
    /// The provider's name, for messages.
    pub(crate) title: &'static str,
    pub(crate) client_id: String,
    pub(crate) client_secret: Option<SecretString>,
    pub(crate) authorize: Url,
    pub(crate) token: Url,
    pub(crate) scopes: &'static [&'static str],
}

/// What the provider gives for a code.
#[derive(Clone)]
pub(crate) struct Tokens {
    pub(crate) access: SecretString,
    pub(crate) refresh: Option<SecretString>,
    /// When the access token ends, if the provider says.
    pub(crate) expires_at: Option<SystemTime>,
}

impl Tokens {
    /// Whether the access token has ended, or does before it is of use.
    pub(crate) fn is_near_end(&self, now: SystemTime) -> bool {
        self.expires_at.is_some_and(|end| !end.duration_since(now).is_ok_and(|left| left >= NEAR))
    }
}

type Client = BasicClient<
    oauth2::EndpointSet,
    oauth2::EndpointNotSet,
    oauth2::EndpointNotSet,
    oauth2::EndpointNotSet,
    oauth2::EndpointSet,
>;
type TokenError = RequestTokenError<NoAnswer, BasicErrorResponse>;

impl CodeGrant {
    /// The provider's page, with all its parameters.
    pub(crate) fn redirect(&self, request: &AuthorizeRequest) -> Result<Redirect, BackendError> {
        let client = self.client().set_redirect_uri(redirect_url(&request.redirect_uri)?);
        let state = request.state.clone();
        let url = client
            .authorize_url(|| CsrfToken::new(state))
            .add_scopes(self.scopes.iter().map(|scope| Scope::new((*scope).to_owned())))
            .add_extra_param("code_challenge", &request.code_challenge)
            .add_extra_param("code_challenge_method", "S256");
        Ok(Redirect::to(url.url().0))
    }

    /// Tokens for a code.
    pub(crate) async fn exchange(
        &self,
        http: &dyn HttpClient,
        cx: &Call,
        answer: &SignInAnswer,
    ) -> Result<Tokens, Failure> {
        let client = self.client().set_redirect_uri(redirect_url(&answer.redirect_uri)?);
        let verifier = PkceCodeVerifier::new(answer.code_verifier.expose_secret().to_owned());
        let request = client
            .exchange_code(AuthorizationCode::new(answer.code.expose_secret().to_owned()))
            .set_pkce_verifier(verifier);
        let answered = request.request_async(&ForCall { client: http, cx }).await;
        let tokens = answered.map_err(|error| self.failure(error, ReasonCode::BadCredentials))?;
        Ok(read(&tokens, cx.now()))
    }

    /// Tokens for a refresh token. A provider that gives no new one means the same to be used again.
    pub(crate) async fn refresh(
        &self,
        http: &dyn HttpClient,
        cx: &Call,
        refresh: &SecretString,
    ) -> Result<Tokens, Failure> {
        let client = self.client();
        let with = RefreshToken::new(refresh.expose_secret().to_owned());
        let answered =
            client.exchange_refresh_token(&with).request_async(&ForCall { client: http, cx }).await;
        let tokens = answered.map_err(|error| self.failure(error, ReasonCode::Removed))?;
        let mut tokens = read(&tokens, cx.now());
        tokens.refresh.get_or_insert_with(|| refresh.clone());
        Ok(tokens)
    }

    fn client(&self) -> Client {
        let client = BasicClient::new(ClientId::new(self.client_id.clone()))
            .set_auth_uri(AuthUrl::from_url(self.authorize.clone()))
            .set_token_uri(TokenUrl::from_url(self.token.clone()))
            .set_auth_type(AuthType::RequestBody);
        match &self.client_secret {
            Some(secret) => client.set_client_secret(ClientSecret::new(secret.expose_secret().to_owned())),
            None => client,
        }
    }

    /// Which answers are about the person, and which about us or the provider. Of what the provider writes, only its
    /// code is repeated: the rest may hold what was sent.
    fn failure(&self, error: TokenError, code: ReasonCode) -> Failure {
        let title = self.title;
        let word = match error {
            RequestTokenError::Request(NoAnswer(error)) => return Failure::Failed(error),
            RequestTokenError::ServerResponse(answer) => answer.error().as_ref().to_owned(),
            // GitHub writes its refusals with status 200.
            RequestTokenError::Parse(_, body) => match serde_json::from_slice::<BasicErrorResponse>(&body) {
                Ok(answer) => answer.error().as_ref().to_owned(),
                Err(_) => return nonsense(title, "no JSON document of OAuth 2.0"),
            },
            RequestTokenError::Other(_) => return nonsense(title, "no JSON document"),
        };
        match word.as_str() {
            "invalid_grant"
            | "bad_verification_code"
            | "bad_refresh_token"
            | "access_denied"
            | "expired_token"
            | "unverified_user_email" => {
                let detail = format!("{title} refused: {word}");
                Failure::Refused(Reason::new(code, detail))
            }
            "invalid_client" | "incorrect_client_credentials" | "unauthorized_client" => {
                let cure = "correct `client_id` and `client_secret`";
                Failure::Failed(BackendError::Protocol(format!("{title} does not know us ({word}): {cure}")))
            }
            "redirect_uri_mismatch" => {
                let detail = format!("{title} knows us with another callback: register this server's there");
                Failure::Failed(BackendError::Protocol(detail))
            }
            "temporarily_unavailable" | "server_error" => {
                Failure::Failed(BackendError::Unavailable(format!("{title} answers {word}")))
            }
            word => nonsense(title, &format!("the error {:?}", error_word(word))),
        }
    }
}

fn nonsense(title: &str, what: &str) -> Failure {
    Failure::Failed(BackendError::Protocol(format!("{title} answered our request for a token with {what}")))
}

/// The code of an error (RFC 6749, section 5.2), if it looks like one: another may be what we sent.
pub(crate) fn error_word(word: &str) -> &str {
    let is_one = word.len() <= 60 && word.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_');
    if is_one { word } else { "an unusual one" }
}

fn redirect_url(text: &str) -> Result<RedirectUrl, BackendError> {
    RedirectUrl::new(text.to_owned())
        .map_err(|_| BackendError::Protocol("the callback is no URL: correct `redirect_uri`".to_owned()))
}

fn read(tokens: &BasicTokenResponse, now: SystemTime) -> Tokens {
    // For ever is too long for a sum.
    let life = tokens.expires_in().map(|life| life.min(Duration::from_hours(10 * 365 * 24)));
    Tokens {
        access: tokens.access_token().secret().as_str().into(),
        refresh: tokens.refresh_token().map(|token| token.secret().as_str().into()),
        expires_at: life.and_then(|life| now.checked_add(life)),
    }
}
