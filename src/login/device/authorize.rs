//! `POST {prefix}/device/code`: a program asks to be let in (RFC 8628, section 3.1).

use axum::body::Body;
use axum::response::Response;
use dockgate_api::secrecy::ExposeSecret as _;
use serde::Serialize;

use super::answer::{Refused, answered};
use super::params::Params;
use super::{Asked, Codes, INTERVAL, LIFETIME};
use crate::credentials::Limit;
use crate::login::Visit;

/// Scopes of one request, and bytes of one of them: whoever confirms reads them all.
const MOST_SCOPES: usize = 20;
const LONGEST_SCOPE: usize = 256;

/// The answer (RFC 8628, section 3.2). There is no `verification_uri_complete`: a link that needs no typing is what
/// somebody would send who wants others to confirm his login.
#[derive(Serialize)]
struct Answer {
    device_code: String,
    user_code: String,
    verification_uri: String,
    expires_in: u64,
    interval: u64,
}

pub(crate) async fn post(visit: Result<Visit, Response>, body: Body) -> Response {
    answered(visit, async |visit| issue(visit, body).await).await
}

async fn issue(visit: &Visit, body: Body) -> Result<Answer, Refused> {
    let params = Params::read(visit, body).await?;
    let asked = Asked {
        client_id: params.name("client_id")?.ok_or(Refused::Request("client_id is missing"))?,
        client_name: params.name("client_name")?,
        scopes: scopes(params.one("scope")?.unwrap_or_default())?,
        from: visit.client,
    };
    let store = visit.store().map_err(|_| Refused::Unavailable(INTERVAL))?;
    let issued = Codes::new(store.as_ref(), visit.random()).issue(&visit.cx, asked.clone()).await?;
    tracing::info!(
        request_id = %visit.cx.request_id(),
        client_id = asked.client_id.as_str(),
        client_name = asked.client_name.as_deref(),
        client = asked.from.map(tracing::field::display),
        "a device asks for a login"
    );
    Ok(Answer {
        device_code: issued.device_code.expose_secret().to_owned(),
        user_code: issued.user_code.to_string(),
        verification_uri: visit.here.url("/device"),
        expires_in: LIFETIME.as_secs(),
        interval: INTERVAL.as_secs(),
    })
}

fn scopes(text: &str) -> Result<Vec<Limit>, Refused> {
    let texts: Vec<&str> = text.split_whitespace().collect();
    if texts.len() > MOST_SCOPES || texts.iter().any(|text| text.len() > LONGEST_SCOPE) {
        return Err(Refused::Scope(format!("at most {MOST_SCOPES} scopes of at most {LONGEST_SCOPE} bytes")));
    }
    texts.into_iter().map(|text| Limit::parse(text).map_err(Refused::Scope)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scopes_are_few_and_understood() {
        let read = |text: &str| scopes(text).map(|scopes| scopes.iter().map(Limit::text).collect::<Vec<_>>());
        assert_eq!(read("").unwrap(), [""; 0]);
        assert_eq!(
            read(" repository:a/**:pull  registry:catalog:* ").unwrap(),
            ["repository:a/**:pull", "registry:catalog:*"]
        );
        assert!(matches!(read("openid profile"), Err(Refused::Scope(_))));
        assert!(read(&"repository:a:pull ".repeat(20)).is_ok());
        assert!(read(&"repository:a:pull ".repeat(21)).is_err());
        assert!(read(&format!("repository:{}:pull", "a".repeat(256))).is_err());
    }
}
