//! `http_authz`.

use std::sync::Arc;

use dockgate_api::{AccessRequest, Answer, Authorizer, BackendError, Call, Granted, Health, async_trait};
use dockgate_hooks::{Cache, Question, Reply};

use crate::formats::{AuthzFormat, reviewed};
use crate::hook::{Asked, Hook};

pub(crate) struct HttpAuthorizer {
    pub(crate) hook: Arc<Hook>,
    pub(crate) format: AuthzFormat,
    pub(crate) cache: Cache<Granted>,
    /// Names the hook, for log and audit.
    pub(crate) place: Arc<str>,
}

#[async_trait]
impl Authorizer for HttpAuthorizer {
    async fn authorize(&self, cx: &Call, request: &AccessRequest<'_>) -> Answer<Granted> {
        let question = Question::what(request);
        self.cache.answer(cx, &question, self.ask(cx, request, &question)).await
    }

    async fn health(&self, _cx: &Call) -> Health {
        self.hook.health()
    }
}

impl HttpAuthorizer {
    async fn ask(
        &self,
        cx: &Call,
        request: &AccessRequest<'_>,
        question: &Question,
    ) -> Result<Reply<Granted>, BackendError> {
        let reply = match self.format {
            AuthzFormat::SubjectAccessReview => {
                reviewed(&self.hook, cx, request, &self.place).await.map(Reply::new)?
            }
            format => {
                let body = format.body(question);
                let asked = Asked { body: &body, made: false, secret: "" };
                let read = |answer: &[u8]| format.read(answer, request, cx.now(), &self.place);
                self.hook.ask(cx, &asked, read).await?
            }
        };
        Ok(reply.with_clean_texts(|text| self.hook.clean(text, "")))
    }
}
