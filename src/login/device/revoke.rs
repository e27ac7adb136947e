//! `POST {prefix}/device/revoke`: a program that logs out gives its app password back (RFC 7009).

use axum::body::Body;
use axum::response::Response;
use serde::Serialize;

use super::answer::{Refused, answered};
use super::params::Params;
use crate::login::Visit;

/// Nothing is told: not even whether there was one (RFC 7009, section 2.2).
#[derive(Serialize)]
struct Answer {}

pub(crate) async fn post(visit: Result<Visit, Response>, body: Body) -> Response {
    answered(visit, async |visit| {
        let shown = Params::read(visit, body).await?.secret("token", "token is missing")?;
        let access = visit.state.access();
        access.give_back_app_password(&visit.cx, &shown, visit.client).await?;
        Ok::<_, Refused>(Answer {})
    })
    .await
}
