//! What may they do? Link after link, until one has something to say.

use std::time::Instant;

use dockgate_api::{
    AccessRequest, Actions, Answer, Authorizer, Call, Decision, Granted, Health, async_trait,
};

use super::{Chain, Link, LinkError, Verdict, count, left, outcome, together};
use crate::metrics::LinkMeter;

impl Chain<dyn Authorizer> {
    /// Asks link after link until one decides. What is granted is never more than what was asked, and ends where an
    /// earlier link would have more to say.
    ///
    /// # Errors
    /// The first error: authorization fails closed, whatever a link would say afterwards.
    pub async fn grant(&self, cx: &Call, request: &AccessRequest<'_>) -> Result<Verdict<Granted>, LinkError> {
        // Alone, a link that has nothing to say ends nothing.
        let question = (self.links.len() > 1).then(|| cx.for_question());
        let cx = question.as_ref().unwrap_or(cx);
        for (link, meter) in self.asked_for(Some(&request.identity.account)) {
            let decision = link.authorize(cx, request, meter).await.map_err(|error| link.failed(error))?;
            let decision = match decision {
                Decision::NoMatch => continue,
                Decision::Allow(granted) => {
                    let ends = [granted.valid_until, cx.no_match_until()].into_iter().flatten().min();
                    Decision::Allow(granted.with_valid_until(ends))
                }
                Decision::Deny(reason) => Decision::Deny(reason),
            };
            return Ok(Verdict::of(link, decision));
        }
        Ok(Verdict { decision: Decision::NoMatch, decided_by: None })
    }
}

impl Link<dyn Authorizer> {
    async fn authorize(&self, cx: &Call, request: &AccessRequest<'_>, meter: &LinkMeter) -> Answer<Granted> {
        let (cx, asked) = (self.call(cx), Instant::now());
        let answer = tokio::time::timeout(left(&cx, asked), self.backend.authorize(&cx, request)).await;
        let answer = answer.unwrap_or_else(|_| Err(self.timed_out(asked)));
        let took = asked.elapsed();
        count(&cx, meter, &answer, took);
        cx.note(|| format!("{} answered {} after {took:?}", self.name, outcome(&answer)));
        Ok(match answer? {
            Decision::Allow(mut granted) => {
                granted.actions = Actions::Only(granted.actions.grant(request.actions));
                Decision::Allow(granted)
            }
            other => other,
        })
    }
}

#[async_trait]
impl Authorizer for Chain<dyn Authorizer> {
    async fn authorize(&self, cx: &Call, request: &AccessRequest<'_>) -> Answer<Granted> {
        self.grant(cx, request).await.map(|verdict| verdict.decision).map_err(|failed| failed.error)
    }

    async fn health(&self, cx: &Call) -> Health {
        let mut all = Vec::with_capacity(self.links.len());
        for link in &self.links {
            all.push((&*link.name, link.backend.health(&link.call(cx)).await));
        }
        together(all)
    }
}
