//! One request of a browser: where it was sent, from where, and when an answer is wanted.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Instant;

use axum::extract::FromRequestParts;
use axum::http::HeaderMap;
use axum::http::request::Parts;
use axum::response::Response;
use dockgate_api::{BackendError, Call, Identity, Random, RequestId, Store};

use super::{Login, PublicUrl, Session, Trouble};
use crate::access::NotSignedIn;
use crate::http::{ClientAddress, OverTls, nothing_here};
use crate::lockout::Standing;
use crate::sign_ins::{Sealer, SignIns};
use crate::state::State;

/// One request of a browser.
pub(crate) struct Visit {
    pub(crate) state: Arc<State>,
    pub(crate) login: Arc<Login>,
    /// Where the browser believes to be.
    pub(crate) here: PublicUrl,
    /// Where the client is.
    pub(crate) client: Option<IpAddr>,
    pub(crate) standing: Standing,
    pub(crate) headers: HeaderMap,
    pub(crate) cx: Call,
}

impl FromRequestParts<Arc<State>> for Visit {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, state: &Arc<State>) -> Result<Self, Response> {
        let id = parts.extensions.get::<RequestId>().copied().unwrap_or(RequestId::from_bits(0));
        let Some(login) = state.login() else { return Err(nothing_here()) };
        Self::of(parts, state, login, id).map_err(|trouble| {
            tracing::info!(request_id = %id, ?trouble, "no page");
            trouble.respond(login, id)
        })
    }
}

impl Visit {
    fn of(parts: &Parts, state: &Arc<State>, login: &Arc<Login>, id: RequestId) -> Result<Self, Trouble> {
        let peer = parts.extensions.get::<ClientAddress>().copied().unwrap_or_default();
        let over_tls = parts.extensions.get::<OverTls>().is_some_and(|over| over.0);
        let (headers, proxies) = (&parts.headers, login.proxies());
        let found = proxies.resolve(peer, headers).map_err(|bad| Trouble::BadAddress(bad.message()))?;
        let is_trusted = proxies.trusts(peer);
        let here = match login.public_url() {
            Some(public) => public.clone(),
            None => PublicUrl::of_request(&parts.uri, headers, over_tls, is_trusted, login.base())
                .map_err(|_| Trouble::BadHost)?,
        };
        if login.public_url().is_none() && !here.is_https() && !here.is_loopback() {
            return Err(Trouble::PlainHttp);
        }
        Ok(Self {
            state: Arc::clone(state),
            login: Arc::clone(login),
            here,
            client: found.0,
            standing: proxies.standing(peer, found),
            headers: headers.clone(),
            // What is late gets a page too: the whole request ends a little later.
            cx: Call::new(state.now(), Instant::now() + state.limits().request_timeout.0 * 9 / 10, id),
        })
    }

    /// The page of what did not work.
    pub(crate) fn trouble(&self, trouble: &Trouble) -> Response {
        trouble.respond(&self.login, self.cx.request_id())
    }

    /// An answer, or the page of what did not work.
    pub(crate) fn answer(&self, answer: Result<Response, Trouble>) -> Response {
        answer.unwrap_or_else(|trouble| {
            let id = self.cx.request_id();
            match &trouble {
                Trouble::Failed(error) => tracing::warn!(request_id = %id, %error, "no page"),
                other => tracing::debug!(request_id = %id, why = ?other, "no page"),
            }
            self.trouble(&trouble)
        })
    }

    /// The store.
    pub(crate) fn store(&self) -> Result<Arc<dyn Store>, Trouble> {
        self.state.store().map(|store| Arc::clone(store) as _).ok_or(Trouble::NoStore)
    }

    pub(crate) fn random(&self) -> &dyn Random {
        self.state.random()
    }

    /// What cookies are sealed with.
    pub(super) fn sealer(&self) -> Result<Sealer, Trouble> {
        let sign_ins: &SignIns = self.state.access().sign_ins().ok_or(Trouble::NoStore)?;
        Ok(sign_ins.seal_key()?.derive("cookies"))
    }

    /// Random letters and digits, 256 bits of them.
    pub(super) fn random_text(&self) -> Result<String, Trouble> {
        let mut bytes = [0; 32];
        self.random().fill(&mut bytes).map_err(|error| {
            tracing::error!(request_id = %self.cx.request_id(), %error, "nobody can sign in");
            Trouble::from(BackendError::Unavailable(error.to_string()))
        })?;
        Ok(super::base64(&bytes))
    }

    /// Whoever this browser is signed in as, and their session; none if nobody is.
    pub(crate) async fn session(&self) -> Result<Option<Session>, Trouble> {
        Session::of(self).await
    }

    /// Who that is today. Ends the session of somebody who is gone.
    pub(crate) async fn identity(&self, session: &Session) -> Result<Identity, Trouble> {
        match self.state.access().signed_in(&self.cx, session.owner()).await {
            Ok(identity) => Ok(identity),
            Err(NotSignedIn::Failed(failed)) => {
                let (id, link, error) = (self.cx.request_id(), &failed.link, &failed.error);
                tracing::warn!(request_id = %id, %link, %error, "who is signed in cannot be known");
                Err(Trouble::Unavailable(error.retry_after()))
            }
            Err(NotSignedIn::Denied(reason)) => {
                tracing::info!(request_id = %self.cx.request_id(), %reason, "a session ends: its owner is gone");
                session.end(self).await?;
                Err(Trouble::Ended)
            }
        }
    }
}
