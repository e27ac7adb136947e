//! `GET|POST {prefix}/auth`, `/auth/token`, `/token`: a token for a registry (distribution,
//! `docs/content/spec/auth/{token,oauth}.md`).

mod asked;
mod failure;

use std::sync::Arc;
use std::time::{Instant, SystemTime};

use axum::Extension;
use axum::body::Body;
use axum::extract::State as Shared;
use axum::http::{HeaderMap, Request, StatusCode, Uri, header};
use axum::response::Response;
use dockgate_api::secrecy::ExposeSecret as _;
use dockgate_api::{Call, ClientCertificate, Credential, Login, RequestId};

use super::body::{BadBody, read_body};
use super::client::{ClientAddress, PeerCertificate};
use super::credentials::{self, BadHeader, Basic};
use super::error_answer::json;
use super::params::Params;
use crate::access::{Grant, Question, Signed};
use crate::audit::NotWritten;
use crate::credentials::RefreshToken;
use crate::lockout::Standing;
use crate::metrics::Outcome;
use crate::scope::RequestedScopes;
use crate::state::State;
use crate::token::Issued;
use asked::Asked;
use failure::Failure;

/// The answer: both names for the token, since clients of either protocol come here.
///
/// Written by hand: a token is base64url and dots, and to look for what needs an escape in it, twice, would cost a tenth
/// of a signature.
fn answer(
    issued: &Issued,
    scope: Option<&str>,
    refresh: Option<&RefreshToken>,
) -> Result<Vec<u8>, serde_json::Error> {
    let mut body = Vec::with_capacity(2 * issued.token.len() + 256 + scope.map_or(0, str::len));
    for (name, value) in [("{\"token\":\"", &issued.token), ("\",\"access_token\":\"", &issued.token)] {
        body.extend_from_slice(name.as_bytes());
        body.extend_from_slice(value.as_bytes());
    }
    body.extend_from_slice(b"\",\"expires_in\":");
    serde_json::to_writer(&mut body, &issued.expires_in)?;
    if let Some(scope) = scope {
        body.extend_from_slice(b",\"scope\":");
        serde_json::to_writer(&mut body, scope)?;
    }
    if let Some(refresh) = refresh {
        // Letters and digits, likewise.
        body.extend_from_slice(b",\"refresh_token\":\"");
        body.extend_from_slice(refresh.secret.expose_secret().as_bytes());
        body.push(b'"');
    }
    body.push(b'}');
    Ok(body)
}

/// From whom a request comes.
pub(super) struct Client {
    pub(super) address: ClientAddress,
    pub(super) certificate: Option<Arc<ClientCertificate>>,
    /// Whether the address is really the client's.
    pub(super) standing: Standing,
}

/// HEAD comes here too.
pub(super) async fn get(
    Shared(state): Shared<Arc<State>>,
    address: ClientAddress,
    PeerCertificate(certificate): PeerCertificate,
    Extension(standing): Extension<Standing>,
    Extension(id): Extension<RequestId>,
    uri: Uri,
    headers: HeaderMap,
) -> Response {
    answer_get(&state, Client { address, certificate, standing }, id, &uri, &headers).await
}

pub(super) async fn answer_get(
    state: &State,
    client: Client,
    id: RequestId,
    uri: &Uri,
    headers: &HeaderMap,
) -> Response {
    let mut asked = Asked::new(state, client, id);
    let params = Params::read(uri.query().unwrap_or_default(), b"");
    let answer = token(&mut asked, headers, params, Form::Absent).await;
    asked.respond(answer)
}

pub(super) async fn post(
    Shared(state): Shared<Arc<State>>,
    address: ClientAddress,
    PeerCertificate(certificate): PeerCertificate,
    Extension(standing): Extension<Standing>,
    Extension(id): Extension<RequestId>,
    request: Request<Body>,
) -> Response {
    let mut asked = Asked::new(&state, Client { address, certificate, standing }, id);
    let answer = post_inner(&mut asked, request).await;
    asked.respond(answer)
}

async fn post_inner(asked: &mut Asked<'_>, request: Request<Body>) -> Result<(Outcome, Response), Failure> {
    let (head, body) = request.into_parts();
    let body = read_body(body, asked.state.limits()).await?;
    asked.complete = Instant::now();
    if !body.is_empty() && !is_form(&head.headers) {
        // Credentials in it would go unseen, and the client would pass for nobody.
        return Err(Failure::Request("the body must be application/x-www-form-urlencoded"));
    }
    let mut params = Params::read(head.uri.query().unwrap_or_default(), &body);
    match params.grant_type.as_deref() {
        None | Some("") => {}
        Some("password") if params.names_somebody() => {}
        Some("refresh_token") if params.refreshes() => {}
        other => {
            let failure = match other {
                Some("password") => Failure::Request("grant_type=password needs username and password"),
                Some("refresh_token") if params.refresh_token.is_none() => {
                    Failure::Request("grant_type=refresh_token needs refresh_token")
                }
                // None of ours.
                Some("refresh_token") => Failure::NoProof,
                _ => Failure::GrantType,
            };
            asked.client_is(params.client_id.take());
            asked.service = params.service.take();
            return Err(failure);
        }
    }
    token(asked, &head.headers, params, Form::Present).await
}

/// Whether the request is a form: the answer then repeats what was granted.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Form {
    Present,
    Absent,
}

fn is_form(headers: &HeaderMap) -> bool {
    let content_type =
        headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let essence = content_type.split(';').next().unwrap_or_default().trim();
    essence.is_empty() || essence.eq_ignore_ascii_case("application/x-www-form-urlencoded")
}

