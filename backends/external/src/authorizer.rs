//! A program says what somebody may do: `ext_authz`.

use dockgate_api::{AccessRequest, Answer, Authorizer, BackendError, Call, Granted, Health, async_trait};
use dockgate_hooks::{Cache, Question, Reply, read_granted};

use crate::hook::{Hook, Way};
use crate::process::Stdout;
use crate::{json, plain};

pub(crate) struct ProgramAuthorizer {
    pub(crate) hook: Hook,
    pub(crate) cache: Cache<Granted>,
}

#[async_trait]
impl Authorizer for ProgramAuthorizer {
    async fn authorize(&self, cx: &Call, request: &AccessRequest<'_>) -> Answer<Granted> {
        let question = Question::what(request);
        self.cache.answer(cx, &question, self.ask(cx, request, &question)).await
    }

    async fn health(&self, _cx: &Call) -> Health {
        self.hook.health()
    }
}

impl ProgramAuthorizer {
    async fn ask(
        &self,
        cx: &Call,
        request: &AccessRequest<'_>,
        question: &Question,
    ) -> Result<Reply<Granted>, BackendError> {
        let answer = self.ask_once(cx, request, question).await;
        self.hook.remember(&answer);
        answer
    }

    async fn ask_once(
        &self,
        cx: &Call,
        request: &AccessRequest<'_>,
        question: &Question,
    ) -> Result<Reply<Granted>, BackendError> {
        let hook = &self.hook;
        match &hook.way {
            Way::Plain => {
                let finished = hook.run(cx, plain::request(request), None, Stdout::Ignored).await?;
                plain::granted(hook, request, &finished)
            }
            Way::Json => {
                let finished = hook.document(cx, question, None).await?;
                let place = &hook.program.name;
                json::read(hook, &finished, None, |answer| read_granted(answer, request, cx.now(), place))
            }
        }
    }
}
