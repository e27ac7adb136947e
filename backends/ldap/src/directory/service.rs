//! The service account at one server.

use std::time::Instant;

use dockgate_api::{BackendError, Call};
use tokio::time::timeout_at;

use super::Service;
use super::meter::Operation;
use super::server::{Server, Turn};
use super::trouble::{Trouble, is_busy, named, unanswered};
use crate::failure::Failure;
use crate::wire::{BindAnswer, Connection, Scope, Search, Security};

impl Server {
    /// Whether the service account may be tried here now.
    pub(super) fn service_may_bind(&self) -> Result<(), Trouble> {
        let Service::Account { name, password } = &self.shared.service else { return Ok(()) };
        match self.known.refusal.holds(name, password, Instant::now()) {
            Some(said) => Err(Trouble::next(BackendError::Unavailable(said))),
            None => Ok(()),
        }
    }

    /// What this server said to the service account, if it was refused when it was tried last.
    pub(super) fn service_refused(&self) -> Option<String> {
        let Service::Account { name, password } = &self.shared.service else { return None };
        self.known.refusal.last(name, password)
    }

    /// Binds the service account, if there is one, on a new connection. One at a time: the first that is refused speaks
    /// for all.
    pub(super) async fn bind_service(
        &self,
        cx: &Call,
        turn: &Turn,
        connection: &mut Connection,
    ) -> Result<(), Trouble> {
        let Service::Account { name, password } = &self.shared.service else {
            cx.note(|| "searching as nobody: there is no service account".to_owned());
            return Ok(());
        };
        let Ok(_alone) = timeout_at(turn.deadline.into(), self.known.binding.lock()).await else {
            let detail = "no time was left to bind the service account".to_owned();
            return Err(Trouble::of(&self.endpoint, &Failure::Late(detail)));
        };
        self.still_stands(turn)?;
        self.service_may_bind()?;
        let step = self.step(Operation::Bind, turn.deadline);
        let (began, answer) = (step.began, connection.bind(name, password, step.until).await);
        let answer = step.end(answer.map_err(|failure| unanswered(connection, failure)))?;
        self.answered(began);
        self.usable(&answer)?;
        if answer.code != 0 {
            return Err(self.refused(answer));
        }
        self.known.refusal.forget();
        cx.note(|| format!("bound as the service account {name}"));
        Ok(())
    }

    fn refused(&self, answer: BindAnswer) -> Trouble {
        let Service::Account { name, password } = &self.shared.service else {
            return Trouble::next(BackendError::Unavailable(self.endpoint.to_string()));
        };
        let refused = Failure::Refused { code: answer.code, text: answer.text };
        let said =
            format!("the service account `{name}` was {refused}: see `bind_dn` and `bind_password_file`");
        let said = named(&self.endpoint, &said);
        self.known.refusal.remember(name, password, Instant::now(), said.clone());
        let (link, server) = (self.shared.link.as_str(), &self.endpoint);
        tracing::error!(link, %server, said, "a directory server refuses the service account");
        Trouble::next(BackendError::Unavailable(said))
    }

    /// Whether the answer to a bind is about the account, and not about the server or the connection.
    pub(super) fn usable(&self, answer: &BindAnswer) -> Result<(), Trouble> {
        let (code, text) = (answer.code, answer.text.clone());
        if is_busy(code) {
            return Err(Trouble::of(&self.endpoint, &Failure::Refused { code, text }));
        }
        // strongerAuthRequired, confidentialityRequired
        if self.endpoint.security == Security::None && matches!(code, 8 | 13) {
            let refused = Failure::Refused { code, text };
            let detail = format!(
                "it takes no password over an unprotected connection ({refused}): use `tls: starttls` or `tls: always`"
            );
            return Err(Trouble::last(BackendError::Unavailable(named(&self.endpoint, &detail))));
        }
        Ok(())
    }

    /// Sees whether a server that was in trouble answers again.
    pub(super) async fn probe(&self, cx: &Call, turn: &Turn) {
        let began = Instant::now();
        match self.try_again(cx, turn).await {
            // That it refuses the service account is an answer.
            Err(trouble) if trouble.next && self.service_may_bind().is_ok() => {
                self.failed(began, Instant::now(), &trouble.error);
            }
            Ok(()) | Err(_) => {
                if self.rest().returned(began, Instant::now()) {
                    self.is_back();
                }
            }
        }
    }

    async fn try_again(&self, cx: &Call, turn: &Turn) -> Result<(), Trouble> {
        let mut connection = self.connect(turn.deadline).await?;
        if matches!(self.shared.service, Service::Account { .. }) && self.service_may_bind().is_ok() {
            return self.bind_service(cx, turn, &mut connection).await;
        }
        let step = self.step(Operation::Search, turn.deadline);
        let answer = connection.search(&root_entry(), step.until).await;
        step.end(answer.map_err(|failure| unanswered(&connection, failure))).map(|_| ())
    }
}

/// The one entry that every server has (RFC 4512 section 5.1). Whoever may not read it is told so.
fn root_entry() -> Search {
    Search {
        base: String::new(),
        scope: Scope::Base,
        filter: "(objectClass=*)".to_owned(),
        attributes: ["1.1".to_owned()].into(),
        most: 1,
        paged: false,
    }
}
