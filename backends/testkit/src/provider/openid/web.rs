//! The pages: signing in, and signing out.

use super::super::grants::Unwelcome;
use super::super::{Asked, Reply, lock, page};
use super::state::State;
use super::{Attack, Double};

impl Double {
    pub(super) fn shown(&self, asked: &Asked) -> Reply {
        let state = lock(&self.state);
        if let Some(refused) = unwelcome(&state, asked) {
            return refused;
        }
        page::choice("the provider", asked, &state.people.keys().cloned().collect::<Vec<_>>())
    }

    pub(super) fn chosen(&self, asked: &Asked) -> Reply {
        let mut state = lock(&self.state);
        if let Some(refused) = unwelcome(&state, asked) {
            return refused;
        }
        let issuer = match &state.attack {
            Some(Attack::CallbackIssuer(issuer)) => issuer.clone(),
            _ => self.issuer.clone(),
        };
        let subject = asked.field(page::WHO).unwrap_or_default();
        if subject == page::NOBODY {
            return page::callback(asked, &[("error", "access_denied"), ("iss", &issuer)]);
        }
        if !state.people.contains_key(&subject) {
            return page::complaint(403, "This account is not there.");
        }
        let code = state.grants.grant(asked, &subject);
        page::callback(asked, &[("code", &code), ("iss", &issuer)])
    }

    pub(super) fn end_session(&self, asked: &Asked) -> Reply {
        let state = lock(&self.state);
        let back = asked.param("post_logout_redirect_uri").map(str::to_owned);
        let back = back.or_else(|| asked.field("post_logout_redirect_uri"));
        match back {
            None => page::complaint(200, "You have signed out."),
            Some(back) if state.after_sign_out.contains(&back) => Reply::redirect(&back),
            Some(_) => page::complaint(400, "post_logout_redirect_uri is not registered"),
        }
    }
}

fn unwelcome(state: &State, asked: &Asked) -> Option<Reply> {
    let text = match state.grants.welcome(asked) {
        Ok(()) => {
            let scopes = asked.param("scope").unwrap_or_default();
            let asked_well =
                asked.param("response_type") == Some("code") && scopes.split(' ').any(|one| one == "openid");
            return (!asked_well).then(|| page::callback(asked, &[("error", "invalid_request")]));
        }
        Err(Unwelcome::Client) => "client is not registered",
        Err(Unwelcome::RedirectUri) => "redirect_uri is not registered",
        Err(Unwelcome::ChallengeMethod) => "code_challenge_method must be S256",
    };
    Some(page::complaint(400, text))
}
