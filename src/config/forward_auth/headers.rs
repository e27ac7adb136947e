//! `forward_auth.headers`: what the proxy says where, other than its preset.

use std::collections::HashSet;

use axum::http::HeaderName;
use dockgate_api::config::{KeyPath, Located, Problem};
use schemars::JsonSchema;
use serde::Deserialize;

use super::TAKEN;
use crate::gate::{Headers, Preset, Source};

/// `forward_auth.headers`.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(default)]
pub struct ForwardAuthHeaders {
    /// In which the proxy names the client's method.
    #[schemars(with = "Option<String>")]
    pub method: Option<Located<String>>,
    /// In which it names the path, with the query.
    #[schemars(with = "Option<String>")]
    pub uri: Option<Located<String>>,
    /// In which it sends the secret; `X-Dockgate-Secret` if not given.
    #[schemars(with = "Option<String>")]
    pub secret: Option<Located<String>>,
    /// In which it names the client's address; `X-Forwarded-For` if not given.
    #[schemars(with = "Option<String>")]
    pub client: Option<Located<String>>,
}

impl ForwardAuthHeaders {
    pub(super) fn read(&self, preset: Preset, path: &KeyPath, problems: &mut Vec<Problem>) -> Headers {
        let mut headers = preset.headers();
        let mut take = |key: &str, given: &Option<Located<String>>, place: Option<&mut HeaderName>| {
            let Some(given) = given else { return };
            let problem = |message: &str| Problem::new(given.location.clone(), path.key(key), message);
            match (HeaderName::from_bytes(given.as_bytes()), place) {
                (_, None) => problems.push(problem("Envoy says it in the request line: take this key away")),
                (Ok(name), Some(_)) if is_of_clients(&name) => {
                    problems.push(problem("clients write this header: the proxy needs one of its own"));
                }
                (Ok(name), Some(place)) if !given.contains('_') => *place = name,
                _ => problems.push(problem("this is no header's name: write one such as `X-Original-URI`")),
            }
        };
        let (method, uri) = match &mut headers.source {
            Source::Headers { method, uri, .. } => (Some(method), Some(uri)),
            Source::RequestLine => (None, None),
        };
        take("method", &self.method, method);
        take("uri", &self.uri, uri);
        take("secret", &self.secret, Some(&mut headers.secret));
        take("client", &self.client, Some(&mut headers.client));
        let given = [&self.method, &self.uri, &self.secret, &self.client];
        let names: HashSet<&HeaderName> = headers.all().collect();
        if let Some(given) = given.into_iter().flatten().next()
            && names.len() < headers.all().count()
        {
            let message = "two things are said in one header: give each a name of its own";
            problems.push(Problem::new(given.location.clone(), path.clone(), message));
        }
        headers
    }
}

/// Whether HTTP has a client or the connection say something in it.
fn is_of_clients(name: &HeaderName) -> bool {
    matches!(name.as_str(), "authorization" | "content-type") || TAKEN.contains(&name.as_str())
}
