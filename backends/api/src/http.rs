//! Asking other servers.

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use secrecy::SecretString;

use crate::{BackendError, Call};

/// Makes clients for other servers: one place where the site's proxies and trust are known.
pub trait Outbound: Send + Sync {
    /// A client of its own, with a pool of its own. Needs no network.
    ///
    /// # Errors
    /// Which of the settings cannot be used, and why.
    fn client(&self, settings: HttpSettings) -> Result<Arc<dyn HttpClient>, HttpSettingsError>;

    /// The authorities that the site trusts, as DER: the system's, and those that the configuration names for all. For
    /// connections that are no HTTP.
    fn authorities(&self) -> Vec<Vec<u8>>;
}

/// What one client needs beside what the site says for all.
#[non_exhaustive]
#[derive(Default)]
pub struct HttpSettings {
    /// The only authorities that vouch for the other server, as PEM; the site's and the system's if not given.
    pub authorities: Option<Vec<u8>>,
    /// What this side shows when it is asked who it is: a certificate chain as PEM, and its key.
    pub client_certificate: Option<(Vec<u8>, SecretString)>,
}

impl HttpSettings {
    /// What the site says for all.
    pub fn new() -> Self {
        Self::default()
    }

    /// The same, trusting these authorities and no others.
    #[must_use]
    pub fn trusting(mut self, pem: Vec<u8>) -> Self {
        self.authorities = Some(pem);
        self
    }

    /// The same with a certificate to show.
    #[must_use]
    pub fn showing(mut self, chain: Vec<u8>, key: SecretString) -> Self {
        self.client_certificate = Some((chain, key));
        self
    }
}

/// Which setting is at fault, and why. Never holds a key.
#[non_exhaustive]
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HttpSettingsError {
    /// [`HttpSettings::authorities`].
    Authorities(String),
    /// [`HttpSettings::client_certificate`].
    ClientCertificate(String),
    /// None of them: the client cannot be made.
    Client(String),
}

impl fmt::Display for HttpSettingsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (Self::Authorities(why) | Self::ClientCertificate(why) | Self::Client(why)) = self;
        f.write_str(why)
    }
}

impl std::error::Error for HttpSettingsError {}

/// Asks other servers, through the site's proxy and trust settings. Never follows a redirect.
#[async_trait]
pub trait HttpClient: Send + Sync {
    /// Sends a request and reads the whole answer, up to the request's bound.
    ///
    /// # Errors
    /// [`BackendError::Unavailable`] if no connection could be made: nothing was sent, and trying again is safe whatever
    /// was asked. [`BackendError::Timeout`] if there is no whole answer before the call's deadline,
    /// [`BackendError::Protocol`] if it breaks off or is longer than the request allows. A status is not an error.
    async fn send(&self, cx: &Call, request: HttpRequest) -> Result<HttpResponse, BackendError>;
}

/// A request to another server.
#[non_exhaustive]
#[derive(Clone)]
pub struct HttpRequest {
    /// `GET`, `POST`, …
    pub method: String,
    /// The whole URL, without secrets.
    pub url: String,
    /// Names and values, in order.
    pub headers: Vec<(String, String)>,
    /// The body; empty for none.
    pub body: Vec<u8>,
    /// The longest answer that is read, in bytes.
    pub max_response: usize,
}

impl HttpRequest {
    /// A request without headers or body that takes an answer of up to 1 MiB.
    pub fn new(method: impl Into<String>, url: impl Into<String>) -> Self {
        Self {
            method: method.into(),
            url: url.into(),
            headers: Vec::new(),
            body: Vec::new(),
            max_response: 1024 * 1024,
        }
    }
}

/// An answer of another server.
#[non_exhaustive]
#[derive(Clone)]
pub struct HttpResponse {
    /// The status code.
    pub status: u16,
    /// Names (lower case) and values, in order.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

impl HttpResponse {
    /// An answer.
    pub fn new(status: u16, headers: Vec<(String, String)>, body: Vec<u8>) -> Self {
        Self { status, headers, body }
    }
}
