//! Where each proxy says what its client asked for.

use std::fmt;

use axum::http::{HeaderName, header};
use schemars::JsonSchema;
use serde::Deserialize;

/// A kind of proxy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Preset {
    /// nginx, `auth_request`.
    Nginx,
    /// Kubernetes' ingress-nginx, `nginx.ingress.kubernetes.io/auth-url`.
    IngressNginx,
    /// Traefik, `forwardAuth`.
    Traefik,
    /// Caddy, `forward_auth`.
    Caddy,
    /// Envoy, `ext_authz` over HTTP.
    Envoy,
    /// `HAProxy` with the action of `examples/forward-auth/haproxy/gate.lua`.
    Haproxy,
}

/// Where the client's method and target are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// In two headers.
    Headers {
        /// The method.
        method: HeaderName,
        /// The path with the query, as the client sent them.
        uri: HeaderName,
        /// Whether a scheme and a host stand before the path.
        is_url: bool,
    },
    /// In the question's own request line, behind the gate's path.
    RequestLine,
}

/// The headers of a proxy.
#[derive(Clone, Debug)]
pub struct Headers {
    /// What the client asked for.
    pub source: Source,
    /// The shared secret.
    pub secret: HeaderName,
    /// The client's address.
    pub client: HeaderName,
}

const ORIGINAL_URI: HeaderName = HeaderName::from_static("x-original-uri");
const ORIGINAL_URL: HeaderName = HeaderName::from_static("x-original-url");
const ORIGINAL_METHOD: HeaderName = HeaderName::from_static("x-original-method");
const FORWARDED_URI: HeaderName = HeaderName::from_static("x-forwarded-uri");
const FORWARDED_METHOD: HeaderName = HeaderName::from_static("x-forwarded-method");
const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
/// In which the proxy sends its secret, if nobody tells it otherwise.
pub const SECRET_HEADER: HeaderName = HeaderName::from_static("x-dockgate-secret");
/// In which the registry is told who came, if nobody says otherwise.
pub const ACCOUNT_HEADER: HeaderName = HeaderName::from_static("x-auth-user");
/// In which it is told their groups.
pub const GROUPS_HEADER: HeaderName = HeaderName::from_static("x-auth-groups");

/// Every header that says at some gate which path is asked for, or that some server takes for it in place of the request
/// line.
pub const DECIDING_PATHS: [HeaderName; 5] = [
    ORIGINAL_URI,
    ORIGINAL_URL,
    FORWARDED_URI,
    HeaderName::from_static("x-rewrite-url"),
    HeaderName::from_static("x-envoy-original-path"),
];
/// The same for the method.
pub const DECIDING_METHODS: [HeaderName; 6] = [
    ORIGINAL_METHOD,
    FORWARDED_METHOD,
    HeaderName::from_static("x-envoy-original-method"),
    HeaderName::from_static("x-http-method"),
    HeaderName::from_static("x-http-method-override"),
    HeaderName::from_static("x-method-override"),
];

/// Every header that says at some gate what is asked for.
pub(super) fn deciding() -> impl Iterator<Item = HeaderName> {
    DECIDING_PATHS.into_iter().chain(DECIDING_METHODS)
}

/// What the client itself sends, and the gate reads.
pub(super) fn read_of_clients() -> impl Iterator<Item = HeaderName> {
    [header::AUTHORIZATION, header::CONTENT_TYPE].into_iter()
}

impl Preset {
    /// What it says where, if nobody tells it otherwise.
    pub fn headers(self) -> Headers {
        let source = match self {
            Self::Nginx | Self::Haproxy => {
                Source::Headers { method: ORIGINAL_METHOD, uri: ORIGINAL_URI, is_url: false }
            }
            Self::IngressNginx => {
                Source::Headers { method: ORIGINAL_METHOD, uri: ORIGINAL_URL, is_url: true }
            }
            Self::Traefik | Self::Caddy => {
                Source::Headers { method: FORWARDED_METHOD, uri: FORWARDED_URI, is_url: false }
            }
            Self::Envoy => Source::RequestLine,
        };
        Headers { source, secret: SECRET_HEADER, client: FORWARDED_FOR }
    }

    pub(super) fn is_narrow(self) -> bool {
        matches!(self, Self::Nginx | Self::IngressNginx)
    }
}

impl fmt::Display for Preset {
    /// As in the configuration.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Nginx => "nginx",
            Self::IngressNginx => "ingress-nginx",
            Self::Traefik => "traefik",
            Self::Caddy => "caddy",
            Self::Envoy => "envoy",
            Self::Haproxy => "haproxy",
        })
    }
}

impl Headers {
    /// Whether the gate reads a header.
    pub fn counts(&self, name: &HeaderName) -> bool {
        self.all().any(|own| own == name) || deciding().chain(read_of_clients()).any(|other| other == *name)
    }

    /// Those by which the proxy says something.
    pub fn all(&self) -> impl Iterator<Item = &HeaderName> {
        let of_source = match &self.source {
            Source::Headers { method, uri, .. } => vec![method, uri],
            Source::RequestLine => Vec::new(),
        };
        of_source.into_iter().chain([&self.secret, &self.client])
    }
}
