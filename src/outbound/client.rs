//! One client: a request goes out, a whole answer comes back, or the reason why not.

use dockgate_api::{BackendError, Call, HttpClient, HttpRequest, HttpResponse, async_trait};
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use reqwest::{Client, Method, Response, Url};

use super::apart::Apart;
use super::failure;

/// A client with a pool of its own.
pub(super) struct SiteClient {
    pub(super) connections: Connections,
    /// Where they are used.
    pub(super) apart: Apart,
}

#[derive(Clone)]
pub(super) struct Connections {
    pub(super) client: Client,
    /// What to do about a server that nobody vouches for.
    pub(super) lacking: &'static str,
}

#[async_trait]
impl HttpClient for SiteClient {
    async fn send(&self, cx: &Call, request: HttpRequest) -> Result<HttpResponse, BackendError> {
        let url = readable(&request.url)?;
        let place = place(&url);
        let remaining = cx.remaining();
        if remaining.is_zero() {
            return Err(BackendError::Timeout(format!("{place}: no time was left to ask it")));
        }
        let (connections, at) = (self.connections.clone(), place.clone());
        let exchange = self.apart.start(async move { connections.exchange(url, request, &at).await });
        let ended = || BackendError::Unavailable(format!("{place}: not asked: there is no thread for it"));
        let exchange = exchange.map_err(|_| ended())?;
        match tokio::time::timeout(remaining, exchange.result()).await {
            Ok(answer) => answer.ok_or_else(ended)?,
            Err(_) => Err(BackendError::Timeout(format!("{place}: no whole answer in time"))),
        }
    }
}

impl Connections {
    async fn exchange(
        &self,
        url: Url,
        request: HttpRequest,
        place: &str,
    ) -> Result<HttpResponse, BackendError> {
        let method = Method::from_bytes(request.method.as_bytes())
            .map_err(|_| BackendError::Protocol(format!("{place}: the method cannot be sent")))?;
        let sent =
            self.client.request(method, url).headers(headers(request.headers, place)?).body(request.body);
        let answer = sent.send().await.map_err(|error| failure::told(error, place, self.lacking))?;
        let status = answer.status().as_u16();
        let headers = answer.headers().iter().map(|(name, value)| {
            (name.as_str().to_owned(), String::from_utf8_lossy(value.as_bytes()).into_owned())
        });
        let headers = headers.collect();
        let body = self.body(answer, request.max_response, place).await?;
        Ok(HttpResponse::new(status, headers, body))
    }

    /// Not a byte beyond the bound is kept, whatever length the answer says that it has.
    async fn body(&self, mut answer: Response, most: usize, place: &str) -> Result<Vec<u8>, BackendError> {
        let too_long = || BackendError::Protocol(format!("{place}: the answer is longer than {most} bytes"));
        if answer.content_length().is_some_and(|length| length > most as u64) {
            return Err(too_long());
        }
        let mut body = Vec::new();
        while let Some(part) =
            answer.chunk().await.map_err(|error| failure::told(error, place, self.lacking))?
        {
            if body.len() + part.len() > most {
                return Err(too_long());
            }
            body.extend_from_slice(&part);
        }
        Ok(body)
    }
}

/// A user or password in it would become a header, and stand where URLs are shown.
fn readable(url: &str) -> Result<Url, BackendError> {
    let refused = |why: &str| BackendError::Protocol(format!("the URL cannot be asked: {why}"));
    let url = Url::parse(url).map_err(|error| refused(&error.to_string()))?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(refused("it begins neither with http:// nor with https://"));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(refused("there is a user or password in it"));
    }
    Ok(url)
}

/// The server, without path and query.
fn place(url: &Url) -> String {
    format!("{}:{}", url.host_str().unwrap_or_default(), url.port_or_known_default().unwrap_or_default())
}

fn headers(given: Vec<(String, String)>, place: &str) -> Result<HeaderMap, BackendError> {
    let mut headers = HeaderMap::with_capacity(given.len());
    for (name, value) in given {
        let refused = || BackendError::Protocol(format!("{place}: a header cannot be sent"));
        let known = HeaderName::from_bytes(name.as_bytes()).map_err(|_| refused())?;
        let mut value = HeaderValue::from_str(&value).map_err(|_| refused())?;
        value.set_sensitive(true);
        headers.append(known, value);
    }
    Ok(headers)
}
