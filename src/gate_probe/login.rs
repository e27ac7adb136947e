//! What the account shows at the registry: its password, or a token.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use dockgate_api::secrecy::ExposeSecret as _;

use super::Account;
use super::challenge::Challenge;
use super::place::Place;
use super::prober::Prober;
use super::report::Broken;
use super::request::Request;

/// The value of `Authorization` with a password.
pub(super) fn basic(account: &str, password: &str) -> String {
    format!("Basic {}", STANDARD.encode(format!("{account}:{password}")))
}

fn password_of(account: &Account) -> String {
    basic(&account.name, account.password.expose_secret())
}

impl Prober<'_> {
    /// What the account shows for something; nothing if there is no account, or no challenge.
    ///
    /// # Errors
    /// Why it has nothing to show.
    pub(super) async fn login_for(&self, scope: Option<&str>) -> Result<Option<String>, Broken> {
        let Some(account) = &self.plan.account else { return Ok(None) };
        match &self.challenge {
            None => Ok(None),
            Some(Challenge::Basic) => Ok(Some(password_of(account))),
            Some(Challenge::Bearer { .. }) => {
                self.token(Some(&password_of(account)), scope).await.map(|token| Some(bearer(&token)))
            }
        }
    }

    /// The URL of the realm with a question for a token.
    ///
    /// # Errors
    /// If passwords may not go there.
    pub(super) fn realm(&self, scope: Option<&str>) -> Result<(Place, Request), Broken> {
        let Some(Challenge::Bearer { realm, service }) = &self.challenge else {
            return Err(Broken("the registry asks for no tokens".to_owned()));
        };
        let place = Place::parse(realm, self.plan.allow_http);
        let place = place.map_err(|why| Broken(format!("the realm of the challenge: {why}")))?;
        let mut query = form_urlencoded::Serializer::new(String::new());
        query.append_pair("service", service);
        if let Some(scope) = scope {
            query.append_pair("scope", scope);
        }
        let mark = if place.target.contains('?') { '&' } else { '?' };
        let target = format!("{}{mark}{}", place.target, query.finish());
        Ok((place, Request::get(target)))
    }

    /// A token for somebody, or for nobody in particular.
    ///
    /// # Errors
    /// Why there is none.
    pub(super) async fn token(&self, login: Option<&str>, scope: Option<&str>) -> Result<String, Broken> {
        let (place, request) = self.realm(scope)?;
        let request = request.by(login.map(str::to_owned));
        let answer = self.ask_at(&place, &request).await?;
        let token = answer.json().filter(|_| answer.status == 200).and_then(|document| {
            let token = document.get("token").or_else(|| document.get("access_token"));
            token.and_then(|token| token.as_str()).filter(|token| is_token(token)).map(str::to_owned)
        });
        token.ok_or_else(|| Broken(format!("{request} at {place}: no token, {}", answer.status)))
    }
}

/// The value of `Authorization` with a token.
pub(super) fn bearer(token: &str) -> String {
    format!("Bearer {token}")
}

/// It goes into a header.
fn is_token(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic())
}