impl From<BadBody> for Failure {
    fn from(bad: BadBody) -> Self {
        match bad {
            BadBody::TooLarge => Self::TooLarge,
            BadBody::TooSlow => Self::TooSlow,
            BadBody::Broken => Self::Request("the body ended early"),
        }
    }
}

/// From what was sent to a token.
async fn token(
    asked: &mut Asked<'_>,
    headers: &HeaderMap,
    mut params: Params,
    form: Form,
) -> Result<(Outcome, Response), Failure> {
    let state = asked.state;
    asked.client_is(params.client_id.take());
    asked.service = params.service.take();
    let basic = credentials::basic(headers).map_err(|bad| match bad {
        BadHeader::Malformed => Failure::Request("the Authorization header cannot be read"),
        BadHeader::Scheme => Failure::NoProof,
    })?;
    let scopes = RequestedScopes::parse(params.scopes.iter().map(String::as_str), state.limits().scopes)
        .map_err(|_| Failure::Request("too many scopes in one request, or too long ones"))?;
    let offline = params.offline;
    let (account, credential) = login(basic, params, asked.certificate.is_some())?;
    let service = asked.service.take().unwrap_or_default();
    let login = Login::new(account, credential).from_ip(asked.client.0).for_service(service);
    let login = login.over(asked.certificate.take());
    let question = asked.question.insert(Question { login, scopes, standing: asked.standing });

    let deadline = asked.complete + state.limits().request_timeout.0;
    let cx = Call::new(state.now(), deadline, asked.id);
    let client_id = asked.client_id.as_deref();
    let grant = state.access().answer_client(&cx, question, client_id).await.map_err(Failure::Refused)?;
    let issued = sign(state, asked.id, &grant);
    let refresh = match &issued {
        Some(_) if offline => state.access().refresh_token(&cx, question, &grant, client_id).await,
        _ => None,
    };
    let signed = issued.as_ref().map(|token| Signed { token, refresh: refresh.as_ref().map(|new| &new.id) });
    let concluded = state.access().conclude(&cx, question, client_id, &grant, signed).await;
    let issued = issued.ok_or(Failure::NotSigned)?;
    concluded.map_err(|NotWritten| Failure::NotAudited)?;
    note_short_life(asked.id, &grant, &issued);
    let scope = (form == Form::Present).then(|| granted_scope(&grant));
    let body = answer(&issued, scope.as_deref(), refresh.as_ref()).map_err(|_| Failure::NotSigned)?;
    Ok((asked::outcome(question, &grant), json(StatusCode::OK, body)))
}

/// Who the request claims to be. The header and the form may both say so, if they agree; `account` is a hint that must
/// not contradict them, nor a certificate. A refresh token stands for its owner, whoever that is. Nothing at all is the
/// anonymous account.
fn login(
    basic: Option<Basic>,
    mut params: Params,
    has_certificate: bool,
) -> Result<(String, Credential), Failure> {
    if params.grants_by_refresh_token() {
        if basic.is_some() {
            return Err(Failure::Request("grant_type=refresh_token takes no Authorization header"));
        }
        let account = params.account.or(params.username).unwrap_or_default();
        let credential = params.refresh_token.take().map_or(Credential::None, Credential::Password);
        return Ok((account, credential));
    }
    if params.username.is_none() && params.password.is_some() {
        return Err(Failure::NoProof);
    }
    let form =
        params.username.map(|account| Basic { account, password: params.password.unwrap_or_default() });
    let proof = match (basic, form) {
        (Some(basic), Some(form)) if basic.account != form.account => {
            return Err(Failure::Request("the Authorization header and the form name different accounts"));
        }
        (Some(proof), _) | (None, Some(proof)) => proof,
        (None, None) => {
            let claimed = params.account.filter(|_| has_certificate).unwrap_or_default();
            return Ok((claimed, Credential::None));
        }
    };
    if params.account.is_some_and(|account| !account.is_empty() && account != proof.account) {
        return Err(Failure::Request("account differs from the user who authenticates"));
    }
    Ok(proof.into_login())
}

/// What was granted, as a scope (RFC 6749, section 5.1).
fn granted_scope(grant: &Grant) -> String {
    let some = grant.access().iter().filter(|scope| !scope.actions().is_empty());
    some.map(|scope| format!("{}:{}", scope.resource(), scope.actions())).collect::<Vec<_>>().join(" ")
}

/// The token's life begins when it is signed, not when the request came: hashing may have taken a while.
fn sign(state: &State, id: RequestId, grant: &Grant) -> Option<Issued> {
    let issued = state.signing().issuer.issue(grant, state.now(), state.random());
    let issued = issued
        .inspect_err(|error| tracing::error!(request_id = %id, %error, "could not sign a token"))
        .ok()?;
    state.access().meter().token(issued.reused);
    tracing::debug!(
        request_id = %id,
        jti = %issued.jwt_id,
        expires_in = issued.expires_in,
        reused = issued.reused,
        "answers with a token"
    );
    Some(issued)
}

/// Below a minute clients come back at every step, and nobody configured that.
fn note_short_life(id: RequestId, grant: &Grant, issued: &Issued) {
    let ends = grant.valid_until().and_then(|end| end.duration_since(SystemTime::UNIX_EPOCH).ok());
    if issued.expires_in < 60 && ends.is_some_and(|end| end.as_secs() <= issued.expires_at) {
        let account = grant.identity().account.as_str();
        tracing::info!(request_id = %id, account, expires_in = issued.expires_in, "a window ends this token soon");
    }
}
