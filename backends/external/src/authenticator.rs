//! A program says who somebody is: `ext_auth`.

use dockgate_api::secrecy::{ExposeSecret, SecretString};
use dockgate_api::{
    Answer, Authenticator, BackendError, Call, Credential, Decision, Health, Identity, Login, Reason,
    async_trait,
};
use dockgate_hooks::{Cache, Question, Reply, read_identity};

use crate::hook::{Hook, Way, clean_text};
use crate::process::Stdout;
use crate::{json, plain};

pub(crate) struct ProgramAuthenticator {
    pub(crate) hook: Hook,
    pub(crate) cache: Cache<Identity>,
}

#[async_trait]
impl Authenticator for ProgramAuthenticator {
    async fn authenticate(&self, cx: &Call, login: &Login) -> Answer<Identity> {
        let password = match &login.credential {
            Credential::None => SecretString::default(),
            Credential::Password(password) => password.clone(),
            _ => return Ok(Decision::NoMatch),
        };
        if password.expose_secret().is_empty() && !self.answers_without_proof(&login.account) {
            return Ok(Decision::Deny(Reason::bad_credentials("no password")));
        }
        if matches!(self.hook.way, Way::Plain)
            && let Some(detail) = plain::refusal(&login.account, &password)
        {
            return Ok(Decision::Deny(Reason::bad_credentials(detail)));
        }
        let question = Question::who(login, &password);
        let answer = self.cache.answer(cx, &question, self.ask(cx, login, &password, &question)).await;
        if matches!(answer, Ok(Decision::Allow(_) | Decision::Deny(_))) {
            cx.mark_password_work();
        }
        answer
    }

    /// docker_auth asks its program for the anonymous account too.
    fn answers_without_proof(&self, account: &str) -> bool {
        account.is_empty()
    }

    async fn health(&self, _cx: &Call) -> Health {
        self.hook.health()
    }
}

impl ProgramAuthenticator {
    async fn ask(
        &self,
        cx: &Call,
        login: &Login,
        password: &SecretString,
        question: &Question,
    ) -> Result<Reply<Identity>, BackendError> {
        let (hook, secret) = (&self.hook, Some(password));
        let answer = async {
            match &hook.way {
                Way::Plain => {
                    let input = plain::credentials(&login.account, password);
                    let finished = hook.run(cx, input, secret, Stdout::Answer).await?;
                    plain::identity(hook, login, password, &finished)
                }
                Way::Json => {
                    let finished = hook.run(cx, json::input(question), secret, Stdout::Answer).await?;
                    json::read(hook, &finished, secret, |answer| read_identity(answer, login, cx.now()))
                }
                Way::Lines(workers) => {
                    let answer = hook.ask_worker(cx, workers, question, secret).await?;
                    read_identity(&answer, login, cx.now()).map_err(|error| hook.senseless(error, secret))
                }
            }
        };
        let answer = answer.await;
        self.hook.remember(&answer);
        Ok(answer?.with_clean_reason(|text| clean_text(text, Some(password))))
    }
}
