//! What is asked over one connection: one question at a time.

use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use dockgate_api::secrecy::{ExposeSecret as _, SecretString};
use tokio::time::timeout_at;

use super::answer::{self, Answer};
use super::line::{Line, Stream};
use super::{BindAnswer, Endpoint, Found, PASSWORD_POLICY, Search, is_password, readable, request, search};
use crate::failure::Failure;

/// A connection. Whoever drops it closes it.
pub(crate) struct Connection {
    facts: Facts,
    /// Locked only where it is looked at without asking.
    line: Mutex<Line>,
    /// Of the last request.
    id: u32,
    /// A question was asked, and its whole answer is not there.
    broken: bool,
}

/// What a connection is, for the administrator.
#[derive(Clone, Debug)]
pub(crate) struct Facts {
    pub(crate) endpoint: Endpoint,
    /// Where the host name led.
    pub(crate) address: std::net::SocketAddr,
    /// What TLS came to; none without.
    pub(crate) tls: Option<TlsFacts>,
}

/// What a TLS handshake came to.
#[derive(Clone, Debug)]
pub(crate) struct TlsFacts {
    /// `TLS 1.3`
    pub(crate) version: String,
    /// The names and addresses that the server's certificate is for, and until when it lasts.
    pub(crate) certificate: String,
}

impl Connection {
    /// Over a stream on which nothing was said yet.
    pub(super) fn over(stream: impl Stream + 'static, facts: Facts) -> Self {
        Self { facts, line: Mutex::new(Line::new(stream)), id: 0, broken: false }
    }

    /// Binds with a name and a password (RFC 4511 section 4.2). A result code other than success is an answer too.
    ///
    /// # Errors
    /// If there was none. The connection is of no use then. An empty name is never sent, nor what is no password
    /// ([`is_password`]).
    pub(crate) async fn bind(
        &mut self,
        name: &str,
        password: &SecretString,
        deadline: Instant,
    ) -> Result<BindAnswer, Failure> {
        if name.is_empty() || !is_password(password) {
            return Err(Failure::Nonsense(
                "an empty name or password, or one with a NUL, is never sent".to_owned(),
            ));
        }
        self.begin()?;
        self.id += 1;
        let policy = request::control(PASSWORD_POLICY, None);
        let request = request::bind(self.id, name, password.expose_secret(), &policy);
        let line = self.line.get_mut().unwrap_or_else(PoisonError::into_inner);
        let asked = async {
            line.send(&request).await?;
            answer::read(line.next().await?).map_err(|problem| Failure::Nonsense(problem.to_owned()))
        };
        match timeout_at(deadline.into(), asked).await {
            Err(_) => Err(self.late("bind")),
            Ok(Ok(Answer::Outcome(outcome))) => {
                self.broken = false;
                let (code, text, controls) = (outcome.code, readable(&outcome.text), outcome.controls);
                Ok(BindAnswer { code, text, controls })
            }
            Ok(Ok(_)) => Err(Failure::Nonsense("no answer to a bind".to_owned()).at(&self.facts.endpoint)),
            Ok(Err(failure)) => Err(failure.at(&self.facts.endpoint)),
        }
    }

    /// Searches. References are collected and not followed.
    ///
    /// # Errors
    /// Every result code but success, the code for "more entries than asked for" (which [`Found::more`] says) and referral
    /// ([`Found::elsewhere`], whose URLs are in [`Found::references`]); or no answer: then the connection is of no use any more. That there is no
    /// entry of a name is no error where it is asked for by itself ([`Scope::Base`](super::Scope::Base)): nothing was found.
    pub(crate) async fn search(&mut self, search: &Search, deadline: Instant) -> Result<Found, Failure> {
        let filter = request::filter(&search.filter)
            .ok_or_else(|| Failure::Nonsense("this is no filter (RFC 4515)".to_owned()))?;
        self.begin()?;
        let line = self.line.get_mut().unwrap_or_else(PoisonError::into_inner);
        match timeout_at(deadline.into(), search::all(line, &mut self.id, search, &filter, deadline)).await {
            Err(_) => Err(self.late("search")),
            Ok(Ok(outcome)) => {
                self.broken = !outcome.whole;
                outcome.found
            }
            Ok(Err(failure)) => Err(failure.at(&self.facts.endpoint)),
        }
    }

    /// Whether it may be used again, as far as can be told without asking the server.
    pub(crate) fn is_usable(&self) -> bool {
        !self.broken && self.line.lock().unwrap_or_else(PoisonError::into_inner).look().is_none()
    }

    pub(crate) fn facts(&self) -> &Facts {
        &self.facts
    }

    /// Whoever stops waiting leaves a connection on which an answer may still come.
    fn begin(&mut self) -> Result<(), Failure> {
        let line = self.line.get_mut().unwrap_or_else(PoisonError::into_inner);
        if let Some(reason) = line.end() {
            return Err(reason.clone().at(&self.facts.endpoint));
        }
        if self.broken {
            let text = "an earlier answer on this connection is not complete".to_owned();
            return Err(Failure::Unreachable(text).at(&self.facts.endpoint));
        }
        self.broken = true;
        Ok(())
    }

    fn late(&self, operation: &str) -> Failure {
        Failure::Late(format!("no whole answer to the {operation} in time")).at(&self.facts.endpoint)
    }
}
