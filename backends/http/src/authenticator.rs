//! `http_auth`.

use std::sync::Arc;

use dockgate_api::secrecy::{ExposeSecret as _, SecretString};
use dockgate_api::{
    Answer, Authenticator, BackendError, Call, Credential, Decision, Health, Identity, Login, async_trait,
};
use dockgate_hooks::{Cache, Question, Reply};

use crate::formats::AuthnFormat;
use crate::hook::{Asked, Hook};

pub(crate) struct HttpAuthenticator {
    pub(crate) hook: Arc<Hook>,
    pub(crate) format: AuthnFormat,
    pub(crate) cache: Cache<Identity>,
}

#[async_trait]
impl Authenticator for HttpAuthenticator {
    async fn authenticate(&self, cx: &Call, login: &Login) -> Answer<Identity> {
        let Some(proof) = self.proof(login) else {
            cx.note(|| "not asked: there is no password".to_owned());
            return Ok(Decision::NoMatch);
        };
        let question = Question::who(login, proof);
        let answer = self.cache.answer(cx, &question, self.ask(cx, login, proof, &question)).await;
        if matches!(answer, Ok(Decision::Allow(_) | Decision::Deny(_))) {
            cx.mark_password_work();
        }
        answer
    }

    async fn health(&self, _cx: &Call) -> Health {
        self.hook.health()
    }
}

impl HttpAuthenticator {
    fn proof<'a>(&self, login: &'a Login) -> Option<&'a SecretString> {
        let proof = match &login.credential {
            Credential::Password(password) if !login.account.is_empty() => password,
            Credential::Bearer(token) if self.format.takes_tokens() => token,
            _ => return None,
        };
        (!proof.expose_secret().is_empty()).then_some(proof)
    }

    async fn ask(
        &self,
        cx: &Call,
        login: &Login,
        proof: &SecretString,
        question: &Question,
    ) -> Result<Reply<Identity>, BackendError> {
        let body = self.format.body(question, proof);
        let secret = proof.expose_secret();
        let asked = Asked { body: body.expose_secret(), made: self.format.is_made(), secret };
        let reply = self.hook.ask(cx, &asked, |answer| self.format.read(answer, login, cx.now())).await?;
        Ok(reply.with_clean_reason(|text| self.hook.clean(text, secret)))
    }
}
