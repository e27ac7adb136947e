//! `GET {prefix}/`: choose a provider; or, signed in, the commands and the app passwords.

use axum::http::{StatusCode, Uri};
use axum::response::Response;
use dockgate_api::Identity;

use super::answer::{page, see_other};
use super::app_passwords::Asked;
use super::commands::commands;
use super::page::{ChoosePage, CommandsPart, HomePage, Row};
use super::{After, Session, Trouble, Visit};

/// The first page.
pub(crate) async fn get(visit: Visit, uri: Uri) -> Response {
    let answer = async {
        let Some(session) = visit.session().await? else { return Ok(choose(&visit, After::Home)) };
        let identity = visit.identity(&session).await?;
        let notice = (uri.query() == Some("revoked")).then_some("The app password is revoked.");
        let asked = Asked::new(visit.login.terms());
        show(&visit, &session, &identity, StatusCode::OK, notice, &asked).await
    };
    let answer = answer.await;
    visit.answer(answer)
}

/// From the prefix without its `/`.
pub(crate) async fn to_home(visit: Visit) -> Response {
    see_other(&format!("{}/", visit.login.base()))
}

/// Where somebody signs in; the browser goes to `after` then.
pub(crate) fn choose(visit: &Visit, after: After) -> Response {
    let content =
        ChoosePage { base: visit.login.base(), providers: visit.login.providers(), query: after.query() };
    page(&visit.login, StatusCode::OK, "Sign in", &content)
}

/// The page of somebody who is signed in, with the form as they filled it in.
pub(super) async fn show(
    visit: &Visit,
    session: &Session,
    identity: &Identity,
    status: StatusCode,
    notice: Option<&str>,
    asked: &Asked,
) -> Result<Response, Trouble> {
    let credentials = visit.state.access().credentials().ok_or(Trouble::NoStore)?;
    let listed = credentials.app_passwords(&visit.cx, session.owner()).await?;
    let login = &visit.login;
    let link = session.owner().link.as_str();
    let content = HomePage {
        base: login.base(),
        csrf: session.csrf(),
        account: &identity.account,
        provider: login.provider(link).map_or(link, |provider| provider.title.as_str()),
        notice,
        commands: CommandsPart { registries: commands(&identity.account, &login.registries(link)) },
        rows: listed.iter().map(Row::of).collect(),
        most: login.terms().most,
        asked,
    };
    Ok(page(login, status, "App passwords", &content))
}
