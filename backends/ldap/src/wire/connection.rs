//! What is asked over one connection: one question at a time.

use std::os::unix::net::UnixStream;
use std::time::Instant;

use dockgate_api::secrecy::{ExposeSecret as _, SecretString};
use ldap3::controls::RawControl;
use ldap3::{Ldap, LdapConnAsync, LdapConnSettings, LdapError, StdStream};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::task::AbortHandle;
use tokio::time::timeout_at;

use super::pump::{self, End};
use super::{BindAnswer, Endpoint, Found, PASSWORD_POLICY, Search, readable, search};
use crate::failure::Failure;

/// A connection. Whoever drops it closes it.
pub(crate) struct Connection {
    facts: Facts,
    ldap: Ldap,
    end: End,
    /// A question was asked, and its whole answer is not there.
    broken: bool,
    tasks: AbortHandle,
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
    pub(super) async fn over<S>(stream: S, facts: Facts) -> Result<Self, Failure>
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let none = |error: std::io::Error| Failure::Unreachable(format!("cannot begin: {error}"));
        let (ours, crates) = UnixStream::pair().map_err(none)?;
        ours.set_nonblocking(true).map_err(none)?;
        let ours = tokio::net::UnixStream::from_std(ours).map_err(none)?;
        let settings = LdapConnSettings::new().set_std_stream(StdStream::Unix(crates));
        let (driven, ldap) = LdapConnAsync::with_settings(settings, "ldapi:///")
            .await
            .map_err(|error| Failure::Unreachable(format!("cannot begin: {error}")))?;
        let end = End::default();
        let noted = end.clone();
        // What was carried before the end is still digested: so each goes on until it finds its own end.
        let tasks =
            tokio::spawn(async move { tokio::join!(pump::carry(stream, ours, noted), driven.drive()) });
        Ok(Self { facts, ldap, end, broken: false, tasks: tasks.abort_handle() })
    }

    /// Binds with a name and a password (RFC 4511 section 4.2). A result code other than success is an answer too.
    ///
    /// # Errors
    /// If there was none. The connection is of no use then. An empty name or an empty password is never sent: a server
    /// may take it for an anonymous bind, and answer success (RFC 4513 section 5.1.2).
    pub(crate) async fn bind(
        &mut self,
        name: &str,
        password: &SecretString,
        deadline: Instant,
    ) -> Result<BindAnswer, Failure> {
        if name.is_empty() || password.expose_secret().is_empty() {
            return Err(Failure::Nonsense("an empty name or password is never sent".to_owned()));
        }
        self.begin()?;
        let policy = RawControl { ctype: PASSWORD_POLICY.to_owned(), crit: false, val: None };
        let asked = self.ldap.with_controls(vec![policy]).simple_bind(name, password.expose_secret());
        let answer = timeout_at(deadline.into(), asked).await;
        let answer = answer.map_err(|_| self.late("bind"))?.map_err(|error| self.why(&error))?;
        self.broken = false;
        Ok(BindAnswer {
            code: answer.rc,
            text: readable(&answer.text),
            controls: answer.ctrls.into_iter().map(|control| (control.1.ctype, control.1.val)).collect(),
        })
    }

    /// Searches. References are collected and not followed.
    ///
    /// # Errors
    /// Every result code but success, the code for "more entries than asked for" (which [`Found::more`] says) and referral
    /// ([`Found::elsewhere`], whose URLs are in [`Found::references`]); or no answer: then the connection is of no use any more. That there is no
    /// entry of a name is no error where it is asked for by itself ([`Scope::Base`](super::Scope::Base)): nothing was found.
    pub(crate) async fn search(&mut self, search: &Search, deadline: Instant) -> Result<Found, Failure> {
        if ldap3::parse_filter(&search.filter).is_err() {
            return Err(Failure::Nonsense("this is no filter (RFC 4515)".to_owned()));
        }
        self.begin()?;
        let answer = timeout_at(deadline.into(), search::all(&mut self.ldap, search, deadline)).await;
        let answer = answer.map_err(|_| self.late("search"))?;
        match answer {
            Ok(outcome) => {
                self.broken = !outcome.whole;
                outcome.found
            }
            Err(search::Broken::Crate(error)) => Err(self.why(&error)),
            Err(search::Broken::Nonsense(failure)) => Err(failure.at(&self.facts.endpoint)),
        }
    }

    /// Whether it may be used again, as far as can be told without asking the server.
    pub(crate) fn is_usable(&self) -> bool {
        !self.broken && self.end.reason().is_none() && !self.tasks.is_finished()
    }

    pub(crate) fn facts(&self) -> &Facts {
        &self.facts
    }

    /// Whoever stops waiting leaves a connection on which an answer may still come.
    fn begin(&mut self) -> Result<(), Failure> {
        if let Some(reason) = self.end.reason() {
            return Err(reason.at(&self.facts.endpoint));
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

    fn why(&self, error: &LdapError) -> Failure {
        let reason = self.end.reason();
        reason.unwrap_or_else(|| Failure::Unreachable(error.to_string())).at(&self.facts.endpoint)
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.tasks.abort();
    }
}
