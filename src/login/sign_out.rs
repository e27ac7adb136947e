//! `POST {prefix}/sign-out`.

use axum::body::Body;
use axum::http::StatusCode;
use axum::response::Response;

use super::answer::{page, with_cookie};
use super::cookies::Cookie;
use super::page::SignedOutPage;
use super::{Form, Trouble, Visit};

/// Ends the session here, and offers to end the one at the provider. It is a link and no redirect: a form may lead
/// nowhere but to us.
pub(crate) async fn sign_out(visit: Visit, body: Body) -> Response {
    let answer = async {
        let session = visit.session().await?.ok_or(Trouble::SignedOut)?;
        Form::read(&visit, &session, body).await?;
        let (access, owner) = (visit.state.access(), session.owner());
        let provider = visit.login.provider(&owner.link);
        let keep = match access.sign_ins() {
            Some(sign_ins) => sign_ins.kept(&visit.cx, owner).await,
            None => None,
        };
        let back = visit.here.url("/");
        let there = match (access.chains().0.flow(&owner.link), keep) {
            (Some(flow), Some(keep)) => {
                let asked = flow.sign_out(&visit.cx, &keep, &back);
                tokio::time::timeout(visit.cx.remaining() / 2, asked).await.ok().flatten()
            }
            _ => None,
        };
        session.end(&visit).await?;
        access.signed_out(&visit.cx, owner, visit.client);
        let content = SignedOutPage {
            base: visit.login.base(),
            provider: provider.map_or("", |provider| provider.title.as_str()),
            there: there.as_deref().filter(|url| url.starts_with("https://") || url.starts_with("http://")),
        };
        let response = page(&visit.login, StatusCode::OK, "You are signed out", &content);
        Ok(with_cookie(response, Cookie::Session.forget(&visit.here)))
    };
    let answer = answer.await;
    visit.answer(answer)
}
