//! `{prefix}/forward-auth`: may this request of a proxy's client pass to the registry?
//!
//! nginx's `auth_request` lets 2xx pass and hands on 401 and 403; Traefik, Caddy, Envoy and `HAProxy` hand on the whole answer.
//! What the client is told is what a registry would say: clients then do what they do with any other.

mod check;
mod stop;

use std::time::Instant;

use axum::body::Body;
use axum::http::request;
use axum::http::{HeaderName, HeaderValue, header};
use axum::response::Response;
use dockgate_api::secrecy::ExposeSecret as _;
use dockgate_api::{Call, Credential, Labels, Login, RequestId};

use super::client::Peer;
use super::credentials::{BadHeader, Proof, proof};
use crate::access::{NoPass, Pass, Question, Refusal};
use crate::gate::{Mode, registry};
use crate::state::{OpenGate, State};
use check::Check;
use stop::Stop;

/// What tells clients that this is a registry (distribution, `docs/content/spec/api.md`, "API Version Check").
static API_VERSION: HeaderName = HeaderName::from_static("docker-distribution-api-version");
static REGISTRY_2: HeaderValue = HeaderValue::from_static("registry/2.0");

/// Whether a path is the gate's: its own, or one behind it, where Envoy puts the client's.
pub(super) fn is_asked(gate: &str, path: &str) -> bool {
    path.strip_prefix(gate).is_some_and(|behind| behind.is_empty() || behind.starts_with('/'))
}

/// The answer to a proxy; `path` is the gate's own.
pub(super) async fn answer(
    state: &State,
    open: &OpenGate,
    path: &str,
    peer: &Peer,
    id: RequestId,
    head: &request::Parts,
) -> Response {
    let gate = &open.gate;
    let mut check = Check::new(state, open, peer.address, id);
    let decided = decide(&mut check, path, peer, head).await;
    let (mut response, account, labels) = match &decided {
        Ok(pass) => (Response::new(Body::empty()), pass.account(), pass.labels()),
        Err(stop) => (stop.respond(gate, state.issuer()), "", &Labels::new()),
    };
    check.ends(decided.as_ref().err());
    let headers = response.headers_mut();
    headers.insert(API_VERSION.clone(), REGISTRY_2.clone());
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    let left_out = gate.identity.write(account, labels, headers);
    if left_out > 0
        && let Some(withheld) = open.cut_short.may_say(Instant::now())
    {
        tracing::warn!(
            account,
            left_out,
            withheld,
            "identity headers would be too long: values are left out"
        );
    }
    response
}

async fn decide(check: &mut Check<'_>, path: &str, peer: &Peer, head: &request::Parts) -> Result<Pass, Stop> {
    let gate = &check.open.gate;
    gate.admits(peer.address, &head.headers).map_err(Stop::NotTheProxy)?;
    let unreadable = |reason: crate::gate::NotAsked| Stop::Unreadable(reason.0);
    let (client, standing) = gate.client(peer.address, &head.headers).map_err(unreadable)?;
    check.client = client;
    let original = gate.original(path, &head.method, &head.uri, &head.headers).map_err(unreadable)?;
    let demand = registry::read(original).map_err(unreadable)?;
    let scopes = demand.scopes();
    let asks = |login: Login| {
        let login = login.from_ip(client.0).for_service(&gate.service);
        Question { login, scopes: scopes.clone(), standing }
    };
    let state = check.state;
    let deadline = Instant::now() + state.limits().request_timeout.0;
    let cx = Call::new(state.now(), deadline, check.id);
    let challenge = || Stop::Challenge(demand.clone());
    let answered = match proof(&head.headers) {
        Err(BadHeader::Malformed) => return Err(Stop::Unreadable("the Authorization header cannot be read")),
        Ok(Proof::Basic(basic)) if gate.mode.takes_passwords() => {
            let (account, credential) = basic.into_login();
            let is_nobody = matches!(credential, Credential::None);
            if is_nobody && demand.is_login() {
                return Err(challenge());
            }
            state.access().pass(&cx, &asks(Login::new(account, credential)), &demand).await
        }
        Ok(Proof::Bearer(token)) if gate.mode.takes_tokens() => {
            let signing = state.signing();
            let verified = signing.verifier.verify(token.expose_secret(), &gate.service, cx.now());
            let verified = verified.map_err(|bad| Stop::BadToken(bad, demand.clone()))?;
            let question = asks(Login::new("", Credential::None));
            let passed = state.access().pass_by_token(&cx, &question, &demand, &verified).await;
            return passed.map_err(|no| match no {
                NoPass::Denied => Stop::InsufficientScope(demand.clone()),
                other => Stop::NoPass(other, demand.clone()),
            });
        }
        // Nobody in particular: with passwords alone the rules say what that may do, with tokens a token does.
        Ok(Proof::Nothing) if gate.mode == Mode::Basic && !demand.is_login() => {
            let nobody = asks(Login::new("", Credential::None));
            match state.access().pass(&cx, &nobody, &demand).await {
                Err(NoPass::Refused(Refusal::BadCredentials)) => return Err(challenge()),
                answered => answered,
            }
        }
        Ok(_) | Err(BadHeader::Scheme) => return Err(challenge()),
    };
    answered.map_err(|no| Stop::NoPass(no, demand.clone()))
}
