//! `GET {prefix}/.well-known/oauth-authorization-server`: where programs find the rest (RFC 8414).

use axum::response::Response;
use serde::Serialize;

use super::answer::{Refused, answered};
use crate::login::Visit;

#[derive(Serialize)]
struct Answer {
    issuer: String,
    device_authorization_endpoint: String,
    token_endpoint: String,
    revocation_endpoint: String,
    grant_types_supported: [&'static str; 2],
    /// None: nobody comes here with a browser to authorize.
    response_types_supported: [&'static str; 0],
    token_endpoint_auth_methods_supported: [&'static str; 1],
    /// The registries that people log in to: an extension.
    registries: Vec<String>,
}

pub(crate) async fn get(visit: Result<Visit, Response>) -> Response {
    answered(visit, async |visit| {
        let url = |route: &str| visit.here.url(route);
        let mut registries: Vec<String> = Vec::new();
        for provider in visit.login.providers() {
            registries.extend(visit.login.registries(&provider.link).into_iter().map(str::to_owned));
        }
        registries.sort();
        registries.dedup();
        Ok::<_, Refused>(Answer {
            issuer: url(""),
            device_authorization_endpoint: url("/device/code"),
            token_endpoint: url("/device/token"),
            revocation_endpoint: url("/device/revoke"),
            grant_types_supported: ["urn:ietf:params:oauth:grant-type:device_code", "refresh_token"],
            response_types_supported: [],
            token_endpoint_auth_methods_supported: ["none"],
            registries,
        })
    })
    .await
}
