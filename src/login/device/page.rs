//! `GET|POST {prefix}/device` and `POST {prefix}/device/decision`: whoever is signed in types the code, reads what asks, and
//! says yes or no.

use axum::body::Body;
use axum::http::StatusCode;
use axum::response::Response;
use dockgate_api::Identity;

use super::view::{AskPage, DonePage, TypePage};
use super::{Codes, NotIssued, Request, UserCode};
use crate::login::answer::page;
use crate::login::{After, Form, Session, Trouble, Visit, choose};

/// What is said of a code that does not wait: wrong, over, used or somebody else's are all the same.
const NO_SUCH: &str =
    "No login waits under this code. Look at it again, or start again on the other machine.";

/// The form for the code.
pub(crate) async fn get(visit: Visit) -> Response {
    let answer = async {
        let Some(session) = visit.session().await? else { return Ok(choose(&visit, After::Device)) };
        let identity = visit.identity(&session).await?;
        Ok(ask_for_code(&visit, &session, &identity, StatusCode::OK, None))
    };
    let answer = answer.await;
    visit.answer(answer)
}

/// Somebody has typed a code.
pub(crate) async fn typed(visit: Visit, body: Body) -> Response {
    let answer = async {
        let (session, form) = form(&visit, body).await?;
        let identity = visit.identity(&session).await?;
        let Some(code) = count(&visit, &session, &form).await? else {
            return Ok(no_such(&visit, &session, &identity));
        };
        let store = visit.store()?;
        let waiting = Codes::new(store.as_ref(), visit.random()).waiting(&visit.cx, &code).await?;
        let Some(request) = waiting else { return Ok(no_such(&visit, &session, &identity)) };
        let content = AskPage::new(&visit, &session, &identity, &code, &request);
        Ok(page(&visit.login, StatusCode::OK, "Is this you?", &content))
    };
    let answer = answer.await;
    visit.answer(answer)
}

/// Somebody has read it and says yes or no.
pub(crate) async fn decided(visit: Visit, body: Body) -> Response {
    let answer = async {
        let (session, form) = form(&visit, body).await?;
        let identity = visit.identity(&session).await?;
        let is_yes = match form.one("decision")? {
            Some("confirm") => true,
            Some("refuse") => false,
            _ => return Err(Trouble::BadRequest("The form says neither yes nor no.")),
        };
        let Some(code) = count(&visit, &session, &form).await? else {
            return Ok(no_such(&visit, &session, &identity));
        };
        let (store, owner) = (visit.store()?, session.owner());
        let codes = Codes::new(store.as_ref(), visit.random());
        let decided = if is_yes {
            codes.confirm(&visit.cx, &code, owner).await?
        } else {
            codes.refuse(&visit.cx, &code).await?
        };
        let Some(request) = decided else { return Ok(no_such(&visit, &session, &identity)) };
        visit.state.access().device_decided(&visit.cx, owner, &request, is_yes, visit.client);
        Ok(done(&visit, &request, is_yes))
    };
    let answer = answer.await;
    visit.answer(answer)
}

async fn form(visit: &Visit, body: Body) -> Result<(Session, Form), Trouble> {
    let session = visit.session().await?.ok_or(Trouble::SignedOut)?;
    let form = Form::read(visit, &session, body).await?;
    Ok((session, form))
}

/// The code of a form, which is counted before it is looked up; none if it cannot be one.
async fn count(visit: &Visit, session: &Session, form: &Form) -> Result<Option<UserCode>, Trouble> {
    let store = visit.store()?;
    let codes = Codes::new(store.as_ref(), visit.random());
    codes.typed(&visit.cx, session.owner(), visit.client).await.map_err(|why| match why {
        NotIssued::TooMany(too_many) => Trouble::TooManyCodes(too_many.retry_after),
        NotIssued::Failed(error) => error.into(),
    })?;
    Ok(form.one("code")?.and_then(UserCode::typed))
}

fn no_such(visit: &Visit, session: &Session, identity: &Identity) -> Response {
    ask_for_code(visit, session, identity, StatusCode::UNPROCESSABLE_ENTITY, Some(NO_SUCH))
}

fn ask_for_code(
    visit: &Visit,
    session: &Session,
    identity: &Identity,
    status: StatusCode,
    error: Option<&str>,
) -> Response {
    let content =
        TypePage { base: visit.login.base(), csrf: session.csrf(), account: &identity.account, error };
    page(&visit.login, status, "Log a device in", &content)
}

fn done(visit: &Visit, request: &Request, is_yes: bool) -> Response {
    let content = DonePage { base: visit.login.base(), name: request.name(), is_yes };
    page(&visit.login, StatusCode::OK, if is_yes { "Confirmed" } else { "Refused" }, &content)
}
