//! A program says what somebody may do: `ext_authz`.

use dockgate_api::{AccessRequest, Answer, Authorizer, BackendError, Call, Granted, Health, async_trait};
use dockgate_hooks::{Cache, Question, Reply, read_granted};

use crate::hook::{Hook, Way, clean_text};
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
        let (hook, place) = (&self.hook, &self.hook.program.name);
        let read = |answer: &[u8]| read_granted(answer, request, cx.now(), place);
        let answer = async {
            match &hook.way {
                Way::Plain => {
                    let finished = hook.run(cx, plain::request(request), None, Stdout::Ignored).await?;
                    plain::granted(hook, request, &finished)
                }
                Way::Json => {
                    let finished = hook.run(cx, json::input(question), None, Stdout::Answer).await?;
                    json::read(hook, &finished, None, read)
                }
                Way::Lines(workers) => {
                    let answer = hook.ask_worker(cx, workers, question, None).await?;
                    read(&answer).map_err(|error| hook.senseless(error, None))
                }
            }
        };
        let answer = answer.await;
        self.hook.remember(&answer);
        Ok(answer?.with_clean_texts(|text| clean_text(text, None)))
    }
}
