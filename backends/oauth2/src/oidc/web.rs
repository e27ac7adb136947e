//! Asking the provider, each time within its own time.

use std::sync::Arc;
use std::time::{Duration, Instant};

use dockgate_api::secrecy::{ExposeSecret as _, SecretString};
use dockgate_api::{BackendError, Call, HttpClient, HttpRequest, HttpResponse};
use openidconnect::{AsyncHttpClient, HttpRequest as CrateRequest, HttpResponse as CrateResponse};
use serde_json::{Map, Value};

use crate::client::{ForCall, NoAnswer};
use crate::flow::header;

/// Longer waits that a provider asks for are cut.
const LONGEST_WAIT: Duration = Duration::from_secs(3600);
/// What a provider that has had enough means if it does not say.
const WAIT: Duration = Duration::from_secs(30);

/// The way to one provider.
#[derive(Clone)]
pub(crate) struct Web {
    pub(crate) client: Arc<dyn HttpClient>,
    /// For one request.
    pub(crate) timeout: Duration,
}

/// What a document was answered with.
pub(crate) enum Fetched {
    Document(Map<String, Value>),
    /// 401 or 403.
    Refused,
}

impl Web {
    /// The same call, with the time that one request may take.
    pub(crate) fn in_time(&self, cx: &Call) -> Call {
        cx.with_deadline(Instant::now() + self.timeout)
    }

    /// Asks for a JSON object; `what` is its name in errors.
    ///
    /// # Errors
    /// If there is no answer, or another.
    pub(crate) async fn fetch(
        &self,
        cx: &Call,
        what: &str,
        url: &str,
        bearer: Option<&SecretString>,
    ) -> Result<Fetched, BackendError> {
        let mut request = HttpRequest::new("GET", url);
        request.headers.push(("accept".to_owned(), "application/json".to_owned()));
        if let Some(token) = bearer {
            request.headers.push(("authorization".to_owned(), format!("Bearer {}", token.expose_secret())));
        }
        let answer = self.client.send(&self.in_time(cx), request).await?;
        read(what, &answer)
    }

    /// Asks for a JSON object that is nobody's secret.
    ///
    /// # Errors
    /// If there is no answer, or another.
    pub(crate) async fn document(
        &self,
        cx: &Call,
        what: &str,
        url: &str,
    ) -> Result<Map<String, Value>, BackendError> {
        match self.fetch(cx, what, url, None).await? {
            Fetched::Document(document) => Ok(document),
            Fetched::Refused => {
                Err(BackendError::Protocol(format!("{what} is not shown to us (401 or 403)")))
            }
        }
    }
}

/// Reads an answer. What stands in it is never repeated: it may be a token.
pub(crate) fn read(what: &str, answer: &HttpResponse) -> Result<Fetched, BackendError> {
    let header = |name: &str| header(&answer.headers, name);
    match answer.status {
        200 => {}
        401 | 403 => return Ok(Fetched::Refused),
        status => return Err(failed(what, status, header("retry-after"))),
    }
    let kind = header("content-type").unwrap_or_default().to_ascii_lowercase();
    if kind.starts_with("application/jwt") {
        let cure = "register this client without signed or encrypted userinfo there";
        return Err(BackendError::Protocol(format!("{what} is a JWT, and JSON is read here: {cure}")));
    }
    serde_json::from_slice(&answer.body)
        .map(Fetched::Document)
        .map_err(|_| BackendError::Protocol(format!("{what} is no JSON object")))
}

/// What a status means that is no answer.
pub(crate) fn failed(what: &str, status: u16, retry_after: Option<&str>) -> BackendError {
    match status {
        429 => {
            let seconds = retry_after.and_then(|text| text.trim().parse().ok()).map(Duration::from_secs);
            let retry_after = seconds.unwrap_or(WAIT).min(LONGEST_WAIT);
            BackendError::Overloaded { detail: format!("{what}: too many questions (429)"), retry_after }
        }
        500.. => BackendError::Unavailable(format!("{what}: status {status}")),
        300..400 => BackendError::Protocol(format!("{what}: a redirect ({status}), which is never followed")),
        _ => BackendError::Protocol(format!("{what}: status {status}")),
    }
}

/// The client for the token endpoint, which answers errors of its own with 400 and 401.
pub(crate) struct TokenClient<'a>(pub(crate) ForCall<'a>);

impl<'c> AsyncHttpClient<'c> for TokenClient<'_> {
    type Error = NoAnswer;
    type Future = std::pin::Pin<Box<dyn Future<Output = Result<CrateResponse, NoAnswer>> + Send + 'c>>;

    fn call(&'c self, request: CrateRequest) -> Self::Future {
        Box::pin(async move {
            let answer = self.0.call(request).await?;
            match answer.status().as_u16() {
                200 | 400 | 401 | 403 => Ok(answer),
                status => {
                    let wait = answer.headers().get("retry-after").and_then(|value| value.to_str().ok());
                    Err(NoAnswer(failed("the token endpoint", status, wait)))
                }
            }
        })
    }
}
