//! `POST {prefix}/device/token`: the app password, once somebody has confirmed; and the next one, for whoever shows the
//! one before (RFC 8628, section 3.4; RFC 6749, section 6).

use std::time::SystemTime;

use axum::body::Body;
use axum::response::Response;
use dockgate_api::secrecy::{ExposeSecret as _, SecretString};
use serde::Serialize;

use super::answer::{Refused, answered};
use super::params::Params;
use super::{Codes, Confirmed, INTERVAL, Polled};
use crate::access::NotSignedIn;
use crate::credentials::{Listed, NewAppPassword, NotCreated, NotRenewed};
use crate::login::Visit;

const DEVICE_CODE: &str = "urn:ietf:params:oauth:grant-type:device_code";

/// The answer. An app password is no access token: clients log in with it.
#[derive(Serialize)]
struct Answer {
    account: String,
    password: String,
    token_type: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    expires_in: Option<u64>,
    registries: Vec<String>,
}

impl Answer {
    fn of(visit: &Visit, secret: &SecretString, listed: &Listed) -> Self {
        let life = |ends: SystemTime| ends.duration_since(visit.cx.now()).unwrap_or_default().as_secs();
        Self {
            account: listed.account.clone(),
            password: secret.expose_secret().to_owned(),
            token_type: "app_password",
            expires_in: listed.ends.map(|ends| life(ends.0)),
            registries: visit.login.registries(&listed.link).into_iter().map(str::to_owned).collect(),
        }
    }
}

pub(crate) async fn post(visit: Result<Visit, Response>, body: Body) -> Response {
    answered(visit, async |visit| {
        let params = Params::read(visit, body).await?;
        match params.one("grant_type")? {
            Some(DEVICE_CODE) => poll(visit, &params).await,
            Some("refresh_token") => renew(visit, &params).await,
            Some(_) => Err(Refused::GrantType),
            None => Err(Refused::Request("grant_type is missing")),
        }
    })
    .await
}

async fn poll(visit: &Visit, params: &Params) -> Result<Answer, Refused> {
    let client_id = params.name("client_id")?.ok_or(Refused::Request("client_id is missing"))?;
    let device_code = params.secret("device_code", "device_code is missing")?;
    let store = visit.store().map_err(|_| Refused::Unavailable(INTERVAL))?;
    let codes = Codes::new(store.as_ref(), visit.random());
    match codes.poll(&visit.cx, &device_code, &client_id).await? {
        Polled::Pending => Err(Refused::Pending),
        Polled::TooFast => Err(Refused::SlowDown),
        Polled::Expired => Err(Refused::Expired),
        Polled::Refused => Err(Refused::Denied("it was refused in the browser")),
        Polled::Unknown => Err(Refused::Grant),
        Polled::Confirmed(confirmed) => {
            let made = make(visit, &confirmed).await;
            if let Err(Refused::Unavailable(_)) = made {
                // Whoever has confirmed does not have to do it again.
                codes.put_back(&visit.cx, *confirmed).await?;
            }
            made
        }
    }
}

/// Makes the password at this moment: it is never stored in clear, and whoever is gone since gets none.
async fn make(visit: &Visit, confirmed: &Confirmed) -> Result<Answer, Refused> {
    let access = visit.state.access();
    let Confirmed { owner, request, .. } = confirmed;
    access.signed_in(&visit.cx, owner).await.map_err(gone)?;
    let wanted = NewAppPassword {
        name: request.name().to_owned(),
        scopes: request.scopes.clone(),
        lifetime: None,
        client_id: Some(request.client_id.clone()),
    };
    let made = access.create_app_password(&visit.cx, owner, wanted, visit.login.terms(), visit.client).await;
    let (secret, listed) = made.map_err(|why| match why {
        NotCreated::TooMany(_) => Refused::Denied(
            "the account has as many app passwords as it can have: revoke one on the page first",
        ),
        NotCreated::Failed(error) => error.into(),
    })?;
    Ok(Answer::of(visit, &secret, &listed))
}

async fn renew(visit: &Visit, params: &Params) -> Result<Answer, Refused> {
    let shown = params.secret("refresh_token", "refresh_token is missing")?;
    let access = visit.state.access();
    let renewed = access.renew_app_password(&visit.cx, &shown, visit.login.terms(), visit.client).await;
    let (secret, listed) = renewed.map_err(|why| match why {
        NotRenewed::Denied(_) => Refused::Grant,
        NotRenewed::TooMany(_) => Refused::Unavailable(INTERVAL),
        NotRenewed::Failed(error) => error.into(),
    })?;
    Ok(Answer::of(visit, &secret, &listed))
}

fn gone(why: NotSignedIn) -> Refused {
    match why {
        NotSignedIn::Denied(_) => Refused::Denied("the account that confirmed it is not let in any more"),
        NotSignedIn::Failed(failed) => failed.error.into(),
    }
}
